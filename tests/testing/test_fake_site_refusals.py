"""Stories of a site that refuses: credentials, scopes, limits, and faults made to order."""

from __future__ import annotations

import re
from datetime import timedelta

import httpx
import pytest

from confluence_sync.testing import FakeSite
from confluence_sync.testing.fake_site import Request

V2 = "/wiki/api/v2"
CURRENT = "/wiki/rest/api/user/current"
HTML = "<html><body>Service Unavailable</body></html>"


async def get(site, target, *, auth=None, token=None):
    """Ask a site once, with Basic credentials, a bearer token, or neither."""
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    async with httpx.AsyncClient(base_url=site.url, auth=auth, headers=headers, transport=site.transport()) as client:
        return await client.get(target)


async def test_any_api_token_works_at_first(site):
    """Who the token belongs to is the site's one user; an empty token is nobody."""
    answer = await get(site, CURRENT, auth=("reader@example.com", "token"))
    assert (answer.json()["type"], answer.json()["accountId"]) == ("known", site.me.account_id)
    assert (await get(site, CURRENT, auth=("reader@example.com", ""))).json()["type"] == "anonymous"
    assert (await get(site, CURRENT)).json()["type"] == "anonymous"
    request = Request.to(CURRENT, headers={"Authorization": "Basic not-base64!"})
    assert site.handle(request).json()["type"] == "anonymous"


async def test_a_wrong_token_is_anonymous_or_refused(site):
    """Anonymous means 200 and nothing to see, which looks like an empty site."""
    docs = site.space("DOCS")
    site.require(email="reader@example.com", token="right")
    assert (await get(site, CURRENT, auth=("reader@example.com", "right"))).json()["type"] == "known"
    wrong = ("reader@example.com", "wrong")
    assert (await get(site, CURRENT, auth=wrong)).json()["type"] == "anonymous"
    assert (await get(site, f"{V2}/spaces", auth=wrong)).json()["results"] == []
    assert (await get(site, f"{V2}/spaces/{docs.id}", auth=wrong)).status_code == 404
    site.require(email="reader@example.com", token="right", refuse=True)
    assert (await get(site, CURRENT, auth=wrong)).status_code == 401


async def test_a_bearer_token_works_on_the_gateway_only(site):
    """The site's own host answers 401; links through the gateway still name the site."""
    site.grant("secret", scopes=["read:space:confluence"])
    site.space("DOCS")
    assert (await get(site, f"{V2}/spaces", token="secret")).status_code == 401
    answer = await get(site, f"{site.gateway_path}{V2}/spaces", token="secret")
    assert [space["key"] for space in answer.json()["results"]] == ["DOCS"]
    assert answer.json()["_links"]["base"] == f"{site.url}/wiki"
    assert (await get(site, f"{site.gateway_path}{V2}/spaces", token="other")).status_code == 401
    assert (await get(site, f"/ex/confluence/other{V2}/spaces", token="secret")).status_code == 404
    site.revoke("secret")
    assert (await get(site, f"{site.gateway_path}{V2}/spaces", token="secret")).status_code == 401


async def test_next_through_the_gateway_lacks_its_prefix(site):
    """As from Confluence: to follow it as an address leads nowhere."""
    site.space("A")
    site.space("B")
    answer = await get(site, f"{site.gateway_path}{V2}/spaces?limit=1", auth=("a", "b"))
    assert answer.json()["_links"]["next"].startswith(f"{V2}/spaces?limit=1&cursor=")


@pytest.mark.parametrize(
    ("target", "scope"),
    [
        (f"{V2}/spaces", "read:space:confluence"),
        (f"{V2}/pages", "read:page:confluence"),
        ("/wiki/rest/api/search?cql=", "search:confluence"),
        ("/wiki/rest/api/search?cql=", "read:content-details:confluence"),
        (CURRENT, "read:confluence-user"),
    ],
)
async def test_a_missing_scope_is_401(site, target, scope):
    """The body says that the scope does not match; with any one of the endpoint's scopes it works."""
    site.grant("all", scopes=[scope])
    site.grant("none", scopes=["offline_access"])
    assert (await get(site, site.gateway_path + target, token="all")).status_code == 200
    refused = await get(site, site.gateway_path + target, token="none")
    assert refused.status_code == 401
    assert refused.json() == {"code": 401, "message": "Unauthorized; scope does not match"}


