"""
Secrets go to the servers they are for, and nowhere else: over real HTTP, with a second server that keeps what it gets.

The first server plays a gateway that was taken over, or is just odd: it points everywhere to the second one.
"""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import unquote

import pytest

from confluence_sync.client import ConfluenceClient, GatewayBearer, RetryPolicy
from confluence_sync.errors import (
    AuthorizationError,
    ClientError,
    ConfigurationError,
    ReauthorizationRequiredError,
    UnexpectedResponseError,
)
from confluence_sync.models import SpaceId
from confluence_sync.oauth import OAuthApp, OAuthTokens, TokenEndpoint

SECRET = "bearer-secret"
CLOUD_ID = "1324a887-45db-1bf4-1e99-ef0ff456d421"
SPACES = "/wiki/api/v2/spaces"
REDIRECTS = [301, 302, 303, 307, 308]


class Listener:
    """A server on this machine that answers all requests alike, and keeps them as they came."""

    def __init__(self) -> None:
        self.received: list[str] = []
        self.status = 200
        self.headers: dict[str, str] = {}
        self.bodies: list[object] = []
        self.url = ""

    async def respond(self, reader, writer):
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        length = next((int(line[15:]) for line in head.lower().splitlines() if line.startswith("content-length:")), 0)
        self.received.append(head + (await reader.readexactly(length)).decode())
        body = json.dumps(self.bodies.pop(0) if len(self.bodies) > 1 else self.bodies[0]).encode()
        headers = {**self.headers, "Content-Length": str(len(body)), "Connection": "close"}
        lines = [f"HTTP/1.1 {self.status} X", *(f"{name}: {value}" for name, value in headers.items()), "", ""]
        writer.write("\r\n".join(lines).encode() + body)
        await writer.drain()
        writer.close()


@asynccontextmanager
async def listening() -> AsyncIterator[Listener]:
    listener = Listener()
    async with await asyncio.start_server(listener.respond, "127.0.0.1", 0) as server:
        listener.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        yield listener


@pytest.fixture
async def gateway():
    async with listening() as listener:
        listener.bodies = [{}]
        yield listener


@pytest.fixture
async def elsewhere():
    """The server that must get nothing."""
    async with listening() as listener:
        listener.bodies = [{"results": [], "_links": {}}]
        yield listener


@pytest.fixture
async def client(gateway):
    async def access_token():
        return SECRET

    async def refused(access_token, status):
        return True

    auth = GatewayBearer(CLOUD_ID, access_token, refused=refused, gateway_url=gateway.url)
    async with ConfluenceClient(auth, retry=RetryPolicy(tries=1)) as client:
        yield client


@pytest.fixture
async def endpoint(gateway):
    app = OAuthApp("client-id", "app-secret", "https://app.example.com/callback", auth_url=gateway.url)
    async with TokenEndpoint(app, retry=RetryPolicy(tries=1)) as endpoint:
        yield endpoint


def space(space_id):
    return {"id": space_id, "key": f"K{space_id}", "name": "Space", "type": "global", "status": "current"}


@pytest.mark.parametrize("status", REDIRECTS)
async def test_redirect_of_the_api(client, gateway, elsewhere, status):
    """A redirect to another host is an answer that nobody expected, not an address to go to."""
    gateway.status, gateway.headers = status, {"Location": f"{elsewhere.url}{SPACES}/5"}
    with pytest.raises(UnexpectedResponseError, match="a redirect, not followed"):
        await client.space(SpaceId("5"))
    assert elsewhere.received == []


@pytest.mark.parametrize(
    "next_link",
    [
        "{elsewhere}/wiki/api/v2/spaces?cursor=next",
        "//{host}/wiki/api/v2/spaces?cursor=next",
        "\\\\{host}/wiki/api/v2/spaces?cursor=next",
        "@{host}/wiki/api/v2/spaces?cursor=next",
        "/../../../..//{host}/?cursor=next",
    ],
)
@pytest.mark.parametrize("where", ["body", "header"])
async def test_next_link_to_another_host(client, gateway, elsewhere, next_link, where):
    """Only the cursor of a next link counts; the next request goes to the gateway again."""
    link = next_link.format(elsewhere=elsewhere.url, host=elsewhere.url.removeprefix("http://"))
    first = {"results": [space("1")], "_links": {"next": link} if where == "body" else {}}
    gateway.bodies = [first, {"results": [space("2")], "_links": {}}]
    if where == "header":
        gateway.headers = {"Link": f'<{link}>; rel="next"'}
    batches = client.space_batches()
    await anext(batches)
    gateway.headers = {}
    assert [space.id for space in (await anext(batches)).items] == ["2"]
    assert gateway.received[1].startswith(
        f"GET /ex/confluence/{CLOUD_ID}{SPACES}?status=current&limit=250&cursor=next H"
    )
    assert elsewhere.received == []


