"""Stories of a site in memory: what its pages look like through the v2 API while people work on them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from confluence_sync import testing
from confluence_sync.testing import FakeSite, ManualClock
from confluence_sync.testing.fake_site import Request, generated_site

V2 = "/wiki/api/v2"
BASIC = {"authorization": "Basic cmVhZGVyOnRva2Vu"}


async def rows(client, target):
    """Walk a listing to its end."""
    found = []
    while target is not None:
        payload = (await client.get(target)).json()
        found += payload["results"]
        target = payload["_links"].get("next")
    return found


async def titles(client, target):
    return [row["title"] for row in await rows(client, target)]


async def test_a_new_space_has_a_homepage(site, client):
    """The space names its homepage, which is a page of its listing."""
    docs = site.space("DOCS", name="Documentation")
    [space] = await rows(client, f"{V2}/spaces?keys=DOCS")
    assert (space["id"], space["name"], space["homepageId"]) == (docs.id, "Documentation", docs.homepage.id)
    assert await titles(client, f"{V2}/spaces/{docs.id}/pages") == ["Documentation Home"]
    assert site.space("DOCS") is docs


async def test_a_page_as_the_api_shows_it(site, client):
    """Ids are strings, times are UTC with milliseconds, links are relative to the site's `/wiki`."""
    docs = site.space("DOCS")
    page = docs.page('A/B & "co."', parent=docs.homepage, storage="<p>é</p>", author="557058:someone", id=98_765)
    shown = (await client.get(f"{V2}/pages/98765?body-format=storage")).json()
    assert shown["id"] == "98765"
    assert shown["parentId"] == docs.homepage.id
    assert shown["parentType"] == "page"
    assert shown["authorId"] == "557058:someone"
    assert shown["createdAt"] == "2026-03-02T09:00:00.000Z"
    assert shown["version"]["number"] == page.version == 1
    assert shown["body"]["storage"] == {"representation": "storage", "value": "<p>é</p>"}
    assert shown["_links"]["webui"] == "/spaces/DOCS/pages/98765/A%2FB+%26+%22co.%22"
    assert shown["_links"]["tinyui"] == "/x/zYEB"
    assert shown["_links"]["base"] == "https://example.atlassian.net/wiki"


async def test_without_a_body_format_there_is_no_body(site, client):
    """The listing answers 200 and an empty body, or the storage format when asked."""
    docs = site.space("DOCS", homepage=False)
    docs.page("Runbook", storage="<p>Hello</p>")
    [bare] = await rows(client, f"{V2}/pages")
    [full] = await rows(client, f"{V2}/pages?body-format=storage")
    assert bare["body"] == {}
    assert full["body"]["storage"]["value"] == "<p>Hello</p>"


async def test_edits_and_renames_make_versions_and_moves_do_not(site, client, clock):
    """`version` follows body and title only; a move shows in the parent alone."""
    docs = site.space("DOCS")
    page, folder = docs.page("Old", parent=docs.homepage), docs.folder("Team / Ops")
    clock.advance(60)
    page.edit("<p>new</p>")
    page.rename("New")
    page.move(folder)
    shown = (await client.get(f"{V2}/pages/{page.id}")).json()
    assert (shown["title"], shown["version"]["number"]) == ("New", 3)
    assert shown["version"]["createdAt"] == "2026-03-02T09:01:00.000Z"
    assert (shown["parentId"], shown["parentType"]) == (folder.id, "folder")
    assert (await client.get(f"{V2}/pages/{page.id}?version=4")).status_code == 404
    assert "version" not in (await client.get(f"{V2}/pages/{page.id}?include-version=false")).json()
    first = (await client.get(f"{V2}/pages/{page.id}?version=1&body-format=storage")).json()
    assert (first["title"], first["status"], first["body"]["storage"]["value"]) == ("Old", "historical", "")
    assert [row["number"] for row in await rows(client, f"{V2}/pages/{page.id}/versions?limit=2")] == [3, 2, 1]


