"""Secrets, and the lock that makes their rotation safe."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from weakref import WeakValueDictionary

from sqlalchemy import delete, select

from ...models import ConnectionId
from ._access import Access
from ._locks import Lock
from ._schema import token

__all__ = ["SQLTokenStore"]


class SQLTokenStore:
    """
    A `TokenStore` in a database; made by `SQLDatabase`.

    Secrets are kept as they are given: whoever may read the table, or a backup of it, has them. Wrap the store in one
    that encrypts (`EncryptedTokenStore`) where that is too many.

    `lock` is an advisory lock of PostgreSQL, on a connection beside the pool that ends with it; so each lock that is
    held, or waited for, costs one connection, in each process once per connection to Confluence. A pooler between here
    and the server has to pool by session, not by transaction. In SQLite it is a lock on a file, in the folder
    `.locks` beside the database.
    """

    def __init__(self, access: Access, lock: Lock) -> None:
        self._access = access
        self._lock = lock
        self._queues: WeakValueDictionary[ConnectionId, asyncio.Lock] = WeakValueDictionary()

    async def load(self, connection_id: ConnectionId) -> bytes | None:
        """Return the secret saved last by any process, None if there is none."""
        rows = await self._access.read(select(token.c.secret).where(token.c.connection_id == connection_id))
        return bytes(rows[0].secret) if rows else None

    async def save(self, connection_id: ConnectionId, secret: bytes) -> None:
        """Keep a secret in place of the one before. On return it survives the death of the process."""
        row = {"connection_id": connection_id, "secret": bytes(secret)}
        await self._access.write(self._access.replace(token).values(row))

    async def delete(self, connection_id: ConnectionId) -> None:
        """Forget a secret, if there is one."""
        await self._access.write(delete(token).where(token.c.connection_id == connection_id))

    @asynccontextmanager
    async def lock(self, connection_id: ConnectionId) -> AsyncIterator[None]:
        """Hold one connection's secret alone, among all tasks and processes that use the database."""
        queue = self._queues.setdefault(connection_id, asyncio.Lock())  # of this process: one of it asks the server
        async with queue, self._lock(connection_id):
            yield
