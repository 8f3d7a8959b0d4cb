"""Files of ours that the layout no longer has: they step aside where they are in the way, and go if they may."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

import attrs

from ..models import DeletionPolicy, PageId, Reason, SpaceId, SpaceMapping
from ..paths import collision_key
from ._actions import DeletePage, MovePage
from ._footprint import Footprint
from ._layout import EXTENSION, Layout
from ._manifest import Manifest
from ._moves import SpareNames
from ._tree import numeric_order

__all__ = ["StaleFile", "deletions", "stale_files", "step_aside"]


@attrs.frozen
class StaleFile:
    """A path of ours that is no page's place, and the page it was written for, which may be listed elsewhere."""

    page_id: PageId
    path: str


def stale_files(
    manifest: Manifest,
    layout: Layout,
    *,
    going: Collection[PageId],
    missing: Collection[str],
    needed: Collection[str],
    unsure: Collection[str],
) -> list[StaleFile]:
    """
    Return the files of pages that are not listed, and what broken runs left of others, in order of page id.

    Not among them are files of pages that are `going` to where they belong, paths at which there is nothing, and what
    is overwritten: paths that are `needed` of which nobody knows what lies there, given by `unsure` collision keys.
    """
    files = {
        claim.path: StaleFile(claim.page_id, claim.path)
        for claim in manifest.claims.values()
        if claim.path not in missing and claim.path not in needed
    }
    for entry in manifest.entries.values():
        files.pop(entry.path, None)
    for page_id, entry in manifest.entries.items():
        if page_id in going or layout.paths.get(page_id) == entry.path:
            continue
        overwritten = entry.path in needed and collision_key(entry.path) in unsure
        if page_id not in layout.paths or not (overwritten or entry.path in missing):
            files[entry.path] = StaleFile(page_id, entry.path)
    return sorted(files.values(), key=lambda file: (numeric_order(file.page_id), file.path))


def step_aside(
    files: Sequence[StaleFile], needed: Footprint, spare: SpareNames, *, space_id: SpaceId
) -> Iterator[MovePage]:
    """Move a space's files out of the way of all pages; whether they are deleted is decided apart."""
    for file in files:
        if needed.clashes(file.path):
            name = file.path.rpartition("/")[2].removesuffix(EXTENSION)
            yield MovePage(file.page_id, file.path, spare.take(name, file.page_id, "old", space_id), space_id=space_id)


def deletions(
    files: Sequence[StaleFile],
    aside: Sequence[MovePage],
    layout: Layout,
    mapping: SpaceMapping,
    *,
    managed: int,
    elsewhere: Collection[PageId],
    confirmed: Collection[PageId],
) -> tuple[list[DeletePage], list[DeletePage]]:
    """
    Return (deletions allowed, deletions held). What an incomplete listing does not have may still exist.

    A page that is `elsewhere`, in another space, is not gone: what it left behind is neither held nor kept. Deletions
    that were held are allowed once all of them are `confirmed`.
    """
    if not layout.snapshot.complete:
        return [], []
    now = {move.source: move.target for move in aside}
    gone, left = [], []
    for file in files:
        path = now.get(file.path, file.path)
        if file.page_id in layout.paths:
            left.append(DeletePage(file.page_id, path, Reason.INTERRUPTED))
        elif file.page_id in elsewhere:
            left.append(DeletePage(file.page_id, path, Reason.MOVED))
        elif mapping.deletions is DeletionPolicy.DELETE:
            gone.append(DeletePage(file.page_id, path, Reason.GONE))
    pages = {action.page_id for action in gone}
    many = len(pages) > mapping.max_delete_files and len(pages) > mapping.max_delete_share * managed
    if many and not pages.issubset(confirmed):
        return left, gone
    return gone + left, []
