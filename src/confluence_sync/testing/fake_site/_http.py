"""Requests and responses as values, so that the site can be asked without any network."""

from __future__ import annotations

import json
from collections.abc import Mapping
from enum import StrEnum
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import attrs

from ...models import ContentId

__all__ = ["ApiError", "Failure", "Reply", "Request", "Response", "gateway_error", "v1_error", "v2_error"]


class Failure(StrEnum):
    """How an answer goes missing on its way."""

    TIMEOUT = "timeout"
    RESET = "reset"
    TRUNCATED = "truncated"


@attrs.frozen(kw_only=True)
class Request:
    """
    One HTTP request.

    Attributes:
        path: Decoded path, with the gateway's prefix if there is one.
        query: Decoded pairs in order; a name may come several times.
        headers: By lower-case name.
        origin: Scheme and host the request was sent to, for redirects that stay there.
    """

    method: str = "GET"
    path: str
    query: tuple[tuple[str, str], ...] = ()
    headers: Mapping[str, str] = attrs.field(factory=dict, repr=False)
    body: bytes = b""
    origin: str = ""

    @classmethod
    def to(
        cls, target: str, *, method: str = "GET", headers: Mapping[str, str] | None = None, body: bytes = b""
    ) -> Request:
        """Build a request to a target such as `/wiki/api/v2/pages?id=1,2`."""
        parts = urlsplit(target)
        lowered = {name.lower(): value for name, value in (headers or {}).items()}
        query = tuple(parse_qsl(parts.query, keep_blank_values=True))
        return cls(method=method, path=parts.path, query=query, headers=lowered, body=body)


@attrs.frozen(kw_only=True)
class Response:
    """
    One HTTP response.

    Attributes:
        delay: Seconds to wait before it is sent.
        failure: What the connection does instead of carrying the whole response.
    """

    status: int = 200
    headers: Mapping[str, str] = attrs.field(factory=dict)
    body: bytes = attrs.field(default=b"", repr=False)
    delay: float = 0.0
    failure: Failure | None = None

    def json(self) -> Any:
        """Return the decoded body."""
        return json.loads(self.body)


@attrs.frozen(kw_only=True)
class Reply:
    """
    What a route answers, before limits, faults and headers.

    Attributes:
        payload: JSON value; None for an empty body.
        objects: Core objects in the answer, one point each.
        identities: Users, groups and permissions in the answer, two points each.
        page_ids: Pages in the answer.
        body_ids: Pages whose body is in the answer.
    """

    payload: Any = None
    status: int = 200
    headers: Mapping[str, str] = attrs.field(factory=dict)
    content: bytes = b""
    objects: int = 0
    identities: int = 0
    page_ids: frozenset[ContentId] = frozenset()
    body_ids: frozenset[ContentId] = frozenset()

    @property
    def points(self) -> int:
        """Cost under the published rule: 1, plus 1 for each object and 2 for each identity; a refusal is free."""
        return 0 if self.status == 429 else 1 + self.objects + 2 * self.identities


class ApiError(Exception):
    """An error answer; `reply` is what the client gets."""

    def __init__(self, reply: Reply) -> None:
        super().__init__(f"{reply.status}: {reply.payload}")
        self.reply = reply


def v2_error(status: int, code: str, title: str, detail: str | None = None) -> ApiError:
    """Return an error in the shape of the v2 API."""
    return ApiError(
        Reply(status=status, payload={"errors": [{"status": status, "code": code, "title": title, "detail": detail}]})
    )


def v1_error(status: int, exception: str, message: str) -> ApiError:
    """Return an error in the shape of the v1 API, where the message starts with a Java class."""
    payload = {
        "statusCode": status,
        "data": {"authorized": True, "valid": True, "errors": [], "successful": True},
        "message": f"com.atlassian.confluence.api.service.exceptions.{exception}: {message}",
    }
    return ApiError(Reply(status=status, payload=payload))


def gateway_error(status: int, message: str) -> ApiError:
    """Return an error in the shape of the gateway in front of both APIs."""
    return ApiError(Reply(status=status, payload={"code": status, "message": message}))
