"""The way to a site without a network: an httpx transport."""

from __future__ import annotations

from collections.abc import Callable

import httpx

from ...protocols import Clock
from ._http import Failure, Request, Response

__all__ = ["answering"]


def answering(handle: Callable[[Request], Response], clock: Clock) -> httpx.MockTransport:
    """Return a transport that asks a function; delays pass on a clock, failures are raised as httpx would."""

    async def answer(request: httpx.Request) -> httpx.Response:
        response = handle(_request_of(request))
        if response.delay:
            await clock.sleep(response.delay)
        if response.failure is not None:
            raise _error_of(response.failure, request)
        return httpx.Response(response.status, headers=dict(response.headers), content=response.body)

    return httpx.MockTransport(answer)


def _request_of(request: httpx.Request) -> Request:
    return Request(
        method=request.method,
        path=request.url.path,
        query=tuple(request.url.params.multi_items()),
        headers={name.lower(): value for name, value in request.headers.items()},
        body=request.content,
        origin=f"{request.url.scheme}://{request.url.netloc.decode('ascii')}",
    )


def _error_of(failure: Failure, request: httpx.Request) -> httpx.TransportError:
    match failure:
        case Failure.TIMEOUT:
            return httpx.ReadTimeout("the site did not answer in time", request=request)
        case Failure.RESET:
            return httpx.ReadError("connection reset by peer", request=request)
        case Failure.TRUNCATED:
            message = "peer closed connection without sending complete message body"
            return httpx.RemoteProtocolError(message, request=request)
