"""Locks that processes share, and that the death of their holder frees."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

from sqlalchemy import column, func, select, table

from ...models import ConnectionId
from .._filelock import file_lock
from ._access import Access

__all__ = ["Lock", "advisory_lock", "lock_in"]

Lock = Callable[[ConnectionId], AbstractAsyncContextManager[None]]

_settings = table("pg_settings", column("name"), schema="pg_catalog")
_wait_for_ever = select(func.set_config(_settings.c.name, "0", False)).where(
    _settings.c.name.in_(["statement_timeout", "lock_timeout", "idle_session_timeout"])
)
"""Whatever limits the role or the database has; the last one came with PostgreSQL 14."""


@asynccontextmanager
async def advisory_lock(access: Access, connection_id: ConnectionId) -> AsyncIterator[None]:
    """Hold a lock of PostgreSQL's, on a session that ends with it: no server, proxy or pool keeps it by mistake."""
    async with access.session() as session:
        with access.failures():
            await session.execute(_wait_for_ever)
            await session.execute(select(func.pg_advisory_lock(_number(connection_id))))
        yield


def lock_in(folder: Path, connection_id: ConnectionId) -> AbstractAsyncContextManager[None]:
    """Hold a lock on a file of this folder, for all processes of one machine."""
    return file_lock(folder / _digest(connection_id).hex()[:32])


def _number(connection_id: ConnectionId) -> int:
    """
    Return a key of 64 bits.

    It leaves the schema out: processes that reach one schema by different names have to mean the same lock.
    """
    return int.from_bytes(_digest(f"confluence-sync/{connection_id}")[:8], signed=True)


def _digest(name: str) -> bytes:
    return hashlib.sha256(name.encode("utf-8", "surrogatepass")).digest()
