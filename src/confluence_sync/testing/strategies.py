"""Hypothesis strategies: titles nobody should choose, trees that do not hang together, and spaces that change.

Importing this module needs Hypothesis (the `testing` extra).
"""

from __future__ import annotations

from collections.abc import Sequence

import attrs
from hypothesis import strategies as st

from ..models import Container, ContentId, Page, PageId, Space, SpaceId, TreeSnapshot

__all__ = ["clashing_titles", "histories", "snapshots", "titles"]

SPACE = Space(id=SpaceId("1"), key="DOCS", name="Documentation")
BASE_URL = "https://site.atlassian.net/wiki"

_HOSTILE = [
    "",
    " ",
    ".",
    "..",
    "../../etc/passwd",
    "/",
    "a/b",
    "a\\b",
    "CON",
    "con.txt",
    "CON .",
    "LPT9",
    ".hidden",
    "trailing...",
    "trailing   ",
    "line\nbreak\ttab",
    "nul\x00 bell\x07 del\x7f c1\x85",
    "\u202egnp.exe",
    "\ud800 lone \udfff",
    "\u200d\u200d",
    "\u200d" * 80 + "a",
    "\N{FAMILY}\N{ZERO WIDTH JOINER}\N{ROCKET}\N{VARIATION SELECTOR-16}",
    "Ж" * 300,
    "ж" * 300,
    "e\N{COMBINING ACUTE ACCENT}",
    "é",
    "\N{COMBINING ACUTE ACCENT}",
    "Straße",
    "STRASSE",
    "quotes \" ' ` and <b>markup</b> | $(x) %41 #1?",
]
_CLASHING = ["A", "a", "A.md", "a.MD", "A (2)", "A (3)", "B", "B.md", "_moving (2) parked", "A (2) old", "é", "E\u0301"]


def titles() -> st.SearchStrategy[str]:
    """Titles of pages: hostile ones, and any text, lone surrogates and control characters included."""
    return st.sampled_from(_HOSTILE) | st.text(st.characters(), max_size=300)


def clashing_titles() -> st.SearchStrategy[str]:
    """Titles of which many cannot stand side by side in one folder."""
    return st.sampled_from(_CLASHING)


@st.composite
def snapshots(
    draw: st.DrawFn, *, names: st.SearchStrategy[str] | None = None, max_pages: int = 8, complete: bool = True
) -> TreeSnapshot:
    """
    Trees of one space: pages and folders under any parents, also missing ones, themselves, or their own descendants.

    Titles come from `names`, else from `titles()`; there are at most `max_pages` pages and folders together.
    """
    names = titles() if names is None else names
    numbers = draw(st.lists(st.integers(1, 3 * max_pages), unique=True, max_size=max_pages))
    kinds = draw(st.lists(st.booleans(), min_size=len(numbers), max_size=len(numbers)))
    parents = st.none() | st.sampled_from([ContentId(str(number)) for number in [*numbers, 999]])
    pages: dict[PageId, Page] = {}
    containers: dict[ContentId, Container] = {}
    for number, is_page in zip(numbers, kinds, strict=True):
        content_id, title, parent = ContentId(str(number)), draw(names), draw(parents)
        if is_page or not pages:
            page_id = PageId(content_id)
            pages[page_id] = Page(id=page_id, space_id=SPACE.id, title=title, parent_id=parent, parent_type="page")
        else:
            containers[content_id] = Container(id=content_id, type="folder", title=title, parent_id=parent)
    return TreeSnapshot(space=SPACE, pages=pages, containers=containers, complete=complete, base_url=BASE_URL)


@st.composite
def histories(
    draw: st.DrawFn, *, names: st.SearchStrategy[str] | None = None, max_pages: int = 6, max_length: int = 4
) -> Sequence[TreeSnapshot]:
    """
    Complete snapshots of one space over time: pages come, go, come back, and are edited, renamed and moved.

    Titles come from `names`, else from `clashing_titles()`. There are two to `max_length` snapshots.
    """
    names = clashing_titles() if names is None else names
    steps = draw(st.lists(snapshots(names=names, max_pages=max_pages), min_size=2, max_size=max_length))
    history = steps[:1]
    for step in steps[1:]:
        history.append(draw(_successor(history[-1], step)))
    return history


@st.composite
def _successor(draw: st.DrawFn, before: TreeSnapshot, drawn: TreeSnapshot) -> TreeSnapshot:
    """Keep some pages as they were; of the others the title changed, and so the version rises."""
    pages = dict(drawn.pages)
    for page_id, page in before.pages.items():
        if page_id in pages:
            pages[page_id] = attrs.evolve(pages[page_id], version=page.version + 1)
        if draw(st.booleans()) and page_id not in drawn.containers:
            parent = draw(st.sampled_from([page.parent_id, None]))
            pages[page_id] = attrs.evolve(page, parent_id=parent)
    return attrs.evolve(drawn, pages=pages)
