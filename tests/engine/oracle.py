"""
What a folder has to hold, read off the tables of a site.

The rules of names and places are said here a second time, as plainly as they can be, so that the planner is held
against something that shares no line with it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from html import unescape
from itertools import count
from typing import NamedTuple
from unicodedata import normalize

from confluence_sync.testing import FakePage, FakeSite, FakeSpace
from confluence_sync.testing.fake_site import Node

NAMES = {
    "A/B": "A-B",
    "..": "Untitled",
    "CON": "CON_",
    "e\u0301": "\u00e9",
    "# & [x](y)?": "# & [x](y)-",
    "--- : {a: 'b'}": "--- - {a- 'b'}",
}
"""What files and folders are called after titles and names of spaces that are no names of files."""

_MEANT = re.compile(
    r'<ri:page(?: ri:space-key="(?P<key>[^"]*)")? ri:content-title="(?P<title>[^"]*)" />|(?P<list>ac:name="children")'
)


class ExpectedFile(NamedTuple):
    """
    The file of a page.

    Attributes:
        links: Paths of the files that its links lead to, in the order of the links.
    """

    page_id: str
    path: str
    title: str
    version: int
    space: str
    links: tuple[str, ...]


def expected_files(
    site: FakeSite,
    destinations: Mapping[str, str],
    foreign: Collection[str] = (),
    place: Callable[[str], str] = lambda path: path,
) -> dict[str, ExpectedFile]:
    """
    Return the files of the spaces that have a destination by page id, beside those that are foreign.

    What is in another folder is in nobody's way; `place` says which spellings of a folder are one for the disk.
    """
    spaces = sorted((space for space in site.spaces if space.key in destinations), key=lambda space: space.number)
    trees = {space.key: _Tree(site, space) for space in spaces}
    paths: dict[str, str] = {}
    for space, folder in _space_folders(spaces, destinations):
        inside = [path for path in foreign if place(path).startswith(f"{place(folder)}/")]
        paths |= _places(trees[space.key], None, folder, _Foreign(inside))
    return {
        page.id: ExpectedFile(
            page.id, paths[page.id], page.title, page.version, key, tuple(paths[found] for found in _meant(page, trees))
        )
        for key, tree in trees.items()
        for page in tree.pages
    }


def synced_pages(site: FakeSite, space: FakeSpace) -> list[FakePage]:
    """Return the pages of a space that have a file: current, visible, and no blog posts; in order of id."""
    return [
        node
        for node in site.nodes
        if node.space is space and node.type == "page" and node.status == "current" and node.visible
    ]


class _Tree:
    """The pages of a space and what is above them, in the trash or not; what cannot be read is as good as the space."""

    def __init__(self, site: FakeSite, space: FakeSpace) -> None:
        self.pages = synced_pages(site, space)
        self._there = {node for node in site.nodes if node.type != "blogpost"}
        self._below: dict[Node | None, set[Node]] = {}
        for node in self.pages:
            self._hang(node)

    def below(self, node: Node | None) -> list[Node]:
        return sorted(self._below.get(node, ()), key=lambda child: child.number)

    def _hang(self, node: Node) -> None:
        parent = node.parent if node.parent in self._there else None
        self._below.setdefault(parent, set()).add(node)
        if parent is not None:
            self._hang(parent)


class _Foreign:
    """Paths that are not ours, and the folders above them."""

    def __init__(self, paths: Iterable[str]) -> None:
        self._files = {alike(path) for path in paths}
        self._folders = {path[:end] for path in self._files for end in range(len(path)) if path[end] == "/"}

    def leave(self, place: str) -> bool:
        """Whether there is room for a page's file, and for the folder that it has or may have one day."""
        folder, file = alike(place), alike(f"{place}.md")
        return folder not in self._files and file not in self._files and file not in self._folders


def _space_folders(spaces: Iterable[FakeSpace], destinations: Mapping[str, str]) -> Iterator[tuple[FakeSpace, str]]:
    taken: set[str] = set()
    for space in spaces:
        name = NAMES.get(space.name, space.name)
        wishes = (name, f"{name} ({space.key})", f"{name} ({space.id})")
        folders = [f"{destinations[space.key]}/{wish}".lstrip("/") for wish in wishes]
        folder = next(folder for folder in folders if alike(folder) not in taken)
        taken.add(alike(folder))
        yield space, folder


def _places(tree: _Tree, parent: Node | None, folder: str, foreign: _Foreign) -> dict[str, str]:
    """Return the paths of the pages below a node: the lowest id has the bare name, each other one its id behind it."""
    paths: dict[str, str] = {}
    taken: set[str] = set()
    for node in tree.below(parent):
        for name in _wishes(node):
            uses = {alike(name), alike(f"{name}.md")}
            if not uses & taken and foreign.leave(f"{folder}/{name}"):
                break
        taken |= uses
        if node in tree.pages:
            paths[node.id] = f"{folder}/{name}.md"
        paths |= _places(tree, node, f"{folder}/{name}", foreign)
    return paths


def _wishes(node: Node) -> Iterator[str]:
    name = NAMES.get(node.title, node.title)
    yield name
    yield f"{name} ({node.id})"
    for number in count(2):
        yield f"{name} ({node.id}) {number}"


def _meant(page: FakePage, trees: Mapping[str, _Tree]) -> Iterator[str]:
    """Yield the ids of the synced pages that a body links to or lists."""
    for match in _MEANT.finditer(page.storage):
        if match["list"]:
            children = [node for node in trees[page.space.key].below(page) if node.type == "page"]
            listed = [node for node in children if node in trees[page.space.key].pages]
            yield from (child.id for child in sorted(listed, key=lambda node: (node.title.casefold(), node.number)))
        elif tree := trees.get(unescape(match["key"] or page.space.key)):
            yield from [node.id for node in tree.pages if node.title == unescape(match["title"])][:1]


def alike(path: str) -> str:
    """Return what two paths have in common that some disk takes for one."""
    return normalize("NFC", normalize("NFC", path).casefold())
