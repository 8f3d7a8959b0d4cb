"""What a host gave to `ConfluenceSync`, and where things are kept with it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from inspect import isawaitable
from typing import TypeAlias
from uuid import uuid4

import attrs
import httpx

from ..client import ConfluenceClient, PointsBudget
from ..connections import Connection, ConnectionKind, ConnectionRegistry, MappingRegistry, ScheduleRegistry
from ..engine import ConnectionMemory, EngineOptions
from ..errors import NotEnabledError
from ..models import ChangeSource, ConnectionId, ConnectionStatus, WorkspaceId
from ..oauth import OAuthApp
from ..protocols import VFS, Clock, LogSink, StateStore, TokenStore
from ._access import Access, check_access

__all__ = ["Enabled", "Files", "Host"]

Files: TypeAlias = VFS | Callable[[Connection], VFS]
Enabled: TypeAlias = Callable[[WorkspaceId], bool | Awaitable[bool]]


@attrs.frozen(kw_only=True)
class Host:
    """
    The outside, as the parts of the facade see it.

    Attributes:
        sink: Where events go, all of them.
    """

    state: StateStore
    tokens: TokenStore
    files: Files
    app: OAuthApp | None
    sink: LogSink
    enabled: Enabled
    http: httpx.AsyncClient
    clock: Clock
    own_clock: bool
    options: EngineOptions
    budget: Callable[[Connection], PointsBudget | None]
    connections: ConnectionRegistry
    mappings: MappingRegistry
    schedules: ScheduleRegistry

    async def is_enabled(self, workspace: WorkspaceId) -> bool:
        """Whether the workspace has the feature at all."""
        answer = self.enabled(workspace)
        return await answer if isawaitable(answer) else answer

    async def require_enabled(self, workspace: WorkspaceId) -> None:
        """
        Check the host's feature flag.

        Raises:
            NotEnabledError: It is off.
        """
        if not await self.is_enabled(workspace):
            raise NotEnabledError(f"Confluence Sync is not enabled for workspace {workspace!r}")

    def vfs(self, connection: Connection) -> VFS:
        """Return where the files of a connection go."""
        return self.files(connection) if callable(self.files) else self.files

    def memory(self, connection_id: ConnectionId) -> ConnectionMemory:
        """Return what the engine remembers of a connection."""
        return ConnectionMemory(self.state, connection_id, lease=self.options.lease)

    def new_connection(self, workspace: WorkspaceId, kind: ConnectionKind) -> Connection:
        """Return a connection of which nothing is known yet."""
        return Connection(
            id=ConnectionId(uuid4().hex),
            workspace=workspace,
            kind=kind,
            status=ConnectionStatus.CONNECTING,
            created_at=self.clock.now(),
        )

    def connected(self, connection: Connection, access: Access) -> Connection:
        """Return a connection as it is once its site can be read; one that is disabled stays so."""
        disabled = connection.status is ConnectionStatus.DISABLED
        return attrs.evolve(
            connection,
            status=ConnectionStatus.DISABLED if disabled else ConnectionStatus.ACTIVE,
            account_id=access.account.account_id,
            account_name=access.account.display_name,
            connected_at=self.clock.now(),
            message="",
            warnings=access.warnings,
        )

    async def check_access(self, client: ConfluenceClient) -> Access:
        """Read a little of everything that a run of this host would read."""
        return await check_access(client, search=self.options.changes is ChangeSource.SEARCH)

    async def discard(self, connection: Connection) -> None:
        """Remove a connection that came to nothing, and its secret; not if somebody else made something of it."""
        async with self.connections.exclusively(connection.workspace):
            now = await self.connections.find(connection.workspace)
            if now is not None and now.id == connection.id and now.status is ConnectionStatus.CONNECTING:
                await self.forget_secret(connection.id)
                await self.state.apply([self.connections.remove(connection)])

    async def forget_secret(self, connection_id: ConnectionId) -> None:
        """Remove the secret of a connection, after a refresh that is under way."""
        async with self.tokens.lock(connection_id):
            await self.tokens.delete(connection_id)
