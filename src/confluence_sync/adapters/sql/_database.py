"""One database for everything that the library and its host remember."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Self

from sqlalchemy import URL
from sqlalchemy.ext.asyncio import AsyncEngine

from ...protocols import Clock
from ._access import Access
from ._engine import check_engine, make_engine, sqlite_file
from ._locks import Lock, advisory_lock, lock_in
from ._log import SQLLogSink
from ._points import SQLPointsLedger
from ._state import SQLStateStore
from ._tokens import SQLTokenStore

__all__ = ["SQLDatabase"]


class SQLDatabase:
    """
    State, secrets, run log and points in a database of the host's, for all processes that reach it.

    ```python
    async with SQLDatabase("postgresql://sync:password@db.example.com/product", schema="confluence") as database:
        await database.tokens.save(connection_id, secret)
    ```

    PostgreSQL 13 or later (asyncpg) and files of SQLite (aiosqlite) are supported and tested; the other asynchronous
    drivers of SQLAlchemy for these two may work. All other databases are refused. Every failure is a `StorageError`;
    tables of a newer version of this library are a `DocumentVersionError`.

    The tables are named `confluence_sync_*`, and made, or brought up to date, on entering the block, or else at the
    first use; so is their schema. Where they are there, no right to make them is needed. A pool that was made here
    tries its connections before use, and a SQLite file that was named here is kept at mode 0600.

    A database belongs to one event loop.

    Args:
        engine: A URL (without a driver: asyncpg, aiosqlite), or an engine of the host's, which is used as it is and
            never disposed of. SQLAlchemy logs the values of statements, secrets among them, where `echo` is on and
            `hide_parameters` is off.
        schema: Of the tables; None: the first one of the search path. PostgreSQL only.
        clock: For leases; None: the time of the server, which all processes share.

    Attributes:
        state: The `StateStore`.
        tokens: The `TokenStore`.
        log: The `RunLog`, with queries for the host.
        points: The `PointsLedger`.

    Raises:
        ConfigurationError: The database, its driver or a schema of this name cannot be used.
    """

    def __init__(
        self, engine: str | URL | AsyncEngine, *, schema: str | None = None, clock: Clock | None = None
    ) -> None:
        owned = not isinstance(engine, AsyncEngine)
        engine = engine if isinstance(engine, AsyncEngine) else make_engine(engine)
        check_engine(engine, schema)
        self._access = Access(engine, schema=schema, owned=owned)
        lock: Lock = partial(advisory_lock, self._access)
        if engine.dialect.name == "sqlite":
            lock = partial(lock_in, Path(f"{sqlite_file(engine.url)}.locks"))
        self.state = SQLStateStore(self._access, clock)
        self.tokens = SQLTokenStore(self._access, lock)
        self.log = SQLLogSink(self._access)
        self.points = SQLPointsLedger(self._access)

    async def __aenter__(self) -> Self:
        try:
            await self._access.open()
        except BaseException:
            await self.close()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the connections, if they were made here. May be called twice."""
        await self._access.close()
