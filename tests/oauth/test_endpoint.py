"""The token endpoint: what is sent, what answers mean, and what is tried again."""

import logging
from datetime import timedelta

import httpx
import pytest

from confluence_sync.client import RetryPolicy
from confluence_sync.errors import (
    AuthorizationError,
    ConfigurationError,
    ConfluenceSyncError,
    OAuthAppError,
    RateLimitedError,
    ReauthorizationRequiredError,
    ServerError,
    TransportError,
    UnexpectedResponseError,
)
from confluence_sync.oauth import SYNC_SCOPES, OAuthTokens, TokenEndpoint

CALLBACK = "http://127.0.0.1:8000/callback"
ANSWER = {
    "access_token": "access-2",
    "refresh_token": "refresh-2",
    "expires_in": 3600,
    "scope": "read:page:confluence offline_access",
    "token_type": "Bearer",
}


def refusal(status, error, description=None):
    return httpx.Response(status, json={"error": error, "error_description": description})


def answer(**changes):
    return httpx.Response(200, json={key: value for key, value in {**ANSWER, **changes}.items() if value is not ...})


@pytest.fixture
def old(clock):
    return OAuthTokens(
        access_token="access-1",
        refresh_token="refresh-1",
        obtained_at=clock.now(),
        expires_at=clock.now(),
        scopes=("read:page:confluence", "offline_access"),
    )


DEAD = "Atlassian no longer accepts this connection's grant: .* Reauthorize the connection; files and mappings stay"
WRONG_APP = "does not accept the app 'fake-client-id': compare client id and client secret .* does not help"
WRONG_CALLBACK = f"callback URL '{CALLBACK}': it has to stand in the developer console"

REFRESH = [
    # The rows of the table of errors, as documented and as they were seen.
    (refusal(403, "invalid_grant", "Unknown or invalid refresh token."), ReauthorizationRequiredError, DEAD),
    (refusal(403, "unauthorized_client", "refresh_token is invalid"), ReauthorizationRequiredError, DEAD),
    (refusal(403, "invalid_grant", "Token has been expired or revoked."), ReauthorizationRequiredError, DEAD),
    (refusal(401, "access_denied", "Unauthorized"), OAuthAppError, WRONG_APP),
    (httpx.Response(429), RateLimitedError, "answered 429"),
    (httpx.Response(500), ServerError, "answered 500"),
    (httpx.Response(503, html="<title>Down for maintenance</title>"), ServerError, "503: Down for maintenance"),
    (httpx.ConnectError("refused"), TransportError, "got no answer: refused"),
    (httpx.ReadTimeout("slow"), TransportError, "timed out"),
    # What the standard and other servers add.
    (refusal(400, "invalid_grant"), ReauthorizationRequiredError, DEAD),
    (refusal(401, "invalid_client"), OAuthAppError, WRONG_APP),
    (refusal(400, "invalid_client"), OAuthAppError, WRONG_APP),
    (httpx.Response(401, text="who are you?"), OAuthAppError, WRONG_APP),
    (httpx.Response(401), OAuthAppError, "status 401"),
    # What says nothing of the grant.
    (httpx.Response(403, html="<title>Request blocked</title>"), UnexpectedResponseError, "403: Request blocked"),
    (httpx.Response(404), UnexpectedResponseError, "answered 404"),
    (refusal(400, "invalid_request", "grant_type"), UnexpectedResponseError, "invalid_request: grant_type"),
    (httpx.Response(302, headers={"Location": "https://evil.example/"}), UnexpectedResponseError, "not followed"),
    (httpx.Response(413), UnexpectedResponseError, "answered 413"),
]
EXCHANGE = [
    (refusal(401, "access_denied", "Unauthorized"), OAuthAppError, WRONG_APP),
    (refusal(401, "invalid_client"), OAuthAppError, WRONG_APP),
    (refusal(403, "unauthorized_client", "The redirect URI is wrong"), OAuthAppError, WRONG_CALLBACK),
    (refusal(403, "invalid_grant", "redirect_uri does not match"), OAuthAppError, WRONG_CALLBACK),
    (refusal(403, "invalid_grant", "Invalid authorization code"), AuthorizationError, "used or expired; connect again"),
    (httpx.Response(429, headers={"Retry-After": "5"}), RateLimitedError, "answered 429"),
    (httpx.Response(503), AuthorizationError, "could not be completed, connect again .*answered 503"),
    (httpx.ReadTimeout("slow"), AuthorizationError, "could not be completed, connect again .*timed out"),
    (httpx.ReadError("reset by peer"), AuthorizationError, "connect again .*reset by peer"),
    (httpx.Response(200, content=b'{"access_token": "hal'), AuthorizationError, "connect again .*no whole JSON"),
    (httpx.Response(200, json={}), AuthorizationError, "connect again .*without an access token"),
    (httpx.Response(200, json=[]), AuthorizationError, "connect again .*no object"),
    (httpx.Response(400, json={"error": 5}), AuthorizationError, "connect again"),
    (answer(refresh_token=...), ConfigurationError, "scope 'offline_access', and the user to consent again"),
    (answer(refresh_token=None), ConfigurationError, "offline_access"),
]


