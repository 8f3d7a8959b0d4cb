"""One SQLite connection that never blocks the event loop: all work on it is done by one thread, in order."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from ...errors import StorageError
from .._private_file import make_private
from ._schema import prepare

__all__ = ["Connection"]

T = TypeVar("T")
Work = Callable[[sqlite3.Connection], T]

_BUSY_SECONDS = 30.0
_CHUNK_BYTES = 1024 * 1024
_CHUNK_ROWS = 1000


class Connection:
    """The connection to one file, opened at the first use."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="confluence-sync-sqlite")
        self._connection: sqlite3.Connection | None = None
        self._closed = False

    async def open(self) -> None:
        """Open the file now, to learn of a fault early."""
        await self.read(lambda _: None)

    async def close(self) -> None:
        """Finish what was begun and close the file. May be called twice."""
        if not self._closed:
            self._closed = True
            await asyncio.get_running_loop().run_in_executor(self._thread, self._close)
            self._thread.shutdown(wait=False)

    async def read(self, work: Work[T]) -> T:
        """Do something that reads, in the thread."""
        return await self._submit(work)

    async def write(self, work: Work[T], *, durable: bool = True) -> T:
        """
        Do something that writes in a transaction of its own, in the thread.

        Args:
            work: All of it takes effect, or nothing if it raises.
            durable: Whether the result has to survive a loss of power, not only the death of the process. It costs
                a wait for the disk.
        """

        def transaction(connection: sqlite3.Connection) -> T:
            connection.execute(f"PRAGMA synchronous = {'FULL' if durable else 'NORMAL'}")
            with connection:
                connection.execute("BEGIN IMMEDIATE")
                return work(connection)

        return await self._submit(transaction)

    async def stream(self, query: str, parameters: tuple[Any, ...], start: Any) -> AsyncIterator[tuple[Any, Any]]:
        """
        Yield the (key, value) rows of a query in chunks; no read transaction stays open between them.

        Args:
            query: Gives rows with a key above its last parameter, ordered by it.
            parameters: All others.
            start: A key below all others.
        """
        last = start
        while chunk := await self.read(partial(_chunk, query=query, parameters=(*parameters, last))):
            for row in chunk:
                yield row
            last = chunk[-1][0]

    async def _submit(self, work: Work[T]) -> T:
        if self._closed:
            raise StorageError(f"the database {str(self.path)!r} is closed")
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._do, work)

    def _do(self, work: Work[T]) -> T:
        with self._errors():
            if self._connection is None:
                self._connection = _open(self.path)
            return work(self._connection)

    def _close(self) -> None:
        if self._connection is not None:
            with self._errors():
                self._connection.close()

    @contextmanager
    def _errors(self) -> Iterator[None]:
        """Let every failure say which file it is about."""
        try:
            yield
        except OSError as error:
            raise self._error(error.strerror or str(error)) from error
        except (sqlite3.Error, UnicodeEncodeError) as error:
            raise self._error(str(error)) from error
        except StorageError as error:
            raise type(error)(f"cannot use the database {str(self.path)!r}: {error}") from error

    def _error(self, reason: str) -> StorageError:
        return StorageError(f"cannot use the database {str(self.path)!r}: {reason}")


def _open(path: Path) -> sqlite3.Connection:
    make_private(path)
    connection = sqlite3.connect(path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False)
    try:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA journal_size_limit = 67108864")
        connection.execute("PRAGMA secure_delete = FAST")  # a secret that was replaced does not linger in its page
        prepare(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def _chunk(connection: sqlite3.Connection, query: str, parameters: tuple[Any, ...]) -> list[tuple[Any, Any]]:
    rows: list[tuple[Any, Any]] = []
    size = 0
    cursor = connection.execute(query, parameters)
    for row in cursor:
        rows.append(row)
        size += len(row[1])
        if size >= _CHUNK_BYTES or len(rows) >= _CHUNK_ROWS:
            break
    cursor.close()
    return rows
