"""Bodies for the pages to be written: from the spool, else fetched in batches that shrink around trouble."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

import attrs

from ..client import ConfluenceClient
from ..errors import (
    ClientError,
    ContentTooLargeError,
    PermissionDeniedError,
    RemoteNotFoundError,
    ServerError,
    TransportError,
    UnexpectedResponseError,
)
from ..models import PageBody, PageId, TreeSnapshot
from ..planner import WritePage
from ._memory import Memory

__all__ = ["Bodies", "fetch_bodies", "load_bodies"]

_SUSPICIOUS = 5
"""After so many pages failed one by one in a row, one is asked for without its body: is there anybody?"""


@attrs.define
class Bodies:
    """What was found: bodies, and why others were not, by page id."""

    found: dict[PageId, PageBody] = attrs.field(factory=dict)
    failed: dict[PageId, ClientError] = attrs.field(factory=dict)


async def load_bodies(
    client: ConfluenceClient, memory: Memory, tree: TreeSnapshot, writes: Sequence[WritePage]
) -> Bodies:
    """Return the bodies of at most 250 pages of a space, from the spool where it has them in the listed version."""
    spooled = await memory.bodies(tree.space.id, [write.page_id for write in writes])
    at_hand = {
        page_id: PageBody(page=tree.pages[page_id], storage=body.storage)
        for page_id, body in spooled.items()
        if body.page.version == tree.pages[page_id].version
    }
    bodies = await fetch_bodies(client, [write.page_id for write in writes if write.page_id not in at_hand])
    for page_id, body in list(bodies.found.items()):
        if body.page.space_id not in {"", tree.space.id}:
            del bodies.found[page_id]
            bodies.failed[page_id] = RemoteNotFoundError("the page is in another space since it was listed")
    bodies.found |= at_hand
    return bodies


async def fetch_bodies(client: ConfluenceClient, page_ids: Sequence[PageId]) -> Bodies:
    """
    Fetch the bodies of at most 250 pages.

    A page that is not among the answers, or that no request brings, is that page's failure.

    Raises:
        ClientError: What is wrong is not wrong with single pages.
    """
    bodies = Bodies()
    pending = [page_ids] if page_ids else []
    failures = 0
    while pending:
        part = pending.pop()
        try:
            fetched = await client.page_bodies(part)
        except (ServerError, TransportError, ContentTooLargeError, UnexpectedResponseError) as error:
            if len(part) > 1:
                middle = len(part) // 2
                pending += [part[middle:], part[:middle]]
                continue
            bodies.failed[part[0]] = error
            failures += 1
            if failures % _SUSPICIOUS == 0:
                await _require_answer(client, part[0])
        else:
            failures = 0
            bodies.found.update((body.page.id, body) for body in fetched)
            bodies.failed.update((page_id, _vanished()) for page_id in part if page_id not in bodies.found)
    return bodies


async def _require_answer(client: ConfluenceClient, page_id: PageId) -> None:
    """Raise if Confluence does not answer at all; a page that is not there is an answer."""
    with suppress(RemoteNotFoundError, PermissionDeniedError):
        await client.page(page_id)


def _vanished() -> RemoteNotFoundError:
    return RemoteNotFoundError("the page was listed, but is no longer there, or no longer visible")