def named(row):
    return row.__class__.__name__ if isinstance(row, Exception) else None


@pytest.mark.parametrize(("said", "error", "sentence"), REFRESH, ids=named)
async def test_what_a_refused_refresh_means(endpoint, server, old, said, error, sentence):
    """Each answer has its error and its sentence; only a dead grant asks the user to do something."""
    server.answers(*[said] * 4)
    with pytest.raises(ConfluenceSyncError, match=sentence) as raised:
        await endpoint.refresh(old)
    assert type(raised.value) is error
    assert ("eauthorize" in str(raised.value)) == (error is ReauthorizationRequiredError)


@pytest.mark.parametrize(("said", "error", "sentence"), EXCHANGE, ids=named)
async def test_what_a_refused_code_means(endpoint, server, said, error, sentence):
    """Each answer has its error and its sentence, and a code is sent once, whatever happens."""
    server.answers(said)
    with pytest.raises(ConfluenceSyncError, match=sentence) as raised:
        await endpoint.exchange("code")
    assert type(raised.value) is error
    assert len(server.requests) == 1


async def test_dead_grant_carries_what_atlassian_said(endpoint, server, old):
    """A run log can show the provider's own words."""
    server.answers(refusal(403, "invalid_grant", "Unknown or invalid refresh token."))
    with pytest.raises(ReauthorizationRequiredError) as raised:
        await endpoint.refresh(old)
    assert raised.value.provider_message == "invalid_grant: Unknown or invalid refresh token."
    assert raised.value.status == 403


async def test_exchange(endpoint, server, clock):
    """A code goes in JSON with the callback URL; the answer's lifetime and scopes are read."""
    server.answers(answer(expires_in=1800))
    asked_at = clock.now()
    assert await endpoint.exchange("the code") == OAuthTokens(
        access_token="access-2",
        refresh_token="refresh-2",
        obtained_at=asked_at,
        expires_at=asked_at + timedelta(minutes=30),
        scopes=("read:page:confluence", "offline_access"),
    )
    assert server.asked == [
        {
            "grant_type": "authorization_code",
            "client_id": "fake-client-id",
            "client_secret": "fake-client-secret",
            "code": "the code",
            "redirect_uri": CALLBACK,
        }
    ]
    (request,) = server.requests
    assert (request.method, str(request.url)) == ("POST", "https://auth.atlassian.com/oauth/token")
    assert request.headers["Content-Type"] == "application/json"
    assert "Authorization" not in request.headers


async def test_refresh(endpoint, server, old):
    """A refresh sends the refresh token, and no scope."""
    server.answers(answer())
    assert (await endpoint.refresh(old)).refresh_token == "refresh-2"
    assert server.asked == [
        {
            "grant_type": "refresh_token",
            "client_id": "fake-client-id",
            "client_secret": "fake-client-secret",
            "refresh_token": "refresh-1",
        }
    ]


@pytest.mark.parametrize(
    "lost",
    [
        httpx.ReadTimeout("slow"),
        httpx.ReadError("reset by peer"),
        httpx.RemoteProtocolError("incomplete"),
        httpx.Response(200, content=b'{"access_token": "hal'),
        httpx.Response(200, html="<h1>Log in to the hotel's network</h1>"),
        httpx.Response(502),
    ],
)
async def test_lost_answer_of_a_refresh_is_asked_for_again(endpoint, server, old, lost):
    """The rotation may have happened: the same refresh token is sent again, which Atlassian allows for a while."""
    server.answers(lost, lost, answer())
    assert (await endpoint.refresh(old)).access_token == "access-2"
    assert [asked["refresh_token"] for asked in server.asked] == ["refresh-1"] * 3


async def test_repeated_well_within_the_leeway(endpoint, server, old, clock):
    """All tries together take a small part of the ten minutes in which the old refresh token is good."""
    started = clock.now()
    server.answers(*[httpx.Response(503, headers={"Retry-After": "10"})] * 4)
    with pytest.raises(ServerError):
        await endpoint.refresh(old)
    assert clock.now() - started < timedelta(minutes=1)


async def test_retry_policy_of_the_host(app, server, old, clock):
    """A host may be more patient, or less."""
    async with httpx.AsyncClient(transport=httpx.MockTransport(server)) as http:
        endpoint = TokenEndpoint(app, http=http, clock=clock, retry=RetryPolicy(tries=1))
        server.answers(httpx.Response(503))
        with pytest.raises(ServerError):
            await endpoint.refresh(old)


@pytest.mark.parametrize(
    ("expires_in", "seconds"),
    [(3600, 3600), ("3600", 3600), (1, 1), (1.5, 1.5), (1e300, 366 * 86_400)],
)
async def test_lifetime_is_read(endpoint, server, old, clock, expires_in, seconds):
    """A lifetime is what the answer says, within reason."""
    server.answers(answer(expires_in=expires_in))
    tokens = await endpoint.refresh(old)
    assert tokens.expires_at == clock.now() + timedelta(seconds=seconds)


