"""The endpoints this library reads: one function each, from arguments to a `Call`. Pure.

Paths, parameters and limits are those of Atlassian's OpenAPI documents for Confluence Cloud v2 and v1.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import partial
from types import MappingProxyType
from typing import Any
from urllib.parse import quote

from ..models import AccountId, Container, ContentId, Page, PageBody, PageId, Space, SpaceId, User
from . import _decode as decode
from ._values import AccessibleResource, SearchHit
from ._wire import Call, single

__all__ = [
    "CONTAINER_PATHS",
    "MAX_BATCH",
    "MAX_SPACES",
    "accessible_resources",
    "container",
    "cql_quote",
    "current_user",
    "may_be_account_id",
    "page",
    "page_bodies",
    "recent_pages",
    "search",
    "space",
    "space_bodies",
    "space_pages",
    "spaces",
    "users",
]

MAX_BATCH = 250
"""Most ids or rows of one request (`maxItems`, `limit`)."""

MAX_SPACES = 100
"""Most space ids by which pages are filtered (`space-id`, `maxItems`)."""

CONTAINER_PATHS: Mapping[str, str] = MappingProxyType(
    {
        "page": "pages",
        "folder": "folders",
        "whiteboard": "whiteboards",
        "database": "databases",
        "embed": "embeds",
    }
)
"""Endpoint of each `parentType`."""

_BODY_TIMEOUT = 120.0
"""Seconds: answers with bodies are megabytes, and some pages render slowly."""


_SPACES, _PAGES = "read:space:confluence", "read:page:confluence"
"""Scopes. v2 takes no others; of v1, which takes several, each call names the one that an app is best given."""

_ACCOUNT_ID = re.compile(r"[A-Za-z0-9:._-]{1,128}")


def may_be_account_id(value: str) -> bool:
    """
    Tell whether a value has the shape of an Atlassian account id.

    >>> may_be_account_id("557058:0b1c-4d"), may_be_account_id("somebody@example.com"), may_be_account_id("")
    (True, False, False)
    """
    return _ACCOUNT_ID.fullmatch(value) is not None


def cql_quote(value: str) -> str:
    r"""
    Return a value as a CQL string literal, quotes included.

    >>> print("space = " + cql_quote("~5570581234"))
    space = "~5570581234"
    >>> print(cql_quote('a "b" \\ c'))
    "a \"b\" \\ c"
    """
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def current_user() -> Call[User | None]:
    """Ask who the credentials belong to (v1; v2 has no such call); None for an anonymous visitor."""
    return Call(
        path="/rest/api/user/current",
        decode=decode.current_user,
        scope="read:content-details:confluence",
        rows=single,
        weight=2,
    )


def accessible_resources(base: str) -> Call[AccessibleResource]:
    """Ask which sites a grant reaches; the body is a bare list."""
    return Call(path="/oauth/token/accessible-resources", decode=decode.accessible_resource, rows=_bare_list, base=base)


def spaces(*, limit: int = MAX_BATCH, **filters: str) -> Call[Space]:
    """List spaces; the filters are `status`, `type`, `ids` and `keys`."""
    return Call(path="/api/v2/spaces", decode=decode.space, scope=_SPACES, params={**filters, "limit": str(limit)})


def space(space_id: SpaceId) -> Call[Space]:
    """Get one space."""
    return Call(path=f"/api/v2/spaces/{_segment(space_id)}", decode=decode.space, scope=_SPACES, rows=single)


def space_pages(space_id: SpaceId, *, limit: int) -> Call[Page]:
    """List the current pages of a space, at any depth. Without a status the API lists archived ones too."""
    params = {"status": "current", "sort": "id", "limit": str(limit)}
    return Call(
        path=f"/api/v2/spaces/{_segment(space_id)}/pages",
        decode=partial(decode.page, space_id=space_id),
        scope=_PAGES,
        params=params,
    )


def recent_pages(space_ids: Sequence[SpaceId], *, limit: int) -> Call[Page]:
    """List the current pages of some spaces, the latest edit first."""
    params = {"space-id": ",".join(space_ids), "status": "current", "sort": "-modified-date", "limit": str(limit)}
    return Call(path="/api/v2/pages", decode=decode.page, scope=_PAGES, params=params)


def space_bodies(space_id: SpaceId, *, limit: int, patient: bool) -> Call[PageBody]:
    """List the current pages of a space with their bodies."""
    params = {"status": "current", "sort": "id", "limit": str(limit), "body-format": "storage"}
    return Call(
        path=f"/api/v2/spaces/{_segment(space_id)}/pages",
        decode=partial(decode.page_body, space_id=space_id),
        scope=_PAGES,
        params=params,
        read_timeout=_BODY_TIMEOUT,
        patient=patient,
    )


def page_bodies(ids: Sequence[PageId], *, patient: bool) -> Call[PageBody]:
    """Get current pages by id with their bodies; ids that are none are left out of the answer."""
    params = {"id": ",".join(ids), "status": "current", "body-format": "storage", "limit": str(MAX_BATCH)}
    return Call(
        path="/api/v2/pages",
        decode=decode.page_body,
        scope=_PAGES,
        params=params,
        read_timeout=_BODY_TIMEOUT,
        patient=patient,
    )


def page(page_id: PageId) -> Call[Page]:
    """Get one page of any status."""
    return Call(path=f"/api/v2/pages/{_segment(page_id)}", decode=decode.page, scope=_PAGES, rows=single)


def container(kind: str, content_id: ContentId) -> Call[Container]:
    """Get a parent; `kind` is a key of `CONTAINER_PATHS`."""
    path = f"/api/v2/{CONTAINER_PATHS[kind]}/{_segment(content_id)}"
    return Call(path=path, decode=partial(decode.container, type=kind), scope=f"read:{kind}:confluence", rows=single)


def users(account_ids: Sequence[AccountId]) -> Call[User]:
    """Get users by id; a POST that changes nothing."""
    return Call(
        path="/api/v2/users-bulk",
        decode=decode.user,
        scope="read:user:confluence",
        payload={"accountIds": list(account_ids)},
        weight=2,
    )


def search(cql: str, *, limit: int) -> Call[SearchHit]:
    """Search with CQL (v1). Never with bodies: they cap an answer at 50 hits without a word."""
    params = {"cql": cql, "expand": "version,space", "limit": str(limit)}
    return Call(path="/rest/api/content/search", decode=decode.search_hit, scope="search:confluence", params=params)


def _bare_list(body: Any) -> Sequence[Any]:
    if isinstance(body, list):
        return body
    raise decode.ShapeError("no list")


def _segment(value: str) -> str:
    return quote(value, safe="")
