"""What goes over the wire, what never does, and what is counted and logged."""

import asyncio
import gzip
import json
import logging
from base64 import b64encode
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import attrs
import httpx
import pytest

from confluence_sync.client import ConfluenceClient, GatewayBearer, RetryPolicy, SiteApiToken, SiteLimiter
from confluence_sync.client import _calls as calls
from confluence_sync.errors import (
    ConfigurationError,
    ContentTooLargeError,
    RemoteNotFoundError,
    TransportError,
    UnexpectedResponseError,
)

OK = {"id": "5", "key": "DOCS", "name": "Docs"}


class Drip(httpx.AsyncByteStream):
    """A body of the same bytes, again and again."""

    def __init__(self, data: bytes, *, seconds: float = 0, times: int | None = None) -> None:
        self.sent = 0
        self.closed = False
        self._data = data
        self._seconds = seconds
        self._times = times

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while self._times is None or self.sent < self._times:
            await asyncio.sleep(self._seconds)
            self.sent += 1
            yield self._data

    async def aclose(self) -> None:
        self.closed = True


async def test_headers(client, site):
    """Each request says who asks, for what, and with which credentials."""
    site.answers(httpx.Response(200, json=OK))
    await client.space("5")
    headers = site.requests[0].headers
    assert headers["Authorization"] == "Basic " + b64encode(b"bot@example.com:top-secret").decode()
    assert headers["Accept"] == "application/json"
    assert headers["User-Agent"].startswith("confluence-sync-engine/")


async def test_time_outs(client, site, shapes):
    """Connecting takes 10 seconds at most, reading 60, with bodies 120."""
    site.answers(httpx.Response(200, json=OK), shapes.listing())
    await client.space("5")
    await client.page_bodies(["1"])
    timeouts = [request.extensions["timeout"] for request in site.requests]
    assert [(timeout["connect"], timeout["read"]) for timeout in timeouts] == [(10.0, 60.0), (10.0, 120.0)]


async def test_answer_that_drips_is_given_up(client, site):
    """An answer whose bytes keep coming, but never end, is a time-out after some read timeouts in all."""
    drips = [Drip(b" ", seconds=0.001) for _ in range(4)]
    site.answers(*(httpx.Response(200, stream=drip) for drip in drips))
    with pytest.raises(TransportError, match=r"GET /api/v2/spaces/5 timed out") as error:
        await client._transport.send(attrs.evolve(calls.space("5"), read_timeout=0.01))
    assert error.value.timed_out
    assert all(drip.closed for drip in drips)


async def test_answer_that_drips_frees_its_place(site, clock):
    """A request that is given up makes room for the next one."""
    site.answers(httpx.Response(200, stream=Drip(b" ", seconds=0.001)), httpx.Response(200, json=OK))
    auth = SiteApiToken("https://site.atlassian.net", "bot@example.com", "secret")
    one = SiteLimiter(at_once=1, clock=clock)
    async with httpx.AsyncClient(transport=httpx.MockTransport(site)) as http:
        client = ConfluenceClient(auth, http=http, clock=clock, limiter=one, retry=RetryPolicy(tries=1))
        with pytest.raises(TransportError):
            await client._transport.send(attrs.evolve(calls.space("5"), read_timeout=0.01))
        assert (await client.space("5")).key == "DOCS"


@pytest.mark.parametrize("status", [200, 500])
async def test_answer_without_end_is_given_up(client, site, status):
    """An answer that outgrows the memory is too large, whatever its status, and is not asked for again."""
    endless = Drip(b" " * 2**20)
    site.answers(httpx.Response(status, stream=endless))
    with pytest.raises(ContentTooLargeError, match="GET /api/v2/spaces/5 answered with more than 268,435,456 bytes"):
        await client.space("5")
    assert endless.closed
    assert endless.sent == 257


async def test_size_is_that_of_the_text(client, site, monkeypatch):
    """A small answer that unpacks to a large one is a large one."""
    monkeypatch.setattr("confluence_sync.client.http._LARGEST_ANSWER", 1_000_000)
    bomb = Drip(gzip.compress(b" " * 1_000_001), times=1)
    site.answers(httpx.Response(200, headers={"Content-Encoding": "gzip"}, stream=bomb))
    with pytest.raises(ContentTooLargeError):
        await client.space("5")
    assert bomb.closed


