"""The query language: what it reads as, what it finds, and what it refuses."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import httpx
import pytest

from confluence_sync.testing import FakeSite
from confluence_sync.testing.fake_site._cql import (
    Both,
    Clause,
    CqlError,
    Either,
    Negation,
    Query,
    Sort,
    Value,
    parse,
)
from confluence_sync.testing.fake_site._dates import period_of

SEARCH = "/wiki/rest/api/search"
CONTENT_SEARCH = "/wiki/rest/api/content/search"
PAGE = Clause("type", "=", (Value("page"),))
OPS = Clause("label", "=", (Value("ops"),))
NEW = Clause("lastmodified", ">=", (Value("now", "-95m"),))


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("", None),
        ("type = page", PAGE),
        ("TYPE='page'", PAGE),
        ('type = "page" and label=ops', Both(PAGE, OPS)),
        ("type = page or label = ops and lastModified >= now('-95m')", Both(Either(PAGE, OPS), NEW)),
        ('type = page or (label = ops and lastmodified >= now("-95m"))', Either(PAGE, Both(OPS, NEW))),
        ("type = page and not label = ops", Both(PAGE, Negation(OPS))),
        ("type in (page, 'blogpost')", Clause("type", "in", (Value("page"), Value("blogpost")))),
        ("id in (1,2) and type not in (page)", Both(
            Clause("id", "in", (Value("1"), Value("2"))), Clause("type", "not in", (Value("page"),))
        )),
        (r'title = "a \"b\" \\ c"', Clause("title", "=", (Value(r'a "b" \ c'),))),
        ("space = '~5570'", Clause("space", "=", (Value("~5570"),))),
        ("created > now()", Clause("created", ">", (Value("now", ""),))),
    ],
)  # fmt: skip
def test_queries_read_as(text, where):
    """`and` and `or` go from left to right; words and strings are the same value."""
    assert parse(text) == Query(where)


@pytest.mark.parametrize(
    ("text", "sort"),
    [
        ("type = page order by lastmodified desc", Sort("lastmodified", descending=True)),
        ("type = page ORDER BY title", Sort("title")),
        ("order by id asc", Sort("id")),
    ],
)
def test_orders_read_as(text, sort):
    """One field, ascending unless told."""
    assert parse(text).sort == sort


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("space = ~5570", "Expecting a value for operator '=' after field 'space' but got '~'"),
        ("space = 2FA", "but got '2FA'"),
        ("space = order", "but got 'order'"),
        ("space", "Expecting an operator after field 'space'"),
        ("space =", "but got '<EOF>'"),
        ("space in A", "Expecting '\\('"),
        ("space in (A", "Expecting '\\)'"),
        ("(type = page", "Expecting '\\)'"),
        ("type = page label = ops", "Expecting 'and', 'or' or the end but got 'label'"),
        ("type = page and", "Expecting a field"),
        ("type != page", "negative clause"),
        ("not type = page", "negative clause"),
        ("type not in (page) and label = ops", "negative clause"),
        ('title = "open', "Cannot read"),
        ("type = page order lastmodified", "Expecting 'by'"),
    ],
)
def test_what_is_not_a_query(text, message):
    """The error says where reading stopped."""
    with pytest.raises(CqlError, match=message):
        parse(text)


NOON = datetime(2026, 3, 31, 12, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "zone", "start"),
    [
        (Value("2026/03/02 09:30"), "America/New_York", datetime(2026, 3, 2, 14, 30, tzinfo=UTC)),
        (Value("2026-03-02"), "Asia/Tokyo", datetime(2026, 3, 1, 15, 0, tzinfo=UTC)),
        (Value("now", ""), "Asia/Tokyo", NOON),
        (Value("now", "-95m"), "America/New_York", NOON - timedelta(minutes=95)),
        (Value("now", "-1M"), "UTC", datetime(2026, 2, 28, 12, 30, tzinfo=UTC)),
        (Value("now", "+1y"), "UTC", datetime(2027, 3, 31, 12, 30, tzinfo=UTC)),
        (Value("now", "-1w"), "UTC", NOON - timedelta(weeks=1)),
        (Value("startOfDay", ""), "Asia/Tokyo", datetime(2026, 3, 30, 15, 0, tzinfo=UTC)),
        (Value("startOfDay", "-1d"), "UTC", datetime(2026, 3, 30, tzinfo=UTC)),
        (Value("startOfWeek", ""), "UTC", datetime(2026, 3, 30, tzinfo=UTC)),
        (Value("startOfMonth", ""), "UTC", datetime(2026, 3, 1, tzinfo=UTC)),
        (Value("endOfYear", ""), "UTC", datetime(2026, 12, 31, 23, 59, 59, 999_000, tzinfo=UTC)),
    ],
)
def test_dates_read_as(value, zone, start):
    """Literals are in the site's zone; what is relative to now is in none."""
    assert period_of(value, now=NOON, zone=ZoneInfo(zone)).start == start


