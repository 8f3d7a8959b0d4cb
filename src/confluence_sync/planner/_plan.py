"""`plan_sync`: what has to change so that the folder mirrors the snapshot."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping

from ..models import AccountId, Page, Reason, SpaceMapping, TreeSnapshot
from ..paths import collision_key
from ._actions import MovePage, Plan, WritePage
from ._layout import Layout, plan_layout
from ._links import Atlas
from ._manifest import Manifest, ManifestEntry, source_fingerprint
from ._moves import SpareNames, order_moves
from ._roots import space_roots
from ._stale import deletions, stale_files, step_aside
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
    names: Mapping[AccountId, str] | None = None,
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
        names: Display names of all users that are known; None to leave names alone.
        rebuild: Write every page again.

    Returns:
        Actions in the order to apply them, and the layout they lead to.

    Raises:
        ConfigurationError: The mapping's folder is not a valid path, or a foreign file lies in its place.
    """
    if layout is None:
        root = space_roots([(mapping, snapshot.space)])[snapshot.space.id]
        layout = plan_layout(snapshot, root=root, occupied=occupied)
    judge = _Judge(
        layout, manifest, atlas or Atlas([layout]), frozenset(missing), converter, names=names, rebuild=rebuild
    )
    moves: list[MovePage] = []
    writes: list[WritePage] = []
    for page in sorted(snapshot.pages.values(), key=lambda page: numeric_order(page.id)):
        entry, path = manifest.entries.get(page.id), layout.paths[page.id]
        if entry is not None and judge.can_move(entry, path):
            moves.append(MovePage(page.id, entry.path, path))
        if reason := judge.reason(page, entry):
            writes.append(_write(page, entry, path, reason))
    touched = {move.page_id for move in moves}.union(write.page_id for write in writes)
    stale = stale_files(manifest, layout, leaving={*missing, *(move.source for move in moves)})
    spare = SpareNames(layout.root, (*occupied, *manifest.paths(), *layout.paths.values()) if moves or stale else ())
    aside = list(step_aside(stale, layout, spare))
    deletes, held = deletions(stale, aside, layout, mapping, managed=len(manifest.entries))
    return Plan(
        layout=layout,
        moves=order_moves([*aside, *moves], spare),
        writes=writes,
        deletes=deletes,
        held=held,
        managed=len(manifest.entries),
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
        names: Mapping[AccountId, str] | None,
        rebuild: bool,
    ) -> None:
        self._layout = layout
        self._interrupted = bool(manifest.claims)
        self._unsure = _unsure(manifest)
        self._atlas = atlas
        self._missing = missing
        self._converter = converter
        self._names = names
        self._rebuild = rebuild

    def can_move(self, entry: ManifestEntry, path: str) -> bool:
        """Whether the file can be moved to where it belongs. Where a run was interrupted, content is written."""
        if entry.path == path or self._interrupted or entry.path in self._missing:
            return False
        return collision_key(entry.path) not in self._unsure

    def reason(self, page: Page, entry: ManifestEntry | None) -> Reason | None:
        """Return why the page's file has to be written; None if what there is, possibly moved, is right."""
        if entry is None:
            return Reason.NEW
        path = self._layout.paths[page.id]
        if entry.version != page.version or entry.source != source_fingerprint(page, self._layout.snapshot):
            return Reason.CHANGED
        if self._names is not None and any(self._names.get(user, "") != name for user, name in entry.people):
            return Reason.CHANGED
        if (self._interrupted and entry.path != path) or collision_key(entry.path) in self._unsure:
            return Reason.INTERRUPTED
        if entry.path in self._missing:
            return Reason.FILE_MISSING
        if entry.converter != self._converter:
            return Reason.CONVERTER_CHANGED
        if self._links_differ(entry, path):
            return Reason.LINK_TARGET_MOVED
        return Reason.REBUILD if self._rebuild else None

    def _links_differ(self, entry: ManifestEntry, path: str) -> bool:
        key = self._layout.snapshot.space.key
        return any(
            self._atlas.link_target(link.link, space_key=key, source=path) != link for link in entry.links
        ) or any(
            self._atlas.child_list(known.parent, page_id=entry.page_id, space_key=key, source=path) != known
            for known in entry.child_lists
        )


def _unsure(manifest: Manifest) -> set[str]:
    """Return the collision keys of places of which nobody knows what lies there: claimed, or several pages' entries."""
    times = Counter(collision_key(entry.path) for entry in manifest.entries.values())
    return {key for key, number in times.items() if number > 1}.union(map(collision_key, manifest.claims))


def _write(page: Page, entry: ManifestEntry | None, path: str, reason: Reason) -> WritePage:
    previous = entry.path if entry is not None and entry.path != path else None
    was = entry.version if entry is not None else None
    return WritePage(page.id, path, reason, version=page.version, was=was, previous_path=previous)
