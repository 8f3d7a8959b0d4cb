"""Paused runs, and those that follow them.

A run that used up the quota may be one of several that did: a connection larger than the quota would never come to an
end if each of them began at the beginning. On the other hand the site may have changed meanwhile. So the next run
lists everything anew where that is affordable, but not twice in a row.
"""

from __future__ import annotations

import attrs

from ..events import Counts
from ..models import Outcome, PageId, Reason, RunMode, SpaceId
from ..planner import Plan
from ..protocols import Change
from ._context import EngineOptions
from ._memory import Memory
from ._records import Phase, RunState, Stage

__all__ = ["after_pause", "note_pause", "without_rebuilt"]

_BY_DEPTH = (RunMode.INCREMENTAL, RunMode.FULL, RunMode.REBUILD)


def note_pause(memory: Memory, paused: RunState, outcome: Outcome) -> list[Change]:
    """Return what a run leaves to the next one: where it stood if it was paused, nothing once it came to its end."""
    match outcome:
        case Outcome.PAUSED:
            return [memory.put_paused(paused)]
        case Outcome.SUCCEEDED | Outcome.PARTIAL:
            return [memory.clear_paused()]
        case Outcome.FAILED | Outcome.CANCELLED:
            return []


async def after_pause(memory: Memory, asked: RunState, options: EngineOptions) -> RunState:
    """Return the run to begin: what was asked for, or else what a paused run of at least its depth left to do."""
    paused = await memory.paused()
    if paused is None or not _is_followed_by(paused, asked, within=options.resume_walk_within):
        return asked
    if _is_worth_repeating(paused, options):
        return attrs.evolve(asked, mode=paused.mode, pauses=1)
    return attrs.evolve(
        paused,
        run_id=asked.run_id,
        trigger=asked.trigger,
        started_at=asked.started_at,
        phase=Phase.PREPARE,
        stages={space_id: stage for space_id, stage in paused.stages.items() if stage is Stage.LISTED},
        seq=0,
        counts=Counts(),
        written_to={},
        deleted_to={},
        rebuilt_to=_rebuilt_to(paused),
        failed_pages=set(),
        requests=0,
        points=0,
        resume_at=None,
        continues=paused.run_id,
        pauses=paused.pauses + 1,
    )


def without_rebuilt(plan: Plan, rebuilt_to: PageId | None) -> Plan:
    """Return the rest of a plan of a rebuild that earlier runs have brought so far."""
    if rebuilt_to is None:
        return plan
    moving = {move.page_id for move in plan.moves}
    left = [
        write
        for write in plan.writes
        if write.reason is not Reason.REBUILD or write.page_id in moving or _is_later(write.page_id, rebuilt_to)
    ]
    return attrs.evolve(plan, writes=left, unchanged=plan.unchanged + len(plan.writes) - len(left))


def _is_followed_by(paused: RunState, asked: RunState, *, within: float) -> bool:
    """Whether a run does at most what a paused one had to do, and not too long after it."""
    if set(paused.mappings) != set(asked.mappings) or _BY_DEPTH.index(paused.mode) < _BY_DEPTH.index(asked.mode):
        return False
    return paused.resume_at is not None and (asked.started_at - paused.resume_at).total_seconds() <= within


def _is_worth_repeating(paused: RunState, options: EngineOptions) -> bool:
    """
    Whether all spaces are to be listed anew: for little, once, and if it is done in full.

    An incremental run would only ask for changes in a space whose daily listing in full is just done, but not applied.
    """
    return paused.mode is not RunMode.INCREMENTAL and not paused.pauses and paused.points < options.restart_below


def _rebuilt_to(paused: RunState) -> dict[SpaceId, PageId]:
    if paused.mode is not RunMode.REBUILD:
        return {}
    further = {
        space_id: page_id
        for space_id, page_id in paused.written_to.items()
        if _is_later(page_id, paused.rebuilt_to.get(space_id, PageId("")))
    }
    return paused.rebuilt_to | further


def _is_later(page_id: PageId, other: PageId) -> bool:
    """Whether a page comes after another in the order of plans: by number."""
    return (len(page_id), page_id) > (len(other), other)
