"""Two sites behind one gateway, the stores of a host, and the facade over them."""

from __future__ import annotations

from contextlib import AsyncExitStack
from datetime import timedelta
from typing import Self

import httpx

from confluence_sync.adapters import MemoryLogSink, MemoryStateStore, MemoryTokenStore, MemoryVFS
from confluence_sync.client import PointsBudget, SiteApiToken
from confluence_sync.connections import Connection
from confluence_sync.engine import EngineOptions, RunReport
from confluence_sync.events import AnyEvent
from confluence_sync.models import RunMode, SpaceId, SpaceMapping, WorkspaceId
from confluence_sync.oauth import OAuthApp
from confluence_sync.sync import ConfluenceSync
from confluence_sync.testing import FakeSite, FakeSpace, ManualClock

ACME = WorkspaceId("acme")
CALLBACK = "https://app.example.com/callback"
SESSION = "session-1"
OTHER_CLOUD = "00000000-0000-4000-8000-000000000002"


class SyncWorld:
    """
    A host with one app, and its users' two sites.

    Attributes:
        off: Workspaces for which the feature is off.
        folders: The files of each connection, by its id.
        budget: What a connection may use.
    """

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.site = FakeSite(clock=self.clock, name="Docs")
        self.other = FakeSite(
            clock=self.clock,
            name="Archive",
            url="https://archive.atlassian.net",
            cloud_id=OTHER_CLOUD,
            oauth=self.site.oauth,
        )
        self.both = (self.site, self.other)
        self.fake_app = self.site.oauth.app(
            client_id="client-1", client_secret="client-secret-1", redirect_uris=[CALLBACK]
        )
        self.app = OAuthApp("client-1", "client-secret-1", CALLBACK)
        self.state = MemoryStateStore(self.clock)
        self.tokens = MemoryTokenStore()
        self.sink = MemoryLogSink()
        self.off: set[WorkspaceId] = set()
        self.folders: dict[str, MemoryVFS] = {}
        self.options = EngineOptions()
        self.budget: PointsBudget | None = None
        self._opened = AsyncExitStack()

    async def __aenter__(self) -> Self:
        self.http = await self._opened.enter_async_context(httpx.AsyncClient(transport=self.site.transport()))
        self.sync = self.process()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._opened.aclose()

    def process(self, **changes: object) -> ConfluenceSync:
        """A facade of its own, as another process has it."""
        given = {
            "state": self.state,
            "tokens": self.tokens,
            "vfs": self.vfs,
            "app": self.app,
            "sinks": [self.sink],
            "enabled": self.is_enabled,
            "http": self.http,
            "clock": self.clock,
            "options": self.options,
            "budget": lambda _: self.budget,
        }
        return ConfluenceSync(**given | changes)

    async def is_enabled(self, workspace: WorkspaceId) -> bool:
        return workspace not in self.off

    def vfs(self, connection: Connection) -> MemoryVFS:
        return self.folders.setdefault(connection.id, MemoryVFS())

    def space(self, key: str = "DOCS", *, pages: int = 2, **options: object) -> FakeSpace:
        """A space of the first site with some pages besides its homepage."""
        space = self.site.space(key, name=key.capitalize(), **options)
        for number in range(pages):
            space.page(f"{key} {number}", storage=f"<p>Text {number}</p>")
        return space

    async def consent(self, url: str, *, session: str = SESSION, sync: ConfluenceSync | None = None):
        """What happens after the browser was sent to Atlassian."""
        return await (sync or self.sync).finish_authorization(self.site.oauth.visit(url), session=session)

    async def connect(self, workspace: WorkspaceId = ACME) -> Connection:
        """Connect over OAuth to the first site."""
        await self.consent(await self.sync.authorize(workspace, session=SESSION))
        return await self.sync.choose_site(workspace, self.site.settings.cloud_id)

    async def connect_by_token(self, workspace: WorkspaceId = ACME) -> Connection:
        auth = SiteApiToken(self.site.url, "reader@example.com", "api-token-1")
        return await self.sync.connect_with_api_token(workspace, auth)

    async def map(self, *spaces: FakeSpace, folder: str = "", workspace: WorkspaceId = ACME, **how: object) -> None:
        """Map spaces into one folder."""
        await self.sync.save_mappings(workspace, [mapping(space, folder) for space in spaces], **how)

    async def run(self, mode: RunMode = RunMode.FULL, workspace: WorkspaceId = ACME) -> RunReport:
        self.clock.advance(60)
        async with self.sync.sync_now(workspace, mode=mode) as run:
            return await run.wait()

    def use_up_quota(self, *, minutes: int = 30) -> None:
        """Let the site refuse pages, until it is healed, as it does when the points of the hour are used up."""
        headers = {"Retry-After": str(60 * minutes), "RateLimit-Reason": "confluence-quota-global-based"}
        self.site.fail("/pages", status=429, headers=headers, times=None)

    async def status(self, workspace: WorkspaceId = ACME) -> str | None:
        connection = await self.sync.connection(workspace)
        return None if connection is None else connection.status.value

    async def paths(self, workspace: WorkspaceId = ACME) -> list[str]:
        connection = await self.sync.connection(workspace)
        return [entry.path async for entry in self.vfs(connection).scan()]

    def kept(self) -> dict[str, dict[str, bytes]]:
        """Everything in the state store but the run log."""
        return {
            name: documents
            for name, documents in self.state._collections.items()
            if documents and not name.startswith("log/")
        }

    def told(self, kind: type[AnyEvent]) -> list[AnyEvent]:
        return [event for event in self.sink.events if isinstance(event, kind)]

    def later(self, **time: float) -> None:
        self.clock.advance(timedelta(**time).total_seconds())


def mapping(space: FakeSpace, folder: str = "", **options: object) -> SpaceMapping:
    return SpaceMapping(space_id=SpaceId(str(space.id)), folder=folder, **options)
