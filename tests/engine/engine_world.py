"""A small world: a site, a folder and a memory, and runs of the real engine between them."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from posixpath import dirname, normpath
from random import Random
from urllib.parse import unquote

import httpx

from confluence_sync.adapters import MemoryStateStore, MemoryVFS
from confluence_sync.client import Authentication, ConfluenceClient, PointsBudget, SiteApiToken
from confluence_sync.engine import EngineOptions, RunReport, SyncEngine
from confluence_sync.events import AnyEvent, RunFinished, RunStarted
from confluence_sync.models import RunMode, SpaceId, SpaceMapping, Trigger
from confluence_sync.protocols import VFS, LogSink, StateStore
from confluence_sync.testing import FakeSite, FakeSpace, ManualClock

LEASE = "run/default"
INTERNAL = re.compile(r"\]\((?!https?:|#)([^)\s]+)\)")


class World:
    """
    One site and what a host keeps of it.

    Attributes:
        auth: By default an API token of the site.
        transport: Makes the way to the site of the direct one.
        events: Of the last run.
        requests: "METHOD path" of the requests of the last run.
    """

    def __init__(self, *, index_lag: timedelta = timedelta(0)) -> None:
        self.clock = ManualClock()
        self.site = FakeSite(clock=self.clock, index_lag=index_lag)
        self.vfs: VFS = MemoryVFS()
        self.store: StateStore = MemoryStateStore(self.clock)
        self.sink: LogSink | None = None
        self.options = EngineOptions()
        self.budget: PointsBudget | None = None
        self.auth: Authentication | None = None
        self.transport: Callable[[httpx.AsyncBaseTransport], httpx.AsyncBaseTransport] = lambda direct: direct
        self.mapped: dict[str, dict[str, object]] = {}
        self.events: list[AnyEvent] = []

    def space(self, key: str = "DOCS", **options: object) -> FakeSpace:
        """Make a space and map it."""
        self.mapped[key] = options
        return self.site.space(key, name=key.capitalize())

    def mappings(self) -> list[SpaceMapping]:
        return [
            SpaceMapping(space_id=SpaceId(str(self.site.space(key).id)), **options)
            for key, options in self.mapped.items()
        ]

    @asynccontextmanager
    async def engine(self) -> AsyncIterator[SyncEngine]:
        """An engine of its own, as a new process has it."""
        async with httpx.AsyncClient(transport=self.transport(self.site.transport())) as http:
            client = ConfluenceClient(
                self.auth or SiteApiToken(self.site.url, "reader@example.com", "token"),
                http=http,
                clock=self.clock,
                random=Random(0),
                budget=self.budget,
            )
            yield SyncEngine(client, self.vfs, self.store, sink=self.sink, clock=self.clock, options=self.options)

    async def sync(self, mode: RunMode = RunMode.FULL, trigger: Trigger = Trigger.MANUAL) -> RunReport:
        """Run to the end; whatever happened, the run has to leave things in order."""
        self.clock.advance(60)
        self.events = []
        self.site.reset_log()
        async with self.engine() as engine, engine.run(self.mappings(), mode=mode, trigger=trigger) as run:
            self.events = [event async for event in run]
        await self.assert_ended_well(run.report)
        return run.report

    async def assert_ended_well(self, report: RunReport) -> None:
        first, last = self.events[0], self.events[-1]
        assert isinstance(first, RunStarted)
        assert isinstance(last, RunFinished)
        assert [event.seq for event in self.events] == list(range(1, len(self.events) + 1))
        assert report.outcome is last.outcome
        assert report.counts.handled == report.counts.listed, report.counts
        assert last.requests == len(self.site.requests)
        assert await self.lease_is_free()

    async def lease_is_free(self) -> bool:
        if not await self.store.acquire_lease(LEASE, "somebody else", seconds=1):
            return False
        await self.store.release_lease(LEASE, "somebody else")
        return True

    @property
    def requests(self) -> list[str]:
        return [f"{request.method} {request.path}" for request in self.site.requests]

    async def files(self) -> dict[str, bytes]:
        return {entry.path: await self.vfs.read(entry.path) async for entry in self.vfs.scan()}

    async def paths(self) -> list[str]:
        return [entry.path async for entry in self.vfs.scan()]

    async def text(self, path: str) -> str:
        return (await self.vfs.read(path)).decode()

    async def collection(self, name: str) -> list[str]:
        return [key async for key, _ in self.store.scan(name)]

    async def run_until_killed(self, at: int, mode: RunMode = RunMode.FULL, trigger: Trigger = Trigger.MANUAL) -> bool:
        """Let the process die at the n-th call of a store; False if the run was over before."""
        vfs, store, death = self.vfs, self.store, Death(at)
        self.vfs, self.store = Mortal(vfs, death), Mortal(store, death)
        self.clock.advance(60)
        try:
            async with self.engine() as engine, engine.run(self.mappings(), mode=mode, trigger=trigger) as run:
                await run.wait()
        except Killed:
            pass
        finally:
            self.vfs, self.store = vfs, store
        return death.came

    async def clean_copy(self) -> dict[str, bytes]:
        """What a first run into an empty folder makes of the site."""
        vfs, store, sink = self.vfs, self.store, self.sink
        self.vfs, self.store, self.sink = MemoryVFS(), MemoryStateStore(self.clock), None
        try:
            report = await self.sync()
            report.raise_for_failures()
            return await self.files()
        finally:
            self.vfs, self.store, self.sink = vfs, store, sink

    async def dead_links(self) -> list[str]:
        """Relative links that lead to no file."""
        files = await self.files()
        return [
            f"{path} -> {href}"
            for path, data in files.items()
            for href in INTERNAL.findall(data.decode())
            if normpath(f"{dirname(path)}/{unquote(href.partition('#')[0])}") not in files
        ]

    def told(self, kind: type[AnyEvent]) -> list[AnyEvent]:
        """The events of one kind of the last run."""
        return [event for event in self.events if isinstance(event, kind)]


class Killed(BaseException):
    """The process is no more."""


class Death:
    """Comes at the n-th call, and stays."""

    def __init__(self, at: int) -> None:
        self.left = at

    @property
    def came(self) -> bool:
        return self.left < 0

    def knock(self) -> None:
        self.left -= 1
        if self.left < 0:
            raise Killed


class Mortal:
    """A store of a process that dies: each call happens, or does not, and from some call on none does."""

    def __init__(self, inner: object, death: Death) -> None:
        self._inner = inner
        self._death = death

    def __getattr__(self, name: str) -> object:
        method = getattr(self._inner, name)
        if name == "scan":
            return method

        async def call(*args: object, **kwargs: object) -> object:
            self._death.knock()
            result = await method(*args, **kwargs)
            if name in {"write", "move", "delete", "apply"}:
                self._death.knock()
            return result

        return call


def link(title: str, space: str | None = None) -> str:
    """A link to a page, in storage format."""
    key = f' ri:space-key="{space}"' if space else ""
    return f'<p><ac:link><ri:page{key} ri:content-title="{title}" /></ac:link></p>'


def spelled(events: Sequence[AnyEvent]) -> list[str]:
    """The names of events' classes."""
    return [type(event).__name__ for event in events]