async def test_a_move_to_another_space_takes_the_subtree_along(site, client):
    """All pages below change their space; ids and versions stay."""
    docs, ops = site.space("DOCS"), site.space("OPS")
    parent = docs.page("Parent", parent=docs.homepage)
    child = docs.page("Child", parent=parent)
    parent.move(ops)
    assert child.space is ops
    assert await titles(client, f"{V2}/spaces/{docs.id}/pages") == ["DOCS Home"]
    assert await titles(client, f"{V2}/spaces/{ops.id}/pages?depth=root") == ["OPS Home", "Parent"]
    assert child.version == 1


async def test_default_listings_hold_archived_pages(site, client):
    """Without `status` a listing has current and archived pages; with it, what was asked for."""
    docs = site.space("DOCS", homepage=False)
    for title in ("current", "archived", "trashed"):
        docs.page(title)
    site.page("archived").archive()
    site.page("trashed").trash()
    listing = f"{V2}/spaces/{docs.id}/pages"
    assert await titles(client, listing) == ["current", "archived"]
    assert await titles(client, f"{listing}?status=current") == ["current"]
    assert await titles(client, f"{listing}?status=trashed&status=archived") == ["archived", "trashed"]


async def test_a_trashed_page_answers_200_and_a_purged_one_404(site, client):
    """Only the status tells that a page is in the trash; a restored page has its old version."""
    page = site.space("DOCS").page("Runbook")
    page.trash()
    answer = await client.get(f"{V2}/pages/{page.id}")
    assert (answer.status_code, answer.json()["status"]) == (200, "trashed")
    assert (await client.get(f"{V2}/pages/{page.id}?status=current")).status_code == 404
    page.restore()
    assert (await client.get(f"{V2}/pages/{page.id}?status=current")).json()["version"]["number"] == 1
    page.purge()
    answer = await client.get(f"{V2}/pages/{page.id}")
    assert answer.status_code == 404
    assert answer.json() == {
        "errors": [
            {"status": 404, "code": "NOT_FOUND", "title": f"Cannot find a page with id [{page.id}]", "detail": None}
        ]
    }


async def test_children_of_a_trashed_page_go_up(site, client):
    """They hang below the trashed page's parent, unless the test wants them left behind."""
    docs = site.space("DOCS")
    parent = docs.page("Parent", parent=docs.homepage)
    child = docs.page("Child", parent=parent)
    parent.trash()
    assert child.parent is docs.homepage
    child.move(parent)
    parent.archive()
    assert child.parent is parent


async def test_restrictions_hide_a_page_and_all_below_it(site, client):
    """They vanish from listings and answer 404, and come back with their old version."""
    docs = site.space("DOCS", homepage=False)
    parent = docs.page("Parent")
    child = docs.page("Child", parent=docs.folder("Folder", parent=parent))
    parent.restrict()
    assert await titles(client, f"{V2}/pages") == []
    assert (await client.get(f"{V2}/pages/{child.id}")).status_code == 404
    parent.unrestrict()
    assert await titles(client, f"{V2}/pages") == ["Parent", "Child"]


async def test_containers_are_read_by_id_and_not_listed(site, client):
    """Folders and their like have endpoints of their own; the pages' endpoints do not know them."""
    docs = site.space("DOCS")
    made = {
        "folders": docs.folder("Team / Ops", parent=docs.homepage),
        "whiteboards": docs.whiteboard("Sketch"),
        "databases": docs.database("Inventory"),
        "embeds": docs.smart_link("Board", url="https://example.com/board"),
    }
    for plural, node in made.items():
        shown = (await client.get(f"{V2}/{plural}/{node.id}")).json()
        assert (shown["title"], shown["type"], shown["spaceId"]) == (node.title, node.type, docs.id)
        assert (await client.get(f"{V2}/pages/{node.id}")).status_code == 404
    assert await titles(client, f"{V2}/spaces/{docs.id}/pages") == ["DOCS Home"]
    made["folders"].rename("Operations")
    made["folders"].move(made["databases"])
    shown = (await client.get(f"{V2}/folders/{made['folders'].id}")).json()
    assert (shown["title"], shown["parentType"]) == ("Operations", "database")


