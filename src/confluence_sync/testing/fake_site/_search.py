"""What a query finds: content as the index knows it, which is some time behind."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import datetime
from fnmatch import fnmatchcase
from typing import Any, assert_never

import attrs

from ._cql import Both, Clause, CqlError, Either, Expression, Negation, Query, Value
from ._dates import period_of
from ._nodes import FakePage, Node, Revision
from ._paging import Order
from ._router import Call

__all__ = ["Hit", "hits", "order_of_hits", "predicate"]


@attrs.frozen
class Hit:
    """Content in the version, and with the status, that is indexed."""

    node: Node
    revision: Revision
    status: str


Predicate = Callable[[Hit], bool]
TYPES = frozenset({"attachment", "blogpost", "comment", "database", "embed", "folder", "page", "whiteboard"})
EQUALITY = frozenset({"=", "!=", "in", "not in"})


def hits(call: Call, *, archived_spaces: bool) -> Iterator[Hit]:
    """Yield all that the caller may find: also archived pages, nothing from the trash."""
    indexed_until = call.content.now() - call.settings.index_lag
    for node in call.content.in_id_order():
        revision = node.as_of(indexed_until)
        status = node.status_as_of(indexed_until)
        listed = status in {"current", "archived"} and (archived_spaces or node.space.status == "current")
        if revision is not None and listed and call.sees(node):
            yield Hit(node, revision, status)


def predicate(call: Call, expression: Expression | None) -> Predicate:
    """
    Return what decides whether a hit is wanted.

    Raises:
        CqlError: A field, operator or value that does not exist.
    """
    match expression:
        case None:
            return lambda _: True
        case Negation(operand):
            inner = predicate(call, operand)
            return lambda hit: not inner(hit)
        case Both(left, right):
            first, second = predicate(call, left), predicate(call, right)
            return lambda hit: first(hit) and second(hit)
        case Either(left, right):
            first, second = predicate(call, left), predicate(call, right)
            return lambda hit: first(hit) or second(hit)
        case Clause():
            return _clause(call, expression)
        case _:
            assert_never(expression)


def order_of_hits(query: Query) -> Order[Hit]:
    """
    Return the order of a query, by id if it names none.

    Raises:
        CqlError: Not a field to sort by.
    """
    field, sign = ("id", "") if query.sort is None else (query.sort.field, "-" if query.sort.descending else "")
    if field not in SORT_KEYS:
        raise CqlError(f"Cannot sort by '{field}'")
    key = SORT_KEYS[field]
    return Order(sign + field, lambda hit: (key(hit), hit.node.number))


SORT_KEYS: dict[str, Callable[[Hit], Any]] = {
    "created": lambda hit: hit.node.created_at.timestamp(),
    "id": lambda hit: hit.node.number,
    "lastmodified": lambda hit: hit.revision.at.timestamp(),
    "space": lambda hit: hit.node.space.key,
    "title": lambda hit: hit.revision.title,
    "type": lambda hit: hit.node.type,
}


def _clause(call: Call, clause: Clause) -> Predicate:
    match clause.field:
        case "lastmodified":
            return _date(call, clause, lambda hit: hit.revision.at)
        case "created":
            return _date(call, clause, lambda hit: hit.node.created_at)
        case "title" if clause.operator in {"~", "!~"}:
            return _words(clause)
        case field if field in TEXTS:
            return _text(clause, TEXTS[field])
        case field:
            raise CqlError(f"No field exists with the name: '{field}'")


def _date(call: Call, clause: Clause, time_of: Callable[[Hit], datetime]) -> Predicate:
    if clause.operator in {"in", "not in"}:
        raise CqlError(f"Field '{clause.field}' does not support operator '{clause.operator}'")
    [value] = clause.values
    period = period_of(value, now=call.content.now(), zone=call.settings.time_zone)
    period.compare(clause.operator, period.start)  # an operator that does not exist fails also if nothing is found
    return lambda hit: period.compare(clause.operator, time_of(hit))


def _text(clause: Clause, texts_of: Callable[[Hit], frozenset[str]]) -> Predicate:
    if clause.operator not in EQUALITY:
        raise CqlError(f"Field '{clause.field}' does not support operator '{clause.operator}'")
    wanted = frozenset(_checked(clause.field, value) for value in clause.values)
    if clause.negative:
        return lambda hit: not wanted & texts_of(hit)
    return lambda hit: bool(wanted & texts_of(hit))


def _checked(field: str, value: Value) -> str:
    if value.argument is not None:
        raise CqlError(f"No function exists with the name: '{value.text}'")
    if field in {"ancestor", "content", "id", "parent"} and not value.text.isdigit():
        raise CqlError(f"Expecting an id for field '{field}' but got '{value.text}'")
    if field == "type" and value.text.lower() not in TYPES:
        raise CqlError(f"No type exists with the name: '{value.text}'")
    return value.text.casefold()


def _words(clause: Clause) -> Predicate:
    patterns = re.findall(r"[\w*?]+", clause.values[0].text.casefold())

    def found(hit: Hit) -> bool:
        words = re.findall(r"\w+", hit.revision.title.casefold())
        return all(any(fnmatchcase(word, pattern) for word in words) for pattern in patterns)

    return (lambda hit: not found(hit)) if clause.negative else found


def _labels(hit: Hit) -> frozenset[str]:
    return frozenset(label.casefold() for label in hit.node.labels) if isinstance(hit.node, FakePage) else frozenset()


TEXTS: dict[str, Callable[[Hit], frozenset[str]]] = {
    "ancestor": lambda hit: frozenset(node.id for node in hit.node.lineage()),
    "content": lambda hit: frozenset({hit.node.id}),
    "creator": lambda hit: frozenset({hit.node.author_id.casefold()}),
    "id": lambda hit: frozenset({hit.node.id}),
    "label": _labels,
    "parent": lambda hit: frozenset({hit.node.parent_id} if hit.node.parent_id else ()),
    "space": lambda hit: frozenset({hit.node.space.key.casefold()}),
    "space.type": lambda hit: frozenset({hit.node.space.type}),
    "title": lambda hit: frozenset({hit.revision.title.casefold()}),
    "type": lambda hit: frozenset({hit.node.type}),
}
