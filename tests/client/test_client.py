"""Each call: the request it makes, what it returns, how its walk ends."""

import httpx
import pytest

from confluence_sync.client import AccessibleResource, ConfluenceClient, GatewayBearer
from confluence_sync.errors import (
    AuthenticationError,
    ConfigurationError,
    ContentTooLargeError,
    MissingScopeError,
    RemoteNotFoundError,
    UnexpectedResponseError,
)
from confluence_sync.models import Container, User


async def collected(walk):
    return [item async for batch in walk for item in batch.items]


async def test_current_user(client, site):
    """The owner of the credentials, in v1's shape."""
    site.answers(httpx.Response(200, json={"type": "known", "accountId": "557058:a", "displayName": "Sync Bot"}))
    assert await client.current_user() == User(account_id="557058:a", display_name="Sync Bot")
    assert site.asked == ["GET /wiki/rest/api/user/current"]
    assert client.usage.points == 3


@pytest.mark.parametrize("answer", [{"type": "anonymous", "accountId": None}, {"type": "known"}, {}])
async def test_anonymous_is_no_user(client, site, answer):
    """A wrong Basic token can be served as a visitor: that is an authentication error."""
    site.answers(httpx.Response(200, json=answer))
    with pytest.raises(AuthenticationError, match="not accepted"):
        await client.current_user()


async def test_address_of_another_deployment(client, site):
    """Where a Cloud site would answer there is nothing, or Data Center, whose users have no account id."""
    site.answers(httpx.Response(404), httpx.Response(200, json={"type": "known", "username": "a", "userKey": "8a80"}))
    for _ in range(2):
        with pytest.raises(ConfigurationError, match="only Confluence Cloud is supported"):
            await client.current_user()


async def test_gateway_that_knows_no_such_site(site, clock):
    """Behind the gateway a 404 says nothing of the kind: the cloudid may be wrong, or the token too old."""

    async def access_token():
        return "opaque"

    site.answers(httpx.Response(404))
    async with httpx.AsyncClient(transport=httpx.MockTransport(site)) as http:
        with pytest.raises(RemoteNotFoundError):
            await ConfluenceClient(GatewayBearer("c1", access_token), http=http, clock=clock).current_user()


async def test_accessible_resources_are_merged(site, clock):
    """A site that is listed for each product comes once; those without Confluence do not come."""

    async def access_token():
        return "opaque"

    entries = [
        {"id": "c1", "name": "One", "url": "https://one.atlassian.net", "scopes": ["read:jira-work"]},
        {"id": "c1", "name": "One", "url": "https://one.atlassian.net", "scopes": ["read:page:confluence"]},
        {"id": "c2", "name": "Two", "url": "https://two.atlassian.net", "scopes": ["write:jira-work"]},
        {"id": "c1", "name": "One", "url": "https://one.atlassian.net", "scopes": ["search:confluence"]},
    ]
    site.answers(httpx.Response(200, json=entries))
    async with httpx.AsyncClient(transport=httpx.MockTransport(site)) as http:
        client = ConfluenceClient(GatewayBearer("c1", access_token), http=http, clock=clock)
        found = await client.accessible_resources()
    scopes = ("read:page:confluence", "search:confluence")
    assert found == (AccessibleResource(id="c1", name="One", url="https://one.atlassian.net", scopes=scopes),)
    assert str(site.requests[0].url) == "https://api.atlassian.com/oauth/token/accessible-resources"


async def test_api_token_has_no_resources(client, site):
    """An API token is of one site; asking for others is a configuration error without a request."""
    with pytest.raises(ConfigurationError, match="one site"):
        await client.accessible_resources()
    assert site.requests == []


