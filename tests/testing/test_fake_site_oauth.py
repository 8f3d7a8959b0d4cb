"""Stories of the authorization server: consent, codes, rotating tokens, several sites behind one gateway."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
import pytest

from confluence_sync.testing import FakeSite
from confluence_sync.testing.fake_site import FakeConsent

CALLBACK = "http://127.0.0.1:8000/callback"
SCOPES = "read:space:confluence read:page:confluence read:me offline_access"
AUTHORIZE = {
    "audience": "api.atlassian.com",
    "client_id": "fake-client-id",
    "scope": SCOPES,
    "redirect_uri": CALLBACK,
    "state": "some state",
    "response_type": "code",
    "prompt": "consent",
}
SPACES = "/wiki/api/v2/spaces"
DEAD = {"error": "invalid_grant", "error_description": "Unknown or invalid refresh token."}


@pytest.fixture
def app(site):
    return site.oauth.app(redirect_uris=[CALLBACK])


def authorization_url(**changes):
    query = {name: value for name, value in {**AUTHORIZE, **changes}.items() if value is not None}
    return f"https://auth.atlassian.com/authorize?{urlencode(query)}"


def callback_of(site, **changes):
    """Return the parameters with which the browser comes back."""
    url = site.oauth.visit(authorization_url(**changes))
    assert url.startswith(f"{CALLBACK}?")
    return {name: value for name, [value] in parse_qs(urlsplit(url).query).items()}


async def post(site, **form):
    async with httpx.AsyncClient(transport=site.transport()) as client:
        credentials = {"client_id": "fake-client-id", "client_secret": "fake-client-secret"}
        return await client.post("https://auth.atlassian.com/oauth/token", json={**credentials, **form})


async def exchange(site, code=None, **form):
    code = code or callback_of(site)["code"]
    return await post(site, **{"grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK, **form})


async def refresh(site, token, **form):
    return await post(site, grant_type="refresh_token", refresh_token=token, **form)


async def get(site, target, token):
    async with httpx.AsyncClient(transport=site.transport(), base_url="https://api.atlassian.com") as client:
        return await client.get(target, headers={"Authorization": f"Bearer {token}"})


async def test_the_whole_way_over_http(site, app):
    """A browser consents, the app exchanges the code, and the token reaches the site, for its user."""
    site.space("DOCS")
    site.rename(url="https://renamed.example", name="renamed")
    async with site.serve() as url, httpx.AsyncClient(base_url=url) as client:
        answer = await client.get("/authorize", params=AUTHORIZE)
        assert answer.status_code == 302
        query = parse_qs(urlsplit(answer.headers["Location"]).query)
        assert query["state"] == ["some state"]
        form = {
            "grant_type": "authorization_code",
            "client_id": app.client_id,
            "client_secret": app.client_secret,
            "code": query["code"][0],
            "redirect_uri": CALLBACK,
        }
        tokens = (await client.post("/oauth/token", json=form)).json()
        client.headers["Authorization"] = f"Bearer {tokens['access_token']}"
        [resource] = (await client.get("/oauth/token/accessible-resources")).json()
        spaces = (await client.get(f"/ex/confluence/{resource['id']}{SPACES}")).json()
        profile = (await client.get("/me")).json()
    assert (tokens["expires_in"], tokens["token_type"], set(tokens["scope"].split())) == (
        3600,
        "Bearer",
        set(SCOPES.split()),
    )
    assert resource["url"] == "https://renamed.example"
    assert resource["scopes"] == ["read:page:confluence", "read:space:confluence"]
    assert [space["key"] for space in spaces["results"]] == ["DOCS"]
    assert profile["account_id"] == site.me.account_id
    assert {tokens["access_token"], tokens["refresh_token"], query["code"][0]} == set(site.oauth.issued)


async def test_the_authorization_server_is_outside_of_the_quota(site, app):
    """Tokens are refreshed at no cost, also where no point is left."""
    site.limit_points(0)
    tokens = (await exchange(site)).json()
    assert (await refresh(site, tokens["refresh_token"])).status_code == 200
    assert (await get(site, site.gateway_path + SPACES, tokens["access_token"])).status_code == 429
    assert site.points == 0


def test_the_user_declines(site, app):
    """There is an error instead of a code; the state comes back."""
    site.oauth.consent = FakeConsent(accept=False)
    callback = callback_of(site)
    assert (callback["error"], callback["state"], "code" in callback) == ("access_denied", "some state", False)


@pytest.mark.parametrize(
    "changes",
    [
        {"client_id": "other"},
        {"redirect_uri": "http://localhost:8000/callback"},
        {"audience": None},
        {"response_type": "token"},
        {"prompt": None},
        {"scope": None},
        {"scope": "write:page:confluence"},
    ],
)
def test_a_wrong_request_ends_on_an_error_page(site, changes):
    """There is no way back to an address that nobody registered, nor from a request that says something else."""
    site.oauth.app(redirect_uris=[CALLBACK], scopes=SCOPES.split())
    with pytest.raises(ValueError, match="Something went wrong"):
        site.oauth.visit(authorization_url(**changes))


async def test_a_code_works_once(site, app):
    """And with the same redirect address, for the same app, for a while."""
    code = callback_of(site)["code"]
    wrong_address = await exchange(site, code, redirect_uri="http://127.0.0.1:9/callback")
    assert (wrong_address.status_code, wrong_address.json()["error"]) == (403, "unauthorized_client")
    assert (await exchange(site, code)).status_code == 200
    again = await exchange(site, code)
    assert (again.status_code, again.json()["error"]) == (403, "invalid_grant")
    late = callback_of(site)["code"]
    site.clock.advance(300)
    assert (await exchange(site, late)).status_code == 403


async def test_wrong_credentials_of_the_app(site, app):
    """They are told apart from a dead grant; the grant survives."""
    tokens = (await exchange(site)).json()
    wrong = await refresh(site, tokens["refresh_token"], client_secret="wrong")
    assert (wrong.status_code, wrong.json()) == (
        401,
        {"error": "access_denied", "error_description": "Unauthorized"},
    )
    assert (await refresh(site, tokens["refresh_token"])).status_code == 200
    assert (await post(site, grant_type="password")).status_code == 400
    site.oauth.app(client_id="second", client_secret="s", redirect_uris=[CALLBACK])
    other = await refresh(site, tokens["refresh_token"], client_id="second", client_secret="s")
    assert (other.status_code, other.json()) == (403, DEAD)


async def test_a_body_that_is_no_json_is_refused(site, app):
    """The endpoint takes JSON objects, no forms."""
    async with httpx.AsyncClient(transport=site.transport()) as client:
        for body in (b"grant_type=refresh_token", b"[]"):
            answer = await client.post("https://auth.atlassian.com/oauth/token", content=body)
            assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")


async def test_refresh_tokens_rotate(site, app):
    """Each answer has another one; the one before works for ten minutes, after that it ends the family."""
    first = (await exchange(site)).json()["refresh_token"]
    second = (await refresh(site, first)).json()["refresh_token"]
    site.clock.advance(599)
    third = (await refresh(site, first)).json()["refresh_token"]
    assert len({first, second, third}) == 3
    assert (site.oauth.refreshes, site.oauth.reuses) == (2, 1)
    site.clock.advance(1)
    assert (await refresh(site, first)).json() == DEAD
    assert (await refresh(site, third)).json() == DEAD


async def test_a_lost_answer_is_asked_for_again(site, app):
    """The rotation was done; the same refresh token gives another answer."""
    first = (await exchange(site)).json()["refresh_token"]
    site.fail("/oauth/token", kind="reset")
    with pytest.raises(httpx.ReadError):
        await refresh(site, first)
    assert (await refresh(site, first)).status_code == 200
    assert (site.oauth.refreshes, site.oauth.reuses) == (2, 1)


async def test_an_idle_refresh_token_expires(site, app):
    """After 90 days; each refresh begins them anew."""
    token = (await exchange(site)).json()["refresh_token"]
    for _ in range(3):
        site.clock.advance(89 * 86_400)
        token = (await refresh(site, token)).json()["refresh_token"]
    site.clock.advance(90 * 86_400)
    assert (await refresh(site, token)).json() == DEAD


async def test_access_tokens_expire(site):
    """With 401, or hidden behind 404; another consent, another token."""
    site.oauth.app(redirect_uris=[CALLBACK], token_lifetime=timedelta(seconds=1), hides_expiry=True)
    tokens = (await exchange(site)).json()
    assert tokens["expires_in"] == 1
    site.clock.advance(1)
    assert (await get(site, site.gateway_path + SPACES, tokens["access_token"])).status_code == 404
    access = (await refresh(site, tokens["refresh_token"])).json()["access_token"]
    assert (await get(site, site.gateway_path + SPACES, access)).status_code == 200


async def test_without_offline_access_there_is_no_refresh_token(site, app):
    """Nor without the profile's scope a profile."""
    code = callback_of(site, scope="read:space:confluence")["code"]
    tokens = (await exchange(site, code)).json()
    assert "refresh_token" not in tokens
    assert (await get(site, "/me", tokens["access_token"])).json()["message"] == "Unauthorized; scope does not match"


