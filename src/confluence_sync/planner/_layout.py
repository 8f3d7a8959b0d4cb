"""Where every page lands: page id <-> path, a pure function of the tree, the root folder and the foreign files.

Neither the order of the listing nor the history of runs has a say, so a folder synced for years and a folder synced
just now look the same.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from itertools import count

import attrs

from ..errors import ConfigurationError
from ..models import ContentId, PageId, TreeSnapshot
from ..paths import MAX_PATH_BYTES, MAX_SEGMENT_BYTES, collision_key
from ._footprint import Footprint
from ._names import fit, safe_name
from ._tree import Tree, build_tree, nodes_of, numeric_order

__all__ = ["EXTENSION", "Layout", "plan_layout"]

EXTENSION = ".md"
SHORTEST_NAME = 40
"""Bytes to which a name may be shortened to keep a path within its limit; an id in parentheses always fits."""
_ID_BYTES = 20
"""Of an id in a name: enough for any 64-bit number."""
_SUFFIX_ROOM = 30
"""Bytes for ` (id)`, a number behind it, and the extension."""


@attrs.frozen(kw_only=True)
class Layout:
    """
    The paths of the pages of one space, as they will be after the run.

    Attributes:
        root: Folder of the space.
        paths: Path of every page of the snapshot, relative to the top of the VFS.
        aside: How many pages and folders have another name because of a foreign file.
        warnings: Pages whose place in the tree could not be kept, in sentences.
    """

    snapshot: TreeSnapshot
    root: str
    paths: Mapping[PageId, str]
    tree: Tree = attrs.field(repr=False)
    aside: int = 0
    warnings: tuple[str, ...] = ()


def plan_layout(snapshot: TreeSnapshot, *, root: str, occupied: Collection[str] | Footprint = ()) -> Layout:
    """
    Give every page its path: `<root>/<ancestor titles...>/<title>.md`.

    Among siblings whose names cannot stand side by side the lowest id has the bare name and each other one gets
    ` (id)`. Nesting too deep for the path limit is shortened, and at the very end flattened.

    Args:
        snapshot: The tree; incomplete ones are laid out all the same.
        root: Folder of the space, at most 512 bytes; see `space_roots`.
        occupied: Paths in the VFS that belong to others; pages step aside.

    Raises:
        ConfigurationError: A foreign file lies where the folder of the space has to be.
    """
    foreign = occupied if isinstance(occupied, Footprint) else Footprint(occupied)
    if foreign.blocks(collision_key(root)):
        raise ConfigurationError(f"{root!r} cannot be the folder of a space: there is a file in its place")
    tree = build_tree(snapshot)
    shape = _Shape(snapshot, tree, root)
    paths: dict[PageId, str] = {}
    folders: dict[ContentId | None, str] = {None: root}
    aside = 0
    for home, members in shape.groups.items():
        names = _Names(folders[home], foreign)
        for node in sorted(members, key=numeric_order):
            place = names.claim(shape.names[node], node, shape.limits.get(node, MAX_SEGMENT_BYTES))
            if node in shape.groups:
                folders[node] = place
            page_id = PageId(node)
            if page_id in snapshot.pages:
                paths[page_id] = place + EXTENSION
        aside += names.aside
    warnings = [*tree.warnings, *shape.warnings()]
    if aside:
        warnings.append(
            f"{aside} pages or folders step aside for files of the same name that no earlier run is known to have "
            "written; if one did, its state is missing"
        )
    return Layout(snapshot=snapshot, root=root, paths=paths, tree=tree, aside=aside, warnings=tuple(warnings))


class _Shape:
    """
    The tree as far as paths can follow it.

    Attributes:
        names: What every node wants to be called.
        limits: Bytes that a name and its extension may have at most, where that is less than usual.
        groups: Who lies in whose folder, outer folders before inner ones.
    """

    def __init__(self, snapshot: TreeSnapshot, tree: Tree, root: str) -> None:
        self._tree = tree
        self._budget = MAX_PATH_BYTES - len(root.encode()) - len(EXTENSION)
        self._flattened = 0
        self._homes: dict[ContentId, ContentId | None] = {}
        self.names = {node: safe_name(content.title) for node, content in nodes_of(snapshot).items()}
        self.limits: dict[ContentId, int] = {}
        self.groups: dict[ContentId | None, list[ContentId]] = {}
        self._settle()

    def warnings(self) -> Iterator[str]:
        if self._flattened:
            yield f"{self._flattened} pages or folders lie deeper than a path can be long; they were put further up"

    def _settle(self) -> None:
        """Walk from the top, breadth first, keeping the shortest possible and the natural length of each path."""
        shortest: dict[ContentId | None, int] = {None: 0}
        natural: dict[ContentId | None, int] = {None: 0}
        queue: list[ContentId | None] = [None]
        for parent in queue:
            for node in self._tree.children.get(parent, ()):
                home, size = parent, self._size(node)
                while home is not None and shortest[home] + 1 + min(size, SHORTEST_NAME) > self._budget:
                    home = self._homes[home]
                self._flattened += home != parent
                self._homes[node] = home
                self.groups.setdefault(home, []).append(node)
                shortest[node] = shortest[home] + 1 + min(size, SHORTEST_NAME)
                natural[node] = natural[home] + 1 + size
                if natural[node] > self._budget:
                    self._shorten(node)
                queue.append(node)

    def _size(self, node: ContentId) -> int:
        return min(len(self.names[node].encode()) + _SUFFIX_ROOM, MAX_SEGMENT_BYTES)

    def _shorten(self, node: ContentId) -> None:
        """Cap the names on the way to a node at the largest common length with which its path fits."""
        chain = []
        step: ContentId | None = node
        while step is not None:
            chain.append(step)
            step = self._homes[step]
        sizes = sorted(self._size(member) for member in chain)
        room = self._budget - len(chain)
        limit = SHORTEST_NAME
        for done, size in enumerate(sizes):
            share = room // (len(sizes) - done)
            if size > share:
                limit = max(share, SHORTEST_NAME)
                break
            room -= size
        for member in chain:
            self.limits[member] = min(limit, self.limits.get(member, MAX_SEGMENT_BYTES))


class _Names:
    """
    The names of one folder that are in use, as the pickiest file system would compare them.

    Attributes:
        aside: How many nodes would have the bare name but for a foreign file.
    """

    def __init__(self, folder: str, foreign: Footprint) -> None:
        self.aside = 0
        self._folder = folder
        self._folder_key = collision_key(folder)
        self._foreign = foreign
        self._ours: set[str] = set()

    def claim(self, name: str, node: ContentId, limit: int) -> str:
        """
        Take the first free name for a node, and return it behind the folder, without extension.

        The file and the folder of that name belong to the node from now on, be it a leaf or not.
        """
        for suffix in _suffixes(node):
            candidate = fit(name, suffix, limit - len(EXTENSION))
            key = collision_key(candidate)
            if self._is_ours(key):
                continue
            if not self._is_foreign(key):
                self._ours.update((key, key + EXTENSION))
                return f"{self._folder}/{candidate}"
            self.aside += not suffix
        raise AssertionError("suffixes never end")

    def _is_ours(self, key: str) -> bool:
        return key in self._ours or key + EXTENSION in self._ours

    def _is_foreign(self, key: str) -> bool:
        folder = f"{self._folder_key}/{key}"
        file = folder + EXTENSION
        return folder in self._foreign.files or file in self._foreign.files or file in self._foreign.folders


def _suffixes(node: ContentId) -> Iterator[str]:
    yield ""
    label = fit(safe_name(node), "", _ID_BYTES)
    yield f" ({label})"
    for number in count(2):
        yield f" ({label}) {number}"