def test_minutes_pass_also_where_the_clock_is_put_forward():
    """An hour that the zone's clocks leave out is not added to what is relative to now."""
    now = datetime(2026, 3, 8, 7, 30, tzinfo=UTC)  # half an hour after two o'clock became three in New York
    period = period_of(Value("now", "-95m"), now=now, zone=ZoneInfo("America/New_York"))
    assert period.start == now - timedelta(minutes=95)


@pytest.mark.parametrize(
    "value",
    [
        Value("2026-03-02T09:30:00Z"),
        Value("2026-03-02 09:30:15"),
        Value("2026-13-02"),
        Value("2026-03/02"),
        Value("yesterday"),
        Value("now", "95 minutes"),
        Value("later", ""),
    ],
)
def test_what_is_not_a_date(value):
    """ISO 8601, seconds and unknown functions are refused."""
    with pytest.raises(CqlError):
        period_of(value, now=NOON, zone=UTC)


async def search(client, cql, **parameters):
    """Return the titles that a query finds, page by page."""
    answer = await client.get(CONTENT_SEARCH, params={"cql": cql, **parameters})
    found = []
    while True:
        payload = answer.json()
        found += [row["title"] for row in payload["results"]]
        if "next" not in payload["_links"]:
            return found
        answer = await client.get("/wiki" + payload["_links"]["next"])


@pytest.mark.parametrize(
    ("operator", "found"),
    [
        ("=", ["in it"]),
        ("!=", ["before", "at the end"]),
        ("<", ["before"]),
        ("<=", ["before", "in it"]),
        (">", ["at the end"]),
        (">=", ["in it", "at the end"]),
    ],
)
async def test_a_date_is_as_exact_as_it_is_written(site, client, operator, found):
    """A literal with a time stands for a whole minute."""
    docs = site.space("DOCS", homepage=False)
    docs.page("before", at=datetime(2026, 3, 2, 8, 29, 59, tzinfo=UTC))
    docs.page("in it", at=datetime(2026, 3, 2, 8, 30, 15, tzinfo=UTC))
    docs.page("at the end", at=datetime(2026, 3, 2, 8, 31, tzinfo=UTC))
    # The site's zone is five hours behind UTC.
    assert await search(client, f"type = page and created {operator} '2026-03-02 03:30'") == found


async def test_or_and_the_creator(site, client):
    """Either side will do; accounts are compared like other words."""
    docs = site.space("DOCS", homepage=False)
    docs.page("A", author="557058:writer")
    docs.page("B")
    docs.blog_post("C")
    assert await search(client, "creator = '557058:writer' or type = blogpost") == ["A", "C"]


@pytest.fixture
def docs(site):
    """Two spaces: a page with a label, its child in a folder, a blog post; and another page elsewhere."""
    docs = site.space("DOCS", homepage=False)
    runbook = docs.page("Runbook: restart", labels=["ops"])
    folder = docs.folder("Folder", parent=runbook)
    docs.page("Deep page", parent=folder)
    docs.blog_post("News")
    site.space("OPS", homepage=False).page("Elsewhere")
    return docs


