"""Live docs that come back empty.

Of a live doc the current version can be empty while an earlier one holds the text: then there is nothing to be had from
Confluence, and the file is all that is left of it.
"""

from __future__ import annotations

from ..converter import read_document
from ..errors import StorageError
from ..models import Page, RunMode
from ..planner import ManifestEntry
from ._context import RunContext
from ._documents import PageFile

__all__ = ["would_empty"]

_LIVE = "live"


async def would_empty(run: RunContext, page: Page, file: PageFile, entry: ManifestEntry) -> bool:
    """Whether an empty live doc is about to replace a text. A rebuild takes the site at its word, and does so."""
    if page.subtype != _LIVE or file.conversion.markdown.strip() or run.state.mode is RunMode.REBUILD:
        return False
    try:
        data = await run.vfs.read(entry.path)
    except StorageError:
        return False
    return bool(read_document(data).markdown.strip())