async def test_a_bearer_token_expires(site, clock):
    """With 401, or hidden behind 404 from v2 and 403 from v1."""
    site.grant("plain", scopes=[], lifetime=timedelta(hours=1))
    site.grant("hidden", scopes=["read:space:confluence"], lifetime=timedelta(hours=1), hides_expiry=True)
    spaces = f"{site.gateway_path}{V2}/spaces"
    assert (await get(site, spaces, token="hidden")).status_code == 200
    clock.advance(3600)
    assert (await get(site, spaces, token="plain")).status_code == 401
    assert (await get(site, spaces, token="hidden")).status_code == 404
    assert (await get(site, site.gateway_path + CURRENT, token="hidden")).status_code == 403


async def test_accessible_resources(site):
    """A bearer token learns which site it reaches; nobody else does."""
    site.grant("secret", scopes=["read:page:confluence"])
    [resource] = (await get(site, "/oauth/token/accessible-resources", token="secret")).json()
    assert (resource["id"], resource["url"]) == (site.settings.cloud_id, site.url)
    assert resource["scopes"] == ["read:page:confluence"]
    assert (await get(site, "/oauth/token/accessible-resources", auth=("a", "b"))).status_code == 401


async def test_requests_are_recorded_with_their_points(site, client):
    """1 for a request, 1 for each page or space in the answer, 2 for each user."""
    docs = site.space("DOCS")
    docs.page("Second")
    await client.get(f"{V2}/spaces/{docs.id}/pages?limit=2&body-format=storage")
    await client.get(f"{V2}/spaces/{docs.id}")
    await client.post(f"{V2}/users-bulk", json={"accountIds": [site.me.account_id]})
    await client.get(f"{V2}/pages/1")
    assert [(request.status, request.points) for request in site.requests] == [(200, 3), (200, 2), (200, 3), (404, 1)]
    assert site.points == 9
    assert site.requests[0].path == f"{V2}/spaces/{docs.id}/pages"
    assert site.requests[0].query == {"limit": "2", "body-format": "storage"}
    site.reset_log()
    assert (site.requests, site.points) == ([], 0)


async def test_the_quota_lasts_until_the_hour_turns(site, client, clock):
    """Above 80 % headers tell what remains; once it is used up all is refused until the next hour."""
    docs = site.space("DOCS")
    site.limit_points(5)
    clock.advance(20 * 60)
    first = await client.get(f"{V2}/spaces/{docs.id}")
    assert first.headers["ratelimit-policy"] == '"global-app-quota";q=5;w=3600'
    assert "ratelimit" not in first.headers
    await client.get(f"{V2}/spaces/{docs.id}")
    last = await client.get(f"{V2}/pages/1")
    assert last.headers["ratelimit"] == '"global-app-quota";r=0;t=2400'
    refused = await client.get(f"{V2}/pages/1")
    assert (refused.status_code, refused.headers["retry-after"], refused.content) == (429, "2400", b"")
    assert refused.headers["ratelimit-reason"] == "confluence-quota-global-based"
    assert refused.headers["ratelimit"] == '"global-app-quota";r=0;t=2400'
    assert site.requests[-1].points == 0
    clock.advance(2400)
    assert (await client.get(f"{V2}/spaces/{docs.id}")).status_code == 200


