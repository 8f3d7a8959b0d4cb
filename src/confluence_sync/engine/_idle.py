"""Where a listing ends that brings nothing new."""

from __future__ import annotations

from ..errors import UnexpectedResponseError

__all__ = ["check_idle"]

_MOST_IDLE = 50
"""Requests in a row that may bring no other page; pages that the token may not see make some listings so."""


def check_idle(space_key: str, idle: int) -> None:
    """
    Look at how many requests in a row brought no page that was not known.

    Raises:
        UnexpectedResponseError: So many that there will be no end.
    """
    if idle >= _MOST_IDLE:
        message = f"the listing goes in circles: {idle} requests in a row brought no page that was not known"
        raise UnexpectedResponseError(f"space {space_key}: {message}")
