"""`plan_sync`: what has to change so that the folder mirrors the snapshot."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from ..models import DeletionPolicy, Page, PageId, Reason, SpaceMapping, TreeSnapshot
from ..paths import collision_key
from ._actions import DeletePage, Plan, WritePage
from ._layout import EXTENSION, Layout, plan_layout
from ._links import Atlas, relative_href
from ._manifest import Manifest, ManifestEntry, source_fingerprint
from ._moves import order_moves
from ._roots import space_roots
from ._tree import numeric_order

__all__ = ["plan_sync"]


def plan_sync(
    snapshot: TreeSnapshot,
    manifest: Manifest,
    mapping: SpaceMapping,
    *,
    occupied: Collection[str] = frozenset(),
    missing: Collection[str] = frozenset(),
    converter: str = "",
    layout: Layout | None = None,
    atlas: Atlas | None = None,
    rebuild: bool = False,
) -> Plan:
    """
    Decide what has to change so that the folder mirrors the snapshot. Pure: no IO, no clock.

    Args:
        snapshot: Remote tree. If it is not complete, no deletion is planned.
        manifest: What earlier runs wrote for this mapping, and what they claimed.
        mapping: Folder and options.
        occupied: Paths in the VFS that belong to others; never touched, so pages step aside.
        missing: Paths of the manifest at which there is no file any more; they are written again.
        converter: Fingerprint of the converter in use; files made by another one are written again.
        layout: Where pages land, if it was planned before (several spaces); otherwise it is planned here.
        atlas: The layouts of all mapped spaces, for links between them; otherwise this space alone.
        rebuild: Write every page again.

    Returns:
        Actions in the order to apply them, and the layout they lead to.

    Raises:
        ConfigurationError: The mapping's folder is not a valid path.
    """
    if layout is None:
        root = space_roots([(mapping, snapshot.space)])[snapshot.space.id]
        layout = plan_layout(snapshot, root=root, occupied=occupied)
    judge = _Judge(layout, manifest, atlas or Atlas([layout]), frozenset(missing), converter, rebuild=rebuild)
    moves: dict[PageId, tuple[str, str]] = {}
    writes: list[WritePage] = []
    for page in sorted(snapshot.pages.values(), key=lambda page: numeric_order(page.id)):
        entry, path = manifest.entries.get(page.id), layout.paths[page.id]
        if entry is not None and judge.moves(entry, path):
            moves[page.id] = (entry.path, path)
        if reason := judge.reason(page, entry):
            writes.append(_write(page, entry, path, reason))
    gone = _gone(manifest, snapshot, mapping)
    moves.update(_step_aside(manifest, layout, occupied, missing))
    deletes, held = _guard(gone, manifest, mapping, moves)
    touched = {write.page_id for write in writes}.union(page_id for page_id in moves if page_id in snapshot.pages)
    return Plan(
        layout=layout,
        moves=order_moves(moves, root=layout.root),
        writes=writes,
        deletes=[*deletes, *_leftovers(manifest, layout, writes)],
        held=held,
        unchanged=len(snapshot.pages) - len(touched),
        warnings=layout.warnings,
    )


class _Judge:
    """Says of one page whether its file has to be moved or written, and why."""

    def __init__(
        self,
        layout: Layout,
        manifest: Manifest,
        atlas: Atlas,
        missing: frozenset[str],
        converter: str,
        *,
        rebuild: bool,
    ) -> None:
        self._layout = layout
        self._claims = manifest.claims
        self._atlas = atlas
        self._missing = missing
        self._converter = converter
        self._rebuild = rebuild

    def moves(self, entry: ManifestEntry, path: str) -> bool:
        """While claims are open nobody knows what lies where, so content is written, not moved."""
        return entry.path != path and not self._claims and entry.path not in self._missing

    def reason(self, page: Page, entry: ManifestEntry | None) -> Reason | None:
        """Return why the page's file has to be written; None if what there is, possibly moved, is right."""
        if entry is None:
            return Reason.NEW
        path = self._layout.paths[page.id]
        if entry.version != page.version or entry.source != source_fingerprint(page, self._layout.snapshot):
            return Reason.CHANGED
        if self._claims and (entry.path in self._claims or entry.path != path):
            return Reason.INTERRUPTED
        if entry.path in self._missing:
            return Reason.FILE_MISSING
        if entry.converter != self._converter:
            return Reason.CONVERTER_CHANGED
        if self._links_differ(entry, path):
            return Reason.LINK_TARGET_MOVED
        return Reason.REBUILD if self._rebuild else None

    def _links_differ(self, entry: ManifestEntry, path: str) -> bool:
        space_key = self._layout.snapshot.space.key
        for link in entry.links:
            target = self._atlas.target(link.link, space_key=space_key)
            if target == link.path and entry.path == path:
                continue
            if target is None or link.path is None:
                if target is not link.path:
                    return True
            elif relative_href(path, target) != relative_href(entry.path, link.path):
                return True
        return False


