"""What is not ours: what people typed into our files, or put in their place, is kept before it is lost."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256

from ..errors import DocumentNotFoundError
from ..events import FileKept
from ..models import LocalEditPolicy, PageId, SpaceId
from ..paths import beside
from ..planner import ManifestEntry
from ._context import RunContext
from ._records import PageDigests

__all__ = ["forget_digests", "keep_local_edit", "note_digests"]


async def keep_local_edit(run: RunContext, space_id: SpaceId, page_id: PageId, path: str, *, written: str) -> None:
    """
    Look at a path before it is overwritten or deleted: what is not ours is copied to a name of its own.

    The mapping may say that edits of our files do not count; a file where none of ours was recorded is always kept.
    The copy is nobody's of ours: no run touches it again, not even to make another copy of the same content, should
    somebody have gone on writing in it. Its name depends on its content, so a repeated run makes no second copy.

    Args:
        run: With the digests of all files of ours, should this one not have its own.
        space_id: Whose mapping decides.
        page_id: The page whose file belongs there.
        path: The file, if there is one.
        written: Digest of what was written there; "" if no file of ours is recorded there.

    Raises:
        StorageError: The file cannot be read or the copy not be written, so the file must stay.
    """
    if written and run.mapping(space_id).local_edits is LocalEditPolicy.OVERWRITE:
        return
    data = await _read(run, path)
    if data is None:
        return
    digest = sha256(data).hexdigest()
    if digest == written or digest in await _digests(run):
        return
    copy_path = await _place_of_copy(run, path, data, digest)
    await run.vfs.write(copy_path, data, {})
    await run.events.emit(FileKept, space_id=space_id, page_id=page_id, path=path, copy_path=copy_path)


async def _place_of_copy(run: RunContext, path: str, data: bytes, digest: str) -> str:
    """Return the first of the names for a copy at which there is nothing, or just this."""
    mark = f" (edited {digest[:8]})"
    place, number = beside(path, mark), 1
    while await _read(run, place) not in {None, data}:
        number += 1
        place = beside(path, f"{mark} {number}")
    return place


async def _read(run: RunContext, path: str) -> bytes | None:
    try:
        return await run.vfs.read(path)
    except DocumentNotFoundError:
        return None


async def note_digests(run: RunContext, space_id: SpaceId, entries: Sequence[ManifestEntry]) -> None:
    """
    Note files that are about to appear or to be forgotten, of at most 1,000 pages.

    Wherever a killed run leaves them, they are not taken for somebody's edits.
    """
    digests = await run.memory.digests_of(space_id, list({entry.page_id for entry in entries}))
    for entry in entries:
        known = digests.get(entry.page_id, PageDigests(page_id=entry.page_id))
        digests[entry.page_id] = known.adding(entry.digest)
    await run.memory.apply(*(run.memory.put_digests(space_id, known) for known in digests.values()))
    if run.digests is not None:
        run.digests.update(entry.digest for entry in entries)


async def forget_digests(run: RunContext) -> None:
    """Once it is known of every file of every space what it is, those of the manifests will do."""
    spaces = [mapping.space_id for mapping in run.state.mappings]
    if await run.memory.in_order(spaces):
        await run.memory.apply(*(run.memory.clear_digests(space_id) for space_id in spaces))


async def _digests(run: RunContext) -> set[str]:
    """
    Return the digests of all files of ours: after a kill a file may lie in another's place, or be unrecorded.

    Of all spaces, since files of one may lie in the folder of another.
    """
    async with run.digests_lock:
        if run.digests is None:
            known: set[str] = set()
            for mapping in run.state.mappings:
                manifest = await run.memory.manifest(mapping.space_id)
                known.update(entry.digest for entry in manifest.entries.values())
                known |= await run.memory.digests(mapping.space_id)
            run.digests = known
    return run.digests