async def test_packed_answer(client, site):
    """A compressed answer is unpacked once."""
    packed = Drip(gzip.compress(json.dumps(OK).encode()), times=1)
    site.answers(httpx.Response(200, headers={"Content-Encoding": "gzip"}, stream=packed))
    assert (await client.space("5")).key == "DOCS"


async def test_redirect_is_not_followed(site, clock):
    """Not even by an HTTP client that follows redirects: the credentials stay at home."""
    site.answers(httpx.Response(302, headers={"Location": "https://evil.example/"}))
    auth = SiteApiToken("https://site.atlassian.net", "bot@example.com", "secret")
    async with httpx.AsyncClient(transport=httpx.MockTransport(site), follow_redirects=True) as http:
        with pytest.raises(UnexpectedResponseError, match="not followed"):
            await ConfluenceClient(auth, http=http, clock=clock).space("5")
    assert len(site.requests) == 1


async def test_shared_http_client_mixes_no_users(site, clock):
    """Credentials and cookies that an HTTP client has from elsewhere do not reach the site."""
    set_cookie = {"Set-Cookie": "session=of-somebody; Path=/"}
    site.answers(httpx.Response(200, json=OK, headers=set_cookie), httpx.Response(200, json=OK))
    auth = SiteApiToken("https://site.atlassian.net", "bot@example.com", "secret")
    async with httpx.AsyncClient(transport=httpx.MockTransport(site), auth=("other", "user")) as http:
        client = ConfluenceClient(auth, http=http, clock=clock)
        await client.space("5")
        await client.space("5")
    own = "Basic " + b64encode(b"bot@example.com:secret").decode()
    assert [request.headers["Authorization"] for request in site.requests] == [own, own]
    assert "Cookie" not in site.requests[1].headers


async def test_http_client_that_was_passed_in_stays_open(site, clock):
    """Only a client of our own is closed."""
    auth = SiteApiToken("https://site.atlassian.net", "bot@example.com", "secret")
    async with httpx.AsyncClient(transport=httpx.MockTransport(site)) as http:
        async with ConfluenceClient(auth, http=http, clock=clock):
            pass
        assert not http.is_closed
    async with ConfluenceClient(auth) as client:
        own = client._transport._http
    assert own.is_closed


async def test_bearer_goes_through_the_gateway(site, clock):
    """Behind the gateway every path is below the cloudid and /wiki, and the token is asked for each request."""
    tokens = iter(["first", "second"])

    async def access_token():
        return next(tokens)

    site.answers(httpx.Response(200, json=OK), httpx.Response(200, json=OK))
    auth = GatewayBearer("c1", access_token, site_url="https://site.atlassian.net")
    async with httpx.AsyncClient(transport=httpx.MockTransport(site)) as http:
        client = ConfluenceClient(auth, http=http, clock=clock)
        await client.space("5")
        await client.space("5")
    assert client.site_url == "https://site.atlassian.net/wiki"
    assert [str(request.url) for request in site.requests] == [
        "https://api.atlassian.com/ex/confluence/c1/wiki/api/v2/spaces/5"
    ] * 2
    assert [request.headers["Authorization"] for request in site.requests] == ["Bearer first", "Bearer second"]


async def test_token_that_cannot_be_sent_sends_nothing(site, clock):
    """A bearer token that fits no header is refused before the request, and is in no message."""

    async def access_token():
        return "hunter2\r\nX-Evil: 1"

    async with httpx.AsyncClient(transport=httpx.MockTransport(site)) as http:
        with pytest.raises(ConfigurationError) as error:
            await ConfluenceClient(GatewayBearer("c1", access_token), http=http, clock=clock).space("5")
    assert "hunter2" not in str(error.value)
    assert site.requests == []


async def test_usage(client, site, shapes):
    """Each request costs a point, each object one, each user two; failures cost their request."""
    site.answers(
        httpx.Response(503),
        shapes.listing(shapes.page("1"), shapes.page("2")),
        httpx.Response(404),
        httpx.Response(200, json={"results": [{"accountId": "a"}, {"accountId": "b"}]}),
    )
    usage = client.usage
    await anext(client.page_batches("5"))
    assert (usage.requests, usage.points) == (2, 4)
    with pytest.raises(RemoteNotFoundError):
        await client.page("9")
    assert (usage.requests, usage.points) == (3, 5)
    await client.users(["a", "b"])
    assert (usage.requests, usage.points) == (4, 10)


