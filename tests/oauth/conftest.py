"""
An app, a token endpoint that answers from a script, and one of a site in memory.

Other processes import what the tests hand to them by the name of its module, so this folder is on the path.
"""

from __future__ import annotations

import json
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from random import Random
from typing import Any

import httpx
import pytest

from confluence_sync.adapters import MemoryTokenStore
from confluence_sync.models import ConnectionId
from confluence_sync.oauth import OAuthApp, OAuthTokens, OAuthTokenSource, TokenEndpoint
from confluence_sync.testing import FakeSite, ManualClock

sys.path.insert(0, str(Path(__file__).parent))

CALLBACK = "http://127.0.0.1:8000/callback"
ONE = ConnectionId("one")


class ScriptedServer:
    """Answers token requests with the next line of its script, and keeps what was asked."""

    def __init__(self) -> None:
        self.requests: list[httpx.Request] = []
        self._script: list[httpx.Response | Exception] = []

    def answers(self, *script: httpx.Response | Exception) -> None:
        self._script += script

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        answer = self._script.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    @property
    def asked(self) -> list[Any]:
        """The JSON of each request."""
        return [json.loads(request.content) for request in self.requests]


class SlowStore(MemoryTokenStore):
    """A store of a backend that takes its time, and can refuse to save."""

    def __init__(self) -> None:
        super().__init__()
        self.saves = 0
        self.broken: Exception | None = None

    async def save(self, connection_id: ConnectionId, secret: bytes) -> None:
        if self.broken is not None:
            raise self.broken
        await super().save(connection_id, secret)
        self.saves += 1


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def app() -> OAuthApp:
    return OAuthApp("fake-client-id", "fake-client-secret", CALLBACK)


@pytest.fixture
def server() -> ScriptedServer:
    return ScriptedServer()


@pytest.fixture
async def endpoint(app: OAuthApp, server: ScriptedServer, clock: ManualClock) -> AsyncIterator[TokenEndpoint]:
    """A token endpoint that answers from the script."""
    async with httpx.AsyncClient(transport=httpx.MockTransport(server)) as http:
        yield TokenEndpoint(app, http=http, clock=clock, random=Random(7))


@pytest.fixture
def site(clock: ManualClock) -> FakeSite:
    site = FakeSite(clock=clock)
    site.oauth.app(redirect_uris=[CALLBACK])
    return site


@pytest.fixture
async def real_endpoint(app: OAuthApp, site: FakeSite, clock: ManualClock) -> AsyncIterator[TokenEndpoint]:
    """The token endpoint of the site in memory."""
    async with httpx.AsyncClient(transport=site.transport()) as http:
        yield TokenEndpoint(app, http=http, clock=clock, random=Random(7))


@pytest.fixture
async def tokens(real_endpoint: TokenEndpoint, site: FakeSite) -> OAuthTokens:
    """The first tokens of a consent on the site in memory."""
    callback = site.oauth.visit(real_endpoint.app.authorization_url("state"))
    return await real_endpoint.exchange(str(httpx.URL(callback).params["code"]))


@pytest.fixture
def store() -> SlowStore:
    return SlowStore()


@pytest.fixture
async def source(
    real_endpoint: TokenEndpoint, store: SlowStore, clock: ManualClock, tokens: OAuthTokens
) -> OAuthTokenSource:
    """A source of the tokens of a consent on the site in memory."""
    source = OAuthTokenSource(ONE, real_endpoint, store, clock=clock)
    await source.adopt(tokens)
    return source
