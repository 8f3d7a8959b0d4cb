"""The run log, and the queries with which a host shows it."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from datetime import datetime

from ...events import AnyEvent
from ...models import ConnectionId, RunId
from .._event_rows import LoggedRun, event_of, event_row, logged_run
from ._connection import Connection

__all__ = ["LoggedRun", "SQLiteLogSink"]

_EMIT = """
    INSERT OR REPLACE INTO event (run_id, seq, at, connection_id, failed, document)
    VALUES (:run_id, :seq, :at, :connection_id, :failed, :document)
"""
_EVENTS = "SELECT seq, document FROM event WHERE run_id = ? AND seq > ? ORDER BY seq"
_EVENTS_BY_FAILED = "SELECT seq, document FROM event WHERE run_id = ? AND failed = ? AND seq > ? ORDER BY seq"
_LAST = "(SELECT document FROM event AS other WHERE other.run_id = event.run_id ORDER BY seq DESC LIMIT 1)"
_RUNS = f"SELECT document, {_LAST} FROM event WHERE connection_id IS NOT NULL ORDER BY at DESC LIMIT ?"  # noqa: S608 - constants
_RUNS_OF = f"SELECT document, {_LAST} FROM event WHERE connection_id = ? ORDER BY at DESC LIMIT ?"  # noqa: S608 - constants
_DELETE = "DELETE FROM event WHERE run_id IN (SELECT run_id FROM event GROUP BY run_id HAVING max(at) < ?)"


class SQLiteLogSink:
    """
    A `LogSink` in a database; made by `SQLiteDatabase`.

    Events survive the death of the process; a loss of power may take the last ones.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def emit(self, event: AnyEvent) -> None:
        """Take one event; one that is repeated replaces the first."""
        row = event_row(event)
        await self._connection.write(lambda connection: connection.execute(_EMIT, row), durable=False)

    async def runs(self, connection_id: ConnectionId | None = None, *, limit: int = 50) -> list[LoggedRun]:
        """Return the latest runs, of one connection or of all, latest first."""
        query, parameters = (_RUNS, (limit,)) if connection_id is None else (_RUNS_OF, (connection_id, limit))
        rows = await self._connection.read(lambda connection: connection.execute(query, parameters).fetchall())
        return [logged_run(first, last) for first, last in rows]

    async def events(self, run_id: RunId, *, failed_first: bool = False) -> AsyncIterator[AnyEvent]:
        """Yield the events of a run in order of `seq`; with `failed_first`, the failures before all others."""
        passes = (
            [(_EVENTS_BY_FAILED, (run_id, failed)) for failed in (1, 0)] if failed_first else [(_EVENTS, (run_id,))]
        )
        for query, parameters in passes:
            async for _, document in self._connection.stream(query, parameters, start=0):
                yield event_of(document)

    async def delete_runs(self, before: datetime) -> int:
        """Forget the runs whose last event is older; return how many events that were."""

        def delete(connection: sqlite3.Connection) -> int:
            return connection.execute(_DELETE, (before.timestamp(),)).rowcount

        return await self._connection.write(delete)
