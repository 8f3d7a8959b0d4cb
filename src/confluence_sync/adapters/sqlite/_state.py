"""Documents and leases."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator, Collection, Mapping, Sequence

from ...protocols import Change, Clear, Clock, Put, Remove
from ._connection import Connection

__all__ = ["SQLiteStateStore"]

_SCAN = "SELECT key, data FROM document WHERE collection = ? AND key > ? ORDER BY key"
_ACQUIRE = """
    INSERT INTO lease (name, holder, expires) VALUES (:name, :holder, :now + :seconds)
    ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, expires = excluded.expires
    WHERE lease.holder = excluded.holder OR lease.expires <= :now
"""


class SQLiteStateStore:
    """A `StateStore` in a database; made by `SQLiteDatabase`."""

    def __init__(self, connection: Connection, clock: Clock) -> None:
        self._connection = connection
        self._clock = clock

    async def load(self, collection: str, key: str) -> bytes | None:
        """Return one document, None if there is none."""
        return (await self.load_many(collection, [key])).get(key)

    async def load_many(self, collection: str, keys: Collection[str]) -> Mapping[str, bytes]:
        """Return those of at most 1,000 documents that exist, by key."""
        marks = ", ".join("?" * len(keys))
        query = f"SELECT key, data FROM document WHERE collection = ? AND key IN ({marks})"  # noqa: S608 - only marks
        return await self._connection.read(lambda connection: dict(connection.execute(query, (collection, *keys))))

    async def scan(self, collection: str) -> AsyncIterator[tuple[str, bytes]]:
        """Yield all (key, document) pairs in code-point order of key."""
        async for key, data in self._connection.stream(_SCAN, (collection,), start=""):
            yield key, data

    async def apply(self, changes: Sequence[Change]) -> None:
        """Make all changes, in order, or none of them."""
        await self._connection.write(lambda connection: _apply(connection, changes))

    async def acquire_lease(self, name: str, holder: str, *, seconds: float) -> bool:
        """Take or renew a lease for some time from now; False if another holder has one that has not expired."""

        def acquire(connection: sqlite3.Connection) -> bool:
            now = self._clock.now().timestamp()  # read once the file is ours: waiting for it may take long
            lease = {"name": name, "holder": holder, "now": now, "seconds": seconds}
            return connection.execute(_ACQUIRE, lease).rowcount == 1

        return await self._connection.write(acquire)

    async def release_lease(self, name: str, holder: str) -> None:
        """Give a lease back, if this holder has it."""
        query = "DELETE FROM lease WHERE name = ? AND holder = ?"
        await self._connection.write(lambda connection: connection.execute(query, (name, holder)))


def _apply(connection: sqlite3.Connection, changes: Sequence[Change]) -> None:
    for change in changes:
        match change:
            case Put(collection, key, data):
                connection.execute("INSERT OR REPLACE INTO document VALUES (?, ?, ?)", (collection, key, data))
            case Remove(collection, key):
                connection.execute("DELETE FROM document WHERE collection = ? AND key = ?", (collection, key))
            case Clear(collection):
                connection.execute("DELETE FROM document WHERE collection = ?", (collection,))
