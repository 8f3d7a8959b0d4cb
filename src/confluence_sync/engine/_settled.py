"""Runs that find nothing to do, and need no plan to know that.

A plan follows from the trees, the names of users, the spaces, the mappings and the converter, besides the files. Once
one has come true to its end, that is noted; the note goes in the transaction in which a tree or a name changes. As long
as it stands, and the rest is as it was, another plan would find nothing to do: so a run that found no change is over,
and has loaded no tree and looked at no file. What people did in the folder is left to the next run that plans.
"""

from __future__ import annotations

from hashlib import blake2b
from importlib.metadata import version

from ..events import SpacePlanned
from ..planner import JointPlan
from ._context import RunContext
from ._records import AppliedPlan, Stage

__all__ = ["is_settled", "note_settled", "tell_settled"]


async def is_settled(run: RunContext) -> bool:
    """Whether a plan of what is listed now has come true already."""
    applied = await run.memory.applied_plan()
    if applied is None or applied.basis != await _basis(run):
        return False
    return await run.memory.in_order([mapping.space_id for mapping in run.state.mappings])


async def tell_settled(run: RunContext) -> None:
    """Tell of each listed space that nothing is to be done; pages that could not be fetched have failed already."""
    for space_id, stage in run.state.stages.items():
        record = await run.memory.space(space_id)
        if stage is Stage.LISTED and record is not None:
            failed = await run.memory.pages(record, sorted(run.state.failed_pages))
            await run.events.emit(
                SpacePlanned,
                space_id=space_id,
                space_key=record.space.key,
                writes=0,
                moves=0,
                deletes=0,
                unchanged=record.pages - len(failed),
                requests=0,
                points=0,
            )


async def note_settled(run: RunContext, joint: JointPlan) -> None:
    """Note that a plan has come true, if all of it has."""
    if run.state.troubled or joint.plans.keys() != _listed(run):
        return
    actions = (action for plan in joint.plans.values() for action in plan.actions)
    if run.state.failed_pages.isdisjoint(action.page_id for action in actions):
        await run.memory.apply(run.memory.put_applied_plan(AppliedPlan(basis=await _basis(run))))


def _listed(run: RunContext) -> set[str]:
    return {space_id for space_id, stage in run.state.stages.items() if stage is Stage.LISTED}


async def _basis(run: RunContext) -> str:
    """Return a digest of what a plan follows from, but for what the note does not outlive."""
    listed = _listed(run)
    values = [version("confluence-sync-engine")]  # another one may have other rules
    for mapping in sorted(run.state.mappings, key=lambda mapping: mapping.space_id):
        record = await run.memory.space(mapping.space_id)
        known = None if record is None else (record.space, record.base_url)
        converter = run.options.conversion_for(mapping).fingerprint
        values.append(ascii((mapping, known, converter, mapping.space_id in listed)))
    return blake2b("\n".join(values).encode(), digest_size=16).hexdigest()
