"""When a call is repeated, and after what wait."""

from random import Random

import httpx
import pytest

from confluence_sync.client import ConfluenceClient, RetryPolicy, SiteApiToken
from confluence_sync.errors import (
    PermissionDeniedError,
    RateLimitedError,
    ServerError,
    TransportError,
    UnexpectedResponseError,
)

OK = {"id": "5", "key": "DOCS", "name": "Docs"}


def failure(status=503, **headers):
    return httpx.Response(status, headers={name.replace("_", "-"): value for name, value in headers.items()})


async def test_waits_double_and_spread(client, site, clock):
    """After failures the client waits 2, 4 and 8 seconds, each by a factor of 0.7 to 1.3, then succeeds."""
    site.answers(failure(500), httpx.ReadError("reset"), failure(504), httpx.Response(200, json=OK))
    assert (await client.space("5")).key == "DOCS"
    for waited, base in zip(clock.slept, (2, 4, 8), strict=True):
        assert 0.7 * base <= waited <= 1.3 * base


async def test_last_error_is_raised(client, site, clock):
    """After four tries the last failure is raised as it is."""
    site.answers(failure(500), failure(502), failure(503), failure(504))
    with pytest.raises(ServerError) as error:
        await client.space("5")
    assert error.value.status == 504
    assert len(site.requests) == 4
    assert len(clock.slept) == 3


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 413])
async def test_final_errors_are_not_repeated(client, site, clock, status):
    """What repeating cannot mend is raised at once."""
    site.answers(failure(status))
    with pytest.raises(Exception, match=str(status)):
        await client.space("5")
    assert clock.slept == []


async def test_retry_after_is_a_minimum(client, site, clock):
    """The wait that an answer asks for is kept, also above the cap, and not stretched by more than the spread."""
    site.answers(failure(503, Retry_After="45"), httpx.Response(200, json=OK))
    await client.space("5")
    assert 45 <= clock.slept[0] <= 45 * 1.3


@pytest.mark.parametrize(
    "headers", [{"Retry_After": "1847"}, {"Retry_After": "5", "RateLimit_Reason": "confluence-quota-global-based"}]
)
async def test_quota_is_the_callers_business(client, site, clock, headers):
    """The hourly quota is raised at once with its wait: nobody sleeps half an hour inside a request."""
    site.answers(failure(429, **headers))
    with pytest.raises(RateLimitedError) as error:
        await client.space("5")
    assert error.value.quota
    assert error.value.retry_after == float(headers["Retry_After"])
    assert clock.slept == []


async def test_long_wait_of_a_server_error(client, site, clock):
    """A 503 that asks for more than the longest wait is raised at once too."""
    site.answers(failure(503, Retry_After="61"))
    with pytest.raises(ServerError):
        await client.space("5")
    assert clock.slept == []


async def test_burst_holds_everyone_back(client, site, clock):
    """After a burst limit no request of the site starts before the wait is over."""
    begin = clock.now()
    site.answers(failure(429, Retry_After="20"), httpx.Response(200, json=OK), httpx.Response(200, json=OK))
    await client.space("5")
    assert (clock.now() - begin).total_seconds() >= 20


async def test_broken_body_is_repeated(client, site):
    """An answer that was cut off is asked for again."""
    site.answers(httpx.Response(200, content=b'{"id": "5", "ke'), httpx.Response(200, json=OK))
    assert (await client.space("5")).id == "5"


async def test_time_out_is_told_from_a_refusal(site, clock):
    """Both are transport errors; one says that it timed out. No policy, no second try."""
    site.answers(httpx.ReadTimeout("slow"), httpx.ConnectError("refused"))
    auth = SiteApiToken("https://site.atlassian.net", "bot@example.com", "secret")
    async with httpx.AsyncClient(transport=httpx.MockTransport(site)) as http:
        client = ConfluenceClient(auth, http=http, clock=clock, retry=RetryPolicy(tries=1))
        with pytest.raises(TransportError, match="timed out") as slow:
            await client.space("5")
        with pytest.raises(TransportError, match="refused") as refused:
            await client.space("5")
    assert (slow.value.timed_out, slow.value.kind) == (True, "timeout")
    assert (refused.value.timed_out, refused.value.kind) == (False, "connection")


@pytest.mark.parametrize(
    ("error", "repeats"),
    [
        (ServerError("x", retry_after=60.0), True),
        (ServerError("x", retry_after=60.1), False),
        (RateLimitedError("x"), True),
        (RateLimitedError("x", quota=True), False),
        (TransportError("x"), True),
        (PermissionDeniedError("x"), False),
        (UnexpectedResponseError("x", status=410), False),
        (ValueError("x"), False),
    ],
)
def test_policy_asks_the_error(error, repeats):
    """The error says whether repeating can help, the policy how long it waits at most."""
    assert RetryPolicy().repeats(error) is repeats


@pytest.mark.parametrize("setting", [{"tries": 0}, {"first_wait": -1}, {"longest_wait": -0.1}])
def test_policy_is_checked(setting):
    """A policy that cannot be followed is refused."""
    with pytest.raises(ValueError):
        RetryPolicy(**setting)


async def test_spread_comes_from_the_given_generator(client, site, clock):
    """The waits are those of the generator the client was given."""
    spread = Random(7)  # the seed of the fixture
    site.answers(failure(500), failure(500), httpx.Response(200, json=OK))
    await client.space("5")
    assert clock.slept == [2 * spread.uniform(0.7, 1.3), 4 * spread.uniform(0.7, 1.3)]


async def test_impatient_calls_fail_at_once(client, site, clock):
    """Who would rather ask for fewer pages hears of a failure at once, not after four tries."""
    for trouble in (failure(504), httpx.ReadTimeout("slow"), httpx.ReadError("reset")):
        site.answers(trouble)
        with pytest.raises((ServerError, TransportError)):
            await client.page_bodies(["1", "2"], patient=False)
    assert clock.slept == []


@pytest.mark.parametrize("status", [429, 503])
async def test_impatient_calls_wait_when_asked_to(client, site, clock, shapes, status):
    """A limit has nothing to do with how much is asked for."""
    site.answers(failure(status, Retry_After="3"), shapes.listing())
    assert await client.page_bodies(["1", "2"], patient=False) == ()
    assert clock.slept
