"""Points are counted where all clients of an app see them, and nobody asks for more than the budget has."""

import httpx
import pytest

from confluence_sync.adapters import MemoryPointsLedger
from confluence_sync.client import ConfluenceClient, PointsBudget, RetryPolicy, SiteApiToken
from confluence_sync.errors import ConfigurationError, RateLimitedError
from confluence_sync.testing import FakeSite

APP = "client-id"


@pytest.fixture
def ledger():
    return MemoryPointsLedger()


@pytest.fixture
def site(clock):
    site = FakeSite(clock=clock)
    docs = site.space("DOCS")
    for number in range(9):
        docs.page(f"Page {number}")
    return site


@pytest.fixture
async def connect(site, ledger, clock):
    """Makes clients of the app, each with a budget of its own over the same ledger."""
    async with httpx.AsyncClient(transport=site.transport()) as http:
        auth = SiteApiToken(site.url, "bot@example.com", "token")

        def connect(**options):
            budget = PointsBudget(ledger, app=APP, clock=clock, **options)
            return ConfluenceClient(auth, http=http, clock=clock, budget=budget, retry=RetryPolicy(tries=2))

        yield connect


async def used(ledger, clock):
    return await PointsBudget(ledger, app=APP, clock=clock).used()


async def walk(client, site):
    (space,) = site.spaces
    return [batch async for batch in client.page_batches(space.id, limit=5)]


async def test_every_point_is_counted(connect, site, ledger, clock):
    """What the ledger has is what the requests cost: 1 each, and what the answers hold."""
    client = connect()
    await client.current_user()
    await walk(client, site)
    assert await used(ledger, clock) == client.usage.points == site.points == 3 + 2 * 6


async def test_failed_requests_are_counted(connect, site, ledger, clock):
    """A request that fails costs its point, whether there is an answer or not."""
    client = connect()
    site.fail(status=503)
    await client.current_user()
    site.fail(kind="timeout")
    await client.current_user()
    assert await used(ledger, clock) == client.usage.points == 2 * (1 + 3)


async def test_budget_that_is_used_up(connect, site):
    """Beyond the budget requests are refused before they are made, until the hour turns."""
    client = connect(points=7)
    await walk(client, site)
    made = len(site.requests)
    with pytest.raises(
        RateLimitedError, match=r"the 7 points that 'client-id' may use in an hour are used up"
    ) as error:
        await client.current_user()
    assert (error.value.quota, error.value.status, error.value.retry_after) == (True, None, 3600.0)
    assert len(site.requests) == made == 2


async def test_hours_turn(connect, site, clock):
    """With the next hour of UTC the budget is there again."""
    client = connect(points=7)
    clock.advance(3590)
    await walk(client, site)
    with pytest.raises(RateLimitedError):
        await client.current_user()
    clock.advance(10)
    await client.current_user()


async def test_clients_share_a_budget(connect, site):
    """What one client used the others lack."""
    await walk(connect(points=7), site)
    with pytest.raises(RateLimitedError):
        await connect(points=7).current_user()
    await connect(points=100).current_user()


async def test_tenants_share_and_do_not_share(connect, site):
    """A customer that used up its part leaves the rest of the app's to the others."""
    one, other = (connect(points=24, tenant=name, tenant_points=8) for name in ("one", "other"))
    await walk(one, site)
    with pytest.raises(RateLimitedError, match="'client-id/one'"):
        await one.current_user()
    await other.current_user()
    await walk(connect(points=24), site)
    with pytest.raises(RateLimitedError, match="'client-id'"):
        await other.current_user()


@pytest.mark.parametrize("prefix", ["", "Beta-"])
async def test_site_that_knows_of_more(connect, site, prefix, ledger, clock):
    """What others used without our ledger is counted as soon as an answer tells, and not taken for a tenant's."""
    headers = {
        f"{prefix}RateLimit-Policy": '"global-app-quota";q=65000;w=3600',
        f"{prefix}RateLimit": '"global-app-quota";r=5000;t=600',
    }
    site.fail(status=503, headers=headers)
    client = connect(points=60_500, tenant="one")
    await client.current_user()
    assert await used(ledger, clock) == 60_000 + 3
    assert await ledger.add(f"{APP}/one", clock.now().replace(minute=0, second=0, microsecond=0), 0) == 4


async def test_answer_that_comes_after_the_hour_turned(connect, site, ledger, clock):
    """What an answer of the last hour tells is no news of this one."""
    clock.advance(3599)
    site.latency = 5
    site.fail(
        status=503,
        headers={
            "RateLimit-Policy": '"global-app-quota";q=65000;w=3600',
            "RateLimit": '"global-app-quota";r=0;t=1',
        },
    )
    await connect().current_user()
    assert await used(ledger, clock) == 3


async def test_refusal_is_told_to_the_others(connect, site, clock):
    """A 429 that tells that nothing is left stops the other clients before they ask."""
    site.limit_points(7)
    first = connect()
    await walk(first, site)
    with pytest.raises(RateLimitedError, match="answered 429"):
        await first.current_user()
    made = len(site.requests)
    with pytest.raises(RateLimitedError, match="are used up"):
        await connect(points=7).current_user()
    assert len(site.requests) == made


@pytest.mark.parametrize("options", [{"points": 0}, {"tenant": "one", "tenant_points": -1}, {"tenant_points": 5}])
def test_budget_that_makes_no_sense(ledger, options):
    """A budget without points, or for a tenant without a name, is refused."""
    with pytest.raises(ConfigurationError):
        PointsBudget(ledger, app=APP, **options)