async def test_walk_repeats_its_own_request_with_the_cursor(client, site, shapes):
    """Only the cursor is taken from the answer; path and parameters stay ours. Short and empty batches end nothing."""
    site.answers(
        shapes.listing(shapes.page("1"), cursor="a%3D", path="https://elsewhere.example/other"),
        shapes.listing(cursor="b"),
        shapes.listing(shapes.page("2")),
    )
    assert shapes.ids(await collected(client.page_batches("5", limit=2))) == ["1", "2"]
    own = "GET /wiki/api/v2/spaces/5/pages?status=current&sort=id&limit=2"
    assert site.asked == [own, f"{own}&cursor=a=", f"{own}&cursor=b"]


async def test_walk_resumes_at_a_cursor(client, site, shapes):
    """A walk can begin where another stopped."""
    site.answers(shapes.listing(shapes.space("1", "A")))
    assert shapes.ids(await collected(client.space_batches(cursor="saved+="))) == ["1"]
    assert site.asked == ["GET /wiki/api/v2/spaces?status=current&limit=250&cursor=saved+="]
    assert site.requests[0].url.query.endswith(b"cursor=saved%2B%3D")


@pytest.mark.parametrize("cursors", [["a", "a"], ["a", "b", "a"]])
async def test_cursor_that_comes_again_ends_in_an_error(client, site, shapes, cursors):
    """A provider that goes round in circles is noticed, whether at once or later."""
    site.answers(*(shapes.listing(shapes.page("1"), cursor=cursor) for cursor in cursors))
    with pytest.raises(UnexpectedResponseError, match="circles"):
        await collected(client.page_batches("5"))


async def test_walk_resumed_at_a_cursor_notices_it_again(client, site, shapes):
    """The cursor a walk begins with counts as seen."""
    site.answers(shapes.listing(cursor="a"))
    with pytest.raises(UnexpectedResponseError, match="circles"):
        await collected(client.page_batches("5", cursor="a"))


async def test_next_without_a_cursor_is_an_error(client, site):
    """A next link that cannot be used is not taken for the end."""
    answer = {"results": [], "_links": {"next": "/wiki/api/v2/spaces?limit=250"}}
    site.answers(httpx.Response(200, json=answer))
    with pytest.raises(UnexpectedResponseError, match=r"GET /api/v2/spaces .*without a cursor"):
        await collected(client.space_batches())


async def test_bodies_of_a_space(client, site, shapes):
    """The walk with bodies asks for storage format, 100 pages at a time."""
    site.answers(shapes.listing(shapes.body("1", "<p>Hi</p>")))
    (body,) = await collected(client.body_batches("5"))
    assert (body.page.id, body.storage) == ("1", "<p>Hi</p>")
    assert site.asked == ["GET /wiki/api/v2/spaces/5/pages?status=current&sort=id&limit=100&body-format=storage"]


async def test_pages_are_of_the_space_that_was_asked_for(client, site, shapes):
    """A row that names no space is of the listed one; a row that names another stays there."""
    rows = [shapes.page("1", spaceId=None), shapes.page("2", spaceId=6), shapes.page("3", spaceId="5")]
    site.answers(shapes.listing(*rows))
    pages = await collected(client.page_batches("5"))
    assert [page.space_id for page in pages] == ["5", "6", "5"]


async def test_bodies_are_of_the_space_that_was_asked_for(client, site, shapes):
    """The same for rows with bodies."""
    rows = [{"id": "1"}, {"id": "2", "spaceId": "6"}]
    site.answers(shapes.listing(*rows))
    assert [body.page.space_id for body in await collected(client.body_batches("5"))] == ["5", "6"]


async def test_spaces_by_id(client, site, shapes):
    """Many spaces come with one request, each id asked for once; none is no request."""
    site.answers(shapes.listing({"id": "5", "key": "A", "name": "A"}, {"id": 6, "key": "B", "name": "B"}))
    assert [space.key for space in await client.spaces(["5", "6", "5", "7"])] == ["A", "B"]
    assert site.asked == ["GET /wiki/api/v2/spaces?ids=5,6,7&limit=250"]
    assert await client.spaces([]) == ()
    assert len(site.asked) == 1