async def test_the_tree_can_be_walked_both_ways(site, client):
    """Children, descendants to a depth with the nearest first, and ancestors with the highest first."""
    docs = site.space("DOCS")
    folder = docs.folder("Folder", parent=docs.homepage)
    a = docs.page("A", parent=folder)
    b = docs.page("B", parent=a)
    c = docs.page("C", parent=b)
    home = f"{V2}/pages/{docs.homepage.id}"
    assert await titles(client, f"{home}/direct-children") == ["Folder"]
    assert await titles(client, f"{home}/children") == []
    assert await titles(client, f"{home}/descendants?limit=1") == ["Folder", "A"]
    below = await rows(client, f"{home}/descendants?depth=10")
    assert [(row["title"], row["depth"]) for row in below] == [("Folder", 1), ("A", 2), ("B", 3), ("C", 4)]
    assert await titles(client, f"{V2}/folders/{folder.id}/direct-children?sort=-id") == ["A"]
    ancestors = await rows(client, f"{V2}/pages/{c.id}/ancestors")
    assert [row["id"] for row in ancestors] == [node.id for node in (docs.homepage, folder, a, b)]
    types = await client.post(f"{V2}/content/convert-ids-to-types", json={"contentIds": [folder.id, "1"]})
    assert types.json()["results"] == {folder.id: "folder", "1": None}


async def test_a_circle_of_parents_does_not_hang(site, client):
    """A tree made wrong on purpose is still answered."""
    docs = site.space("DOCS", homepage=False)
    a = docs.page("A")
    b = docs.page("B", parent=a)
    a.move(b)
    assert await titles(client, f"{V2}/pages") == ["A", "B"]
    assert await titles(client, f"{V2}/pages/{a.id}/descendants?depth=10") == ["B"]


async def test_a_batch_of_ids_leaves_out_what_is_not_there(site, client):
    """Unknown, restricted, trashed and foreign ids are silently missing."""
    docs = site.space("DOCS")
    page, hidden, trashed = (docs.page(title) for title in ("page", "hidden", "trashed"))
    hidden.restrict()
    trashed.trash()
    ids = ",".join(node.id for node in (page, hidden, trashed, docs.folder("folder"))) + ",1"
    assert await titles(client, f"{V2}/pages?id={ids}") == ["page"]
    assert (await client.get(f"{V2}/pages?id=" + ",".join(map(str, range(1, 252))))).status_code == 400


@pytest.mark.parametrize(
    "target",
    [
        "/pages?limit=0",
        "/pages?limit=251",
        "/pages?limit=ten",
        "/pages?sort=popularity",
        "/pages?status=any",
        "/pages?body-format=wiki",
        "/pages?body-format=atlas_doc_format",
        "/pages?cursor=%2Fwiki%2Fapi",
        "/pages?cursor=W10%3D",
        "/pages/home",
        "/spaces?type=secret",
    ],
)
async def test_bad_parameters_are_400(client, target):
    """The error has the shape and the code of v2."""
    answer = await client.get(V2 + target)
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["code"] == "INVALID_REQUEST_PARAMETER"


async def test_next_is_relative_and_also_a_header(site, client):
    """`next` starts at the host, keeps the query, and is gone on the last page."""
    docs = site.space("DOCS")
    docs.page("Second")
    first = await client.get(f"{V2}/spaces/{docs.id}/pages?limit=1&sort=id")
    target = first.json()["_links"]["next"]
    assert target.startswith(f"{V2}/spaces/{docs.id}/pages?limit=1&sort=id&cursor=")
    assert first.headers["link"].startswith(f'<{target}>; rel="next"')
    last = await client.get(target)
    assert "next" not in last.json()["_links"]
    assert "link" not in last.headers


SORTS = ["id", "-id", "title", "-title", "created-date", "-created-date", "modified-date", "-modified-date"]


