"""Orders and cursors: a cursor is the key of the last row, so it stays good when rows come and go."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterable, Mapping
from heapq import nlargest, nsmallest
from itertools import islice
from typing import Any, Generic, TypeVar

import attrs

from ._content import SiteContent
from ._http import v2_error
from ._nodes import Node
from ._query import Query

__all__ = ["Key", "Order", "Slice", "bad_cursor", "order_of", "take", "take_nodes"]

Row = TypeVar("Row")
Key = Callable[[Row], tuple[Any, ...]]


@attrs.frozen
class Order(Generic[Row]):
    """
    How a listing is sorted.

    Attributes:
        name: The `sort` parameter, such as `-modified-date`.
        key: JSON values, different for any two rows.
    """

    name: str
    key: Key[Row]

    @property
    def descending(self) -> bool:
        """Whether the largest key comes first."""
        return self.name.startswith("-")

    def cursor_behind(self, row: Row) -> str:
        """Return an opaque cursor to what follows a row."""
        position = json.dumps([self.name, *self.key(row)], separators=(",", ":"))
        return base64.b64encode(position.encode()).decode()

    def position(self, cursor: str | None) -> tuple[Any, ...] | None:
        """
        Return the key a cursor stands for.

        Raises:
            ApiError: 400, not a cursor of this order.
        """
        if cursor is None:
            return None
        try:
            name, *key = json.loads(base64.b64decode(cursor, validate=True))
        except (ValueError, TypeError):
            raise bad_cursor() from None
        if name != self.name:
            raise bad_cursor()
        return tuple(key)


@attrs.frozen
class Slice(Generic[Row]):
    """The rows of one answer, and the cursor to the next if there is one."""

    rows: list[Row]
    next_cursor: str | None


def order_of(query: Query, keys: Mapping[str, Key[Row]], default: str) -> Order[Row]:
    """
    Return the order that `sort` asks for.

    Raises:
        ApiError: 400, the listing has no such order.
    """
    name = query.choice("sort", [sign + key for key in keys for sign in ("", "-")]) or default
    return Order(name, keys[name.removeprefix("-")])


def take(rows: Iterable[Row], order: Order[Row], *, cursor: str | None, limit: int) -> Slice[Row]:
    """Return the first rows behind a cursor."""
    after = order.position(cursor)
    if order.descending:
        found = nlargest(limit + 1, (row for row in rows if after is None or order.key(row) < after), key=order.key)
    else:
        found = nsmallest(limit + 1, (row for row in rows if after is None or order.key(row) > after), key=order.key)
    return _slice(found, order, limit)


def take_nodes(
    content: SiteContent, keep: Callable[[Node], bool], order: Order[Node], *, cursor: str | None, limit: int
) -> Slice[Node]:
    """Return the first nodes behind a cursor; in order of id without looking at the others."""
    if order.name not in {"id", "-id"}:
        return take(filter(keep, content.nodes.values()), order, cursor=cursor, limit=limit)
    position = order.position(cursor)
    behind = content.in_id_order(after=position[0] if position else None, descending=order.descending)
    return _slice(list(islice(filter(keep, behind), limit + 1)), order, limit)


def bad_cursor() -> Exception:
    """Return the documented answer to a cursor that is none."""
    return v2_error(
        400,
        "INVALID_REQUEST_PARAMETER",
        "Provided value for 'cursor' is not the correct type. Expected type is Cursor.",
        "The provided cursor was not valid. "
        "You can get a new valid cursor by making the original pagination request again.",
    )


def _slice(found: list[Row], order: Order[Row], limit: int) -> Slice[Row]:
    rows = found[:limit]
    return Slice(rows, order.cursor_behind(rows[-1]) if len(found) > limit else None)
