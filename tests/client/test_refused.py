"""An answer that may only mean that the token expired is believed after one more try with another token."""

from random import Random

import httpx
import pytest

from confluence_sync.adapters import MemoryPointsLedger
from confluence_sync.client import ConfluenceClient, GatewayApiToken, GatewayBearer, PointsBudget, SiteApiToken
from confluence_sync.errors import (
    AuthenticationError,
    MissingScopeError,
    PermissionDeniedError,
    RemoteNotFoundError,
    TransportError,
)

CLOUD_ID = "1324a887-45db-1bf4-1e99-ef0ff456d421"
SPACE = httpx.Response(200, json={"id": "5", "key": "DOCS", "name": "Docs"})


class Tokens:
    """Gives one token after the other: the next one when the one before was refused."""

    def __init__(self, *tokens: str) -> None:
        self.tokens = list(tokens)
        self.refusals: list[tuple[str, int]] = []

    async def access_token(self) -> str:
        return self.tokens[0]

    async def refused(self, token: str, status: int) -> bool:
        self.refusals.append((token, status))
        if len(self.tokens) == 1:
            return False
        self.tokens.pop(0)
        return True


def client_of(site, clock, tokens, **options):
    auth = GatewayBearer(CLOUD_ID, tokens.access_token, refused=tokens.refused)
    http = httpx.AsyncClient(transport=httpx.MockTransport(site))
    return ConfluenceClient(auth, http=http, clock=clock, random=Random(7), **options)


def sent(site):
    return [request.headers["Authorization"] for request in site.requests]


@pytest.mark.parametrize("status", [401, 403, 404])
async def test_refusal_is_asked_about_and_repeated(site, clock, status):
    """The request is sent again with the token that is there by then."""
    tokens = Tokens("old", "new")
    site.answers(httpx.Response(status), SPACE)
    assert (await client_of(site, clock, tokens).space("5")).key == "DOCS"
    assert sent(site) == ["Bearer old", "Bearer new"]
    assert tokens.refusals == [("old", status)]


@pytest.mark.parametrize(
    ("status", "error"), [(401, AuthenticationError), (403, PermissionDeniedError), (404, RemoteNotFoundError)]
)
async def test_second_refusal_is_believed(site, clock, status, error):
    """With a token that is known to be good the answer counts; nobody asks a third time."""
    tokens = Tokens("old", "new", "newer")
    site.answers(httpx.Response(status), httpx.Response(status))
    with pytest.raises(error):
        await client_of(site, clock, tokens).space("5")
    assert sent(site) == ["Bearer old", "Bearer new"]
    assert tokens.refusals == [("old", status)]


async def test_refusal_without_doubt_is_believed(site, clock):
    """Where no other token is to be had, the first answer counts."""
    tokens = Tokens("only")
    site.answers(httpx.Response(404))
    with pytest.raises(RemoteNotFoundError):
        await client_of(site, clock, tokens).space("5")
    assert len(site.requests) == 1


async def test_missing_scope_is_no_refusal_of_the_token(site, clock):
    """No new token has a scope that the grant lacks."""
    tokens = Tokens("old", "new")
    site.answers(httpx.Response(401, json={"code": 401, "message": "Unauthorized; scope does not match"}))
    with pytest.raises(MissingScopeError):
        await client_of(site, clock, tokens).space("5")
    assert tokens.refusals == []


async def test_answer_that_cannot_be_judged_is_not_believed(site, clock):
    """A 404 while no fresh token is to be had is a failure on the way, not a page that is gone."""

    async def access_token():
        return "old"

    async def refused(token, status):
        raise TransportError("the token endpoint does not answer")

    site.answers(*[httpx.Response(404)] * 4)
    auth = GatewayBearer(CLOUD_ID, access_token, refused=refused)
    http = httpx.AsyncClient(transport=httpx.MockTransport(site))
    with pytest.raises(TransportError, match="token endpoint"):
        await ConfluenceClient(auth, http=http, clock=clock, random=Random(7)).space("5")


async def test_both_requests_count(site, clock):
    """What is sent twice costs twice."""
    ledger = MemoryPointsLedger()
    client = client_of(site, clock, Tokens("old", "new"), budget=PointsBudget(ledger, app="app", clock=clock))
    site.answers(httpx.Response(401), SPACE)
    await client.space("5")
    assert (client.usage.requests, client.usage.points) == (2, 3)
    hour = clock.now().replace(minute=0, second=0, microsecond=0)
    assert await ledger.add("app", hour, 0) == 3


async def test_api_tokens_do_not_change(site, clock, client):
    """A refused API token stays refused."""
    site.answers(httpx.Response(401))
    with pytest.raises(AuthenticationError):
        await client.space("5")
    assert len(site.requests) == 1
    for auth in (
        SiteApiToken("https://site.atlassian.net", "bot@example.com", "secret"),
        GatewayApiToken(CLOUD_ID, "bot@example.com", "secret"),
    ):
        assert not await auth.refused("Basic x", 401)


async def test_bearer_without_a_keeper_is_believed(site, clock):
    """A bearer token that nobody refreshes is refused for good."""
    auth = GatewayBearer(CLOUD_ID, Tokens("old").access_token)
    assert not await auth.refused("Bearer old", 401)
