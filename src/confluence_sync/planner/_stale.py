"""Files of ours that the layout no longer has: they step aside where they are in the way, and go if they may."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

import attrs

from ..models import DeletionPolicy, PageId, Reason, SpaceMapping
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


def stale_files(manifest: Manifest, layout: Layout, *, leaving: Collection[str]) -> list[StaleFile]:
    """
    Return the files of pages that are not listed, and what broken runs left of others, in order of page id.

    At the paths `leaving` there will be nothing once the moves of listed pages are done.
    """
    absent = {entry.path: entry.page_id for entry in manifest.entries.values() if entry.page_id not in layout.paths}
    settled = {*layout.paths.values(), *leaving}
    owners = {claim.path: claim.page_id for claim in manifest.claims.values()}
    owners |= {entry.path: entry.page_id for entry in manifest.entries.values()}
    owners = {path: page_id for path, page_id in owners.items() if path not in settled} | absent
    files = [StaleFile(page_id, path) for path, page_id in owners.items()]
    return sorted(files, key=lambda file: (numeric_order(file.page_id), file.path))


def step_aside(files: Sequence[StaleFile], layout: Layout, spare: SpareNames) -> Iterator[MovePage]:
    """Move files out of the way of the layout; whether they are deleted is decided apart."""
    if not files:
        return
    needed = Footprint(layout.paths.values())
    for file in files:
        if needed.clashes(file.path):
            name = file.path.rpartition("/")[2].removesuffix(EXTENSION)
            yield MovePage(file.page_id, file.path, spare.take(name, file.page_id, "old"))


def deletions(
    files: Sequence[StaleFile], aside: Sequence[MovePage], layout: Layout, mapping: SpaceMapping, *, managed: int
) -> tuple[list[DeletePage], list[DeletePage]]:
    """Return (deletions allowed, deletions held). What an incomplete listing does not have may still exist."""
    if not layout.snapshot.complete:
        return [], []
    now = {move.source: move.target for move in aside}
    gone, left = [], []
    for file in files:
        path = now.get(file.path, file.path)
        if file.page_id in layout.paths:
            left.append(DeletePage(file.page_id, path, Reason.INTERRUPTED))
        elif mapping.deletions is DeletionPolicy.DELETE:
            gone.append(DeletePage(file.page_id, path, Reason.GONE))
    pages = len({action.page_id for action in gone})
    if pages > mapping.max_delete_files and pages > mapping.max_delete_share * managed:
        return left, gone
    return gone + left, []
