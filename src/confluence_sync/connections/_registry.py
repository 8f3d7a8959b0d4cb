"""`ConnectionRegistry`: the connections of all workspaces, one each."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from unicodedata import category

from ..documents import dump, load
from ..errors import ConfigurationError, ConnectionStateError
from ..models import ConnectionId, WorkspaceId
from ..protocols import Change, Put, Remove, StateStore
from ._connection import Connection
from ._exclusive import exclusively
from ._readable import readable

__all__ = ["ConnectionRegistry"]

_COLLECTION = "connections"
_LONGEST_WORKSPACE = 256
"""Characters; names of leases are made with it."""
_UNFIT = frozenset({"Cc", "Cs"})
"""Control characters, and lone surrogates, which UTF-8 cannot spell."""


class ConnectionRegistry:
    """
    Keeps connections in a `StateStore`, by workspace.

    What depends on what is there is done under `exclusively`, so that no process undoes what another did.
    """

    def __init__(self, state: StateStore) -> None:
        self._state = state

    def exclusively(self, workspace: WorkspaceId) -> AbstractAsyncContextManager[None]:
        """
        Hold a workspace's connection alone, among all tasks and processes; not reentrant, and not for long.

        Raises:
            ConfigurationError: No name for a workspace: empty, longer than 256 characters, or with control characters.
        """
        _check_name(workspace)
        return exclusively(self._state, f"connection/{workspace}")

    async def find(self, workspace: WorkspaceId) -> Connection | None:
        """
        Return the connection of a workspace, None if there is none.

        Raises:
            ConfigurationError: No name for a workspace, see `exclusively`.
        """
        _check_name(workspace)
        data = await self._state.load(_COLLECTION, workspace)
        return None if data is None else load(Connection, data)

    async def get(self, workspace: WorkspaceId) -> Connection:
        """
        Return the connection of a workspace.

        Raises:
            ConnectionStateError: There is none.
        """
        if (connection := await self.find(workspace)) is None:
            raise ConnectionStateError(f"workspace {workspace!r} has no connection; connect it first", status=None)
        return connection

    async def all(self) -> list[Connection]:
        """Return all connections that this version can read, in order of workspace."""
        return [connection async for _, connection in readable(self._state, _COLLECTION, Connection)]

    async def put(self, connection: Connection) -> None:
        """Keep a connection, in place of the one before."""
        await self._state.apply([Put(_COLLECTION, connection.workspace, dump(connection))])

    async def change(
        self, workspace: WorkspaceId, connection_id: ConnectionId, to: Callable[[Connection], Connection]
    ) -> Connection | None:
        """Change a connection as it is now, if it is still there, and return what it is then."""
        async with self.exclusively(workspace):
            connection = await self.find(workspace)
            if connection is None or connection.id != connection_id:
                return None
            changed = to(connection)
            if changed != connection:
                await self.put(changed)
            return changed

    def remove(self, connection: Connection) -> Change:
        """Return the change that removes a connection, to be made with others."""
        return Remove(_COLLECTION, connection.workspace)


def _check_name(workspace: WorkspaceId) -> None:
    """Refuse what not every store takes for a key, such as NUL."""
    if not 1 <= len(workspace) <= _LONGEST_WORKSPACE or _UNFIT.intersection(map(category, workspace)):
        raise ConfigurationError(
            f"a workspace has a name of 1 to {_LONGEST_WORKSPACE} characters, without control characters"
        )
