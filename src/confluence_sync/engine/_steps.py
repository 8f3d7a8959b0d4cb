"""A run as a sequence of steps: prepare, list, plan, move, write, delete.

Each step is bounded, idempotent, and leaves everything in the store, so that any process can take the next one.
"""

from __future__ import annotations

from collections.abc import Awaitable, Iterator, Sequence
from itertools import islice

import attrs

from ..errors import ClientError, MissingScopeError
from ..events import RunStarted, RunWarned
from ..models import RunMode, Space, SpaceId, SpaceMapping
from ..planner import DeletePage, Plan, WritePage
from ..protocols import Change
from ._changes import can_list_changes, list_changes
from ._context import RunContext
from ._edits import forget_digests
from ._extent import alone
from ._failures import fail_space
from ._listing import list_space, tell_listed
from ._moving import move_files
from ._planning import claim_writes, ensure_plans, make_plans
from ._records import Phase, RunState, SpaceRecord, Stage, Walk
from ._removing import delete_files
from ._settled import is_settled, note_settled, tell_settled
from ._together import together
from ._writing import write_files

__all__ = ["take_step", "tell_started"]


async def tell_started(run: RunContext) -> None:
    """Tell that a run begins."""
    state = run.state
    await run.events.emit(
        RunStarted,
        connection_id=state.connection_id,
        trigger=state.trigger,
        mode=state.mode,
        spaces=tuple(mapping.space_id for mapping in state.mappings),
        continues=state.continues,
    )


async def take_step(run: RunContext) -> None:
    """
    Take the next step of a run, which changes `run.state`.

    Raises:
        ConfluenceSyncError: The run cannot go on. What concerns one space or one page is an event instead.
    """
    match run.state.phase:
        case Phase.PREPARE:
            await _prepare(run)
            run.state.phase = Phase.LIST
        case Phase.LIST:
            if await _list(run):
                run.state.phase = Phase.PLAN
        case Phase.PLAN:
            run.state.phase = Phase.MOVE if await _plan(run) else Phase.DONE
        case Phase.MOVE:
            if await _move(run):
                run.state.phase = Phase.WRITE
        case Phase.WRITE:
            if await _write(run):
                run.state.phase = Phase.DELETE
        case Phase.DELETE:
            if await _delete(run):
                run.state.phase = Phase.DONE
        case Phase.DONE:
            pass


async def _prepare(run: RunContext) -> None:
    """Check who we are and that the spaces are there, before anything is touched."""
    state = run.state
    try:
        await run.client.current_user()
    except MissingScopeError:
        await run.events.emit(RunWarned, message="the token may not read its own user; the identity was not checked")
    seen = await _look_at_spaces(run)
    await together(_prepare_space(run, mapping, seen.get(mapping.space_id)) for mapping in state.mappings)
    if not state.asked_names and await _lists_in_full(run):
        await run.people.refresh()
        state.asked_names = True


async def _lists_in_full(run: RunContext) -> bool:
    """Whether the run looks at more than changes; then it looks at people's names again, too."""
    if run.state.mode is not RunMode.INCREMENTAL:
        return True
    return not all(can_list_changes(run, record) for record in await _pending(run))


async def _look_at_spaces(run: RunContext) -> dict[SpaceId, Space]:
    """Look at all spaces at once. Those that do not show are asked for one by one, which tells why."""
    spaces = await alone(run.client.spaces(mapping.space_id for mapping in run.state.mappings))
    return {} if isinstance(spaces, ClientError) else {space.id: space for space in spaces}


async def _prepare_space(run: RunContext, mapping: SpaceMapping, seen: Space | None) -> None:
    space = seen if seen is not None else await alone(run.client.space(mapping.space_id))
    if isinstance(space, ClientError):
        await fail_space(run, mapping.space_id, space)
        return
    before = await run.memory.space(space.id)
    record = before if before is not None else SpaceRecord(space=space, base_url=run.client.site_url)
    record = attrs.evolve(record, space=space, walk=_resumed(run, record.walk))
    await run.memory.apply(run.memory.put_space(record))
    if run.state.stages.get(space.id) is Stage.LISTED and record.complete:  # by the run that this one goes on with
        await tell_listed(run, record)
    else:
        run.state.stages[space.id] = Stage.PENDING


def _resumed(run: RunContext, walk: Walk | None) -> Walk | None:
    """Return a walk that is worth going on with: it brought bodies and is not too old, or the run goes on with it."""
    if run.state.continues is not None:
        return walk
    if walk is None or not walk.with_bodies:
        return None
    age = (run.server_now() - walk.started_at).total_seconds()
    return attrs.evolve(walk, resumed=True) if age <= run.options.resume_walk_within else None


