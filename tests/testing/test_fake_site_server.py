"""A site over HTTP on the loopback interface."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys

import httpx
import pytest

from confluence_sync.testing import FakeSite
from confluence_sync.testing.fake_site import generated_site

V2 = "/wiki/api/v2"
AUTH = ("reader@example.com", "token")


async def test_the_same_bytes_as_through_the_transport(site, client):
    """Status, body and the site's own headers are equal, also for errors and odd characters."""
    docs = site.space("DOCS")
    docs.page("Ünï/code ☃", storage="<p>&nbsp;–</p>")
    targets = [
        f"{V2}/spaces/{docs.id}/pages?limit=1&body-format=storage",
        f"{V2}/pages?title=%C3%9Cn%C3%AF%2Fcode+%E2%98%83",
        f"{V2}/pages/1",
        "/wiki/rest/api/search?cql=type+%3D+page",
    ]
    async with site.serve() as url, httpx.AsyncClient(base_url=url, auth=AUTH) as remote:
        assert url.startswith("http://127.0.0.1:")
        for target in targets:
            here, there = await client.get(target), await remote.get(target)
            assert (there.status_code, there.content) == (here.status_code, here.content)
            assert there.headers == here.headers


async def test_a_walk_over_one_connection():
    """The connection is kept alive; the listing is complete; the cost is as published."""
    site = generated_site(230, body_kb=1)
    async with site.serve() as url, httpx.AsyncClient(base_url=url, auth=AUTH) as client:
        target, found = f"{V2}/spaces/65537/pages?limit=100&body-format=storage", []
        while target:
            payload = (await client.get(target)).json()
            found += [row["id"] for row in payload["results"]]
            target = payload["_links"].get("next")
        assert client._transport._pool.connections[0]._connection._request_count == 3
    assert len(set(found)) == 230
    assert (len(site.requests), site.points) == (3, 233)


async def test_parallel_connections():
    """Five at once, each with its own answers."""
    site = generated_site(50)

    async def title(client, page_id):
        return (await client.get(f"{V2}/pages/{page_id}")).json()["title"]

    ids = [node.id for node in site.nodes]
    limits = httpx.Limits(max_connections=5)
    async with site.serve(latency=0.001) as url, httpx.AsyncClient(base_url=url, auth=AUTH, limits=limits) as client:
        found = await asyncio.gather(*(title(client, page_id) for page_id in ids))
    assert found == [node.title for node in site.nodes]


@pytest.mark.parametrize(
    ("kind", "error"),
    [("timeout", httpx.ReadTimeout), ("reset", httpx.ReadError), ("truncated", httpx.RemoteProtocolError)],
)
async def test_connections_break(site, kind, error):
    """The same errors as through the transport, this time from a real connection."""
    site.fail(kind=kind)
    async with site.serve() as url, httpx.AsyncClient(base_url=url, auth=AUTH, timeout=0.2) as client:
        with pytest.raises(error):
            await client.get(f"{V2}/spaces")
        assert (await client.get(f"{V2}/spaces")).status_code == 200


def test_a_server_in_a_thread(site):
    """Without an event loop `with` serves too, and posts arrive with their body."""
    site.space("DOCS")
    with site.serve() as url, httpx.Client(base_url=url, auth=AUTH) as client:
        assert client.get(f"{V2}/spaces").json()["results"][0]["key"] == "DOCS"
        answer = client.post(f"{V2}/users-bulk", json={"accountIds": [site.me.account_id]})
        assert answer.json()["results"][0]["displayName"] == site.me.display_name
        assert client.get(f"{V2}/spaces", headers={"Connection": "close"}).status_code == 200


def test_a_port_that_is_taken(site):
    """The error names the address."""
    with (
        site.serve() as url,
        pytest.raises(OSError, match=url.rpartition(":")[2]),
        FakeSite().serve(port=int(url.rpartition(":")[2])),
    ):
        pass


def test_a_server_of_its_own_process():
    """`python -m` prints the URL on its first line and serves so many pages until it is stopped."""
    command = [sys.executable, "-m", "confluence_sync.testing.fake_site", "--pages", "3", "--body-kb", "0.5"]
    # A shell lets its background jobs ignore Ctrl-C, and all that they start; this one is not to.
    options = {"env": os.environ, "preexec_fn": lambda: signal.signal(signal.SIGINT, signal.SIG_DFL)}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, **options) as process:
        try:
            url = process.stdout.readline().strip()
            pages = httpx.get(f"{url}{V2}/pages", auth=AUTH).json()["results"]
        finally:
            process.send_signal(signal.SIGINT)
    assert len(pages) == 3
    assert process.returncode == 130


async def test_server_ends_whatever_its_clients_do():
    """Neither a client that has just come, nor one that asks and does not read, keeps a server from ending."""
    site = generated_site(250, body_kb=100)
    async with asyncio.timeout(20):
        async with site.serve() as url:
            host, port = url.removeprefix("http://").split(":")
            answer, deaf = await asyncio.open_connection(host, port, limit=1)
            request = f"GET {V2}/spaces/65537/pages?limit=250&body-format=storage HTTP/1.1\r\n"
            deaf.write(f"{request}Authorization: Basic YTpi\r\n\r\n".encode())
            await answer.readexactly(1)
            _, late = await asyncio.open_connection(host, port)
    for writer in (deaf, late):
        writer.close()