def _write(page: Page, entry: ManifestEntry | None, path: str, reason: Reason) -> WritePage:
    previous = entry.path if entry is not None and entry.path != path else None
    was = entry.version if entry is not None else None
    return WritePage(page.id, path, reason, version=page.version, was=was, previous_path=previous)


def _gone(manifest: Manifest, snapshot: TreeSnapshot, mapping: SpaceMapping) -> list[ManifestEntry]:
    """Return the entries of pages that a complete listing does not have; absence from an incomplete one is no proof."""
    if not snapshot.complete or mapping.deletions is DeletionPolicy.KEEP:
        return []
    absent = [entry for page_id, entry in manifest.entries.items() if page_id not in snapshot.pages]
    return sorted(absent, key=lambda entry: numeric_order(entry.page_id))


def _step_aside(
    manifest: Manifest, layout: Layout, occupied: Collection[str], missing: Collection[str]
) -> Iterator[tuple[PageId, tuple[str, str]]]:
    """Move files of absent pages away from names that the layout needs; whether they are deleted is decided apart."""
    absent = [entry for page_id, entry in manifest.entries.items() if page_id not in layout.paths]
    absent = [entry for entry in absent if entry.path not in missing]
    if not absent or manifest.claims:
        return
    taken = {collision_key(path) for path in (*layout.paths.values(), *occupied)}
    taken.update(key.rpartition("/")[0] for key in list(taken))
    for entry in absent:
        if collision_key(entry.path) in taken:
            stem = entry.path.removesuffix(EXTENSION)[:200]
            yield entry.page_id, (entry.path, f"{stem} ({entry.page_id}) gone{EXTENSION}")


def _guard(
    gone: list[ManifestEntry], manifest: Manifest, mapping: SpaceMapping, moves: dict[PageId, tuple[str, str]]
) -> tuple[list[DeletePage], list[DeletePage]]:
    """Return (deletions allowed, deletions held)."""
    actions = [
        DeletePage(entry.page_id, moves[entry.page_id][1] if entry.page_id in moves else entry.path, Reason.GONE)
        for entry in gone
    ]
    share = mapping.max_delete_share * len(manifest.entries)
    if len(actions) > mapping.max_delete_files and len(actions) > share:
        return [], actions
    return actions, []


def _leftovers(manifest: Manifest, layout: Layout, writes: list[WritePage]) -> Iterator[DeletePage]:
    """Delete what a broken run left: claimed paths, and old paths of pages that are written elsewhere, not moved."""
    needed = {collision_key(path) for path in layout.paths.values()}
    needed.update(
        collision_key(entry.path) for page_id, entry in manifest.entries.items() if page_id not in layout.paths
    )
    owners = {claim.path: claim.page_id for claim in manifest.claims.values()}
    if manifest.claims:
        owners |= {write.previous_path: write.page_id for write in writes if write.previous_path is not None}
    for path in sorted(owners):
        if collision_key(path) not in needed:
            yield DeletePage(owners[path], path, Reason.INTERRUPTED)