async def test_server_time(client, site):
    """The provider's time is that of the latest answer that had one."""
    assert client.server_time is None
    dated = {"Date": "Mon, 05 Jan 2026 09:00:20 GMT"}
    site.answers(httpx.Response(200, json=OK, headers=dated), httpx.Response(200, json=OK))
    await client.space("5")
    await client.space("5")
    assert client.server_time == datetime(2026, 1, 5, 9, 0, 20, tzinfo=UTC)


async def test_log_has_one_line_a_request_and_no_secret(client, site, shapes, caplog):
    """The log tells method, path, outcome and time; neither query nor credentials."""
    caplog.set_level(logging.DEBUG, logger="confluence_sync.client")
    site.answers(httpx.ReadTimeout("slow"), shapes.listing())
    await anext(client.search_batches('text ~ "private"'))
    assert [record.getMessage().split(" in ")[0] for record in caplog.records if record.name.startswith("confl")] == [
        "GET /rest/api/content/search -> ReadTimeout",
        "GET /rest/api/content/search -> 200",
    ]
    ours = " ".join(record.getMessage() for record in caplog.records if record.name.startswith("confl"))
    assert "private" not in ours
    assert "top-secret" not in ours


async def test_no_more_than_five_at_once(clock):
    """However many tasks ask, a site gets five requests at a time."""
    running, most = 0, 0

    async def respond(request):
        nonlocal running, most
        running += 1
        most = max(most, running)
        await asyncio.sleep(0)
        running -= 1
        return httpx.Response(200, json=OK)

    auth = SiteApiToken("https://site.atlassian.net", "bot@example.com", "secret")
    async with httpx.AsyncClient(transport=httpx.MockTransport(respond)) as http:
        client = ConfluenceClient(auth, http=http, clock=clock)
        await asyncio.gather(*(client.space("5") for _ in range(20)))
    assert most == 5


async def test_cancelled_request(clock):
    """A request that is cancelled ends at once, is not repeated, and leaves its place to the next."""
    arrived, requests = asyncio.Event(), []

    async def respond(request):
        requests.append(request)
        arrived.set()
        if len(requests) == 1:
            await asyncio.Event().wait()
        return httpx.Response(200, json=OK)

    auth = SiteApiToken("https://site.atlassian.net", "bot@example.com", "secret")
    async with httpx.AsyncClient(transport=httpx.MockTransport(respond)) as http:
        client = ConfluenceClient(auth, http=http, clock=clock, limiter=SiteLimiter(at_once=1, clock=clock))
        task = asyncio.create_task(client.space("5"))
        await arrived.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert len(requests) == 1
        assert (await client.space("5")).key == "DOCS"


async def test_burst_limit_of_one_task_holds_all_back(clock):
    """When one task meets a burst limit, the others start nothing before its wait is over."""
    begin, starts = clock.now(), []

    def respond(request):
        starts.append((clock.now() - begin).total_seconds())
        first = len(starts) == 1
        return httpx.Response(429, headers={"Retry-After": "20"}) if first else httpx.Response(200, json=OK)

    auth = SiteApiToken("https://site.atlassian.net", "bot@example.com", "secret")
    async with httpx.AsyncClient(transport=httpx.MockTransport(respond)) as http:
        client = ConfluenceClient(auth, http=http, clock=clock, limiter=SiteLimiter(at_once=1, clock=clock))
        await asyncio.gather(*(client.space("5") for _ in range(4)))
    assert starts[0] == 0
    assert len(starts) == 5
    assert min(starts[1:]) >= 20


async def test_near_limit_slows_down(client, site, clock):
    """When an answer says that a limit is near, the requests after it are spaced out for the time of a window."""
    near = {"X-RateLimit-NearLimit": "true"}
    site.answers(httpx.Response(200, json=OK, headers=near), *[httpx.Response(200, json=OK)] * 24)
    for _ in range(25):
        await client.space("5")
    assert clock.slept == [0.5] * 20


async def test_clients_of_a_site_share_a_limiter(site):
    """Without a limiter or clock of its own, a client takes the one of its site."""
    site.answers(httpx.Response(200, json=OK))
    auth = SiteApiToken("https://shared.atlassian.net", "bot@example.com", "secret")
    async with httpx.AsyncClient(transport=httpx.MockTransport(site)) as http:
        client = ConfluenceClient(auth, http=http)
        await client.space("5")
    assert client._transport._limiter is SiteLimiter.shared("https://shared.atlassian.net/wiki")