async def _list(run: RunContext) -> bool:
    """List one more portion; True once every space is listed or has failed."""
    pending = await _pending(run)
    if run.state.mode is RunMode.INCREMENTAL:
        known = [record for record in pending if can_list_changes(run, record)]
        if known:
            await _guarded(run, known, list_changes(run, known))
            return False
    if pending:
        await _guarded(run, pending[:1], list_space(run, pending[0]))
    return len(pending) <= 1 and not await _pending(run)


async def _pending(run: RunContext) -> list[SpaceRecord]:
    spaces = [space_id for space_id, stage in run.state.stages.items() if stage is Stage.PENDING]
    records = [await run.memory.space(space_id) for space_id in spaces]
    return [record for record in records if record is not None]


async def _guarded(run: RunContext, records: Sequence[SpaceRecord], listing: Awaitable[bool]) -> None:
    """Let a listing fail for its own spaces only, unless the reason concerns the whole connection."""
    finished = await alone(listing)
    pending = [record.space.id for record in records if run.state.stages[record.space.id] is Stage.PENDING]
    if isinstance(finished, ClientError):
        for space_id in pending:
            await fail_space(run, space_id, finished)
    elif finished:
        run.state.stages.update(dict.fromkeys(pending, Stage.LISTED))


async def _plan(run: RunContext) -> bool:
    """Plan; False if there is nothing to do, which the plan before this one has shown."""
    if await is_settled(run):
        await tell_settled(run)
        return False
    await run.memory.apply(run.memory.forget_applied_plan())
    await make_plans(run)
    return True


async def _move(run: RunContext) -> bool:
    """Move one more portion; True once everything is where it belongs."""
    run.joint = joint = await ensure_plans(run)
    if joint.moves:
        run.joint = joint = await move_files(run, joint)
    if joint.moves:
        return False
    await claim_writes(run, joint)
    return True


async def _write(run: RunContext) -> bool:
    """Write one more portion; True once there is nothing left to write."""
    for space_id, plan in (await _open_plans(run)).items():
        if portion := list(islice(_left_to_write(run.state, space_id, plan), run.options.step_writes)):
            await _fail_alone(run, space_id, write_files(run, space_id, plan, portion))
            run.state.written_to[space_id] = portion[-1].page_id
            return False
    return True


async def _fail_alone(run: RunContext, space_id: SpaceId, call: Awaitable[None]) -> None:
    """Let a call fail for its own space only, unless the reason concerns the whole connection."""
    if error := await alone(call):
        await fail_space(run, space_id, error)


def _left_to_write(state: RunState, space_id: SpaceId, plan: Plan) -> Iterator[WritePage]:
    """Yield what follows in order of page id; a plan made again in another process has what was written, too."""
    last = len(state.written_to.get(space_id, "")), state.written_to.get(space_id, "")
    for write in plan.writes:
        if (len(write.page_id), write.page_id) > last and write.page_id not in state.failed_pages:
            yield write


async def _delete(run: RunContext) -> bool:
    """Delete one more portion of what is proven gone; True once all are done, and what only this run needed is gone."""
    plans = await _open_plans(run)
    for space_id, plan in plans.items():
        if portion := _left_to_delete(run.state, space_id, plan)[: run.options.step_writes]:
            await _fail_alone(run, space_id, delete_files(run, space_id, portion))
            run.state.deleted_to[space_id] = portion[-1].path
            return False
    await run.lease.confirm()
    for space_id, plan in plans.items():
        await _tidy(run, space_id, plan)
    await forget_digests(run)
    await note_settled(run, await ensure_plans(run))
    return True


def _left_to_delete(state: RunState, space_id: SpaceId, plan: Plan) -> list[DeletePage]:
    """Return what follows in order of path; a plan made again in another process has what was in doubt, too."""
    last = state.deleted_to.get(space_id, "")
    return sorted((action for action in plan.deletes if action.path > last), key=lambda action: action.path)


async def _tidy(run: RunContext, space_id: SpaceId, plan: Plan) -> None:
    """Forget what only this run needed: a listing is good for the deletions of one run, and so is a confirmation."""
    changes: list[Change] = [run.memory.clear_spool(space_id)]
    if record := await run.memory.space(space_id):
        changes.append(run.memory.put_space(attrs.evolve(record, spooled=False, complete=False)))
    if plan.layout.snapshot.complete and not plan.held:
        changes.append(run.memory.remove_held(space_id))
    await run.memory.apply(*changes)


async def _open_plans(run: RunContext) -> dict[SpaceId, Plan]:
    plans = (await ensure_plans(run)).plans
    return {space_id: plan for space_id, plan in plans.items() if run.state.stages[space_id] is Stage.LISTED}
