"""Answers that are no success, as errors of this library. Pure."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import httpx
from selectolax.lexbor import LexborHTMLParser

from ..errors import (
    AuthenticationError,
    ClientError,
    ContentTooLargeError,
    MissingScopeError,
    PermissionDeniedError,
    RateLimitedError,
    RemoteNotFoundError,
    ServerError,
    UnexpectedResponseError,
)
from ._decode import instant, one_line, text

__all__ = ["error_of", "may_be_expiry", "parse_json", "provider_message", "retry_after", "served_at"]

LONGEST_BURST = 60.0
"""Seconds. A burst limit is over in seconds; a 429 that asks for more is the hourly quota, whatever it says."""

LONGEST_WAIT = 6 * 3600.0
"""Seconds. The quota window is one hour: a wait far beyond it is a mistake, and must neither overflow a date nor stop
a connection for good."""

_MESSAGE_LENGTH = 300
_EXCERPT = 20_000  # characters of an error body that are looked at: enough for any title
_QUOTA_REASON = re.compile("quota|global|tenant", re.IGNORECASE)

_BY_STATUS: dict[int, type[ClientError]] = {
    401: AuthenticationError,
    403: PermissionDeniedError,
    404: RemoteNotFoundError,
    408: ServerError,
    413: ContentTooLargeError,
    414: ContentTooLargeError,
}


def error_of(response: httpx.Response, endpoint: str, *, now: datetime, scope: str = "") -> ClientError:
    """
    Return what an answer outside of 2xx means.

    Args:
        response: The answer, read to its end.
        endpoint: Method and path, for the message.
        now: Taken for the provider's time if the answer has no `Date`.
        scope: That the endpoint needs.
    """
    status = response.status_code
    said = provider_message(response)
    sentence = f"{endpoint} answered {status}" + (f": {said}" if said else "")
    if response.is_redirect:
        return UnexpectedResponseError(f"{sentence} (a redirect, not followed)", status=status, provider_message=said)
    if status == 429:
        return _rate_limited(response, sentence, said, now)
    if _lacks_scope(status, said):
        lacks = f"the token lacks the scope {scope}" if scope else "the token lacks a scope for it"
        return MissingScopeError(f"{sentence} ({lacks})", status=status, provider_message=said)
    if status >= 500:
        wait = _seconds(response.headers.get("Retry-After"), _today(response, now))
        return ServerError(sentence, status=status, provider_message=said, retry_after=wait)
    return _BY_STATUS.get(status, UnexpectedResponseError)(sentence, status=status, provider_message=said)


def may_be_expiry(response: httpx.Response) -> bool:
    """
    Tell whether an answer can mean that the token expired: 401 does, and so can 403 and 404 of Atlassian's gateway.

    Not a 401 for want of a scope, which no new token cures.
    """
    status = response.status_code
    return status in {401, 403, 404} and not _lacks_scope(status, provider_message(response))


def _lacks_scope(status: int, said: str) -> bool:
    return status == 401 and "scope" in said.lower()


def provider_message(response: httpx.Response) -> str:
    """Return what the body of an error says, in one line of at most 300 characters; "" if it says nothing."""
    body = response.content.decode("utf-8", "replace").strip()
    try:
        said = "; ".join(_messages(parse_json(body)))
    except ValueError:
        said = _plain(body[:_EXCERPT])
    return one_line(said)[:_MESSAGE_LENGTH]


def retry_after(response: httpx.Response, *, now: datetime) -> float | None:
    """
    Return the seconds that a 429 asks to wait, at most `LONGEST_WAIT`; None if it does not say.

    `Retry-After` may be missing, while `X-RateLimit-Reset` (ISO 8601) is there. The `Beta-` headers are those of the
    points quota for apps on which it is not yet enforced.
    """
    today = _today(response, now)
    for name in ("Retry-After", "Beta-Retry-After"):
        if (seconds := _seconds(response.headers.get(name), today)) is not None:
            return seconds
    reset = instant(response.headers.get("X-RateLimit-Reset"))
    return _wait((reset - today).total_seconds()) if reset else None


def served_at(response: httpx.Response) -> datetime | None:
    """Return the `Date` of an answer, UTC."""
    return _http_date(response.headers.get("Date"))


def parse_json(body: str) -> Any:
    """
    Parse JSON.

    Raises:
        ValueError: It is none, or nested beyond reason.
    """
    try:
        return json.loads(body)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error


def _rate_limited(response: httpx.Response, sentence: str, said: str, now: datetime) -> RateLimitedError:
    wait = retry_after(response, now=now)
    reason = response.headers.get("RateLimit-Reason", "")
    return RateLimitedError(
        sentence,
        quota=bool(_QUOTA_REASON.search(reason)) or (wait or 0) > LONGEST_BURST,
        provider_message=said,
        retry_after=wait,
    )


def _messages(body: object) -> Iterator[str]:
    """Yield what v2 (`errors`), v1 and the gateway (`message`), and OAuth (`error`) put in their error bodies."""
    if isinstance(body, str):
        yield body
    if not isinstance(body, dict):
        return
    errors = body.get("errors")
    for error in errors if isinstance(errors, list) else ():
        if isinstance(error, dict):
            yield ": ".join(filter(None, (text(error, "title") or text(error, "code"), text(error, "detail"))))
    if message := text(body, "message"):
        yield message
    if error := ": ".join(filter(None, (text(body, "error"), text(body, "error_description")))):
        yield error


def _plain(body: str) -> str:
    """Return the title of a web page, else its text; any other text as it is."""
    if "<" not in body:
        return body
    document = LexborHTMLParser(body)
    title = document.css_first("title")
    if title and (said := title.text().strip()):
        return said
    document.strip_tags(["script", "style"])
    return document.body.text(separator=" ") if document.body else ""


def _today(response: httpx.Response, now: datetime) -> datetime:
    return served_at(response) or now


def _seconds(value: str | None, today: datetime) -> float | None:
    """Read a `Retry-After`: seconds or an HTTP date."""
    if value is None:
        return None
    if date := _http_date(value):
        return _wait((date - today).total_seconds())
    try:
        seconds = float(value)
    except ValueError:
        return None
    return None if math.isnan(seconds) else _wait(seconds)


def _wait(seconds: float) -> float:
    return min(max(0.0, seconds), LONGEST_WAIT)


def _http_date(value: str | None) -> datetime | None:
    try:
        date = parsedate_to_datetime(value or "")
        return date.astimezone(UTC) if date.tzinfo else date.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None
