"""Parents that are no pages of the listing: folders, whiteboards, databases, smart links, archived pages."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ..client import ConfluenceClient
from ..errors import MissingScopeError, PermissionDeniedError, RemoteNotFoundError
from ..models import Container, ContentId, Page, TreeSnapshot
from ._together import together

__all__ = ["read_containers"]


async def read_containers(client: ConfluenceClient, tree: TreeSnapshot, pages: Iterable[Page]) -> list[Container]:
    """
    Read every parent of some pages that the tree lacks, up to the top, each once.

    One that cannot be read is left out; the planner puts what is below it under the space, with a warning.
    """
    found: list[Container] = []
    asked: set[ContentId] = set(tree.pages) | set(tree.containers)
    wanted = _parents(pages, asked)
    while wanted:
        asked.update(wanted)
        read = await together(_read(client, kind, content_id) for content_id, kind in wanted.items())
        layer = [container for container in read if container is not None]
        found += layer
        wanted = _parents(layer, asked)
    return found


def _parents(nodes: Iterable[Page | Container], asked: set[ContentId]) -> Mapping[ContentId, str]:
    return {
        node.parent_id: node.parent_type or "page"
        for node in nodes
        if node.parent_id is not None and node.parent_id not in asked
    }


async def _read(client: ConfluenceClient, kind: str, content_id: ContentId) -> Container | None:
    try:
        return await client.container(kind, content_id)
    except (RemoteNotFoundError, PermissionDeniedError, MissingScopeError):
        return None
