"""A site with three spaces, and all that people do to it, named by small numbers so that a story can be told again."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import NamedTuple

from hypothesis import strategies as st
from oracle import NAMES, expected_files, synced_pages

from confluence_sync.testing import FakePage, FakeSite, FakeSpace

MAPPED = ("ONE", "TWO")
KEYS = (*MAPPED, "OUT")
SPACE_NAMES = ("One", "one", "Two", "A/B", "A-B")
TITLES = ["A", "a", "B", "A.md", "A-B", "B (65540)", "_moving (65539) parked", "\u00c9", *NAMES]
CONTAINERS = ("folder", "whiteboard", "database", "smart_link")
KINDS = (
    *("page", "page", "page", "container", "edit", "edit", "rename", "rename", "move", "move", "other space"),
    *("trash", "orphan", "purge", "restore", "restrict", "unrestrict", "archive", "blog post", "label", "attachment"),
    *("live doc", "rename space", "hide space", "show space", "archive space", "restore space"),
)


class Change(NamedTuple):
    """Something somebody does, to which content, with which other, and what is new about it."""

    kind: str
    which: int
    other: int
    title: str
    body: str


def link(title: str, key: str | None = None) -> str:
    """Return a link to a page, in storage format."""
    space = f' ri:space-key="{key}"' if key else ""
    return f'<p><ac:link><ri:page{space} ri:content-title="{escape(title)}" /></ac:link></p>'


parts = st.sampled_from(
    [
        "<p>Words.</p>",
        *map(link, TITLES),
        *(link(title, key) for title in TITLES[:4] for key in KEYS),
        '<p><ac:link><ri:attachment ri:filename="A.txt" /></ac:link></p>',
        '<ac:structured-macro ac:name="children" />',
    ]
)


def changes_of(kinds: Sequence[str]) -> st.SearchStrategy[Change]:
    """Return changes of some kinds."""
    return st.builds(
        Change,
        kind=st.sampled_from(kinds),
        which=st.integers(0, 15),
        other=st.integers(0, 15),
        title=st.sampled_from(TITLES),
        body=st.lists(parts, max_size=3).map("".join),
    )


changes = changes_of(KINDS)
beginnings = st.lists(changes_of(["page", "page", "page", "container"]), min_size=4, max_size=16)


class SiteStory:
    """
    Changes to a site.

    Attributes:
        destinations: Folders into which spaces go, by key.
        unseen: Ids of pages that were edited while they had no place in a synced tree: no later edit tells of it.
        departed: Ids of pages that have left a synced tree, which only a listing in full shows.
    """

    def __init__(self, site: FakeSite) -> None:
        self.site = site
        self.spaces = [site.space(key, name=name) for key, name in zip(KEYS, SPACE_NAMES, strict=False)]
        self.nodes = [space.homepage for space in self.spaces]
        self.destinations = dict.fromkeys(MAPPED, "")
        self.unseen: set[str] = set()
        self.departed: set[str] = set()

    @property
    def hidden(self) -> bool:
        """Whether a mapped space cannot be read."""
        return any(space.restricted for space in self.mapped)

    @property
    def mapped(self) -> list[FakeSpace]:
        return [space for space in self.spaces if space.key in self.destinations]

    @property
    def blank(self) -> set[str]:
        """Return the ids of live docs that are empty: their files may have a text from before."""
        return {node.id for node in self.nodes if isinstance(node, FakePage) and node.subtype and not node.storage}

    def synced(self) -> set[str]:
        """Return the ids of the pages that have a file."""
        return set(self._homes())

    def _homes(self) -> dict[str, str]:
        return {page.id: space.key for space in self.mapped for page in synced_pages(self.site, space)}

    def expected(self, *beside):
        """Return what the folder has to hold, by page id."""
        return expected_files(self.site, self.destinations, *beside)

    def make(self, change: Change) -> None:
        """Let somebody do something; what makes no sense here and now is left undone."""
        before = self._homes()
        versions = {node.id: node.version for node in self.nodes}
        self._make(change)
        now = {node.id: node.version for node in self.nodes if node.version != versions.get(node.id, node.version)}
        homes = self._homes()
        self.unseen |= now.keys() - before.keys()
        self.departed |= {page_id for page_id, home in before.items() if homes.get(page_id) != home}

    def seen(self) -> None:
        """Somebody has looked at everything."""
        self.unseen.clear()
        self.departed.clear()

    def _make(self, change: Change) -> None:
        node, other = (self.nodes[number % len(self.nodes)] for number in (change.which, change.other))
        space, movable = self.spaces[change.other % len(self.spaces)], node not in [it.homepage for it in self.spaces]
        there, page = node.status != "trashed", isinstance(node, FakePage) and node.type == "page"
        match change.kind:
            case "page" if there and node.type != "blogpost":
                self.nodes.append(node.space.page(change.title, parent=node, storage=change.body))
            case "container" if there and node.type != "blogpost":
                make = getattr(node.space, CONTAINERS[change.other % len(CONTAINERS)])
                self.nodes.append(make(change.title, parent=node))
            case "edit" if page and there:
                node.edit(change.body)
            case "rename" if there:
                node.rename(change.title)
            case "move" if movable and there and node.type != "blogpost" and self._can_take(other, node):
                node.move(other)
            case "other space" if movable and there and node.type != "blogpost":
                node.move(space)
            case "trash" if movable and there:
                node.trash()
            case "orphan" if movable and there:
                node.trash(lift_children=False)
            case "purge" if movable and not there:
                self.nodes.remove(node)
                node.purge()
            case "restore":
                node.restore()
            case "restrict" if movable:
                node.restrict()
            case "unrestrict":
                node.unrestrict()
            case "archive" if movable and page and there:
                node.archive()
            case "blog post" if movable and page and node.status == "current":
                node.convert_to_blog_post()
            case "live doc" if page:
                node.subtype = "live"
            case "label" if page:
                node.labels.append(change.title)
            case "attachment" if page:
                node.attach("A.txt", change.body.encode())
            case "rename space":
                space.rename(SPACE_NAMES[change.which % len(SPACE_NAMES)])
            case "hide space":
                space.restrict()
            case "show space":
                space.unrestrict()
            case "archive space":
                space.archive()
            case "restore space":
                space.restore()

    def _can_take(self, parent, node) -> bool:
        return parent.status != "trashed" and parent.type != "blogpost" and node not in [parent, *parent.lineage()]
