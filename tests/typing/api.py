"""How hosts use the public names. Type-checked by `nox -s typing`, never run."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext

from confluence_sync import ConfluenceClient, RunMode, SiteApiToken, SpaceMapping, SyncEngine, convert, plan_sync
from confluence_sync.adapters import (
    FsspecVFS,
    LoggingLogSink,
    MemoryLogSink,
    MemoryPointsLedger,
    MemoryStateStore,
    MemoryTokenStore,
    MemoryVFS,
    SQLiteDatabase,
)
from confluence_sync.adapters.sql import SQLDatabase
from confluence_sync.client import PointsBudget
from confluence_sync.clock import SystemClock
from confluence_sync.engine import Preview, RunState
from confluence_sync.errors import ClientError, RunFailedError
from confluence_sync.events import AnyEvent, PageFailed, PageWritten, RunFinished
from confluence_sync.models import ConnectionId, SpaceId, TreeSnapshot
from confluence_sync.planner import Manifest, Plan
from confluence_sync.protocols import VFS, Clock, LogSink, PointsLedger, RunLog, StateStore, TokenStore, VFSEntry
from confluence_sync.reading import pages, passages
from confluence_sync.testing import FakeSite, ManualClock

vfs: Sequence[VFS] = [MemoryVFS(), FsspecVFS.from_url("folder")]
tokens: Sequence[TokenStore] = [MemoryTokenStore(), SQLiteDatabase("state.db").tokens]
sinks: Sequence[LogSink] = [MemoryLogSink(), LoggingLogSink(), SQLiteDatabase("state.db").log]
states: Sequence[StateStore] = [MemoryStateStore(), SQLiteDatabase("state.db").state]
ledgers: Sequence[PointsLedger] = [MemoryPointsLedger(), SQLiteDatabase("state.db").points]
budget: PointsBudget = PointsBudget(ledgers[0], app="client-id", tenant="customer", tenant_points=20_000)
sql: SQLDatabase = SQLDatabase("postgresql://host/name", schema="sync", clock=SystemClock())
stores: tuple[StateStore, TokenStore, RunLog, PointsLedger] = (sql.state, sql.tokens, sql.log, sql.points)
clocks: Sequence[Clock] = [SystemClock(), ManualClock()]


class HostVFS:
    """A host's own adapter inherits nothing."""

    async def read(self, path: str) -> bytes:
        return path.encode()

    async def write(self, path: str, data: bytes, metadata: Mapping[str, object]) -> None: ...

    async def move(self, source: str, target: str) -> None: ...

    async def delete(self, path: str) -> None: ...

    async def stat(self, path: str) -> VFSEntry | None:
        return VFSEntry(path, 0)

    async def scan(self, prefix: str = "") -> AsyncIterator[VFSEntry]:
        yield VFSEntry(prefix, 0)


class HostTokenStore:
    async def load(self, connection_id: ConnectionId) -> bytes | None:
        return connection_id.encode()

    async def save(self, connection_id: ConnectionId, secret: bytes) -> None: ...

    async def delete(self, connection_id: ConnectionId) -> None: ...

    def lock(self, connection_id: ConnectionId) -> AbstractAsyncContextManager[None]:
        return nullcontext()


class HostSink:
    async def emit(self, event: AnyEvent) -> None:
        match event:
            case PageWritten(path=path, version=version):
                print(path, version + 1)
            case PageFailed():
                print(event.kind.value, event.message)
            case RunFinished():
                print(event.counts.listed)
            case _:
                pass


token_store: TokenStore = HostTokenStore()


async def sync() -> None:
    async with ConfluenceClient(SiteApiToken("https://x.atlassian.net/wiki", "a@example.com", "t")) as client:
        engine = SyncEngine(client, HostVFS(), MemoryStateStore(), sink=HostSink())
        mappings = [SpaceMapping(space_id=SpaceId("1"), folder="team")]
        plans: list[Plan] = await engine.plan(mappings)
        preview: Preview = await engine.preview(mappings, rebuild=True)
        print(preview.estimate.points, preview.users, *preview.problems.values())
        print(*plans, sep="\n")
        for held in await engine.held_deletions():
            print(*held.deletions, held.at.isoformat())
            await engine.confirm_deletions(held.space_id, held.token)
        async with engine.run(mappings, mode=RunMode.INCREMENTAL) as run:
            async for event in run:
                print(event.seq, event.at.isoformat())
        try:
            run.report.raise_for_failures()
        except RunFailedError as error:
            print(error.report)
        state: RunState = await engine.begin(mappings)
        while not (await engine.step(state)).done:
            pass
        try:
            space = await client.space_by_key("DOCS")
        except ClientError as error:
            print(error.retryable, error.retry_after, error.status)
        else:
            async for batch in client.body_batches(space.id):
                print([(body.page.title, len(body.storage)) for body in batch.items], batch.next_cursor)


async def cite() -> None:
    async for page in pages(HostVFS(), foreign=True):
        print(page.title, page.updated_at, page.labels, len(page.markdown))
    async for passage in passages("confluence", max_chars=2000):
        metadata: Mapping[str, str | int] = passage.metadata
        print(passage.id, passage.url, passage.text, metadata)


def plan(snapshot: TreeSnapshot, manifest: Manifest) -> str:
    return str(plan_sync(snapshot, manifest, SpaceMapping(space_id=snapshot.space.id), occupied=frozenset()))


def markdown(storage: str) -> str:
    return convert(storage).markdown


def fake() -> SpaceMapping:
    site = FakeSite()
    docs = site.space("DOCS")
    docs.page("Runbook", parent=docs.homepage, storage="<p>Hello</p>").rename("Emergency")
    return SpaceMapping(space_id=docs.id)
