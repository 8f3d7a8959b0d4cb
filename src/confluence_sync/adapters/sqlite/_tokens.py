"""Secrets, and the lock that makes their rotation safe."""

from __future__ import annotations

import hashlib
from contextlib import AbstractAsyncContextManager
from pathlib import Path

from ...models import ConnectionId
from .._filelock import file_lock
from ._connection import Connection

__all__ = ["SQLiteTokenStore"]

_SAVE = "INSERT OR REPLACE INTO token (connection_id, secret) VALUES (?, ?)"


class SQLiteTokenStore:
    """
    A `TokenStore` in a database; made by `SQLiteDatabase`.

    Secrets are not encrypted: the mode of the file protects them. `lock` holds one file per connection in a folder
    beside the database, with a lock of the operating system that ends with its holder; so all processes have to be
    on one machine, as for SQLite itself.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._locks = Path(f"{connection.path}.locks")

    async def load(self, connection_id: ConnectionId) -> bytes | None:
        """Return the secret saved last by any process, None if there is none."""
        query = "SELECT secret FROM token WHERE connection_id = ?"
        row = await self._connection.read(lambda connection: connection.execute(query, (connection_id,)).fetchone())
        return None if row is None else bytes(row[0])

    async def save(self, connection_id: ConnectionId, secret: bytes) -> None:
        """Keep a secret in place of the one before. On return it survives even a loss of power."""
        await self._connection.write(lambda connection: connection.execute(_SAVE, (connection_id, secret)))

    async def delete(self, connection_id: ConnectionId) -> None:
        """Forget a secret, if there is one."""
        query = "DELETE FROM token WHERE connection_id = ?"
        await self._connection.write(lambda connection: connection.execute(query, (connection_id,)))

    def lock(self, connection_id: ConnectionId) -> AbstractAsyncContextManager[None]:
        """Hold one connection's secret alone, among all tasks and processes that use the file."""
        return file_lock(self._locks / hashlib.sha256(connection_id.encode()).hexdigest()[:32])