@pytest.mark.parametrize(
    ("cql", "found"),
    [
        ("", ["Runbook: restart", "Folder", "Deep page", "News", "Elsewhere"]),
        ("type = page", ["Runbook: restart", "Deep page", "Elsewhere"]),
        ("type in (page, blogpost) and space = docs", ["Runbook: restart", "Deep page", "News"]),
        ('space in ("DOCS","OPS") and not type = page', ["Folder", "News"]),
        ("type = page and space != DOCS", ["Elsewhere"]),
        ("label = ops", ["Runbook: restart"]),
        ("type = page and label not in (ops)", ["Deep page", "Elsewhere"]),
        ("title = 'deep page'", ["Deep page"]),
        ("title ~ restart", ["Runbook: restart"]),
        ("title ~ 'run* restart'", ["Runbook: restart"]),
        ("type = page and title !~ page", ["Runbook: restart", "Elsewhere"]),
        ("ancestor = 65538", ["Folder", "Deep page"]),
        ("parent = 65538", ["Folder"]),
        ("id in (65538, 65540)", ["Runbook: restart", "Deep page"]),
        ("type = page order by title desc", ["Runbook: restart", "Elsewhere", "Deep page"]),
        ("created >= startOfDay() and type = blogpost", ["News"]),
        ("created < '2026-01-01'", []),
    ],
)
@pytest.mark.usefixtures("docs")
async def test_what_queries_find(client, cql, found):
    """Fields, operators and orders, one result to a page of the listing."""
    assert await search(client, cql, limit=1) == found


@pytest.mark.parametrize(
    "cql",
    ["colour = red", "type = sheet", "id = home", "space > A", "lastmodified ~ now()", "title ~ now() order by colour",
     "lastmodified in ('2026-01-01')", "lastmodified >= '2026-03-02T09:30:00Z'", "space = ~5570", "space = now()"],
)  # fmt: skip
async def test_bad_queries_are_400(client, cql):
    """The error has v1's shape, with a Java class before the message."""
    answer = await client.get(SEARCH, params={"cql": cql})
    assert answer.status_code == answer.json()["statusCode"] == 400
    assert answer.json()["message"].startswith("com.atlassian.confluence.api.service.exceptions.BadRequestException: ")


async def test_a_query_is_required(client):
    """No `cql` is 400 too."""
    assert (await client.get(SEARCH)).status_code == 400
    assert (await client.get(SEARCH, params={"cql": "type = page", "limit": "0"})).status_code == 400


async def test_an_edit_is_found_only_after_the_lag(clock):
    """Until then the search knows the earlier version; a read by id knows the new one at once."""
    site = FakeSite(clock=clock, index_lag=timedelta(seconds=30))
    page = site.space("DOCS", homepage=False).page("Old")
    clock.advance(600)
    page.rename("New")
    recent = 'lastmodified >= now("-5m")'
    async with httpx.AsyncClient(base_url=site.url, auth=("a", "b"), transport=site.transport()) as client:
        assert await search(client, recent) == []
        assert await search(client, "type = page") == ["Old"]
        assert (await client.get(f"/wiki/api/v2/pages/{page.id}")).json()["title"] == "New"
        clock.advance(30)
        assert await search(client, recent) == ["New"]


async def test_the_trash_and_the_archive_are_known_only_after_the_lag(clock):
    """Until then a search shows a page as it was: still there, or not yet back."""
    site = FakeSite(clock=clock, index_lag=timedelta(seconds=30))
    page = site.space("DOCS", homepage=False).page("Page")
    clock.advance(600)
    async with httpx.AsyncClient(base_url=site.url, auth=("a", "b"), transport=site.transport()) as client:
        page.trash()
        assert await search(client, "type = page") == ["Page"]
        clock.advance(30)
        assert await search(client, "type = page") == []
        page.restore()
        assert await search(client, "type = page") == []
        clock.advance(30)
        page.archive()
        answer = await client.get(CONTENT_SEARCH, params={"cql": "type = page"})
        assert [hit["status"] for hit in answer.json()["results"]] == ["current"]