async def test_the_user_revokes_the_app_or_changes_the_password(site, app):
    """A password ends refresh tokens only, a revocation everything; the wording of the refusal may be another."""
    site.oauth.app(redirect_uris=[CALLBACK], dead_token_error="unauthorized_client")
    tokens = (await exchange(site)).json()
    site.oauth.change_password(site.me)
    refused = await refresh(site, tokens["refresh_token"])
    assert (refused.status_code, refused.json()) == (
        403,
        {"error": "unauthorized_client", "error_description": "refresh_token is invalid"},
    )
    assert (await get(site, "/me", tokens["access_token"])).status_code == 200
    again = (await exchange(site)).json()
    site.oauth.revoke()
    assert (await get(site, "/me", again["access_token"])).status_code == 401
    assert (await refresh(site, again["refresh_token"])).status_code == 403


async def test_several_sites_behind_one_gateway(site, app):
    """A second consent adds its site to the one grant and replaces the scopes; older tokens reach both sites."""
    other = FakeSite(clock=site.clock, name="other", url="https://other.example", cloud_id="1-2", oauth=site.oauth)
    other.space("OTHER")
    site.oauth.consent = FakeConsent(sites=(other,))
    token = (await exchange(site)).json()["access_token"]
    assert (await get(site, site.gateway_path + SPACES, token)).status_code == 404
    [space] = (await get(site, other.gateway_path + SPACES, token)).json()["results"]
    assert space["key"] == "OTHER"
    site.oauth.consent = FakeConsent(sites=(site,), scopes={"read:space:confluence", "read:jira-work"})
    second = (await exchange(site)).json()["access_token"]
    assert (await get(site, site.gateway_path + SPACES, token)).status_code == 200
    site.oauth.extra_resources.append({"id": "jira-only", "scopes": ["read:jira-work"]})
    resources = (await get(other, "/oauth/token/accessible-resources", second)).json()
    assert [(entry["id"], entry["scopes"]) for entry in resources] == [
        ("jira-only", ["read:jira-work"]),
        (site.settings.cloud_id, ["read:space:confluence"]),
        (site.settings.cloud_id, ["read:jira-work"]),
        ("1-2", ["read:space:confluence"]),
        ("1-2", ["read:jira-work"]),
    ]
    site.oauth.withdraw(site)
    assert (await get(site, site.gateway_path + SPACES, second)).status_code == 404


async def test_another_user_consents(site, app):
    """Each account has a grant of its own."""
    user = site.user("557058:other", "Other Reader")
    first = (await exchange(site)).json()["access_token"]
    site.oauth.consent = FakeConsent(user=user)
    second = (await exchange(site)).json()["access_token"]
    assert (await get(site, "/me", second)).json()["account_id"] == "557058:other"
    site.oauth.revoke(user)
    assert (await get(site, "/me", second)).status_code == 401
    assert (await get(site, "/me", first)).json()["account_id"] == site.me.account_id