async def test_latest_edits_of_many_spaces(client, site, shapes):
    """Up to a hundred spaces are listed by date at once; none would mean all of the site."""
    site.answers(shapes.listing(shapes.page("1", spaceId="6")))
    (page,) = await collected(client.recent_batches(["5", "6"], limit=10))
    assert page.space_id == "6"
    assert site.asked == ["GET /wiki/api/v2/pages?space-id=5,6&status=current&sort=-modified-date&limit=10"]
    for spaces in ([], [str(number) for number in range(101)]):
        with pytest.raises(ConfigurationError, match="1 to 100 spaces"):
            client.recent_batches(spaces)


async def test_pages_by_id(client, site, shapes):
    """Pages by id come in the order of the answer, from all its batches; what is missing is missing."""
    site.answers(shapes.listing(shapes.body("2", "b"), cursor="c"), shapes.listing(shapes.body("1", "a")))
    bodies = await client.page_bodies(["1", "2", "3"])
    assert [(body.page.id, body.storage) for body in bodies] == [("2", "b"), ("1", "a")]
    assert site.asked[0] == "GET /wiki/api/v2/pages?id=1,2,3&status=current&body-format=storage&limit=250"


async def test_batch_fetch_returns_current_pages_only(client, site, shapes):
    """The text of a trashed page does not come in by a fetch, even if the site answers with it."""
    trashed = shapes.body("2", "gone") | {"status": "trashed"}
    site.answers(shapes.listing(shapes.body("1", "a"), trashed, shapes.body("3", "c") | {"status": "archived"}))
    assert [body.storage for body in await client.page_bodies(["1", "2", "3"])] == ["a"]


@pytest.mark.parametrize("count", [0, 251])
async def test_number_of_ids_is_checked(client, site, count):
    """No id would ask for every page of the site, and more than 250 are refused there."""
    with pytest.raises(ConfigurationError, match="1 to 250"):
        await client.page_bodies([str(number) for number in range(count)])
    assert site.requests == []


async def test_page_of_any_status(client, site, shapes):
    """A trashed page is returned, and says so."""
    site.answers(httpx.Response(200, json=shapes.page("7", status="trashed")))
    assert (await client.page("7")).status == "trashed"


async def test_space_by_key(client, site, shapes):
    """The space whose key it is, whatever the case, and whatever else the filter lets through."""
    site.answers(shapes.listing(shapes.space("1", "OTHER"), shapes.space("2", "DOCS")))
    assert (await client.space_by_key("docs")).id == "2"
    assert site.asked == ["GET /wiki/api/v2/spaces?keys=docs&limit=250"]


async def test_space_by_key_names_the_key(client, site, shapes):
    """An unknown key is named; no other spaces are listed for it."""
    site.answers(shapes.listing())
    with pytest.raises(RemoteNotFoundError, match="'NOPE'"):
        await client.space_by_key("NOPE")
    assert len(site.requests) == 1


@pytest.mark.parametrize("status", [200, 400, 404])
async def test_personal_space_is_searched_for(client, site, shapes, status):
    """Where the filter does not find a `~` key, or chokes on it, the personal spaces are walked."""
    nothing = shapes.listing() if status == 200 else httpx.Response(status)
    site.answers(nothing, shapes.listing(shapes.space("1", "~1"), cursor="c"), shapes.listing(shapes.space("2", "~55")))
    assert (await client.space_by_key("~55")).id == "2"
    assert site.asked[1] == "GET /wiki/api/v2/spaces?type=personal&limit=250"


async def test_refused_filter_of_an_ordinary_key(client, site):
    """For an ordinary key a bad request is raised as it is."""
    site.answers(httpx.Response(400))
    with pytest.raises(UnexpectedResponseError):
        await client.space_by_key("DOCS")


