"""Files of which only the front matter changes: what lies below it is taken from the file, not fetched."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from hashlib import sha256

import attrs

from ..converter import Conversion, read_document, render_document
from ..errors import StorageError
from ..models import AccountId, PageId, Reason, TreeSnapshot
from ..planner import ManifestEntry, WritePage, source_fingerprint
from ._context import RunContext
from ._documents import PageFile, page_metadata
from ._together import together

__all__ = ["renew_files"]


async def renew_files(run: RunContext, tree: TreeSnapshot, writes: Sequence[WritePage]) -> dict[PageId, PageFile]:
    """Return the files of at most 1,000 pages that can be made of what is there; the others have to be fetched."""
    renewable = {write.page_id: write for write in writes if write.renews}
    entries = await run.memory.entries(tree.space.id, list(renewable)) if renewable else {}
    limit = asyncio.Semaphore(run.options.write_concurrency)

    async def renew(entry: ManifestEntry) -> PageFile | None:
        async with limit:
            return await _renew(run, tree, renewable[entry.page_id], entry)

    files = await together(map(renew, entries.values()))
    return {file.entry.page_id: file for file in files if file is not None}


async def _renew(run: RunContext, tree: TreeSnapshot, write: WritePage, entry: ManifestEntry) -> PageFile | None:
    try:
        data = await run.vfs.read(write.path)
    except StorageError:
        return None
    if entry.path != write.path:
        return None
    entry = attrs.evolve(entry, source=source_fingerprint(tree.pages[write.page_id], tree))
    if sha256(data).hexdigest() == entry.digest:
        return _with_new_front_matter(data, entry, tree, run.people.names)
    if write.reason is Reason.MOVED:  # edited by hand: it went along, and stays as it is
        return PageFile(data=None, metadata={}, entry=entry, conversion=Conversion(markdown=""))
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
