"""The client over real HTTP, on this machine."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from confluence_sync.client import ConfluenceClient, RetryPolicy, SiteApiToken
from confluence_sync.errors import TransportError


@asynccontextmanager
async def served(answer: bytes) -> AsyncIterator[ConfluenceClient]:
    """A client of a server that gives one answer to everything and hangs up."""

    async def respond(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(respond, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        auth = SiteApiToken(f"http://127.0.0.1:{port}", "bot@example.com", "secret")
        async with ConfluenceClient(auth, retry=RetryPolicy(tries=1)) as client:
            yield client


def http(body: bytes, *, length: int | None = None) -> bytes:
    length = len(body) if length is None else length
    return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%b" % (length, body)


async def test_loopback_needs_no_proxy(monkeypatch):
    """A proxy of the environment is for the outside; a site on this machine is reached directly."""
    for name in ("http_proxy", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    async with served(http(b'{"id": 5, "key": "DOCS"}')) as client:
        assert (await client.space("5")).key == "DOCS"


async def test_short_body_is_a_transport_error():
    """An answer that ends before its announced length is never taken for a whole one."""
    async with served(http(b'{"id": 5, "key": "DOCS"}', length=500)) as client:
        with pytest.raises(TransportError, match="GET /api/v2/spaces/5"):
            await client.space("5")


async def test_nobody_listens():
    """A site that cannot be reached is a transport error."""
    async with ConfluenceClient(
        SiteApiToken("http://127.0.0.1:9", "bot@example.com", "secret"), retry=RetryPolicy(tries=1)
    ) as client:
        with pytest.raises(TransportError, match="got no answer"):
            await client.space("5")