@given(sort=st.sampled_from(SORTS), names=st.lists(st.text(max_size=3), max_size=12), limit=st.integers(1, 5))
def test_every_order_lists_every_page_once(sort, names, limit):
    """Whatever the sort key, the walk ends and no page is missing or doubled."""
    site = generated_site(1)
    space = site.space("DOCS", homepage=False)
    pages = [space.page(name) for name in names]
    found, target = [], f"{V2}/spaces/{space.id}/pages?limit={limit}&sort={sort}"
    while target:
        payload = site.handle(Request.to(target, headers=BASIC)).json()
        found += [row["id"] for row in payload["results"]]
        target = payload["_links"].get("next")
    assert sorted(found, key=int) == [page.id for page in pages]


@given(st.data())
def test_a_cursor_stays_good_while_pages_come_and_go(data):
    """Pages that are there from start to end are listed exactly once, whatever happens in between."""
    site = FakeSite(clock=ManualClock())
    space = site.space("DOCS", homepage=False)
    pages = [space.page(str(number)) for number in range(12)]
    stable = data.draw(st.sets(st.sampled_from(pages)))
    found, target = [], f"{V2}/spaces/{space.id}/pages?limit=2&sort={data.draw(st.sampled_from(SORTS[:4]))}"
    while target:
        payload = site.handle(Request.to(target, headers=BASIC)).json()
        found += [row["id"] for row in payload["results"]]
        target = payload["_links"].get("next")
        for page in data.draw(st.sets(st.sampled_from(pages), max_size=3)) - stable:
            page.trash()
        if data.draw(st.booleans()):
            space.page("new")
    assert all(found.count(page.id) == 1 for page in stable)
    assert len(found) == len(set(found))


async def test_a_page_can_become_a_blog_post(site, client):
    """The same id answers on the other endpoint, with a new version and without a parent."""
    docs = site.space("DOCS")
    page = docs.page("News", parent=docs.homepage)
    child = docs.page("Details", parent=page)
    docs.blog_post("Older news")
    page.convert_to_blog_post()
    assert child.parent is docs.homepage
    assert (await client.get(f"{V2}/pages/{page.id}")).status_code == 404
    shown = (await client.get(f"{V2}/blogposts/{page.id}")).json()
    assert shown["version"]["number"] == 2
    assert "parentId" not in shown
    assert await titles(client, f"{V2}/spaces/{docs.id}/blogposts") == ["News", "Older news"]
    assert await titles(client, f"{V2}/blogposts?id={page.id}") == ["News"]


async def test_labels_are_listed_apart_or_included(site, client):
    """Listings of pages have none; the same label has the same id everywhere."""
    docs = site.space("DOCS")
    page, other = docs.page("A", labels=["runbook", "ops"]), docs.page("B", labels=["ops"])
    names = [label["name"] for label in await rows(client, f"{V2}/pages/{page.id}/labels?limit=1")]
    assert names == ["ops", "runbook"]
    included = (await client.get(f"{V2}/pages/{other.id}?include-labels=true")).json()["labels"]
    assert included["results"] == [(await rows(client, f"{V2}/pages/{page.id}/labels"))[0]]


async def test_attachments_are_downloaded_through_a_redirect(site, client):
    """v2 has the metadata; v1 redirects to bytes that want no credentials; the browser's link answers 401."""
    page = site.space("DOCS").page("Diagram")
    page.attach("diagram.png", b"old")
    attachment = page.attach("diagram.png", b"\x89PNG")
    [shown] = await rows(client, f"{V2}/pages/{page.id}/attachments")
    assert (shown["title"], shown["fileSize"], shown["version"]["number"]) == ("diagram.png", 4, 2)
    assert shown["id"] == attachment.id == f"att{attachment.number}"
    assert (await client.get(f"{V2}/attachments/{shown['id']}")).json()["mediaType"] == "image/png"
    redirect = await client.get(f"/wiki/rest/api/content/{page.id}/child/attachment/{shown['id']}/download")
    assert redirect.status_code == 302
    location = redirect.headers["location"]
    assert (await client.get(location)).status_code == 400  # the client's own credentials came along
    assert (await client.get(location, auth=None)).content == b"\x89PNG"
    refused = await client.get("/wiki" + shown["downloadLink"])
    assert (refused.status_code, refused.headers["www-authenticate"]) == (401, 'OAuth realm="confluence"')
    assert page.version == 1
    assert (await client.get(f"{V2}/attachments/1")).status_code == 404


