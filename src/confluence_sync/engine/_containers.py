"""Parents that are no pages of the listing: folders, whiteboards, databases, smart links, archived pages."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import attrs

from ..client import ConfluenceClient
from ..errors import ClientError, MissingScopeError, PermissionDeniedError, RemoteNotFoundError
from ..models import Container, ContentId, Page, TreeSnapshot
from ._extent import alone
from ._together import together

__all__ = ["Parents", "read_containers"]


@attrs.frozen
class Parents:
    """Parents that could be read, and why others could not, by id."""

    found: list[Container] = attrs.field(factory=list)
    failed: dict[ContentId, ClientError] = attrs.field(factory=dict)


async def read_containers(
    client: ConfluenceClient,
    tree: TreeSnapshot,
    pages: Iterable[Page],
    *,
    remembered: Mapping[ContentId, Container] | None = None,
) -> Parents:
    """
    Read every parent of some pages that the tree lacks, up to the top, each once.

    One that is not there or not visible is left out; the planner puts what is below it under the space, with a
    warning. One that cannot be read for another reason counts as failed, and is as it is remembered.

    Raises:
        ClientError: What is wrong is wrong with the whole connection.
    """
    parents = Parents()
    asked: set[ContentId] = set(tree.pages) | set(tree.containers)
    wanted = _parents(pages, asked)
    while wanted:
        asked.update(wanted)
        read = await together(_read(client, kind, content_id) for content_id, kind in wanted.items())
        layer = []
        for content_id, answer in zip(wanted, read, strict=True):
            if isinstance(answer, ClientError):
                parents.failed[content_id] = answer
            container = (remembered or {}).get(content_id) if isinstance(answer, ClientError) else answer
            layer += [container] if container is not None else []
        parents.found.extend(layer)
        wanted = _parents(layer, asked)
    return parents


def _parents(nodes: Iterable[Page | Container], asked: set[ContentId]) -> Mapping[ContentId, str]:
    return {
        node.parent_id: node.parent_type or "page"
        for node in nodes
        if node.parent_id is not None and node.parent_id not in asked
    }


async def _read(client: ConfluenceClient, kind: str, content_id: ContentId) -> Container | ClientError | None:
    answer = await alone(client.container(kind, content_id))
    return None if isinstance(answer, RemoteNotFoundError | PermissionDeniedError | MissingScopeError) else answer
