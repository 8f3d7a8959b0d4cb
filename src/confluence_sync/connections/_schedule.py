"""When each connection is due next, and how that changes with every run."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime, timedelta

import attrs

from ..documents import dump, load
from ..engine import RunRecord
from ..models import ConnectionId, Outcome, Trigger, WorkspaceId
from ..protocols import Change, Put, Remove, StateStore
from ._cadence import Cadence
from ._connection import Connection
from ._readable import readable

__all__ = ["Schedule", "ScheduleRegistry"]

_COLLECTION = "schedules"
_DAY = 24 * 3600.0
_HOUR = 3600.0


@attrs.frozen(kw_only=True)
class Schedule:
    """
    When a connection is due.

    Attributes:
        connection_id: A schedule of another connection than the workspace has now means nothing.
        next_at: When to run next, UTC; None for never, unless by hand.
        failures: Scheduled runs in a row that failed.
    """

    connection_id: ConnectionId
    next_at: datetime | None = None
    failures: int = 0

    def is_due(self, now: datetime) -> bool:
        """Whether a run should begin."""
        return self.next_at is not None and self.next_at <= now

    def planned(self, connection: Connection, now: datetime) -> Schedule:
        """Return the schedule of a connection whose cadence was set."""
        return attrs.evolve(self, next_at=_next(connection, now), failures=0)

    def taken(self, connection: Connection, now: datetime) -> Schedule:
        """
        Return the schedule once somebody began what is due.

        If that process dies, the next one begins at the next time; without a cadence, where a paused run is to be gone
        on with, in an hour.
        """
        return attrs.evolve(self, next_at=_next(connection, now) or now + timedelta(seconds=_HOUR))

    def failed(self, connection: Connection, now: datetime) -> Schedule:
        """Return the schedule after a scheduled run that failed: the next ones come ever less often, once a day."""
        later = _backed_off(connection.sync_every, self.failures)
        return attrs.evolve(self, next_at=_next(connection, now + later), failures=self.failures + 1)

    def after(self, run: RunRecord, connection: Connection, now: datetime) -> Schedule:
        """Return the schedule after a run: a paused one goes on when it may, one that was cut short at once."""
        scheduled = run.trigger is Trigger.SCHEDULED
        match run.outcome:
            case Outcome.PAUSED:
                return attrs.evolve(self, next_at=run.resume_at)
            case Outcome.FAILED:
                return self.failed(connection, now) if scheduled else self
            case Outcome.SUCCEEDED | Outcome.PARTIAL:
                next_at = self.next_at if connection.sync_every is not None else None
                return attrs.evolve(self, next_at=next_at, failures=0)
            case _:
                return attrs.evolve(self, next_at=now) if scheduled else self


class ScheduleRegistry:
    """Keeps schedules in a `StateStore`, by workspace."""

    def __init__(self, state: StateStore) -> None:
        self._state = state

    async def get(self, connection: Connection) -> Schedule:
        """Return the schedule of a connection; at first it is never due."""
        data = await self._state.load(_COLLECTION, connection.workspace)
        schedule = None if data is None else load(Schedule, data)
        if schedule is None or schedule.connection_id != connection.id:
            return Schedule(connection_id=connection.id)
        return schedule

    def all(self) -> AsyncIterator[tuple[WorkspaceId, Schedule]]:
        """Yield all schedules that this version can read, in order of workspace."""
        return readable(self._state, _COLLECTION, Schedule)

    async def put(self, connection: Connection, schedule: Schedule) -> None:
        """Keep a schedule, in place of the one before."""
        await self._state.apply([Put(_COLLECTION, connection.workspace, dump(schedule))])

    def remove(self, connection: Connection) -> Change:
        """Return the change that removes a schedule, to be made with others."""
        return Remove(_COLLECTION, connection.workspace)


def _next(connection: Connection, now: datetime) -> datetime | None:
    if connection.sync_every is None:
        return None
    return Cadence(connection.id, connection.sync_every).next_after(now)


def _backed_off(every: float | None, failures: int) -> timedelta:
    """Return what is added to the period after some failures before this one: doubled each time, up to a day."""
    if every is None or every >= _DAY:
        return timedelta(0)
    period = min(_DAY, every * 2.0 ** min(failures, 20))
    return timedelta(seconds=period - every)
