"""A world in which people go on with their work while a run looks, and disks fail."""

from __future__ import annotations

from base64 import b64encode
from collections import Counter
from contextlib import asynccontextmanager
from random import Random

import httpx
from caseless import CaselessVFS
from engine_world import World
from site_story import SiteStory

from confluence_sync import documents
from confluence_sync.adapters import MemoryStateStore, MemoryVFS
from confluence_sync.client import ConfluenceClient, SiteApiToken
from confluence_sync.engine import EngineOptions, RunReport, RunState, SyncEngine
from confluence_sync.errors import StorageError
from confluence_sync.models import RunMode, Trigger
from confluence_sync.planner import Claim, ManifestEntry

EMAIL, SECRET = "reader@example.com", "a-secret-token"
SECRETS = (SECRET, b64encode(f"{EMAIL}:{SECRET}".encode()).decode())
FIGURES: Counter[str] = Counter()
"""How much was told so far."""


class StoryWorld(World):
    """
    A site with a story, mapped as the story says.

    Attributes:
        options_of_mappings: The same for all spaces.
        meanwhile: What happens before the n-th request of an engine.
        always: Pages that had a place in a synced tree all the time.
    """

    def __init__(self, *, caseless: bool) -> None:
        super().__init__()
        self.options = EngineOptions(body_batch=3, listing_batch=3, step_requests=2, step_writes=3)
        self.make_vfs = CaselessVFS if caseless else MemoryVFS
        self.vfs = self.make_vfs()
        self.story = SiteStory(self.site)
        self.options_of_mappings: dict[str, object] = {"max_delete_files": 1_000}
        self.meanwhile: dict[int, object] = {}
        self.always: set[str] = set()

    def mappings(self):
        self.mapped = {
            key: {**self.options_of_mappings, "folder": folder} for key, folder in self.story.destinations.items()
        }
        return super().mappings()

    @asynccontextmanager
    async def engine(self):
        transport = Busy(self.site.transport(), self.happens)
        async with httpx.AsyncClient(transport=transport) as http:
            auth = SiteApiToken(self.site.url, EMAIL, SECRET)
            client = ConfluenceClient(auth, http=http, clock=self.clock, random=Random(0))
            yield SyncEngine(client, self.vfs, self.store, sink=self.sink, clock=self.clock, options=self.options)

    def happens(self, request: int) -> None:
        FIGURES["requests"] += 1
        if change := self.meanwhile.pop(request, None):
            self.change(change)

    def change(self, change) -> None:
        self.story.make(change)
        self.always &= self.story.synced()

    async def sync(self, mode: RunMode = RunMode.FULL, trigger: Trigger = Trigger.MANUAL) -> RunReport:
        FIGURES["runs"] += 1
        return await super().sync(mode, trigger)

    async def run_until_killed(self, at: int, mode: RunMode = RunMode.FULL, trigger: Trigger = Trigger.MANUAL) -> bool:
        FIGURES["runs"] += 1
        killed = await super().run_until_killed(at, mode, trigger)
        FIGURES["kills"] += killed
        return killed

    async def sync_by_steps(self, mode: RunMode) -> RunState:
        """Let another process take each step."""
        FIGURES["runs"] += 1
        self.clock.advance(60)
        async with self.engine() as engine:
            document = documents.dump(await engine.begin(self.mappings(), mode=mode))
        while True:
            state = documents.load(RunState, document)
            async with self.engine() as engine:
                result = await engine.step(state)
            document = documents.dump(state)
            if result.done:
                assert state.counts.handled == state.counts.listed
                return state

    async def clean_files(self, foreign: dict[str, bytes]) -> dict[str, bytes]:
        """Return what a first run makes of the site beside foreign files."""
        vfs, store = self.vfs, self.store
        self.vfs, self.store = self.make_vfs(), MemoryStateStore(self.clock)
        try:
            for path, data in foreign.items():
                await self.vfs.write(path, data, {})
            (await self.sync()).raise_for_failures()
            return await self.files()
        finally:
            self.vfs, self.store = vfs, store

    async def recorded(self, *keys: str) -> set[str]:
        """Return the paths that are known as files of some spaces."""
        paths = set()
        for key in keys:
            space_id = self.site.space(key).id
            for kind, record in (("manifest", ManifestEntry), ("claims", Claim)):
                found = self.store.scan(f"{kind}/default/{space_id}")
                paths |= {documents.load(record, data).path async for _, data in found}
        return paths


class Busy(httpx.AsyncBaseTransport):
    """Tells before which request of how many it is."""

    def __init__(self, inner: httpx.AsyncBaseTransport, happens) -> None:
        self._inner, self._happens, self._requests = inner, happens, 0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self._requests += 1
        self._happens(self._requests)
        return await self._inner.handle_async_request(request)


class FailingVFS:
    """Files whose n-th call fails, and some after it."""

    def __init__(self, inner: MemoryVFS, first: int, last: int) -> None:
        self._inner, self._first, self._last, self._calls = inner, first, last, 0

    def __getattr__(self, name: str):
        method = getattr(self._inner, name)
        if name == "scan":
            return method

        async def call(*args, **kwargs):
            self._calls += 1
            if self._first <= self._calls <= self._last:
                raise StorageError("No space left on device")
            return await method(*args, **kwargs)

        return call
