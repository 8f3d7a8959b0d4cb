"""How hosts use the public names. Type-checked by `nox -s typing`, never run."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext

from confluence_sync import (
    ConfluenceClient,
    ConfluenceSync,
    RunMode,
    SiteApiToken,
    SpaceMapping,
    SyncEngine,
    convert,
    plan_sync,
)
from confluence_sync.adapters import (
    EncryptedTokenStore,
    FanOutLogSink,
    FsspecVFS,
    JsonLinesLogSink,
    LoggingLogSink,
    MemoryLogSink,
    MemoryPointsLedger,
    MemoryStateStore,
    MemoryTokenStore,
    MemoryVFS,
    SQLiteDatabase,
    StateLog,
)
from confluence_sync.adapters.sql import SQLDatabase
from confluence_sync.client import Authentication, GatewayBearer, PointsBudget
from confluence_sync.clock import SystemClock
from confluence_sync.connections import Connection, ConnectionKind, MovedFiles
from confluence_sync.engine import Preview, RunGuard, RunRecord, RunState
from confluence_sync.errors import ClientError, RunFailedError
from confluence_sync.events import AnyEvent, PageFailed, PageWritten, RunFinished
from confluence_sync.models import AccountId, ConnectionId, ConnectionStatus, SpaceId, TreeSnapshot, WorkspaceId
from confluence_sync.oauth import (
    SCOPE_NEEDS,
    SYNC_SCOPES,
    Callback,
    OAuthApp,
    OAuthTokens,
    OAuthTokenSource,
    PendingAuthorization,
    PendingAuthorizations,
    TokenEndpoint,
    UnsavedTokens,
    missing_scopes,
)
from confluence_sync.planner import Manifest, Plan
from confluence_sync.protocols import VFS, Clock, LogSink, PointsLedger, RunLog, StateStore, TokenStore, VFSEntry
from confluence_sync.reading import pages, passages
from confluence_sync.scheduler import Scheduler
from confluence_sync.sync import Authorization, Disconnected, RunDetail
from confluence_sync.testing import FakeSite, ManualClock

vfs: Sequence[VFS] = [MemoryVFS(), FsspecVFS.from_url("folder")]
tokens: Sequence[TokenStore] = [MemoryTokenStore(), SQLiteDatabase("state.db").tokens]
encrypted: TokenStore = EncryptedTokenStore(tokens[0], ["key", b"key"])
sinks: Sequence[LogSink] = [MemoryLogSink(), LoggingLogSink(), SQLiteDatabase("state.db").log]
logs: Sequence[RunLog] = [StateLog(MemoryStateStore()), SQLiteDatabase("state.db").log]
fan_out: LogSink = FanOutLogSink(*sinks, JsonLinesLogSink("events.jsonl"), timeout=1)
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


async def life_of_a_connection(sync: ConfluenceSync, workspace: WorkspaceId, callback: str) -> None:
    consent: Authorization = await sync.finish_authorization(callback, session="session")
    connection: Connection = await sync.choose_site(workspace, consent.sites[-1].id)
    print(connection.status.value, [(choice.space.name, choice.personal) for choice in await sync.spaces(workspace)])
    async with sync.sync_now(workspace) as run:
        async for event in run:
            print(event.seq, run.progress.done, run.progress.total)
    async with Scheduler(sync, concurrency=2, grace=None) as scheduler:
        running: frozenset[WorkspaceId] = scheduler.running
    detail: RunDetail = await sync.run(workspace, (await sync.runs(workspace))[0].run_id)
    print(running, [page.message for page in detail.pages], (await sync.delete(workspace)).steps)


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


class FeatureFlag:
    async def __call__(self, workspace: WorkspaceId) -> bool:
        return workspace != "without"


def folder_of(connection: Connection) -> VFS:
    return FsspecVFS.from_url(f"files/{connection.workspace}")


def budget_of(connection: Connection) -> PointsBudget | None:
    return budget if connection.cloud_id else None


async def consent_by_hand(workspace: WorkspaceId, url: str) -> AccountId:
    app = OAuthApp("client-id", "client-secret", "https://app.example.com/callback", scopes=["read:page:confluence"])
    pending = PendingAuthorizations(states[0], lifetime=300)
    print(app.authorization_url(await pending.begin(workspace, "session")))
    callback = Callback.from_url(url)
    answered: PendingAuthorization = await pending.complete(callback.state, "session")
    async with TokenEndpoint(app) as endpoint:
        granted: OAuthTokens = await endpoint.exchange(callback.consented_code())
        print(missing_scopes(granted.scopes), [need.purpose for need in SCOPE_NEEDS], answered.started_at)
        unsaved: UnsavedTokens = {}
        source = OAuthTokenSource(ConnectionId("one"), endpoint, encrypted, margin=600, unsaved=unsaved)
        await source.adopt(granted)
        auth: Authentication = GatewayBearer("cloud-id", source.access_token, refused=source.refused)
        async with ConfluenceClient(auth) as client:
            return (await client.current_user()).account_id


async def product(workspace: WorkspaceId) -> RunDetail | None:
    database = SQLiteDatabase("state.db")
    app = OAuthApp("client-id", "client-secret", "https://app.example.com/callback", scopes=SYNC_SCOPES)
    async with ConfluenceSync(
        state=database.state,
        tokens=database.tokens,
        vfs=folder_of,
        app=app,
        log=database.log,
        sinks=[LoggingLogSink()],
        enabled=FeatureFlag(),
        budget=budget_of,
    ) as sync:
        url: str = await sync.authorize(workspace, session="session")
        consent: Authorization = await sync.finish_authorization(url, session="session")
        connection: Connection = await sync.choose_site(workspace, consent.sites[0].id)
        connection = await sync.connect_with_api_token(workspace, SiteApiToken("https://a.atlassian.net", "e", "t"))
        print(connection.status is ConnectionStatus.ACTIVE, connection.kind is ConnectionKind.OAUTH, connection.message)
        choices = await sync.spaces(workspace)
        mappings = [SpaceMapping(space_id=choice.space.id) for choice in choices if not choice.personal]
        await sync.save_mappings(workspace, mappings, files=MovedFiles.LEAVE)
        async with sync.sync_now(workspace, mode=RunMode.REBUILD) as run:
            async for event in run:
                print(event.seq, run.progress.phase, run.progress.done, run.progress.total, run.progress.share)
        async with sync.resume(workspace) as run:
            print((await run.wait()).summary())
        await sync.set_schedule(workspace, 3600)
        for due, at in await sync.due():
            report = await sync.run_due(due)
            print(at.isoformat(), None if report is None else report.outcome)
        disconnected: Disconnected = await sync.delete(workspace)
        print(*disconnected.folders, *disconnected.steps)
        for record in await sync.runs(workspace, limit=1):
            return await sync.run(workspace, record.run_id)
    return None


class Guard:
    async def objection(self, state: RunState) -> str:
        return "" if state.points < 10 else "too expensive"

    async def ended(self, record: RunRecord, error: BaseException | None) -> None:
        print(record.outcome, error)


guard: RunGuard = Guard()


def fake() -> SpaceMapping:
    site = FakeSite()
    docs = site.space("DOCS")
    docs.page("Runbook", parent=docs.homepage, storage="<p>Hello</p>").rename("Emergency")
    return SpaceMapping(space_id=docs.id)
