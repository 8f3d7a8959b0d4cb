"""Step three: files move to where they belong, each move recorded at once."""

from __future__ import annotations

import attrs

from ..errors import DocumentNotFoundError, StorageError
from ..events import PageMoved
from ..models import PageId
from ..paths import collision_key
from ..planner import JointPlan, MoveGroup, MovePage
from ..protocols import Change
from ._context import RunContext
from ._edits import keep_local_edit, note_digests
from ._failures import fail_page

__all__ = ["move_files"]


async def move_files(run: RunContext, joint: JointPlan, group: MoveGroup) -> None:
    """
    Make the moves of a group, one after the other.

    Raises:
        StorageError: A move failed. The others rely on the place it should have left, so they wait for the next run.
    """
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
    elif not moved:
        changes.append(run.memory.remove_claim(move.space_id, move.target))
    await run.memory.apply(*changes)  # a file that a broken run did not record stays a claim, of its new path
    return moved