@pytest.mark.parametrize("base", ["{elsewhere}/wiki", "{elsewhere}", "javascript:alert(1)", "file:///etc/passwd"])
async def test_hostile_base(client, gateway, elsewhere, base):
    """The base of human addresses is text for links; nothing is ever requested there."""
    links = {"base": base.format(elsewhere=elsewhere.url), "next": "?cursor=next"}
    gateway.bodies = [{"results": [space("1")], "_links": links}, {"results": [], "_links": {"base": elsewhere.url}}]
    bases = [batch.base_url async for batch in client.space_batches()]
    assert len(gateway.received) == 2
    assert elsewhere.received == []
    assert not any(base.startswith(("javascript:", "file:")) for base in bases)


async def test_hostile_accessible_resources(client, gateway, elsewhere):
    """The address of a site is text too; and a cloudid that would lead elsewhere makes no client."""
    host = elsewhere.url.removeprefix("http://")
    resources = [
        {"id": CLOUD_ID, "name": "Site", "url": elsewhere.url, "scopes": ["read:page:confluence"]},
        {"id": f"../../..//{host}", "name": "Site", "url": elsewhere.url, "scopes": ["read:page:confluence"]},
    ]
    gateway.bodies = [resources]
    good, bad = await client.accessible_resources()

    async def access_token():
        return SECRET

    with pytest.raises(ConfigurationError, match="no cloudid"):
        GatewayBearer(bad.id, access_token, gateway_url=gateway.url)
    auth = GatewayBearer(good.id, access_token, site_url=good.url, gateway_url=gateway.url)
    gateway.bodies = [space("5")]
    async with ConfluenceClient(auth) as chosen:
        await chosen.space(SpaceId("5"))
    assert gateway.received[-1].startswith(f"GET /ex/confluence/{CLOUD_ID}{SPACES}/5 HTTP/1.1")
    assert elsewhere.received == []


@pytest.mark.parametrize(
    "space_id", ["../../../../x", "5?cursor=//evil", "5#", "//evil.example", "@evil.example", "5/.."]
)
async def test_hostile_ids(client, gateway, elsewhere, space_id):
    """Ids come from answers as well: they stay one segment of the path."""
    gateway.bodies = [space("5")]
    await client.space(SpaceId(space_id))
    (received,) = gateway.received
    folder, _, segment = received.split(" ")[1].rpartition("/")
    assert folder == f"/ex/confluence/{CLOUD_ID}{SPACES}"
    assert unquote(segment) == space_id
    assert elsewhere.received == []


@pytest.mark.parametrize("status", REDIRECTS)
@pytest.mark.parametrize("call", ["refresh", "exchange"])
async def test_redirect_of_the_token_endpoint(endpoint, gateway, elsewhere, status, call, clock):
    """Neither code, refresh token nor the app's secret follow a redirect."""
    gateway.status, gateway.headers = status, {"Location": f"{elsewhere.url}/oauth/token"}
    tokens = OAuthTokens(access_token="a", refresh_token=SECRET, obtained_at=clock.now())
    with pytest.raises((ClientError, AuthorizationError), match="not followed") as error:
        await (endpoint.refresh(tokens) if call == "refresh" else endpoint.exchange(SECRET))
    assert not isinstance(error.value, ReauthorizationRequiredError)
    assert elsewhere.received == []
    assert len(gateway.received) == 1


async def test_the_token_is_sent_where_it_belongs(client, gateway, elsewhere):
    """That the other server got nothing means something: this one got the token."""
    gateway.bodies = [space("5")]
    await client.space(SpaceId("5"))
    assert f"authorization: bearer {SECRET}" in gateway.received[0].lower()


@pytest.mark.parametrize("name", ["all_proxy", "http_proxy", "https_proxy"])
async def test_proxies_of_the_environment_see_nothing_of_loopback(monkeypatch, elsewhere, gateway, clock, name):
    """A proxy of the environment is for the outside; what is on this machine is asked directly."""
    monkeypatch.setenv(name, elsewhere.url)
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    gateway.bodies = [{"access_token": "a", "refresh_token": "r", "expires_in": 3600}]
    app = OAuthApp("client-id", "app-secret", "https://app.example.com/callback", auth_url=gateway.url)
    async with TokenEndpoint(app) as endpoint:
        await endpoint.exchange("code")
    assert elsewhere.received == []