@pytest.mark.parametrize("expires_in", [..., None, 0, -5, True, "soon", [], {}, "nan"])
async def test_lifetime_that_is_not_told(endpoint, server, old, expires_in):
    """A lifetime that is missing or senseless is not made up."""
    server.answers(answer(expires_in=expires_in))
    assert (await endpoint.refresh(old)).expires_at is None


async def test_lifetime_beyond_numbers(endpoint, server, old):
    """Not even an infinite lifetime overflows a date."""
    body = b'{"access_token": "a", "expires_in": %s}'
    server.answers(*(httpx.Response(200, content=body % number) for number in (b"Infinity", b"1" * 400, b"NaN")))
    for _ in range(3):
        await endpoint.refresh(old)


@pytest.mark.parametrize("scope", [..., None, "", 5, ["read:page:confluence"]])
async def test_scopes_that_are_not_told(endpoint, server, old, scope):
    """Scopes that are missing are those from before, or those that were asked for."""
    server.answers(answer(scope=scope), answer(scope=scope))
    assert (await endpoint.refresh(old)).scopes == old.scopes
    assert (await endpoint.exchange("code")).scopes == SYNC_SCOPES


@pytest.mark.parametrize("refresh_token", [..., None, "", 5])
async def test_refresh_token_that_does_not_rotate(endpoint, server, old, refresh_token):
    """A refresh that gives no new refresh token leaves the old one in place."""
    server.answers(answer(refresh_token=refresh_token))
    assert (await endpoint.refresh(old)).refresh_token == "refresh-1"


@pytest.mark.parametrize("token_type", [..., None, "bearer", "BEARER"])
async def test_token_type_does_not_matter(endpoint, server, old, token_type):
    """The type is there in one case or another, or not at all."""
    server.answers(answer(token_type=token_type))
    assert (await endpoint.refresh(old)).access_token == "access-2"


@pytest.mark.parametrize("access_token", [..., None, "", 5, "two words", "a\nb", "ä"])
async def test_access_token_that_fits_no_header(endpoint, server, old, access_token):
    """What cannot be sent is no token."""
    server.answers(answer(access_token=access_token))
    with pytest.raises(UnexpectedResponseError, match="without an access token"):
        await endpoint.refresh(old)


async def test_no_refresh_token(endpoint, server, old):
    """Tokens without a refresh token are not asked about."""
    with pytest.raises(ReauthorizationRequiredError, match="no refresh token"):
        await endpoint.refresh(OAuthTokens(access_token="a", obtained_at=old.obtained_at))
    assert server.requests == []


@pytest.mark.parametrize("secret", ["refresh-1", "fake-client-secret", "code-1"])
async def test_errors_do_not_repeat_secrets(endpoint, server, old, secret):
    """A server that quotes what it was sent does not bring it into a message."""
    server.answers(refusal(400, "invalid_request", f"no such thing: {secret}"))
    with pytest.raises(ConfluenceSyncError, match=r"no such thing: \.\.\.") as raised:
        await (endpoint.exchange("code-1") if secret == "code-1" else endpoint.refresh(old))
    assert secret not in f"{raised.value!r} {raised.value} {getattr(raised.value, 'provider_message', '')}"


async def test_log_has_no_secret(endpoint, server, old, caplog):
    """The log tells what was asked and how it ended, and neither tokens nor the app's secret."""
    caplog.set_level(logging.DEBUG)
    server.answers(httpx.ReadTimeout("slow"), answer())
    await endpoint.refresh(old)
    ours = [record.getMessage() for record in caplog.records if record.name.startswith("confluence_sync")]
    assert ours == [
        "POST /oauth/token (refresh_token) -> ReadTimeout",
        "POST /oauth/token (refresh_token) -> 200",
    ]
    for secret in ("access-1", "access-2", "refresh-1", "refresh-2", "fake-client-secret"):
        assert secret not in caplog.text


def test_tokens_have_no_repr(old):
    """Tokens can be printed."""
    assert "access-1" not in repr(old)
    assert "refresh-1" not in repr(old)


async def test_http_client_of_its_own(app, server):
    """Without an HTTP client from outside the endpoint opens and closes one; another one it leaves alone."""
    async with TokenEndpoint(app) as endpoint:
        pass
    assert endpoint._http.is_closed
    async with httpx.AsyncClient(transport=httpx.MockTransport(server)) as http:
        async with TokenEndpoint(app, http=http):
            pass
        assert not http.is_closed


async def test_shared_http_client_adds_nothing(app, server, old, clock):
    """Cookies and credentials of a shared HTTP client do not go to the token endpoint."""
    transport = httpx.MockTransport(server)
    async with httpx.AsyncClient(transport=transport, cookies={"session": "x"}, auth=("user", "x")) as http:
        server.answers(answer())
        await TokenEndpoint(app, http=http, clock=clock).refresh(old)
    assert {"cookie", "authorization"} & server.requests[0].headers.keys() == set()
