"""
One HTTP exchange, as the API and the token endpoint need it: nothing leaves for a host that was not asked.

For other parts of this library; hosts have no need of it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import aclosing
from importlib.metadata import version
from typing import Any

import httpx

from ..errors import ContentTooLargeError, TransportError
from ._decode import one_line
from ._errors import error_of, parse_json, provider_message

__all__ = ["HEADERS", "error_of", "exchange", "new_client", "one_line", "parse_json", "provider_message", "request_to"]

HEADERS = {
    "Accept": "application/json",
    "User-Agent": f"confluence-sync-engine/{version('confluence-sync-engine')}",
}
"""Of every request."""

_CONNECT_TIMEOUT = 10.0
_LARGEST_ANSWER = 256 * 2**20
"""Bytes after decompression. Far beyond what 250 long pages have, and still something that memory holds."""
_LOOPBACK = dict.fromkeys(("all://localhost", "all://127.0.0.1", "all://[::1]"))
"""Mounts without a transport of their own: loopback addresses are never reached through a proxy."""


def new_client() -> httpx.AsyncClient:
    """Return an HTTP client that reaches loopback addresses directly, whatever the proxy of the environment."""
    return httpx.AsyncClient(mounts=_LOOPBACK)


def request_to(
    http: httpx.AsyncClient,
    method: str,
    url: httpx.URL | str,
    *,
    endpoint: str,
    headers: Mapping[str, str],
    read_timeout: float,
    **content: Any,
) -> httpx.Request:
    """
    Return a request of ours; cookies that the HTTP client has of other users do not go with it.

    Args:
        http: Will send it.
        method: `GET` or `POST`.
        url: Where to.
        endpoint: Method and path, for messages.
        headers: Besides `HEADERS`.
        read_timeout: Seconds without a byte.
        content: `params` and `json`, as httpx takes them.

    Raises:
        ContentTooLargeError: It does not fit an address.
    """
    timeout = httpx.Timeout(read_timeout, connect=_CONNECT_TIMEOUT)
    try:
        request = http.build_request(method, url, headers={**HEADERS, **headers}, timeout=timeout, **content)
    except httpx.InvalidURL as error:  # httpx refuses what no server would take either
        raise ContentTooLargeError(f"{endpoint}: the cursor or query is too long for an address") from error
    request.headers.pop("Cookie", None)
    return request


async def exchange(http: httpx.AsyncClient, request: httpx.Request, *, endpoint: str, longest: float) -> httpx.Response:
    """
    Send a request and return the answer, of whatever status, read to its end and decompressed.

    No redirect is followed, and no credentials are sent but those in the request.

    Args:
        http: Sends it.
        request: From `request_to`.
        endpoint: Method and path, for messages.
        longest: Seconds in all: an answer that drips in never meets the timeout between two bytes.

    Raises:
        TransportError: No whole answer arrived.
        ContentTooLargeError: More than memory holds.
    """
    try:
        async with asyncio.timeout(longest):
            answer = await http.send(request, auth=None, follow_redirects=False, stream=True)
            return await _whole(answer, endpoint)
    except (httpx.RequestError, TimeoutError) as error:
        raise _failure(endpoint, error) from error


async def _whole(answer: httpx.Response, endpoint: str) -> httpx.Response:
    """Read an answer to its end, decompressed; one that would fill the memory is given up on the way."""
    parts: list[bytes] = []
    size = 0
    async with aclosing(answer):
        async for part in answer.aiter_bytes():
            size += len(part)
            if size > _LARGEST_ANSWER:
                raise ContentTooLargeError(f"{endpoint} answered with more than {_LARGEST_ANSWER:,} bytes")
            parts.append(part)
    headers = answer.headers.copy()
    headers.pop("Content-Encoding", None)  # undone already
    return httpx.Response(answer.status_code, headers=headers, content=b"".join(parts), request=answer.request)


def _failure(endpoint: str, error: httpx.RequestError | TimeoutError) -> TransportError:
    if isinstance(error, httpx.TimeoutException | TimeoutError):
        return TransportError(f"{endpoint} timed out ({type(error).__name__})", timed_out=True)
    return TransportError(f"{endpoint} got no answer: {str(error) or type(error).__name__}")
