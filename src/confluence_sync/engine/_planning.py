"""Step two: decide everything, and claim the paths before the first effect on them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import PurePosixPath

from ..events import DeletionsHeld, RunWarned, SpacePlanned
from ..models import AccountId, RunMode, SpaceId, SpaceMapping, TreeSnapshot
from ..planner import Atlas, Claim, Estimate, Manifest, Plan, plan_layout, plan_sync, space_roots
from ..protocols import VFS
from ._context import EngineOptions, RunContext
from ._memory import Memory
from ._pauses import without_rebuilt
from ._places import keep_one_place
from ._records import Stage

__all__ = ["ensure_plans", "make_plans", "plan_spaces"]


async def make_plans(run: RunContext) -> None:
    """Plan all listed spaces together, claim the paths, and tell."""
    for space_id, plan in (await ensure_plans(run)).items():
        await _claim(run, space_id, plan)
        await _tell(run, space_id, plan)


async def ensure_plans(run: RunContext) -> dict[SpaceId, Plan]:
    """Return the plans of the run; a process that takes a run over makes them again, and gets what is left to do."""
    if run.plans is None:
        await run.people.recall()
        listed = {space_id for space_id, stage in run.state.stages.items() if stage is Stage.LISTED}
        trees: list[tuple[SpaceMapping, TreeSnapshot]] = []
        for mapping in run.state.mappings:
            record = await run.memory.space(mapping.space_id)
            if record is not None and record.generation:
                trees.append((mapping, await run.memory.tree(record)))
        trees = await keep_one_place(run, trees)
        run.atlas, plans = await plan_spaces(
            run.memory,
            run.vfs,
            trees,
            options=run.options,
            names=run.people.names,
            rebuild=run.state.mode is RunMode.REBUILD,
        )
        run.plans = {
            space_id: without_rebuilt(plan, run.state.rebuilt_to.get(space_id))
            for space_id, plan in plans.items()
            if space_id in listed
        }
    return run.plans


async def plan_spaces(
    memory: Memory,
    vfs: VFS,
    trees: Sequence[tuple[SpaceMapping, TreeSnapshot]],
    *,
    options: EngineOptions,
    names: Mapping[AccountId, str] | None = None,
    rebuild: bool,
) -> tuple[Atlas, dict[SpaceId, Plan]]:
    """
    Plan spaces that link to each other: first where all pages land, then what has to be done.

    Trees of spaces that cannot be synced right now belong here too, since links lead into them. To each space the
    files of the others are foreign: one that takes over another's name waits until the other has left.
    """
    roots = space_roots([(mapping, tree.space) for mapping, tree in trees])
    manifests = {tree.space.id: await memory.manifest(tree.space.id) for _, tree in trees}
    files = {space_id: await _files(vfs, root, manifests[space_id]) for space_id, root in roots.items()}
    occupied = {space_id: files[space_id] - manifests[space_id].paths() for space_id in files}
    layouts = {
        tree.space.id: plan_layout(tree, root=roots[tree.space.id], occupied=occupied[tree.space.id])
        for _, tree in trees
    }
    atlas = Atlas(layouts.values())
    plans = {
        tree.space.id: plan_sync(
            tree,
            manifests[tree.space.id],
            mapping,
            occupied=occupied[tree.space.id],
            missing=frozenset(_missing(manifests[tree.space.id], files[tree.space.id])),
            converter=options.conversion_for(mapping).fingerprint,
            layout=layouts[tree.space.id],
            atlas=atlas,
            names=names,
            rebuild=rebuild,
        )
        for mapping, tree in trees
    }
    return atlas, plans


async def _files(vfs: VFS, root: str, manifest: Manifest) -> frozenset[str]:
    """Return what lies in the space's folder or in its place, and in top folders with files that have to leave."""
    astray = {path.partition("/")[0] for path in manifest.paths() if not path.startswith(f"{root}/")}
    folders = astray if root.partition("/")[0] in astray else {root, *astray}
    places = [root, *map(str, PurePosixPath(root).parents[:-1])]
    in_place = [path for path in places if await vfs.stat(path) is not None]
    return frozenset(in_place).union([entry.path for folder in folders async for entry in vfs.scan(folder)])


def _missing(manifest: Manifest, files: frozenset[str]) -> Iterator[str]:
    for entry in manifest.entries.values():
        if entry.path not in files:
            yield entry.path


async def _claim(run: RunContext, space_id: SpaceId, plan: Plan) -> None:
    """Save every path that will come into use, in one transaction."""
    claims = [Claim(move.target, move.page_id) for move in plan.moves]
    claims += [Claim(write.path, write.page_id) for write in plan.writes if write.was is None or write.previous_path]
    await run.memory.apply(*(run.memory.put_claim(space_id, claim) for claim in claims))


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
    if plan.layout.aside and (there := await _files_of_others(run, space_id, plan.layout.root)):
        run.state.troubled = True
        message = f"{there} files of another space are still in its folder; the next run gives the pages their places"
        await run.events.emit(RunWarned, message=f"space {space.key}: {message}")
    for warning in plan.warnings:
        await run.events.emit(RunWarned, message=f"space {space.key}: {warning}")
    if plan.held:
        await run.events.emit(
            DeletionsHeld, space_id=space_id, space_key=space.key, deletions=len(plan.held), managed=plan.managed
        )
        run.state.troubled = True


def _unfetched(run: RunContext, plan: Plan) -> int:
    """Return how many pages are the same as far as the tree knows, and have failed because they are not."""
    touched = {move.page_id for move in plan.moves}.union(write.page_id for write in plan.writes)
    return len((run.state.failed_pages & plan.layout.snapshot.pages.keys()) - touched)


async def _files_of_others(run: RunContext, space_id: SpaceId, root: str) -> int:
    """Return how many files the other mapped spaces had in a space's folder before the run."""
    others = [mapping.space_id for mapping in run.state.mappings if mapping.space_id != space_id]
    manifests = [await run.memory.manifest(other) for other in others]
    return sum(path.startswith(f"{root}/") for manifest in manifests for path in manifest.paths())


async def _cost(run: RunContext, space_id: SpaceId, plan: Plan) -> Estimate:
    """Bodies that the walk has brought along cost nothing any more."""
    record = await run.memory.space(space_id)
    return plan.cost_to_apply(bodies_at_hand=record is not None and record.spooled)
