"""Step four, always last: delete the files of pages that are proven gone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from ..errors import ClientError, RemoteNotFoundError, StorageError
from ..events import PageDeleted, RunWarned
from ..models import Page, Reason, SpaceId
from ..planner import DeletePage
from ._context import RunContext
from ._edits import keep_local_edit, note_digests
from ._extent import alone
from ._together import together

__all__ = ["delete_files"]


class Proof(NamedTuple):
    """Whether a page is gone, or what kept us from knowing."""

    gone: bool
    doubt: str = ""


async def delete_files(run: RunContext, space_id: SpaceId, deletes: Sequence[DeletePage]) -> None:
    """
    Make some of the deletions of a plan: pages confirmed gone by id, and what a broken run left behind.

    The space has to answer first: in a space that cannot be seen every page looks deleted.

    Raises:
        ClientError: The space does not answer.
    """
    if any(action.reason is Reason.GONE for action in deletes):
        await run.client.space(space_id)
    proofs = await together(_prove(run, space_id, action) for action in deletes)
    for action, proof in zip(deletes, proofs, strict=True):
        if proof.gone:
            await _delete(run, space_id, action)
        elif proof.doubt:
            await _warn(run, f"{action.path} was not deleted: {proof.doubt}")


async def _prove(run: RunContext, space_id: SpaceId, action: DeletePage) -> Proof:
    """A page is gone if it is not there by id, or no longer current, or in another space."""
    if action.reason is not Reason.GONE:
        return Proof(gone=action.page_id not in run.state.failed_pages)  # else it may be all there is of the page
    page = await alone(run.client.page(action.page_id))
    if isinstance(page, RemoteNotFoundError):
        return Proof(gone=True)
    if isinstance(page, ClientError):
        return Proof(gone=False, doubt=str(page))
    if page.status != "current":
        return Proof(gone=True)
    if page.space_id not in {"", space_id} and _is_safe_elsewhere(run, page):
        return Proof(gone=True)
    return Proof(gone=False, doubt="the page was not listed, but is there; the next run looks again")


def _is_safe_elsewhere(run: RunContext, page: Page) -> bool:
    """Whether a page that is in another space now is not ours any more, or has its file there already."""
    mapped = any(mapping.space_id == page.space_id for mapping in run.state.mappings)
    return not mapped or (run.atlas.home(page.id) == page.space_id and page.id not in run.state.failed_pages)


async def _delete(run: RunContext, space_id: SpaceId, action: DeletePage) -> None:
    """Delete one file and forget it; what cannot be deleted stays ours, so that the next run tries again."""
    await run.lease.confirm()
    entry = (await run.memory.entries(space_id, [action.page_id])).get(action.page_id)
    recorded = entry is not None and entry.path == action.path
    written = entry.digest if entry is not None and recorded else ""
    if entry is not None and recorded:
        await note_digests(run, space_id, [entry])
    try:
        await keep_local_edit(run, space_id, action.page_id, action.path, written=written)
        await run.vfs.delete(action.path)
    except StorageError as error:
        await _warn(run, f"{action.path} could not be deleted: {error}")
        return
    changes = [run.memory.remove_claim(space_id, action.path)]
    if recorded:
        changes.append(run.memory.remove_entry(space_id, action.page_id))
    await run.memory.apply(*changes)
    if entry is not None and action.reason is Reason.GONE:
        await run.events.emit(
            PageDeleted, space_id=space_id, page_id=action.page_id, title=entry.title, path=action.path
        )


async def _warn(run: RunContext, message: str) -> None:
    run.state.troubled = True
    await run.events.emit(RunWarned, message=message)
