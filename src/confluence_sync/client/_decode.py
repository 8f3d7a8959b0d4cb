"""JSON of the REST API as values of this library. Pure.

Tolerant: fields that are unknown, missing, null or of another type never fail, enumerations stay open, ids may be
numbers. Only what cannot be addressed - an item without an id - is refused.

Written out by hand because the models are flatter than the JSON (`version.number`, `_links.webui`): structuring with
cattrs needs a second class for every model, hooks for every tolerance, and more time.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, TypeGuard

import attrs

from ..errors import ConfigurationError
from ..models import AccountId, Container, ContentId, Page, PageBody, PageId, Space, SpaceId, User
from ._values import AccessibleResource, SearchHit
from .address import CLOUD_ONLY

__all__ = [
    "ShapeError",
    "accessible_resource",
    "container",
    "current_user",
    "instant",
    "merged",
    "one_line",
    "page",
    "page_body",
    "part",
    "search_hit",
    "sound",
    "space",
    "text",
    "user",
]

Json = Mapping[str, Any]


class ShapeError(ValueError):
    """An answer that is JSON and still cannot be used."""


def page(item: Json, *, space_id: SpaceId | None = None) -> Page:
    """Read a `PageBulk` or `PageSingle`; `space_id` is the space that was asked for, for an item that names none."""
    version = part(item, "version")
    parent_id = _id(item, "parentId")
    return Page(
        id=PageId(_required_id(item, "id")),
        space_id=SpaceId(_id(item, "spaceId") or space_id or ""),
        title=text(item, "title"),
        status=text(item, "status", "current"),
        parent_id=ContentId(parent_id) if parent_id else None,
        parent_type=text(item, "parentType") or None,
        version=_number(version, "number") or 1,
        created_at=instant(item.get("createdAt")),
        updated_at=instant(version.get("createdAt")),
        author_id=AccountId(text(item, "authorId")) or None,
        web_path=text(part(item, "_links"), "webui"),
        subtype=text(item, "subtype") or None,
    )


def page_body(item: Json, *, space_id: SpaceId | None = None) -> PageBody:
    """Read a page that was asked for with `body-format=storage`; a body that is not there is empty."""
    return PageBody(page=page(item, space_id=space_id), storage=text(part(part(item, "body"), "storage"), "value"))


def space(item: Json) -> Space:
    """Read a `SpaceBulk` or `SpaceSingle`."""
    homepage_id = _id(item, "homepageId")
    return Space(
        id=SpaceId(_required_id(item, "id")),
        key=text(item, "key"),
        name=text(item, "name"),
        type=text(item, "type", "global"),
        status=text(item, "status", "current"),
        homepage_id=PageId(homepage_id) if homepage_id else None,
    )


def container(item: Json, *, type: str) -> Container:  # noqa: A002 - the name of the field
    """Read a folder, whiteboard, database, smart link or page as a parent; `type` is what was asked for."""
    parent_id = _id(item, "parentId")
    return Container(
        id=ContentId(_required_id(item, "id")),
        type=type,
        title=text(item, "title"),
        parent_id=ContentId(parent_id) if parent_id else None,
        parent_type=text(item, "parentType") or None,
    )


def user(item: Json) -> User:
    """Read a user of v1 or v2; privacy settings may leave only the public name."""
    return User(
        account_id=AccountId(_required_id(item, "accountId")),
        display_name=text(item, "displayName") or text(item, "publicName"),
    )


def current_user(item: Json) -> User | None:
    """
    Read the owner of the credentials; None if they were taken for an anonymous visitor's.

    Raises:
        ConfigurationError: It is a user of Data Center or Server, who have a key and no account id.
    """
    if text(item, "userKey") and not _id(item, "accountId"):
        raise ConfigurationError(f"this is Confluence Data Center or Server, which have another API; {CLOUD_ONLY}")
    anonymous = text(item, "type") == "anonymous" or not _id(item, "accountId")
    return None if anonymous else user(item)


def search_hit(item: Json) -> SearchHit:
    """Read a v1 `Content` that was asked for with `expand=version,space`."""
    version = part(item, "version")
    return SearchHit(
        id=ContentId(_required_id(item, "id")),
        type=text(item, "type"),
        status=text(item, "status", "current"),
        space_key=text(part(item, "space"), "key") or None,
        title=text(item, "title"),
        version=_number(version, "number"),
        last_modified=instant(version.get("when")),
    )


def accessible_resource(item: Json) -> AccessibleResource:
    """
    Read one entry of the accessible resources; scopes of other products are left out.

    Name and address go into sentences and logs as they are.
    """
    scopes = item.get("scopes")
    return AccessibleResource(
        id=_required_id(item, "id"),
        name=one_line(text(item, "name")),
        url=one_line(text(item, "url")).rstrip("/"),
        scopes=tuple(sound(scope) for scope in scopes if _is_confluence(scope)) if isinstance(scopes, list) else (),
    )


def merged(resources: Iterable[AccessibleResource]) -> tuple[AccessibleResource, ...]:
    """Make one of the entries of a site, which has one for each product; drop sites without a Confluence scope."""
    by_id: dict[str, AccessibleResource] = {}
    for resource in resources:
        if resource.scopes:
            known = by_id.setdefault(resource.id, resource)
            scopes = tuple(dict.fromkeys(known.scopes + resource.scopes))
            by_id[resource.id] = attrs.evolve(known, scopes=scopes)
    return tuple(by_id.values())


def part(item: Json, key: str) -> Json:
    """Return a nested object, an empty one if there is none."""
    value = item.get(key)
    return value if isinstance(value, dict) else {}


def text(item: Json, key: str, default: str = "") -> str:
    """Return a string; the default if it is missing, null or no string."""
    value = item.get(key)
    return sound(value) if isinstance(value, str) else default


def sound(value: str) -> str:
    """Replace lone surrogates, which JSON can spell and UTF-8 cannot, by U+FFFD."""
    if value.isascii():
        return value
    return value.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def one_line(value: str) -> str:
    """Return what a stranger wrote as one printable line, which no log and no terminal takes for more than text."""
    printable = "".join(character if character.isprintable() else " " for character in sound(value))
    return " ".join(printable.split())


def instant(value: object) -> datetime | None:
    """Read an ISO 8601 time, with or without fractions and offset (UTC if none), as UTC; None if it is none."""
    if not isinstance(value, str):
        return None
    try:
        time = datetime.fromisoformat(value)
        return time.astimezone(UTC) if time.tzinfo else time.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None


def _required_id(item: Json, key: str) -> str:
    if identifier := _id(item, key):
        return identifier
    raise ShapeError(f"an item without {key!r}")


def _id(item: Json, key: str) -> str:
    value = item.get(key)
    if isinstance(value, str):
        return sound(value)
    return str(value) if type(value) is int else ""


def _number(item: Json, key: str) -> int | None:
    value = item.get(key)
    if isinstance(value, str) and value.isdecimal() and len(value) < 20:
        return int(value)
    return value if type(value) is int else None


def _is_confluence(scope: object) -> TypeGuard[str]:
    """Granular scopes end in `:confluence`, classic ones have it in their name (`search:confluence`)."""
    return isinstance(scope, str) and ("confluence-" in scope or scope.endswith(":confluence"))
