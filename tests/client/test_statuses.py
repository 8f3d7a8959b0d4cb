"""What each answer of the API is for a client of an OAuth connection: its error, its kind, its sentence."""

from random import Random

import httpx
import pytest

from confluence_sync.client import ConfluenceClient, GatewayBearer
from confluence_sync.errors import (
    AuthenticationError,
    ClientError,
    ContentTooLargeError,
    ErrorKind,
    MissingScopeError,
    PermissionDeniedError,
    RateLimitedError,
    RemoteNotFoundError,
    ServerError,
    TransportError,
    UnexpectedResponseError,
)

CLOUD_ID = "1324a887-45db-1bf4-1e99-ef0ff456d421"
BURST = {"Retry-After": "3"}
QUOTA = {"Retry-After": "1800", "RateLimit-Reason": "confluence-quota-global-based"}
NOT_FOUND = {
    "errors": [{"status": 404, "code": "NOT_FOUND", "title": "Cannot find a page with id [7]", "detail": None}]
}
BAD_CURSOR = {"errors": [{"status": 400, "code": "INVALID_REQUEST_PARAMETER", "title": "Not a cursor", "detail": None}]}
NO_SCOPE = {"code": 401, "message": "Unauthorized; scope does not match"}

ROWS = [
    # The answer, its error, its kind, how often it is asked for, and the sentence after "GET /api/v2/pages/7".
    (
        httpx.Response(400, json=BAD_CURSOR),
        UnexpectedResponseError,
        "invalid_response",
        1,
        "answered 400: Not a cursor",
    ),
    (
        httpx.Response(401, json=NO_SCOPE),
        MissingScopeError,
        "missing_scope",
        1,
        "(the token lacks the scope read:page",
    ),
    (
        httpx.Response(401, json={"message": "Unauthorized"}),
        AuthenticationError,
        "unauthorized",
        2,
        "401: Unauthorized",
    ),
    (
        httpx.Response(403, json={"message": "Forbidden"}),
        PermissionDeniedError,
        "permission_denied",
        2,
        "403: Forbidden",
    ),
    (httpx.Response(404, json=NOT_FOUND), RemoteNotFoundError, "not_found", 2, "404: Cannot find a page with id [7]"),
    (httpx.Response(409), UnexpectedResponseError, "invalid_response", 1, "answered 409"),
    (httpx.Response(410, text="Gone"), UnexpectedResponseError, "invalid_response", 1, "answered 410: Gone"),
    (httpx.Response(413), ContentTooLargeError, "content_too_large", 1, "answered 413"),
    (httpx.Response(414), ContentTooLargeError, "content_too_large", 1, "answered 414"),
    (httpx.Response(429, headers=BURST), RateLimitedError, "rate_limited", 4, "answered 429"),
    (httpx.Response(429, headers=QUOTA), RateLimitedError, "rate_limited", 1, "answered 429"),
    (httpx.Response(500), ServerError, "server_error", 4, "answered 500"),
    (
        httpx.Response(502, html="<title>Bad Gateway</title>"),
        ServerError,
        "server_error",
        4,
        "answered 502: Bad Gateway",
    ),
    (httpx.Response(503, headers=BURST), ServerError, "server_error", 4, "answered 503"),
    (httpx.Response(504), ServerError, "server_error", 4, "answered 504"),
    (httpx.Response(302, headers={"Location": "/x"}), UnexpectedResponseError, "invalid_response", 1, "not followed"),
    (httpx.Response(200, content=b'{"id": "7", "ti'), TransportError, "connection", 4, "which are no whole JSON"),
    (httpx.Response(200, html="<p>Log in</p>"), TransportError, "connection", 4, "which are no whole JSON"),
    (
        httpx.Response(200, json={}),
        UnexpectedResponseError,
        "invalid_response",
        1,
        "answered with an item without 'id'",
    ),
    (httpx.ReadError("reset by peer"), TransportError, "connection", 4, "got no answer: reset by peer"),
    (httpx.ReadTimeout("slow"), TransportError, "timeout", 4, "timed out (ReadTimeout)"),
    (httpx.RemoteProtocolError("short body"), TransportError, "connection", 4, "got no answer: short body"),
]


def named(value):
    status = getattr(value, "status_code", None)
    return str(status) if status else type(value).__name__ if isinstance(value, Exception) else None


@pytest.mark.parametrize(("answer", "error", "kind", "requests", "sentence"), ROWS, ids=named)
async def test_answers(site, clock, answer, error, kind, requests, sentence):
    """401, 403 and 404 are tried once with a fresh token, what may pass is tried four times, all else is believed."""

    async def access_token():
        return "token"

    async def refused(token, status):
        return True

    site.answers(*[answer] * requests)
    auth = GatewayBearer(CLOUD_ID, access_token, refused=refused)
    async with httpx.AsyncClient(transport=httpx.MockTransport(site)) as http:
        with pytest.raises(ClientError) as raised:
            await ConfluenceClient(auth, http=http, clock=clock, random=Random(7)).page("7")
    assert (type(raised.value), raised.value.kind) == (error, ErrorKind(kind))
    assert str(raised.value).startswith("GET /api/v2/pages/7 ")
    assert sentence in str(raised.value)
    assert len(site.requests) == requests


async def test_success_that_is_no_live_page(client, site, shapes):
    """A page in the trash answers 200: by id it comes with its status, among bodies it is left out."""
    trashed = {**shapes.body("7", "<p>old</p>"), "status": "trashed"}
    site.answers(httpx.Response(200, json=trashed), shapes.listing(trashed, shapes.body("8", "<p>live</p>")))
    assert (await client.page("7")).status == "trashed"
    assert [body.page.id for body in await client.page_bodies(["7", "8"])] == ["8"]