async def test_a_utc_literal_is_read_in_the_sites_zone(clock):
    """West of UTC an edit of this hour is missed by a query that means UTC, and found by a relative one."""
    site = FakeSite(clock=clock, time_zone=timezone(timedelta(hours=-5)))
    site.space("DOCS", homepage=False).page("Just now")
    async with httpx.AsyncClient(base_url=site.url, auth=("a", "b"), transport=site.transport()) as client:
        assert await search(client, "lastmodified >= '2026-03-02 08:00'") == []
        assert await search(client, "lastmodified >= '2026-03-02 03:00'") == ["Just now"]
        assert await search(client, 'lastmodified >= now("-60m")') == ["Just now"]


async def test_searches_show_archived_pages_but_neither_trash_nor_archived_spaces(site, client, docs):
    """Whoever wants live pages has to look at the status; archived spaces come on request."""
    site.page("Runbook: restart").archive()
    site.page("Deep page").trash()
    site.page("News").restrict()
    site.space("OPS").archive()
    cql = "type in (page, blogpost)"
    assert await search(client, cql) == ["Runbook: restart"]
    envelope = await client.get(SEARCH, params={"cql": cql, "includeArchivedSpaces": "true"})
    assert [row["content"]["status"] for row in envelope.json()["results"]] == ["archived", "current"]


async def test_bodies_cap_a_search_silently(site, client):
    """With bodies 50 results come whatever the limit, 25 with rendered ones; the answer repeats the limit asked for."""
    docs = site.space("DOCS", homepage=False)
    for number in range(60):
        docs.page(f"Page {number}", storage="<p>text</p>")
    sizes = {}
    for expand in ("version", "body.storage", "body.export_view"):
        payload = (await client.get(CONTENT_SEARCH, params={"cql": "", "limit": 200, "expand": expand})).json()
        assert payload["limit"] == 200
        sizes[expand] = payload["size"]
    assert sizes == {"version": 60, "body.storage": 50, "body.export_view": 25}
    assert len(await search(client, "type = page", limit=200, expand="body.storage,version")) == 60


async def test_next_of_v1_lacks_the_context_path(site, client):
    """`next` starts at `/rest/api`, `start` is ignored, and the envelope has a total."""
    docs = site.space("DOCS")
    docs.page("Second")
    first = (await client.get(SEARCH, params={"cql": "type = page", "limit": 1, "start": 1})).json()
    assert first["_links"]["next"].startswith("/rest/api/search?next=true&cursor=")
    assert (first["_links"]["base"], first["_links"]["context"]) == (f"{site.url}/wiki", "/wiki")
    assert (first["totalSize"], first["size"], first["cqlQuery"]) == (2, 1, "type = page")
    assert first["results"][0]["title"] == "DOCS Home"
    bad = await client.get(SEARCH, params={"cql": "type = page", "cursor": "nonsense"})
    assert bad.json()["statusCode"] == 400


async def test_expansions(site, client, docs):
    """What is expanded is there, in v1's words."""
    page = site.page("Deep page")
    page.edit("<p>new</p>", message="typo")
    expand = "version,space,ancestors,history.lastUpdated,metadata.labels,body.storage"
    [row] = (await client.get(CONTENT_SEARCH, params={"cql": f"id = {page.id}", "expand": expand})).json()["results"]
    assert (row["version"]["number"], row["version"]["message"]) == (2, "typo")
    assert (row["space"]["key"], row["space"]["id"]) == ("DOCS", docs.number)  # v1 still has a number here
    assert [ancestor["title"] for ancestor in row["ancestors"]] == ["Runbook: restart", "Folder"]
    assert row["history"]["lastUpdated"]["when"] == "2026-03-02T09:00:00.000Z"
    assert row["metadata"]["labels"]["size"] == 0
    assert row["body"]["storage"]["value"] == "<p>new</p>"
