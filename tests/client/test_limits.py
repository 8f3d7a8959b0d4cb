"""What answers tell of limits before they refuse anything."""

from datetime import UTC, datetime

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from confluence_sync.client import ConfluenceClient, SiteApiToken
from confluence_sync.client._limits import limits_of
from confluence_sync.testing import FakeSite

NOW = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
QUOTA = {"RateLimit-Policy": '"global-app-quota";q=65000;w=3600'}
OK = {"id": "5", "key": "DOCS", "name": "Docs"}


def limits(headers):
    return limits_of(httpx.Response(200, headers=headers), now=NOW)


@pytest.mark.parametrize(
    ("headers", "near"),
    [
        ({}, 0),
        ({"X-RateLimit-NearLimit": "false"}, 0),
        ({"X-RateLimit-NearLimit": "true"}, 10),
        ({"X-RateLimit-NearLimit": "True", "X-RateLimit-Reset": "2026-01-05T09:00:04Z"}, 4),
        ({"X-RateLimit-NearLimit": "true", "X-RateLimit-Reset": "2026-01-05T09:20Z"}, 10),
        ({"X-RateLimit-NearLimit": "true", "X-RateLimit-Reset": "soon"}, 10),
        ({"X-RateLimit-Limit": "100", "X-RateLimit-Remaining": "19"}, 10),
        ({"X-RateLimit-Limit": "100", "X-RateLimit-Remaining": "20"}, 0),
        ({"X-RateLimit-Remaining": "0"}, 0),
        (QUOTA, 0),
        (QUOTA | {"RateLimit": '"global-app-quota";r=11000;t=600'}, 600),
        (QUOTA | {"RateLimit": '"global-app-quota";r=0;t=99999'}, 3600),
        (QUOTA | {"RateLimit": '"global-app-quota";r=3'}, 3600),
        (QUOTA | {"RateLimit": '"global-app-quota";r=60000;t=600'}, 0),
        (QUOTA | {"RateLimit": '"another";r=1;t=600'}, 0),
        (QUOTA | {"Beta-RateLimit": '"global-app-quota";r=1;t=600'}, 0),
        ({"RateLimit": "a;r=5;t=60, b;r=1;t=30", "RateLimit-Policy": "b; q=10; w=3600, a;q=10"}, 30),
        ({"RateLimit": '"global-app-quota";r=-1;t=x', "RateLimit-Policy": "?"}, 0),
    ],
)
def test_near(headers, near):
    """A limit is near under 20 %, or where the answer says so, until its window ends."""
    assert limits(headers).near == near


@pytest.mark.parametrize(
    ("headers", "full"),
    [
        ({"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "2026-01-05T09:00:07Z"}, 7),
        ({"X-RateLimit-Remaining": "1", "X-RateLimit-Reset": "2026-01-05T09:00:07Z"}, 0),
        ({"X-RateLimit-Remaining": "0"}, 0),
        ({"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "2026-01-05T08:59:59Z"}, 0),
        ({"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "2026-01-05T09:20:00Z"}, 0),
        ({"X-RateLimit-Limit": "0", "X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "2026-01-05T09:00:07Z"}, 0),
        (
            {
                "Date": "Mon, 05 Jan 2026 12:00:00 GMT",
                "X-RateLimit-Remaining": "0",
                "X-RateLimit-Reset": "2026-01-05T12:00:05Z",
            },
            5,
        ),
    ],
)
def test_full(headers, full):
    """A window in which nothing is left is waited for, by the provider's clock, if it is a matter of seconds."""
    assert limits(headers).full == full


@pytest.mark.parametrize(
    ("headers", "used"),
    [
        (QUOTA, 0),
        (QUOTA | {"RateLimit": '"global-app-quota";r=11000;t=600'}, 54_000),
        (QUOTA | {"RateLimit": '"global-app-quota";r=70000;t=600'}, 0),
        (
            {
                "Beta-Ratelimit-Policy": '"global-app-quota";q=65000;w=3600',
                "Beta-Ratelimit": '"global-app-quota";r=5000;t=600',
            },
            60_000,
        ),
    ],
)
def test_used(headers, used):
    """What is used follows from what is left; quotas that are not enforced yet are counted, too."""
    assert limits(headers).used == used


@given(
    st.dictionaries(st.sampled_from(["RateLimit", "RateLimit-Policy", "X-RateLimit-Remaining"]), st.text('"a;=,q r9'))
)
def test_any_header(headers):
    """Headers that are none of this do no harm."""
    found = limits(headers)
    assert min(found.near, found.full, found.used) >= 0


async def test_other_answers_do_not_end_it(client, site, clock):
    """Each endpoint has limits of its own: an answer that tells nothing does not undo what another told."""
    near = {"X-RateLimit-NearLimit": "true"}
    site.answers(httpx.Response(200, json=OK, headers=near), *[httpx.Response(200, json=OK)] * 3)
    for _ in range(4):
        await client.space("5")
    assert clock.slept == [0.5, 0.5]


async def test_nearly_used_up_quota_slows_down(client, site, clock):
    """While little is left of the hour's points requests are spaced out, up to the reset."""
    site.answers(*[httpx.Response(200, json=OK, headers=QUOTA | {"RateLimit": '"global-app-quota";r=9;t=2'})] * 2)
    site.answers(*[httpx.Response(200, json=OK)] * 4)
    for _ in range(6):
        await client.space("5")
    assert clock.slept == [0.5] * 4


async def test_full_window_is_waited_for(clock):
    """A site that tells that nothing is left is not asked before its window ends, so it never has to refuse."""
    site = FakeSite(clock=clock)
    docs = site.space("DOCS")
    site.limit_burst(5, 8)
    async with httpx.AsyncClient(transport=site.transport()) as http:
        client = ConfluenceClient(SiteApiToken(site.url, "bot@example.com", "token"), http=http, clock=clock)
        for _ in range(23):
            await client.space(docs.id)
    assert [request.status for request in site.requests] == [200] * 23
