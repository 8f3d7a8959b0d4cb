"""The page tree of a snapshot, mended: every node hangs below the space, whatever the listing said."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import attrs

from ..models import Container, ContentId, Page, PageId, TreeSnapshot

__all__ = ["Tree", "build_tree", "nodes_of", "numeric_order"]


def numeric_order(content_id: str) -> tuple[int, str]:
    """Sort key for ids: decimal strings of any length, in the order of their numbers."""
    return len(content_id), content_id


@attrs.frozen
class Tree:
    """
    Who is below whom.

    Attributes:
        children: Ids below an id, None being the space itself, in order of id.
        warnings: What had to be mended, in sentences.
    """

    children: Mapping[ContentId | None, list[ContentId]]
    warnings: tuple[str, ...]


def build_tree(snapshot: TreeSnapshot) -> Tree:
    """Hang every page and container below its parent; orphans and the members of cycles come below the space."""
    parents, warnings = _parents(snapshot)
    for node in _cycle_heads(parents):
        parents[node] = None
        warnings.append(f"{_label(snapshot, node)} is its own ancestor; it was put below the space")
    children: dict[ContentId | None, list[ContentId]] = {}
    for node, parent in sorted(parents.items(), key=lambda item: numeric_order(item[0])):
        children.setdefault(parent, []).append(node)
    return Tree(children, tuple(warnings))


def _parents(snapshot: TreeSnapshot) -> tuple[dict[ContentId, ContentId | None], list[str]]:
    nodes = nodes_of(snapshot)
    parents: dict[ContentId, ContentId | None] = {}
    warnings = []
    for node in sorted(nodes.values(), key=lambda node: numeric_order(node.id)):
        parent = node.parent_id
        if parent is not None and parent not in nodes:
            warnings.append(
                f"{_label(snapshot, node.id)} has a parent that cannot be read "
                f"({node.parent_type or 'unknown type'} {parent}); it was put below the space"
            )
            parent = None
        parents[node.id] = parent
    return parents, warnings


def _cycle_heads(parents: Mapping[ContentId, ContentId | None]) -> Iterable[ContentId]:
    """Return the lowest id of every cycle."""
    settled: set[ContentId] = set()
    heads = []
    for start in parents:
        trail: dict[ContentId, None] = {}
        node: ContentId | None = start
        while node is not None and node not in settled and node not in trail:
            trail[node] = None
            node = parents[node]
        if node is not None and node in trail:
            members = list(trail)[list(trail).index(node) :]
            heads.append(min(members, key=numeric_order))
        settled.update(trail)
    return heads


def nodes_of(snapshot: TreeSnapshot) -> dict[ContentId, Page | Container]:
    """Return pages and containers by id; what turned up as both is a page."""
    nodes: dict[ContentId, Page | Container] = dict(snapshot.containers)
    nodes.update({page.id: page for page in snapshot.pages.values()})
    return nodes


def _label(snapshot: TreeSnapshot, node: ContentId) -> str:
    page = snapshot.pages.get(PageId(node))
    if page is not None:
        return f"page {page.title!r} ({node})"
    container = snapshot.containers[node]
    return f"{container.type} {container.title!r} ({node})"
