"""The client and a site in memory: what people do there, as the client sees it."""

from contextlib import asynccontextmanager
from random import Random

import httpx
import pytest

from confluence_sync.client import ConfluenceClient, GatewayBearer, SiteApiToken, cql_quote
from confluence_sync.errors import AuthenticationError, MissingScopeError, RateLimitedError, RemoteNotFoundError
from confluence_sync.testing import FakeSite

CLOUD_ID = "00000000-0000-4000-8000-000000000001"


@pytest.fixture
def fake(clock):
    return FakeSite(clock=clock, cloud_id=CLOUD_ID)


@asynccontextmanager
async def connected(fake, clock, auth=None):
    auth = auth or SiteApiToken(fake.url, "reader@example.com", "token")
    async with (
        httpx.AsyncClient(transport=fake.transport()) as http,
        ConfluenceClient(auth, http=http, clock=clock, random=Random(7)) as client,
    ):
        yield client


def bearer(token):
    async def access_token():
        return token

    return GatewayBearer(CLOUD_ID, access_token)


async def collected(walk):
    return [item async for batch in walk for item in batch.items]


async def test_a_space_is_read(fake, clock):
    """Walks in batches of any size see every page once, with its body, its parent and its human address."""
    docs = fake.space("DOCS", name="Documentation")
    folder = docs.folder("Team / Ops", parent=docs.homepage)
    runbook = docs.page("Runbook \U0001f600", parent=folder, storage="<p>Hello</p>")
    for number in range(7):
        docs.page(f"Page {number}", parent=runbook)
    docs.page("Old").archive()
    async with connected(fake, clock) as client:
        space = await client.space_by_key("DOCS")
        assert space == await client.space(space.id)
        pages = await collected(client.page_batches(space.id))
        assert len(pages) == 9
        for limit in (1, 2, 9, 250):
            assert await collected(client.page_batches(space.id, limit=limit)) == pages
        bodies = await collected(client.body_batches(space.id, limit=4))
        assert [body.page for body in bodies] == pages
        (found,) = [body for body in bodies if body.page.title == "Runbook \U0001f600"]
        assert found.storage == "<p>Hello</p>"
        container = await client.container(found.page.parent_type, found.page.parent_id)
        assert (container.title, container.type) == ("Team / Ops", "folder")
        batch = await anext(client.page_batches(space.id))
        assert batch.base_url == client.site_url
        assert batch.served_at == clock.now().replace(microsecond=0)
        assert found.page.web_path.startswith("/spaces/DOCS/pages/")


async def test_changes_are_seen(fake, clock):
    """An edit comes first in the listing by date and in a search; a trashed page only says so by its status."""
    docs = fake.space("DOCS")
    kept, gone = docs.page("Kept"), docs.page("Gone")
    async with connected(fake, clock) as client:
        clock.advance(3600)
        kept.edit("<p>New</p>")
        gone.trash()
        assert (await anext(client.recent_batches([docs.id]))).items[0].title == "Kept"
        cql = f'space = {cql_quote("DOCS")} and type = page and lastmodified >= now("-30m")'
        (hit,) = await collected(client.search_batches(cql))
        assert (hit.id, hit.version, hit.space_key, hit.last_modified) == (kept.id, 2, "DOCS", clock.now())
        bodies = await client.page_bodies([gone.id, kept.id])
        assert [(body.page.id, body.storage) for body in bodies] == [(kept.id, "<p>New</p>")]
        assert (await client.page(gone.id)).status == "trashed"


async def test_users_are_named(fake, clock):
    """The own account and the authors of pages have names."""
    fake.user("557058:docs", "Documentation Team")
    async with connected(fake, clock) as client:
        assert (await client.current_user()).account_id == fake.me.account_id
        (user,) = await client.users(["557058:docs"])
        assert user.display_name == "Documentation Team"


async def test_a_wrong_token(fake, clock):
    """A token that is served as a visitor's is found out; nothing of the site is taken for the truth."""
    fake.space("DOCS")
    fake.require(email="reader@example.com", token="right")
    async with connected(fake, clock) as client:
        assert await collected(client.space_batches()) == []
        with pytest.raises(AuthenticationError):
            await client.current_user()


async def test_a_grant_with_few_scopes(fake, clock):
    """Behind the gateway the same calls work; a missing scope is told from a bad token."""
    docs = fake.space("DOCS")
    fake.grant("opaque", scopes=["read:space:confluence", "read:page:confluence"])
    async with connected(fake, clock, bearer("opaque")) as client:
        (resource,) = await client.accessible_resources()
        assert resource.id == CLOUD_ID
        assert len(await collected(client.page_batches(docs.id))) == 1
        with pytest.raises(MissingScopeError):
            await collected(client.search_batches("type = page"))
    async with connected(fake, clock, bearer("other")) as client:
        with pytest.raises(AuthenticationError) as error:
            await client.space(docs.id)
        assert not isinstance(error.value, MissingScopeError)


@pytest.mark.parametrize("kind", ["status", "timeout", "reset", "truncated", "invalid_json"])
async def test_faults_pass(fake, clock, kind):
    """Every passing fault in the middle of a walk is repaired by asking again."""
    docs = fake.space("DOCS")
    for number in range(5):
        docs.page(f"Page {number}")
    fake.fail(f"/spaces/{docs.id}/pages", kind=kind, times=2, skip=1)
    async with connected(fake, clock) as client:
        assert len(await collected(client.page_batches(docs.id, limit=2))) == 6
    assert len(clock.slept) >= 2


async def test_a_burst_limit(fake, clock):
    """A burst limit is waited for: everything is read, in its own time."""
    docs = fake.space("DOCS")
    fake.limit_burst(2, 10)
    begin = clock.now()
    async with connected(fake, clock) as client:
        for _ in range(5):
            await client.space(docs.id)
    assert (clock.now() - begin).total_seconds() >= 20


async def test_the_hourly_quota(fake, clock):
    """The hourly quota is the caller's business: raised at once, with the time until the next hour."""
    docs = fake.space("DOCS")
    fake.limit_points(1)
    async with connected(fake, clock) as client:
        await client.space(docs.id)
        with pytest.raises(RateLimitedError) as error:
            await client.space(docs.id)
    assert error.value.quota
    assert 60 < error.value.retry_after <= 3600
    assert clock.slept == []


async def test_points_are_those_of_the_site(fake, clock):
    """What the client counts is what the site charges."""
    docs = fake.space("DOCS")
    for number in range(10):
        docs.page(f"Page {number}")
    async with connected(fake, clock) as client:
        await client.current_user()
        await collected(client.body_batches(docs.id, limit=4))
        await client.users([fake.me.account_id])
        with pytest.raises(RemoteNotFoundError):
            await client.page("999999999")
        assert client.usage.points == fake.points
        assert client.usage.requests == len(fake.requests)