async def test_a_burst_is_refused_for_seconds(site, client, clock):
    """The window slides; headers name the limit and the time of reset."""
    site.limit_burst(2, 10)
    answers = [await client.get(f"{V2}/spaces") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert answers[0].headers["x-ratelimit-remaining"] == "1"
    assert answers[2].headers["retry-after"] == "10"
    assert answers[2].headers["x-ratelimit-reset"] == "2026-03-02T09:00:10Z"
    assert answers[2].headers["x-ratelimit-nearlimit"] == "true"
    clock.advance(10)
    assert (await client.get(f"{V2}/spaces")).status_code == 200


async def test_the_date_header_is_the_sites_clock(client):
    """Confluence's time, to which a client may hold its own."""
    assert (await client.get(f"{V2}/spaces")).headers["date"] == "Mon, 02 Mar 2026 09:00:00 GMT"


async def test_a_fault_strikes_so_often(site, client):
    """The next matching requests fail as told, then all is well."""
    site.fail("/pages", status=503, times=2, body=HTML, headers={"Retry-After": "7"}, skip=1)
    assert (await client.get(f"{V2}/spaces")).status_code == 200
    answers = [await client.get(f"{V2}/pages") for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 503, 503, 200]
    assert (answers[1].text, answers[1].headers["retry-after"]) == (HTML, "7")
    assert [request.status for request in site.requests] == [200, 200, 503, 503, 200]


async def test_faults_can_be_aimed(site, client):
    """By a regular expression of the path, and by the query; and they can all be called off."""
    site.fail(re.compile(r"/spaces$"), status=500, times=None)
    site.fail(query=lambda query: int(query.get("limit", "25")) > 50, status=504, times=None)
    assert (await client.get(f"{V2}/spaces")).status_code == 500
    assert (await client.get(f"{V2}/pages?limit=100")).status_code == 504
    assert (await client.get(f"{V2}/pages?limit=50")).status_code == 200
    site.heal()
    assert (await client.get(f"{V2}/spaces")).status_code == 200


async def test_a_page_that_always_times_out_at_the_gateway(site, client):
    """Each answer that would hold its body fails; listings without bodies do not."""
    docs = site.space("DOCS", homepage=False)
    docs.page("Good")
    heavy = docs.page("Heavy")
    site.fail(page_id=heavy.id, status=504, times=None)
    listing = f"{V2}/spaces/{docs.id}/pages"
    assert (await client.get(listing)).status_code == 200
    assert (await client.get(f"{listing}?body-format=storage")).status_code == 504
    assert (await client.get(f"{listing}?body-format=storage&limit=1")).status_code == 200
    assert (await client.get(f"{V2}/pages?id={heavy.id}&body-format=storage")).status_code == 504
    assert (await client.get(f"{V2}/pages/{heavy.id}")).status_code == 200
    site.fail(page_id=heavy.number, status=504, bodies_only=False)
    assert (await client.get(f"{V2}/pages/{heavy.id}")).status_code == 504


@pytest.mark.parametrize(
    ("kind", "error"),
    [("timeout", httpx.ReadTimeout), ("reset", httpx.ReadError), ("truncated", httpx.RemoteProtocolError)],
)
async def test_connections_break(site, client, kind, error):
    """Through the transport as through a network: with httpx's own errors."""
    site.fail(kind=kind)
    with pytest.raises(error):
        await client.get(f"{V2}/spaces")
    assert (await client.get(f"{V2}/spaces")).status_code == 200


async def test_broken_json_and_late_answers(site, client, clock):
    """Half a body that ends well; and an answer that takes its time on the site's clock."""
    site.fail(kind="invalid_json")
    with pytest.raises(ValueError, match=r"Expecting|Unterminated"):
        (await client.get(f"{V2}/spaces")).json()
    before = clock.now()
    site.fail(kind="latency", seconds=45)
    assert (await client.get(f"{V2}/spaces")).status_code == 200
    assert clock.now() - before == timedelta(seconds=45)


async def test_a_listing_that_ends_early(site, client):
    """The first rows, and not a word about the others; what is no listing stays as it is."""
    site.space("DOCS").page("Another")
    site.fail("/pages", kind="ends_early", rows=1, times=2)
    answer = await client.get(f"{V2}/pages?limit=1")
    assert len(answer.json()["results"]) == 1
    assert "next" not in answer.json()["_links"]
    assert "link" not in answer.headers
    assert (await client.get(f"{V2}/pages?limit=none")).status_code == 400
    assert "next" in (await client.get(f"{V2}/pages?limit=1")).json()["_links"]


def test_a_fault_of_an_unknown_kind(site):
    """It is refused at once."""
    with pytest.raises(ValueError, match="kind"):
        site.fail(kind="flood")


def test_a_time_zone_by_name():
    """The zone of searches may be an IANA name."""
    assert str(FakeSite(time_zone="Australia/Sydney").settings.time_zone) == "Australia/Sydney"
