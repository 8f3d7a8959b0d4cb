"""Files of which only the front matter changes: what lies below it is taken from the file, not fetched."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import sha256

import attrs

from ..converter import Conversion, read_document, render_document
from ..errors import StorageError
from ..models import AccountId, PageId, Reason, TreeSnapshot
from ..planner import ManifestEntry, WritePage, source_fingerprint
from ._context import RunContext
from ._documents import PageFile, page_metadata

__all__ = ["renew_files"]


async def renew_files(run: RunContext, tree: TreeSnapshot, writes: Sequence[WritePage]) -> dict[PageId, PageFile]:
    """Return the files of at most 1,000 pages that can be made of what is there; the others have to be fetched."""
    renewable = {write.page_id: write for write in writes if write.renews}
    entries = await run.memory.entries(tree.space.id, list(renewable)) if renewable else {}
    files: dict[PageId, PageFile] = {}
    for page_id, entry in entries.items():
        file = await _renew(run, tree, renewable[page_id], entry)
        if file is not None:
            files[page_id] = file
    return files


async def _renew(run: RunContext, tree: TreeSnapshot, write: WritePage, entry: ManifestEntry) -> PageFile | None:
    try:
        data = await run.vfs.read(write.path)
    except StorageError:
        return None
    source = source_fingerprint(tree.pages[write.page_id], tree)
    if entry.path == write.path and sha256(data).hexdigest() == entry.digest:
        return _with_new_front_matter(data, attrs.evolve(entry, source=source), tree, run.people.names)
    if entry.path == write.path and write.reason is Reason.MOVED:  # edited by hand, and only moved: it stays as it is
        return PageFile(
            data=None, metadata={}, entry=attrs.evolve(entry, source=source), conversion=Conversion(markdown="")
        )
    return None


def _with_new_front_matter(
    data: bytes, entry: ManifestEntry, tree: TreeSnapshot, names: Mapping[AccountId, str]
) -> PageFile | None:
    """Return a file with new front matter; None if its links lead to another address of the site."""
    document = read_document(data)
    if not str(document.metadata.get("source_url", "")).startswith(f"{tree.base_url}/"):
        return None
    page = tree.pages[entry.page_id]
    metadata = page_metadata(page, tree, names)
    renewed = render_document(metadata, document.markdown)
    entry = attrs.evolve(entry, title=page.title, digest=sha256(renewed).hexdigest())
    return PageFile(data=renewed, metadata=metadata, entry=entry, conversion=Conversion(markdown=document.markdown))
