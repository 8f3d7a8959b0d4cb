"""A request as a value that knows how its answer is read. Pure: no IO, no clock."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Generic, TypeVar
from urllib.parse import unquote, urlsplit

import attrs
import httpx

from ..errors import TransportError, UnexpectedResponseError
from ._decode import Json, ShapeError, sound, text
from ._errors import error_of, parse_json, served_at
from ._values import Batch

__all__ = ["Call", "next_cursor", "read", "results", "single"]

T = TypeVar("T")


def results(body: Any) -> Sequence[Any]:
    """Return the rows of a listing."""
    rows = body.get("results") if isinstance(body, dict) else None
    if isinstance(rows, list):
        return rows
    raise ShapeError("no list of results")


def single(body: Any) -> Sequence[Any]:
    """Return the one row of an answer that is the object itself."""
    return (body,)


@attrs.frozen(kw_only=True)
class Call(Generic[T]):
    """
    One request, and how to read its answer.

    Attributes:
        path: Below the API base, `/api/v2/...` or `/rest/api/...`; values in it are percent-encoded.
        decode: Reads one row.
        scope: That a grant or a scoped API token needs for it; "" for none.
        rows: Finds the rows in the body.
        payload: JSON to POST; None makes it a GET.
        params: The query.
        weight: Points of the hourly quota per row.
        read_timeout: Seconds without a byte; the whole try may last four times as long.
        base: Instead of the API base of the connection.
        patient: Whether it is repeated as it is when it fails; if not, the caller would rather ask for less.
    """

    path: str
    decode: Callable[[Json], T]
    scope: str = ""
    rows: Callable[[Any], Sequence[Any]] = results
    payload: Json | None = None
    params: Mapping[str, str] = attrs.field(factory=dict)
    weight: int = 1
    read_timeout: float = 60.0
    base: str | None = None
    patient: bool = True

    @property
    def method(self) -> str:
        """`GET` or `POST`."""
        return "GET" if self.payload is None else "POST"

    @property
    def endpoint(self) -> str:
        """Method and path, as messages and the log show a call; without the query."""
        return f"{self.method} {self.path}"

    def at(self, cursor: str | None) -> Call[T]:
        """Return the same call for another position of its walk."""
        return self if cursor is None else attrs.evolve(self, params={**self.params, "cursor": cursor})


def read(call: Call[T], response: httpx.Response, *, now: datetime) -> Batch[T]:
    """
    Return the values of an answer.

    Raises:
        ClientError: The answer is an error, or no JSON of the expected shape.
    """
    if not response.is_success:
        raise error_of(response, call.endpoint, now=now, scope=call.scope)
    body = _parse(call, response)
    try:
        return Batch(
            items=tuple(call.decode(_object(row)) for row in call.rows(body)),
            next_cursor=next_cursor(body, response),
            served_at=served_at(response),
            base_url=_base_url(body),
        )
    except ShapeError as error:
        status = response.status_code
        raise UnexpectedResponseError(f"{call.endpoint} answered with {error}", status=status) from error


def next_cursor(body: Any, response: httpx.Response) -> str | None:
    """
    Return the cursor of the next answer of a walk, None at its end.

    Only the cursor is taken from `_links.next` (else from the `Link` header): v1 and v2 spell the rest differently,
    and behind the gateway it is not an address to call. It is percent-decoded once; a `+` stays one, since cursors
    are Base64. Only a link that is missing, null or empty is an end: taking an odd one for it would cut a listing short
    and call it complete.

    Raises:
        ShapeError: There is a next answer, and no cursor to ask for it.
    """
    address = _next_address(body, response)
    if not address:
        return None
    for field in _query(address).split("&"):
        name, _, value = field.partition("=")
        if name == "cursor" and value:
            return unquote(value)
    raise ShapeError("a next link without a cursor")


def _next_address(body: Any, response: httpx.Response) -> str:
    address = _links(body).get("next")
    if address is None or address == "":
        return response.links.get("next", {}).get("url") or ""
    if isinstance(address, str):
        return sound(address)
    raise ShapeError("a next link that is no text")


def _query(address: str) -> str:
    try:
        return urlsplit(address).query
    except ValueError as error:
        raise ShapeError("a next link that is no address") from error


def _parse(call: Call[T], response: httpx.Response) -> Any:
    """Parse a body; one that is cut off or no JSON got lost on the way, so the call may be repeated."""
    try:
        return parse_json(response.content.decode("utf-8-sig", "replace"))
    except ValueError as error:
        content_type = response.headers.get("Content-Type", "no type")
        what = f"{len(response.content)} bytes of {content_type}"  # not the bytes: they are what people wrote
        raise TransportError(f"{call.endpoint} answered with {what}, which are no whole JSON") from error


def _object(row: Any) -> Json:
    if isinstance(row, dict):
        return row
    raise ShapeError("an item that is no object")


def _links(body: Any) -> Json:
    links = body.get("_links") if isinstance(body, dict) else None
    if links is None:
        return {}
    if isinstance(links, dict):
        return links
    raise ShapeError("links that are no object")


def _base_url(body: Any) -> str:
    base = text(_links(body), "base").rstrip("/")
    return base if base.startswith(("https://", "http://")) else ""