async def test_users_come_in_bulk(site, client):
    """Accounts that are gone are missing; more than 250 at once is refused."""
    site.user("557058:writer", "Documentation Team")
    answer = await client.post(f"{V2}/users-bulk", json={"accountIds": ["557058:writer", "557058:gone"]})
    assert [(user["accountId"], user["displayName"]) for user in answer.json()["results"]] == [
        ("557058:writer", "Documentation Team")
    ]
    assert (await client.post(f"{V2}/users-bulk", json={"accountIds": ["x"] * 251})).status_code == 400
    assert (await client.post(f"{V2}/users-bulk", content=b"no json")).status_code == 400


async def test_spaces_are_renamed_archived_restricted_and_deleted(site, client):
    """The id stays; a space without permission and a deleted one answer 404 alike."""
    docs, ops = site.space("DOCS"), site.space("~5570581234", type="personal")
    docs.rename("Manual")
    docs.archive()
    ops.restrict()
    ops.unrestrict()
    assert (await client.get(f"{V2}/spaces/{docs.id}")).json()["status"] == "archived"
    assert [space["name"] for space in await rows(client, f"{V2}/spaces?sort=-name&limit=1")] == [
        "~5570581234",
        "Manual",
    ]
    assert [space["key"] for space in await rows(client, f"{V2}/spaces?status=current")] == ["~5570581234"]
    docs.restore()
    assert docs.status == "current"
    docs.restrict()
    ops.delete()
    for space in (docs, ops):
        assert (await client.get(f"{V2}/spaces/{space.id}")).status_code == 404
        assert (await client.get(f"{V2}/spaces/{space.id}/pages")).status_code == 404
    assert (await client.get(f"{V2}/pages/{docs.homepage.id}")).status_code == 404


async def test_live_docs_can_be_filtered(site, client):
    """`subtype` tells live docs from pages."""
    docs = site.space("DOCS", homepage=False)
    docs.page("Live", subtype="live")
    docs.page("Plain")
    assert await titles(client, f"{V2}/pages?subtype=live") == ["Live"]
    assert await titles(client, f"{V2}/pages?subtype=page") == ["Plain"]


async def test_unknown_and_removed_endpoints(client):
    """Unknown paths are 404 in the shape of their API; v1's content and spaces are gone for good."""
    assert (await client.get(f"{V2}/nonsense")).json()["errors"][0]["status"] == 404
    assert (await client.get("/wiki/rest/api/nonsense")).json()["statusCode"] == 404
    assert (await client.post(f"{V2}/pages")).status_code == 405
    for path in ("content", "content/1", "space", "space/DOCS", "content/1/child/page"):
        answer = await client.get(f"/wiki/rest/api/{path}")
        assert answer.status_code == answer.json()["statusCode"] == 410


def test_ids_are_never_taken_twice(site):
    """A chosen id moves the next free one behind it."""
    docs = site.space("DOCS")
    page = docs.page("Chosen", id=99_999)
    assert (page.id, page.number) == ("99999", 99_999)
    assert docs.page("Next").id == "100000"
    with pytest.raises(ValueError, match="99999 is taken"):
        docs.page("Again", id=page.id)


def test_ids_are_sorted_as_numbers(site):
    """What is nine comes before what is ten, although `"10" < "9"`."""
    docs = site.space("DOCS", homepage=False)
    ten, nine = docs.page("Ten", id="10"), docs.page("Nine", id=9)
    assert site.nodes == [nine, ten]


