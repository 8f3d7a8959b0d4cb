"""Live docs that come back empty.

Of a live doc the current version can be empty while an earlier one holds the text: then there is nothing to be had from
Confluence, and the file is all that is left of it.
"""

from __future__ import annotations

from ..converter import Document, read_document
from ..errors import StorageError
from ..models import Page, RunMode
from ..planner import ManifestEntry
from ._context import RunContext
from ._documents import PageFile

__all__ = ["find_text"]

_LIVE = "live"


async def find_text(run: RunContext, page: Page, file: PageFile, entry: ManifestEntry) -> Document | None:
    """Return the text that an empty live doc is about to replace. A rebuild takes the site at its word, and does so."""
    if page.subtype != _LIVE or file.conversion.markdown.strip() or run.state.mode is RunMode.REBUILD:
        return None
    try:
        data = await run.vfs.read(entry.path)
    except StorageError:
        return None
    document = read_document(data)
    return document if document.markdown.strip() else None
