"""Runs of connections: by hand, or because one is due."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime

from ..connections import Connection, Schedule
from ..engine import Preview, RunReport, SyncRun
from ..errors import ConfigurationError, ConnectionStateError, NotEnabledError, RunInProgressError
from ..models import ConnectionId, ConnectionStatus, Outcome, RunMode, Trigger, WorkspaceId
from ._host import Host
from ._reach import Reach
from ._watch import Watch

__all__ = ["Runs"]


class Runs:
    """Begins runs, and knows those of this process."""

    def __init__(self, host: Host, reach: Reach) -> None:
        self._host = host
        self._reach = reach
        self._under_way: defaultdict[ConnectionId, set[SyncRun]] = defaultdict(set)

    @asynccontextmanager
    async def run(self, workspace: WorkspaceId, mode: RunMode, trigger: Trigger) -> AsyncIterator[SyncRun]:
        """Run all mappings of a workspace's connection."""
        connection = await self._ready(workspace)
        mappings = (await self._host.mappings.get(connection.id)).mappings
        client = await self._reach.open(connection)
        guard = Watch(self._host, self._reach, connection, client)
        async with self._reach.engine(connection, client, guard).run(mappings, mode=mode, trigger=trigger) as run:
            self._under_way[connection.id].add(run)
            try:
                yield run
            finally:
                self._forget(connection.id, run)

    async def cancel(self, connection: Connection) -> None:
        """End the runs of a connection in this process, if there are any."""
        for run in list(self._under_way.get(connection.id, ())):
            await run.cancel()

    async def preview(self, workspace: WorkspaceId) -> Preview:
        """Return what a full run would do now."""
        connection = await self._ready(workspace)
        mappings = (await self._host.mappings.get(connection.id)).mappings
        async with self._reach.client(connection) as client:
            return await self._reach.engine(connection, client).preview(mappings)

    async def paused_mode(self, workspace: WorkspaceId) -> RunMode:
        """
        Return the mode of the paused run that a workspace's connection has.

        Raises:
            ConfigurationError: The last run was not paused.
        """
        connection = await self._ready(workspace)
        last = next(iter(await self._host.memory(connection.id).runs()), None)
        if last is None or last.outcome is not Outcome.PAUSED:
            raise ConfigurationError(f"workspace {workspace!r} has no paused run to go on with; start one instead")
        return last.mode

    async def plan(self, connection: Connection) -> None:
        """Set when a connection is due next, now that it has another cadence."""
        await self._reschedule(connection, lambda schedule, now: schedule.planned(connection, now))

    async def run_due(self, workspace: WorkspaceId) -> RunReport | None:
        """Run what is due, and return how it ended; None if nothing is, or another run is under way."""
        if (connection := await self._take_turn(workspace)) is None:
            return None
        try:
            async with self.run(workspace, RunMode.INCREMENTAL, Trigger.SCHEDULED) as run:
                return await run.wait()
        except (RunInProgressError, ConnectionStateError, NotEnabledError):  # since the turn was taken
            return None
        except Exception:  # it did not even begin
            await self._reschedule(connection, lambda schedule, now: schedule.failed(connection, now))
            raise

    async def due(self, now: datetime) -> list[tuple[WorkspaceId, datetime]]:
        """Return the active connections that are due, the longest first."""
        times = [(workspace, at) for workspace, at in await self._times() if at <= now]
        due = [(workspace, at) for workspace, at in times if await self._host.is_enabled(workspace)]
        return sorted(due, key=lambda turn: (turn[1], turn[0]))

    async def next_due(self) -> datetime | None:
        """Return when the next connection is due, which may be past; None if none ever is."""
        times = [at for workspace, at in await self._times() if await self._host.is_enabled(workspace)]
        return min(times, default=None)

    async def _times(self) -> list[tuple[WorkspaceId, datetime]]:
        active = {
            connection.id
            for connection in await self._host.connections.all()
            if connection.status is ConnectionStatus.ACTIVE
        }
        return [
            (workspace, schedule.next_at)
            async for workspace, schedule in self._host.schedules.all()
            if schedule.next_at is not None and schedule.connection_id in active
        ]

    async def _take_turn(self, workspace: WorkspaceId) -> Connection | None:
        """Take the turn that is due, so that no other process does; None if there is none to take."""
        now = self._host.clock.now()
        if not await self._host.is_enabled(workspace):
            return None
        async with self._host.connections.exclusively(workspace):
            connection = await self._host.connections.find(workspace)
            if connection is None or connection.status is not ConnectionStatus.ACTIVE:
                return None
            schedule = await self._host.schedules.get(connection)
            if not schedule.is_due(now):
                return None
            await self._host.schedules.put(connection, schedule.taken(connection, now))
        return connection if (await self._host.mappings.get(connection.id)).mappings else None

    async def _reschedule(self, connection: Connection, to: Callable[[Schedule, datetime], Schedule]) -> None:
        """Change the schedule of a connection, if that is still there."""
        async with self._host.connections.exclusively(connection.workspace):
            now = await self._host.connections.find(connection.workspace)
            if now is not None and now.id == connection.id:
                schedule = await self._host.schedules.get(connection)
                await self._host.schedules.put(connection, to(schedule, self._host.clock.now()))

    async def _ready(self, workspace: WorkspaceId) -> Connection:
        await self._host.require_enabled(workspace)
        connection = await self._host.connections.get(workspace)
        connection.require(ConnectionStatus.ACTIVE)
        return connection

    def _forget(self, connection_id: ConnectionId, run: SyncRun) -> None:
        runs = self._under_way[connection_id]
        runs.discard(run)
        if not runs:
            del self._under_way[connection_id]