async def test_the_tree_as_a_test_sees_it(site, client):
    """Children in order: pages alone or all there is, as the API lists them, also below a container."""
    docs = site.space("DOCS")
    one = docs.page("One", parent=docs.homepage)
    folder = docs.folder("Folder", parent=docs.homepage)
    two = docs.page("Two", parent=docs.homepage)
    docs.page("Gone", parent=docs.homepage).trash()
    inner = docs.page("Inner", parent=folder)
    one.move(docs.homepage)
    assert docs.homepage.children == [two, one]
    assert docs.homepage.direct_children == [folder, two, one]
    assert (folder.children, folder.direct_children, inner.children) == ([inner], [inner], [])
    assert (inner.parent_id, docs.homepage.parent_id) == (folder.id, None)
    home = f"{V2}/pages/{docs.homepage.id}"
    assert [row["id"] for row in await rows(client, f"{home}/children")] == [two.id, one.id]
    assert [row["id"] for row in await rows(client, f"{home}/direct-children")] == [folder.id, two.id, one.id]


async def test_a_space_without_a_homepage(site, client):
    """It says so when it is asked for one, until a page is made it."""
    docs = site.space("DOCS", homepage=False)
    with pytest.raises(LookupError, match="DOCS has no homepage"):
        docs.homepage  # noqa: B018 - the access is the test
    assert (await client.get(f"{V2}/spaces/{docs.id}")).json()["homepageId"] is None
    docs.homepage = docs.page("Start")
    assert (await client.get(f"{V2}/spaces/{docs.id}")).json()["homepageId"] == docs.homepage.id


def test_a_space_of_the_past(site, clock):
    """A space can be made with a date, which is the homepage's too."""
    docs = site.space("DOCS", at=clock.now() - timedelta(days=30))
    assert clock.now() - docs.created_at == clock.now() - docs.homepage.updated_at == timedelta(days=30)


def test_content_is_found_again(site):
    """Pages by title; all there is, in order."""
    docs = site.space("DOCS")
    folder = docs.folder("Folder")
    assert site.page("DOCS Home") is docs.homepage
    assert (site.spaces, site.nodes, site.users) == ([docs], [docs.homepage, folder], [site.me])
    with pytest.raises(KeyError, match="Folder"):
        site.page("Folder")


def test_a_generated_site_is_the_same_each_time():
    """The seed decides titles and bodies; no page is without a parent but the homepage."""
    one, two = (generated_site(50, body_kb=1, seed=7) for _ in range(2))
    texts = [[(node.id, node.title, node.storage) for node in site.nodes] for site in (one, two)]
    assert texts[0] == texts[1]
    assert len(texts[0]) == 50
    assert sum(node.parent is None for node in one.nodes) == 1


@pytest.mark.parametrize("pages", [1, 1_000])
def test_a_generated_site_is_at_rest(clock, pages):
    """All of its pages were made weeks ago, one after the other, so nothing of it is a recent change."""
    site = generated_site(pages, body_kb=0, clock=clock)
    times = [node.updated_at for node in site.nodes]
    assert site.spaces[0].created_at == times[0]
    assert times == sorted(set(times))
    assert clock.now() - times[-1] == timedelta(weeks=4)


def test_a_generated_site_can_be_deep():
    """With one child to a page it is a chain."""
    *_, last = generated_site(30, body_kb=0, fan_out=1).nodes
    assert len(list(last.lineage())) == 29


async def test_a_manual_clock_passes_only_when_told():
    """Sleeping lets its seconds pass at once; time does not go back."""
    clock = ManualClock(datetime(2026, 3, 2, 10, 0, tzinfo=timezone(timedelta(hours=1))))
    await clock.sleep(90)
    await clock.sleep(-1)
    clock.advance(0.5)
    assert clock.now() == datetime(2026, 3, 2, 9, 1, 30, 500_000, tzinfo=UTC)
    assert clock.now().tzinfo is UTC
    with pytest.raises(ValueError, match="does not go back"):
        clock.advance(-1)
    with pytest.raises(ValueError, match="aware"):
        ManualClock(datetime(2026, 3, 2))  # noqa: DTZ001 - the mistake that is refused


def test_the_contracts_are_imported_on_demand():
    """They are names of the package like the others; what is not a name is an error as usual."""
    assert testing.VFSContract.__name__ == "VFSContract"
    with pytest.raises(AttributeError, match="no attribute 'MQContract'"):
        testing.MQContract  # noqa: B018 - the access is the test
