"""The run log, and the queries with which a host shows it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime

from sqlalchemy import delete, func, select

from ...events import AnyEvent
from ...models import ConnectionId, RunId
from .._event_rows import LoggedRun, event_of, event_row, logged_run
from ._access import Access
from ._schema import event as events

__all__ = ["SQLLogSink"]

_later = events.alias()
_last = (
    select(_later.c.document)
    .where(_later.c.run_id == events.c.run_id)
    .order_by(_later.c.seq.desc())
    .limit(1)
    .scalar_subquery()
)
_runs = select(events.c.document, _last).where(events.c.connection_id.is_not(None)).order_by(events.c.at.desc())


class SQLLogSink:
    """A `RunLog` in a database; made by `SQLDatabase`."""

    def __init__(self, access: Access) -> None:
        self._access = access

    async def emit(self, event: AnyEvent) -> None:
        """Take one event; one that is repeated replaces the first."""
        await self._access.write(self._access.replace(events).values(event_row(event)))

    async def runs(self, connection_id: ConnectionId | None = None, *, limit: int = 50) -> list[LoggedRun]:
        """Return the latest runs, of one connection or of all, latest first."""
        query = _runs if connection_id is None else _runs.where(events.c.connection_id == connection_id)
        return [logged_run(first, last) for first, last in await self._access.read(query.limit(limit))]

    async def events(self, run_id: RunId, *, failed_first: bool = False) -> AsyncIterator[AnyEvent]:
        """Yield the events of a run in order of `seq`; with `failed_first`, the failures before all others."""
        run = select(events.c.seq, events.c.document).where(events.c.run_id == run_id)
        passes = [run.where(events.c.failed), run.where(~events.c.failed)] if failed_first else [run]
        for rows in passes:
            async for _, document in self._access.stream(rows):
                yield event_of(document)

    async def delete_runs(self, before: datetime) -> int:
        """Forget the runs whose last event is older; return how many events that were."""
        over = select(events.c.run_id).group_by(events.c.run_id).having(func.max(events.c.at) < before.timestamp())
        return await self._access.write(delete(events).where(events.c.run_id.in_(over)))
