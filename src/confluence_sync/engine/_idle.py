"""Where a listing ends that brings nothing new."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Protocol, TypeVar

from ..client import Batch
from ..errors import UnexpectedResponseError
from ..models import PageId

__all__ = ["check_idle", "progressing"]

_MOST_IDLE = 50
"""Requests in a row that may bring no other page; pages that the token may not see make some listings so."""


class Listed(Protocol):
    """A row of a listing."""

    @property
    def id(self) -> PageId:
        """Of the page that it is about."""


Row = TypeVar("Row", bound=Listed)


def check_idle(listing: str, idle: int) -> None:
    """
    Look at how many requests in a row brought no page that was not known.

    Raises:
        UnexpectedResponseError: So many that there will be no end.
    """
    if idle >= _MOST_IDLE:
        message = f"{listing} goes in circles: {idle} requests in a row brought no page that was not known"
        raise UnexpectedResponseError(message)


async def progressing(batches: AsyncIterator[Batch[Row]], listing: str) -> AsyncIterator[Batch[Row]]:
    """
    Yield batches as long as there is something new in them from time to time.

    Raises:
        UnexpectedResponseError: The listing does not end, and goes nowhere.
    """
    seen: set[PageId] = set()
    idle = 0
    async for batch in batches:
        ids = {item.id for item in batch.items}
        idle = 0 if ids - seen else idle + 1
        if batch.next_cursor is not None:
            check_idle(listing, idle)
        seen |= ids
        yield batch
