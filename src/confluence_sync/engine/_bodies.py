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

__all__ = ["Bodies", "BodyFetcher", "load_bodies"]

_SUSPICIOUS = 5
"""After so many pages failed one by one in a row, one is asked for without its body: is there anybody?"""
_STEADY = 4
"""After so many batches that went well a larger one is tried."""


@attrs.define
class Bodies:
    """What was found: bodies, and why others were not, by page id."""

    found: dict[PageId, PageBody] = attrs.field(factory=dict)
    failed: dict[PageId, ClientError] = attrs.field(factory=dict)


class BodyFetcher:
    """
    Fetches bodies in batches of the size that works.

    A batch that fails is asked for again in halves, each once, down to the single page, which gets all the tries of the
    client's policy. If it was a page, the next batches are as large as before; if it was the size, the one that works
    is kept, and tried to be doubled from time to time.

    Args:
        client: Of the site.
        most: Pages of a batch, at most 250.
    """

    def __init__(self, client: ConfluenceClient, *, most: int) -> None:
        self._client = client
        self._most = most
        self._size = most
        self._good = 0
        self._failures = 0

    async def fetch(self, page_ids: Sequence[PageId]) -> Bodies:
        """
        Fetch the bodies of some pages.

        A page that is not among the answers, or that no request brings, is that page's failure.

        Raises:
            ClientError: What is wrong is not wrong with single pages.
        """
        bodies = Bodies()
        await self._fetch(page_ids, bodies)
        missing = [page_id for page_id in page_ids if page_id not in bodies.found and page_id not in bodies.failed]
        bodies.failed.update((page_id, _vanished()) for page_id in missing)
        return bodies

    async def _fetch(self, page_ids: Sequence[PageId], bodies: Bodies) -> None:
        while page_ids:
            part, page_ids = page_ids[: self._size], page_ids[self._size :]
            try:
                fetched = await self._client.page_bodies(part, patient=len(part) == 1)
            except (ServerError, TransportError, ContentTooLargeError, UnexpectedResponseError) as error:
                if len(part) == 1:
                    await self._fail(part[0], error, bodies)
                else:
                    await self._halve(part, bodies)
            else:
                bodies.found.update((body.page.id, body) for body in fetched)
                self._grow()

    async def _halve(self, page_ids: Sequence[PageId], bodies: Bodies) -> None:
        size, self._size, self._good = self._size, (len(page_ids) + 1) // 2, 0
        await self._fetch(page_ids, bodies)
        if not bodies.failed.keys().isdisjoint(page_ids):  # it was a page, not the size
            self._size = size

    def _grow(self) -> None:
        self._failures = 0
        self._good += 1
        if self._good == _STEADY:
            self._size, self._good = min(self._most, 2 * self._size), 0

    async def _fail(self, page_id: PageId, error: ClientError, bodies: Bodies) -> None:
        bodies.failed[page_id] = error
        self._failures += 1
        if self._failures % _SUSPICIOUS == 0:
            await _require_answer(self._client, page_id)


async def load_bodies(fetcher: BodyFetcher, memory: Memory, tree: TreeSnapshot, writes: Sequence[WritePage]) -> Bodies:
    """Return the bodies of at most 1,000 pages of a space, from the spool where it has them in the listed version."""
    spooled = await memory.bodies(tree.space.id, [write.page_id for write in writes])
    at_hand = {
        page_id: PageBody(page=tree.pages[page_id], storage=body.storage)
        for page_id, body in spooled.items()
        if body.page.version == tree.pages[page_id].version
    }
    bodies = await fetcher.fetch([write.page_id for write in writes if write.page_id not in at_hand])
    for page_id, body in list(bodies.found.items()):
        if body.page.space_id not in {"", tree.space.id}:
            del bodies.found[page_id]
            bodies.failed[page_id] = RemoteNotFoundError("the page is in another space since it was listed")
    bodies.found |= at_hand
    return bodies


async def _require_answer(client: ConfluenceClient, page_id: PageId) -> None:
    """Raise if Confluence does not answer at all; a page that is not there is an answer."""
    with suppress(RemoteNotFoundError, PermissionDeniedError):
        await client.page(page_id)


def _vanished() -> RemoteNotFoundError:
    return RemoteNotFoundError("the page was listed, but is no longer there, or no longer visible")