@pytest.mark.parametrize(
    ("kind", "path"),
    [
        ("folder", "folders"),
        ("whiteboard", "whiteboards"),
        ("database", "databases"),
        ("embed", "embeds"),
        ("page", "pages"),
    ],
)
async def test_container(client, site, kind, path):
    """Each type of parent has its endpoint."""
    site.answers(httpx.Response(200, json={"id": "8", "title": "Ops", "parentId": "7", "parentType": "page"}))
    expected = Container(id="8", type=kind, title="Ops", parent_id="7", parent_type="page")
    assert await client.container(kind, "8") == expected
    assert site.asked == [f"GET /wiki/api/v2/{path}/8"]


async def test_container_of_an_unknown_type(client, site):
    """A type nobody has heard of is not found, without a request."""
    with pytest.raises(RemoteNotFoundError, match="canvas"):
        await client.container("canvas", "8")
    assert site.requests == []


async def test_users_in_bulk(client, site, shapes):
    """Users are asked for 250 at a time, each once; nobody costs no request."""
    ids = [f"a{number}" for number in range(300)]
    site.answers(
        httpx.Response(200, json={"results": [{"accountId": "a1", "displayName": "Documentation Team"}]}),
        httpx.Response(200, json={"results": []}),
    )
    assert await client.users([*ids, *ids]) == (User(account_id="a1", display_name="Documentation Team"),)
    assert [shapes.posted(request)["accountIds"] for request in site.requests] == [ids[:250], ids[250:]]
    assert site.asked[0] == "POST /wiki/api/v2/users-bulk"
    assert await client.users([]) == ()
    assert len(site.requests) == 2


NO_ACCOUNT_IDS = ["", "a b", "somebody@example.com", "557058:a\n", "x" * 129, "\u0661", "${user}", "a/b"]


async def test_what_is_no_account_id_is_not_asked_for(client, site, shapes):
    """One id of the wrong shape would fail the request for all: it is left out."""
    sound = ["557058:0b1c2d3e-4f5a", "5d_9.x-Y", "x" * 128]
    site.answers(httpx.Response(200, json={"results": [{"accountId": sound[0]}]}))
    assert await client.users([*NO_ACCOUNT_IDS, *sound]) == (User(account_id=sound[0]),)
    assert shapes.posted(site.requests[0])["accountIds"] == sound


async def test_nothing_is_asked_where_no_account_id_is_left(client, site):
    """Without an id of the right shape there is no request."""
    assert await client.users(NO_ACCOUNT_IDS) == ()
    assert site.requests == []


async def test_search(client, site):
    """Search is v1: no bodies, the frozen query on every request, next links without /wiki."""
    hit = {"id": "7", "type": "page", "status": "current", "space": {"key": "DOCS"}, "version": {"number": 2}}
    following = "/rest/api/content/search?cql=rewritten&limit=250&cursor=_sa_%2Bx"
    site.answers(
        httpx.Response(200, json={"results": [hit], "size": 1, "_links": {"next": following, "context": "/wiki"}}),
        httpx.Response(200, json={"results": [], "size": 0, "_links": {}}),
    )
    (found,) = await collected(client.search_batches('lastmodified >= now("-95m")'))
    assert (found.id, found.space_key, found.version) == ("7", "DOCS", 2)
    own = 'GET /wiki/rest/api/content/search?cql=lastmodified >= now("-95m")&expand=version,space&limit=250'
    assert site.asked == [own, f"{own}&cursor=_sa_+x"]


async def test_search_without_its_scope(client, site):
    """A token without the scope is told apart from a bad one, so that callers can do without search."""
    site.answers(httpx.Response(401, json={"code": 401, "message": "Unauthorized; scope does not match"}))
    with pytest.raises(MissingScopeError, match="GET /rest/api/content/search"):
        await collected(client.search_batches("type = page"))


async def test_cursor_that_no_address_holds(client, site):
    """A cursor beyond what an address can hold is an error of the client, without a request."""
    with pytest.raises(ContentTooLargeError, match="too long"):
        await collected(client.search_batches("type = page", cursor="x" * 70_000))
    assert site.requests == []
