"""Step two: decide everything. Paths are claimed before the first effect on them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import attrs

from ..errors import ConfigurationError
from ..events import RunWarned, SpacePlanned
from ..models import AccountId, RunMode, SpaceId, SpaceMapping, TreeSnapshot
from ..planner import Claim, Estimate, JointPlan, MappedSpace, Plan, plan_spaces
from ..protocols import VFS, Change
from ._context import EngineOptions, RunContext
from ._failures import fail_space
from ._found import find_files
from ._held import hold_deletions
from ._memory import Memory
from ._pauses import without_rebuilt
from ._places import keep_one_place
from ._records import Stage

__all__ = ["claim_writes", "ensure_plans", "make_plans", "plan_trees"]


async def make_plans(run: RunContext) -> JointPlan:
    """Plan all listed spaces together, put their claims in order, and tell."""
    joint = await ensure_plans(run)
    await _settle_claims(run, joint)
    for space_id, plan in joint.plans.items():
        await _tell(run, space_id, plan)
    return joint


async def ensure_plans(run: RunContext) -> JointPlan:
    """Return the plans of the run; a process that takes a run over makes them again, and gets what is left to do."""
    if run.joint is None:
        await run.people.recall()
        listed = {space_id for space_id, stage in run.state.stages.items() if stage is Stage.LISTED}
        trees: list[tuple[SpaceMapping, TreeSnapshot]] = []
        for mapping in run.state.mappings:
            record = await run.memory.space(mapping.space_id)
            if record is not None and record.generation:
                trees.append((mapping, await run.memory.tree(record)))
        joint = await plan_trees(
            run.memory,
            run.vfs,
            await keep_one_place(run, trees),
            listed=listed,
            options=run.options,
            names=run.people.names,
            rebuild=run.state.mode is RunMode.REBUILD,
        )
        rebuilt = run.state.rebuilt_to
        plans = {space_id: without_rebuilt(plan, rebuilt.get(space_id)) for space_id, plan in joint.plans.items()}
        run.joint = attrs.evolve(joint, plans=plans)
        for space_id in listed.intersection(joint.homeless):
            await fail_space(run, space_id, ConfigurationError(joint.homeless[space_id]))
    return run.joint


async def plan_trees(
    memory: Memory,
    vfs: VFS,
    trees: Sequence[tuple[SpaceMapping, TreeSnapshot]],
    *,
    listed: Collection[SpaceId],
    options: EngineOptions,
    names: Mapping[AccountId, str] | None = None,
    rebuild: bool,
) -> JointPlan:
    """Plan spaces as one. Trees of spaces that cannot be synced right now belong here too, since links lead there."""
    confirmed = {space_id: held.deletions for space_id, held in (await memory.held()).items() if held.confirmed}
    spaces = [
        MappedSpace(
            mapping=mapping,
            snapshot=tree,
            manifest=await memory.manifest(tree.space.id),
            listed=tree.space.id in listed,
            converter=options.conversion_for(mapping).fingerprint,
            confirmed={action.page_id for action in confirmed.get(tree.space.id, ())},
        )
        for mapping, tree in trees
    ]
    return plan_spaces(spaces, files=await find_files(vfs, spaces), names=names, rebuild=rebuild)


async def claim_writes(run: RunContext, joint: JointPlan) -> None:
    """
    Save every path that will come into use by a write, in one transaction.

    Not before all moves are made: where a path is claimed nothing is moved any more, by whatever process.
    """
    changes: list[Change] = []
    for space_id, plan in joint.plans.items():
        moved = {move.page_id for move in plan.moves}
        changes += [
            run.memory.put_claim(space_id, Claim(write.path, write.page_id))
            for write in plan.writes
            if write.page_id not in moved and (write.was is None or write.previous_path)
        ]
    await run.memory.apply(*changes)


async def _settle_claims(run: RunContext, joint: JointPlan) -> None:
    """Close what means nothing any more, and give what another space needs to that."""
    memory = run.memory
    changes: list[Change] = []
    for space_id, plan in joint.plans.items():
        changes += [memory.remove_claim(space_id, claim.path) for claim in plan.closes]
    for former, heir, claim in joint.handed_over:
        changes += [memory.remove_claim(former, claim.path), memory.put_claim(heir, claim)]
    await memory.apply(*changes)


async def _tell(run: RunContext, space_id: SpaceId, plan: Plan) -> None:
    space = plan.layout.snapshot.space
    cost = await _cost(run, space_id, plan)
    await run.events.emit(
        SpacePlanned,
        space_id=space_id,
        space_key=space.key,
        writes=len(plan.writes),
        moves=len(plan.moves),
        deletes=len(plan.deletes),
        unchanged=plan.unchanged - _unfetched(run, plan),
        requests=cost.requests,
        points=cost.points,
    )
    for warning in plan.warnings:
        await run.events.emit(RunWarned, message=f"space {space.key}: {warning}")
    if plan.held:
        await hold_deletions(run, plan)


def _unfetched(run: RunContext, plan: Plan) -> int:
    """Return how many pages are the same as far as the tree knows, and have failed because they are not."""
    touched = {move.page_id for move in plan.moves}.union(write.page_id for write in plan.writes)
    return len((run.state.failed_pages & plan.layout.snapshot.pages.keys()) - touched)


async def _cost(run: RunContext, space_id: SpaceId, plan: Plan) -> Estimate:
    """Bodies that the walk has brought along cost nothing any more."""
    record = await run.memory.space(space_id)
    return plan.cost_to_apply(fetch_batch=run.options.fetch_batch, bodies_at_hand=record is not None and record.spooled)
