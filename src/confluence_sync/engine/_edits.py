"""Files of ours that somebody edited by hand: what was typed is kept before the file is overwritten or deleted."""

from __future__ import annotations

from hashlib import sha256

from ..errors import DocumentNotFoundError
from ..events import FileKept
from ..models import LocalEditPolicy, SpaceId
from ..paths import beside
from ..planner import ManifestEntry
from ._context import RunContext

__all__ = ["keep_local_edit"]


async def keep_local_edit(run: RunContext, space_id: SpaceId, entry: ManifestEntry) -> None:
    """
    Copy a file to a name of its own if it is not what was written, unless the mapping says otherwise.

    The copy is nobody's of ours: no run touches it again. Its name depends on its content, so a repeated run makes no
    second copy.
    """
    if run.mapping(space_id).local_edits is LocalEditPolicy.OVERWRITE:
        return
    try:
        data = await run.vfs.read(entry.path)
    except DocumentNotFoundError:
        return
    digest = sha256(data).hexdigest()
    if digest == entry.digest:
        return
    copy_path = beside(entry.path, f" (edited {digest[:8]})")
    await run.vfs.write(copy_path, data, {})
    await run.events.emit(FileKept, space_id=space_id, page_id=entry.page_id, path=entry.path, copy_path=copy_path)
