"""Where every page lands: page id <-> path, a pure function of the tree, the root folder and the foreign files.

Neither the order of the listing nor the history of runs has a say, so a folder synced for years and a folder synced
just now look the same.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

import attrs

from ..models import ContentId, PageId, TreeSnapshot
from ..paths import MAX_PATH_BYTES, MAX_SEGMENT_BYTES, collision_key
from ._names import fit, safe_name
from ._tree import Tree, build_tree, numeric_order

__all__ = ["EXTENSION", "Layout", "plan_layout"]

EXTENSION = ".md"
SHORTEST_NAME = 40
"""Bytes to which a name may be shortened to keep a path within its limit; an id in parentheses always fits."""
_SUFFIX_ROOM = 16


@attrs.frozen(kw_only=True)
class Layout:
    """
    The paths of the pages of one space, as they will be after the run.

    Attributes:
        root: Folder of the space.
        paths: Path of every page of the snapshot, relative to the top of the VFS.
        warnings: Pages whose place in the tree could not be kept, in sentences.
    """

    snapshot: TreeSnapshot
    root: str
    paths: Mapping[PageId, str]
    tree: Tree = attrs.field(repr=False)
    warnings: tuple[str, ...] = ()


def plan_layout(snapshot: TreeSnapshot, *, root: str, occupied: Collection[str] = ()) -> Layout:
    """
    Give every page its path: `<root>/<ancestor titles...>/<title>.md`.

    Among siblings whose names cannot stand side by side the lowest id has the bare name and each other one gets
    ` (id)`. Nesting too deep for the path limit is shortened, and at the very end flattened.

    Args:
        snapshot: The tree; incomplete ones are laid out all the same.
        root: Folder of the space, at most 512 bytes; see `space_roots`.
        occupied: Paths in the VFS that belong to others; pages step aside.
    """
    tree = build_tree(snapshot)
    shape = _Shape(snapshot, tree, root)
    taken = _Taken(occupied)
    paths: dict[PageId, str] = {}
    folders: dict[ContentId | None, str] = {None: root}
    for home, members in shape.groups():
        folder = folders[home]
        for node in members:
            name = taken.claim(folder, shape.names[node], node, shape.limits.get(node, MAX_SEGMENT_BYTES))
            folders[node] = f"{folder}/{name}"
            page_id = PageId(node)
            if page_id in snapshot.pages:
                paths[page_id] = folders[node] + EXTENSION
    return Layout(snapshot=snapshot, root=root, paths=paths, tree=tree, warnings=(*tree.warnings, *shape.warnings()))


class _Shape:
    """The tree as far as paths can follow it: who lies in whose folder, and how long names may be."""

    def __init__(self, snapshot: TreeSnapshot, tree: Tree, root: str) -> None:
        self._tree = tree
        self._budget = MAX_PATH_BYTES - len(root.encode()) - len(EXTENSION)
        self._flattened = 0
        self._homes: dict[ContentId, ContentId | None] = {}
        self.names: dict[ContentId, str] = {page.id: safe_name(page.title) for page in snapshot.pages.values()}
        self.names.update((node.id, safe_name(node.title)) for node in snapshot.containers.values())
        self.limits: dict[ContentId, int] = {}
        self._settle()

    def groups(self) -> Iterator[tuple[ContentId | None, list[ContentId]]]:
        """Yield (folder, its members in order of id), outer folders before inner ones."""
        groups: dict[ContentId | None, list[ContentId]] = {}
        for node, home in self._homes.items():
            groups.setdefault(home, []).append(node)
        for home, members in groups.items():
            yield home, sorted(members, key=numeric_order)

    def warnings(self) -> Iterator[str]:
        if self._flattened:
            yield f"{self._flattened} pages lie deeper than a path can be long; they were put in a folder above"

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
                shortest[node] = shortest[home] + 1 + min(size, SHORTEST_NAME)
                natural[node] = natural[home] + 1 + size
                if natural[node] > self._budget:
                    self._shorten(node)
                queue.append(node)

    def _size(self, node: ContentId) -> int:
        return min(len(self.names[node].encode()) + _SUFFIX_ROOM + len(node), MAX_SEGMENT_BYTES)

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


class _Taken:
    """The names that are in use, as the pickiest file system would compare them."""

    def __init__(self, occupied: Collection[str]) -> None:
        self._files = {collision_key(path) for path in occupied}
        self._folders = {parent for path in self._files for parent in _parents(path)}
        self._names: set[str] = set()

    def claim(self, folder: str, name: str, node: ContentId, limit: int) -> str:
        """Take the first free name for a node; the file and the folder of that name belong to it from now on."""
        folder_key = collision_key(folder)
        for suffix in _suffixes(node):
            candidate = fit(name, suffix, limit - len(EXTENSION))
            key = f"{folder_key}/{collision_key(candidate)}"
            file_key = key + EXTENSION
            if not self._is_taken(key, file_key):
                self._names.update((key, file_key))
                return candidate
        raise AssertionError("suffixes never end")

    def _is_taken(self, key: str, file_key: str) -> bool:
        ours = key in self._names or file_key in self._names
        return ours or key in self._files or file_key in self._files or file_key in self._folders


def _suffixes(node: ContentId) -> Iterator[str]:
    yield ""
    yield f" ({node})"
    number = 2
    while True:
        yield f" ({node}) {number}"
        number += 1


def _parents(path: str) -> Iterator[str]:
    while "/" in path:
        path = path.rpartition("/")[0]
        yield path
