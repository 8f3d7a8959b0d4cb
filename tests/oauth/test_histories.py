"""Whatever happens, in whatever order, a grant that nobody revoked is not lost."""

import asyncio
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from random import Random

import attrs
import httpx
from hypothesis import given
from hypothesis import strategies as st

from confluence_sync.adapters import MemoryTokenStore
from confluence_sync.errors import ClientError, ReauthorizationRequiredError, StorageError
from confluence_sync.oauth import OAuthApp, OAuthTokens, OAuthTokenSource, TokenEndpoint
from confluence_sync.testing import FakeSite, ManualClock

CALLBACK = "http://127.0.0.1:8000/callback"
LEEWAY = 600
FAULTS = ["none", "reset", "timeout", "truncated", "status", "store", "death", "cancel"]

times = st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - see timezones
seconds = st.floats(min_value=0.001, max_value=1e6)


@attrs.frozen
class Mishap:
    """After some time a process refreshes and something happens to it; soon after, some process tries again."""

    after: int
    process: int
    fault: str
    soon: int
    survivor: int


mishaps = st.builds(
    Mishap,
    after=st.integers(0, 8000),
    process=st.integers(0, 2),
    fault=st.sampled_from(FAULTS),
    soon=st.integers(0, LEEWAY // 2),
    survivor=st.integers(0, 2),
)


class FragileStore(MemoryTokenStore):
    """A store that can fail to save."""

    broken = False

    async def save(self, connection_id, secret):
        if self.broken:
            raise StorageError("the disk is full")
        await super().save(connection_id, secret)


class World:
    """A site and three processes that share a store."""

    def __init__(self, http, site, clock):
        self.site, self.clock, self.store = site, clock, FragileStore()
        app = OAuthApp("fake-client-id", "fake-client-secret", CALLBACK)
        self.endpoint = TokenEndpoint(app, http=http, clock=clock, random=Random(7))
        self.processes = [self.process() for _ in range(3)]

    def process(self):
        return OAuthTokenSource("one", self.endpoint, self.store, clock=self.clock)

    async def connect(self):
        callback = self.site.oauth.visit(self.endpoint.app.authorization_url("state"))
        await self.processes[0].adopt(await self.endpoint.exchange(httpx.URL(callback).params["code"]))

    async def suffer(self, mishap):
        """Let a refresh go wrong; only a dead grant is an error of this test."""
        self.store.broken = mishap.fault in {"store", "death"}
        if mishap.fault in {"reset", "timeout", "truncated", "status"}:
            self.site.fail("/oauth/token", kind=mishap.fault, times=None)
        task = asyncio.create_task(self.replace(mishap.process))
        if mishap.fault == "cancel":
            for _ in range(mishap.after % 12):
                await asyncio.sleep(0)
            task.cancel()
        with suppress(ClientError, StorageError, asyncio.CancelledError):
            await task
        if mishap.fault == "death":
            self.processes[mishap.process] = self.process()
        self.store.broken = False
        self.site.heal()

    async def refresh(self, number):
        """Refresh, not only find what another process got."""
        before = self.site.oauth.refreshes
        while self.site.oauth.refreshes == before:
            assert await self.replace(number)

    async def replace(self, number):
        source = self.processes[number]
        try:
            return await source.refused(await source.access_token(), 401)
        except ReauthorizationRequiredError as error:
            raise AssertionError("the grant is lost") from error


@given(history=st.lists(mishaps, max_size=12))
def test_no_history_of_mishaps_loses_a_grant(history):
    """Lost answers, full disks, killed and cancelled processes cost nothing if anybody refreshes within the leeway."""

    async def live():
        clock = ManualClock()
        site = FakeSite(clock=clock)
        site.oauth.app(redirect_uris=[CALLBACK], leeway=timedelta(seconds=LEEWAY))
        async with httpx.AsyncClient(transport=site.transport()) as http:
            world = World(http, site, clock)
            await world.connect()
            for mishap in history:
                clock.advance(mishap.after)
                await world.suffer(mishap)
                clock.advance(mishap.soon)
                await world.refresh(mishap.survivor)

    asyncio.run(live())


@given(obtained_at=times, life=seconds, within=seconds, share=st.floats(0, 2))
def test_when_a_token_nears_its_end(obtained_at, life, within, share):
    """Never in the first half of its life, always at its end, and never before the margin."""
    expires_at = obtained_at + timedelta(seconds=life)
    tokens = OAuthTokens(access_token="a", obtained_at=obtained_at, expires_at=expires_at)
    now = obtained_at + share * timedelta(seconds=life)
    if tokens.nears_expiry(now, within=within):
        assert now - obtained_at >= expires_at - now
        assert (expires_at - now).total_seconds() <= within + 1e-6
    else:
        assert now < expires_at
