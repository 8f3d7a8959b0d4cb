"""What the client hands out besides the models of the library."""

from __future__ import annotations

from datetime import datetime
from typing import Generic, TypeVar

import attrs

from ..models import ContentId

__all__ = ["AccessibleResource", "Batch", "SearchHit", "Usage"]

T_co = TypeVar("T_co", covariant=True)


@attrs.frozen(kw_only=True)
class Batch(Generic[T_co]):
    """
    One answer of a listing.

    Attributes:
        items: In the order of the answer. A short or empty batch says nothing about the end of the walk.
        next_cursor: Where the walk goes on, to be kept for resuming it; None at the end, and only there.
        served_at: `Date` header, UTC: the provider's clock, not ours.
        base_url: Base of human addresses, `https://site.atlassian.net/wiki` (`_links.base`); "" if absent.
    """

    items: tuple[T_co, ...]
    next_cursor: str | None = None
    served_at: datetime | None = None
    base_url: str = ""


@attrs.frozen(kw_only=True)
class SearchHit:
    """
    One hit of a CQL search: enough to know what to fetch, never proof of what is gone.

    Attributes:
        type: `page`, `blogpost`, `comment`, `attachment`, `folder`...; an open set.
        status: Archived pages are found too; check it.
        space_key: `space.key`.
        title: As the index knows it.
        version: `version.number`.
        last_modified: `version.when`, UTC. May lie slightly outside of the range that the query asked for.
    """

    id: ContentId
    type: str
    status: str
    space_key: str | None = None
    title: str = ""
    version: int | None = None
    last_modified: datetime | None = None


@attrs.frozen(kw_only=True)
class AccessibleResource:
    """
    A site that a grant reaches.

    Attributes:
        id: The cloudid, which never changes.
        name: Name of the site.
        url: Human address of the site without `/wiki`; changes when the site is renamed.
        scopes: Confluence scopes that the grant has on this site.
    """

    id: str
    name: str
    url: str
    scopes: tuple[str, ...]


@attrs.define
class Usage:
    """
    What a client has used so far; it only grows.

    Attributes:
        requests: HTTP requests sent, repeated ones included.
        points: Estimated points of the hourly quota: 1 per request, 1 per object in an answer, 2 per user.
    """

    requests: int = 0
    points: int = 0
