"""`SyncEngine`: spaces into folders."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import uuid4

import attrs

from ..client import ConfluenceClient
from ..clock import SystemClock
from ..errors import ConfigurationError, RunInProgressError
from ..models import ConnectionId, Outcome, RunId, RunMode, SpaceId, SpaceMapping, Trigger
from ..planner import Plan
from ..protocols import VFS, Change, Clock, LogSink, StateStore
from ._context import EngineOptions, RunContext
from ._events import EventStream
from ._finish import StepResult, finish_without_lease, record_of, result_of, run_step
from ._guard import RunGuard
from ._lease import Lease
from ._memory import Memory
from ._past import ConnectionMemory
from ._pauses import after_pause
from ._people import People
from ._planning import plan_trees
from ._preview import Preview, estimate_run
from ._records import HeldDeletions, RunRecord, RunState
from ._report import RunReport
from ._run import SyncRun, hold_lease
from ._snapshots import take_snapshots

__all__ = ["SyncEngine"]


class SyncEngine:
    """
    Keeps the folders of one connection in step with its spaces.

    One run at a time: a run holds the connection's lease in the state store. `run` is the whole thing in this
    process; `begin` and `step` are the same steps for a durable task queue.

    Args:
        client: Of the connection's site.
        vfs: Where files go.
        state: The engine's memory. What is in it belongs to this connection and VFS.
        connection_id: Tells connections apart that share a state store.
        sink: Gets all events of all runs.
        clock: For tests.
        options: How a run goes about its work.
        guard: Has a say in whether runs go on.
    """

    def __init__(
        self,
        client: ConfluenceClient,
        vfs: VFS,
        state: StateStore,
        *,
        connection_id: str = "default",
        sink: LogSink | None = None,
        clock: Clock | None = None,
        options: EngineOptions | None = None,
        guard: RunGuard | None = None,
    ) -> None:
        self._client = client
        self._vfs = vfs
        self._memory = Memory(state, ConnectionId(connection_id))
        self._past = ConnectionMemory(state, ConnectionId(connection_id))
        self._guard = guard
        self._sink = sink
        self._clock = clock or SystemClock()
        self._options = options or EngineOptions()

    def run(
        self,
        mappings: Sequence[SpaceMapping],
        *,
        mode: RunMode = RunMode.FULL,
        trigger: Trigger = Trigger.MANUAL,
    ) -> SyncRun:
        """
        Return a run of all mapped spaces, to be entered: `async with engine.run(mappings) as run`.

        Args:
            mappings: Every mapping of the connection, so that links between spaces lead to files.
            mode: `INCREMENTAL` lists a space in full when it is synced for the first time.
            trigger: For the log; and incremental runs that are `SCHEDULED` list a space in full when it is time, see
                `EngineOptions.reconcile_after`.

        Raises:
            ConfigurationError: There are no mappings, or a space is mapped twice.
        """
        _check(mappings)

        async def begin() -> RunContext:
            return self._context(await self.begin(mappings, mode=mode, trigger=trigger))

        return SyncRun(begin)

    async def sync(
        self,
        mappings: Sequence[SpaceMapping],
        *,
        mode: RunMode = RunMode.FULL,
        trigger: Trigger = Trigger.MANUAL,
    ) -> RunReport:
        """Run to the end without looking at events; see `run`."""
        async with self.run(mappings, mode=mode, trigger=trigger) as run:
            return await run.wait()

    async def plan(self, mappings: Sequence[SpaceMapping], *, rebuild: bool = False) -> list[Plan]:
        """
        Return what a full run would do now, changing nothing; see `preview`, which does so as well as it can.

        Raises:
            ClientError: A space cannot be listed.
            ConfigurationError: The destination of a mapping is no valid path, or has no place for the space.
        """
        preview = await self.preview(mappings, rebuild=rebuild)
        for problem in preview.problems.values():
            raise problem
        return list(preview.plans)

    async def preview(self, mappings: Sequence[SpaceMapping], *, rebuild: bool = False) -> Preview:
        """
        Return what a full run would do now and what it would cost, changing nothing: the dry run.

        Lists every space without bodies: 1 request and 251 points per 250 pages. What a run that was killed or paused
        has left, and would spare the next one, is not taken into account.

        Raises:
            ClientError: Confluence cannot be read at all; a space that cannot be listed, or has no place in the folder,
                is in `Preview.problems`.
            ConfigurationError: The destination of a mapping is no valid path.
        """
        _check(mappings)
        found = await take_snapshots(self._client, self._memory, mappings, batch_size=self._options.listing_batch)
        joint = await plan_trees(
            self._memory, self._vfs, found.trees, listed=found.listed, options=self._options, rebuild=rebuild
        )
        plans = list(joint.plans.values())
        homeless = {space_id: ConfigurationError(reason) for space_id, reason in joint.homeless.items()}
        problems = {**homeless, **found.problems}
        return await estimate_run(self._memory, plans, self._options, rebuild=rebuild, problems=problems)

    async def runs(self) -> list[RunRecord]:
        """Return the runs of the connection, the last first."""
        return await self._past.runs()

    async def held_deletions(self) -> list[HeldDeletions]:
        """Return the deletions that runs held back and nobody has confirmed, by space."""
        return await self._past.held_deletions()

    async def confirm_deletions(self, space_id: SpaceId, token: str) -> None:
        """
        Let the next full run delete the files that were held back.

        It deletes what was shown and nothing else: each page still has to be proven gone by its id, one that is back
        keeps its file, and if more pages are gone by then, all are held back again, under another token.

        Args:
            space_id: The space.
            token: From `HeldDeletions` or the event `DeletionsHeld`.

        Raises:
            ConfigurationError: The token does not stand for what was held back last.
        """
        await self._past.confirm_deletions(space_id, token)

    async def forget(self) -> None:
        """
        Forget the connection: its spaces, its runs, and which files are its own. The files stay.

        Raises:
            RunInProgressError: A run is under way.
        """
        async with self._past.between_runs():
            await self._past.forget()

    async def forget_space(self, space_id: SpaceId) -> None:
        """
        Forget a space, so that a later run lists it as for the first time; its files are nobody's from now on.

        Raises:
            RunInProgressError: A run is under way.
        """
        async with self._past.between_runs():
            await self._past.forget_space(space_id)

    async def begin(
        self,
        mappings: Sequence[SpaceMapping],
        *,
        mode: RunMode = RunMode.FULL,
        trigger: Trigger = Trigger.MANUAL,
    ) -> RunState:
        """
        Take the lease and return a run at its beginning, for `step`.

        If the last run was paused, had the same mappings and at least the depth of this mode, this one does what that
        one left to do, in that one's mode; see `EngineOptions.restart_below`.

        Raises:
            ConfigurationError: There are no mappings, or a space is mapped twice.
            RunInProgressError: Another run holds the lease.
        """
        _check(mappings)
        state = RunState(
            run_id=RunId(uuid4().hex),
            connection_id=self._memory.connection_id,
            mode=mode,
            trigger=trigger,
            mappings=tuple(mappings),
            started_at=self._clock.now(),
        )
        await self._renew(state)
        try:
            state = await after_pause(self._memory, state, self._options)
            await self._memory.apply(*await self._close_dead_runs(state.run_id), self._memory.put_run(record_of(state)))
        except BaseException:
            await self._memory.store.release_lease(self._memory.lease, state.run_id)
            raise
        return state

    async def step(self, state: RunState) -> StepResult:
        """
        Take the next step of a run, which changes `state`; dump it with `documents.dump` to go on elsewhere.

        A run that is over stays so. The lease is renewed as long as the step takes; if it is lost the run fails, also
        if it expired between steps and another run has come and gone.

        Raises:
            RunInProgressError: The lease expired between steps and another run has it now.
        """
        if state.outcome is not None:
            return result_of(state)
        await self._renew(state)
        context = self._context(state)
        try:
            return await hold_lease(context, _confirmed_step(context))
        finally:
            await context.events.close(grace=self._options.sink_grace)

    async def _close_dead_runs(self, by: RunId) -> list[Change]:
        """Whoever has the lease knows that a run without an end has none because its process died, or stands still."""
        message = "the process that ran it died"
        return [
            self._memory.put_run(
                attrs.evolve(record, outcome=Outcome.FAILED, ended_at=self._clock.now(), closed_by=by, message=message)
            )
            for record in await self._memory.runs()
            if record.outcome is None
        ]

    async def _renew(self, state: RunState) -> None:
        held = await self._memory.store.acquire_lease(self._memory.lease, state.run_id, seconds=self._options.lease)
        if not held:
            raise RunInProgressError(
                f"another run of connection {state.connection_id!r} is under way; wait until it ends, "
                f"or {self._options.lease:.0f} seconds after it died"
            )

    def _context(self, state: RunState) -> RunContext:
        events = EventStream(state, self._clock, self._sink)
        return RunContext(
            client=self._client,
            vfs=self._vfs,
            memory=self._memory,
            clock=self._clock,
            options=self._options,
            events=events,
            people=People(self._client, self._memory, events),
            lease=Lease(self._memory, state.run_id, seconds=self._options.lease, clock=self._clock),
            state=state,
            guard=self._guard,
        )


async def _confirmed_step(context: RunContext) -> StepResult:
    try:
        await context.lease.renew()
    except RunInProgressError:
        return await finish_without_lease(context)
    return await run_step(context)


def _check(mappings: Sequence[SpaceMapping]) -> None:
    if not mappings:
        raise ConfigurationError("no space is mapped; give at least one SpaceMapping")
    spaces = [mapping.space_id for mapping in mappings]
    if twice := {space_id for space_id in spaces if spaces.count(space_id) > 1}:
        raise ConfigurationError(f"spaces are mapped twice: {', '.join(sorted(twice))}; map each once")
