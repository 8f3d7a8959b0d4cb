"""Step three: files move to where they belong, a portion at a time, each move recorded at once.

What is left to move after a portion any process can tell by planning again. Only the paths of the portion are claimed:
if it is broken off nobody knows what was moved, so what is claimed then is written instead.
"""

from __future__ import annotations

import attrs

from ..errors import DocumentNotFoundError, StorageError
from ..events import PageMoved
from ..models import PageId
from ..paths import collision_key
from ..planner import Claim, JointPlan, MoveGroup, MovePage
from ..protocols import Change
from ._context import RunContext
from ._edits import keep_local_edit, note_digests
from ._failures import fail_page, fail_space

__all__ = ["move_files"]


async def move_files(run: RunContext, joint: JointPlan) -> JointPlan:
    """
    Make some of the moves of a plan, one after the other, and return it with those that are left.

    If one fails the others of its group rely on the place it should have left, so they wait for the next run.
    """
    (group, *others) = joint.moves
    portion, left = _cut(group, run.options.step_writes)
    try:
        await _move_all(run, joint, portion)
    except StorageError as error:
        for space_id in sorted(group.spaces.intersection(joint.plans)):
            await fail_space(run, space_id, error)
        left = None
    return attrs.evolve(joint, moves=[left, *others] if left is not None else others)


def _cut(group: MoveGroup, most: int) -> tuple[MoveGroup, MoveGroup | None]:
    """Divide a group so that a page that moves twice, from and to where it is parked, does so in one of the parts."""
    last = {move.page_id: index for index, move in enumerate(group.moves)}
    end = index = 0
    while index < max(end, min(most, len(group.moves))):
        end = max(end, last[group.moves[index].page_id] + 1)
        index += 1
    rest = group.moves[end:]
    return attrs.evolve(group, moves=group.moves[:end]), attrs.evolve(group, moves=rest) if rest else None


async def _move_all(run: RunContext, joint: JointPlan, group: MoveGroup) -> None:
    await run.memory.apply(
        *(run.memory.put_claim(move.space_id, Claim(move.target, move.page_id)) for move in group.moves)
    )
    told = run.state.failed_pages.union(write.page_id for space_id in group.spaces for write in joint.writes(space_id))
    sources: dict[PageId, str] = {}
    for move in group.moves:
        sources.setdefault(move.page_id, move.source)
        moved = await _move(run, move)
        plan = joint.plans[move.space_id]
        if move.page_id in told or plan.layout.paths.get(move.page_id) != move.target:
            continue  # it is parked, or gone, or there is another event for it
        page = plan.layout.snapshot.pages[move.page_id]
        if moved:
            facts = {"path": move.target, "previous_path": sources[page.id]}
            await run.events.emit(PageMoved, space_id=move.space_id, page_id=page.id, title=page.title, **facts)
        else:
            message = f"{move.source} vanished before it could be moved; the next run writes the page again"
            await fail_page(run, page, move.target, StorageError(message))


async def _move(run: RunContext, move: MovePage) -> bool:
    """Move one file; False if it was taken away since it was seen, so that it has to be written again."""
    await run.lease.confirm()
    if collision_key(move.source) != collision_key(move.target):  # else the target may be the source itself
        await keep_local_edit(run, move.space_id, move.page_id, move.target, written="")
    try:
        await run.vfs.move(move.source, move.target)
    except DocumentNotFoundError:
        moved = False
    else:
        moved = True
    owner = move.from_space or move.space_id
    entry = (await run.memory.entries(owner, [move.page_id])).get(move.page_id)
    changes: list[Change] = []
    if entry is not None and entry.path == move.source:
        changes += [run.memory.remove_claim(move.space_id, move.target), run.memory.remove_entry(owner, move.page_id)]
        if moved:
            changes.append(run.memory.put_entry(move.space_id, attrs.evolve(entry, path=move.target)))
        else:
            await note_digests(run, owner, [entry])
    await run.memory.apply(*changes)  # a file that a broken run did not record stays a claim, of its new path
    return moved
