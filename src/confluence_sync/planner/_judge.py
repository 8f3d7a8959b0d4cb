"""Says of one page whether its file has to be moved or written, and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping

from ..models import AccountId, Page, Reason
from ..paths import collision_key
from ._layout import Layout
from ._links import Atlas
from ._manifest import Manifest, ManifestEntry, source_fingerprint

__all__ = ["Judge", "unsure_places"]


def unsure_places(manifests: Iterable[Manifest], missing: Collection[str]) -> set[str]:
    """Return the collision keys of places of which nobody knows what lies there: claimed, or several pages' entries."""
    unsure: set[str] = set()
    times: Counter[str] = Counter()
    for manifest in manifests:
        times.update(collision_key(entry.path) for entry in manifest.entries.values())
        unsure.update(collision_key(path) for path in manifest.claims if path not in missing)
    return unsure.union(key for key, number in times.items() if number > 1)


class Judge:
    """
    Compares what the files of all spaces were made of with what they would be made of now.

    Args:
        unsure: See `unsure_places`. What belongs there is written, and what was recorded there is not moved.
        missing: Paths at which there is no file any more.
        converter, names, rebuild: See `plan_sync`.
    """

    def __init__(
        self,
        atlas: Atlas,
        *,
        unsure: Collection[str],
        missing: Collection[str],
        converter: str,
        names: Mapping[AccountId, str] | None,
        rebuild: bool,
    ) -> None:
        self._atlas = atlas
        self._unsure = unsure
        self._missing = missing
        self._converter = converter
        self._names = names
        self._rebuild = rebuild

    def can_move(self, entry: ManifestEntry, path: str) -> bool:
        """Whether it is certain that a page's file is where it was recorded, and that nothing is where it belongs."""
        return entry.path not in self._missing and not self._is_unsure(entry.path) and not self._is_unsure(path)

    def reason(self, page: Page, entry: ManifestEntry | None, layout: Layout) -> Reason | None:
        """Return why the page's file has to be written; None if what there is, possibly moved, is right."""
        if entry is None:
            return Reason.NEW
        if entry.version != page.version or entry.source != source_fingerprint(page, layout.snapshot):
            return Reason.CHANGED
        return self._fault(page, entry, layout)

    def keeps_body(self, page: Page, entry: ManifestEntry, layout: Layout) -> bool:
        """
        Whether all that is in the file below the front matter would be written as it is.

        The address of a page that is not synced, given by its title alone, has the key of the linking page's space in
        it, so it may be another one; and of an author that is new to the file the name is not recorded.
        """
        if entry.version != page.version or page.author_id not in {None, *(user for user, _ in entry.people)}:
            return False
        if any(known.href is None and known.link.title and not known.link.space_key for known in entry.links):
            return False
        return self._fault(page, entry, layout) is None

    def _fault(self, page: Page, entry: ManifestEntry, layout: Layout) -> Reason | None:
        path = layout.paths[page.id]
        if self._names is not None and any(self._names.get(user, "") != name for user, name in entry.people):
            return Reason.CHANGED
        if self._is_unsure(entry.path) or self._is_unsure(path):
            return Reason.INTERRUPTED
        if entry.path in self._missing:
            return Reason.FILE_MISSING
        if entry.converter != self._converter:
            return Reason.CONVERTER_CHANGED
        if self._links_differ(entry, path, layout.snapshot.space.key):
            return Reason.LINK_TARGET_MOVED
        return Reason.REBUILD if self._rebuild else None

    def _is_unsure(self, path: str) -> bool:
        return bool(self._unsure) and collision_key(path) in self._unsure

    def _links_differ(self, entry: ManifestEntry, path: str, key: str) -> bool:
        return any(
            self._atlas.link_target(link.link, space_key=key, source=path) != link for link in entry.links
        ) or any(
            self._atlas.child_list(known.parent, page_id=entry.page_id, space_key=key, source=path) != known
            for known in entry.child_lists
        )
