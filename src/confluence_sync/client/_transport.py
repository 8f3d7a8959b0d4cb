"""Moves the bytes of one call: httpx, the limiter, the retry policy, what was used."""

from __future__ import annotations

import asyncio
import logging
from contextlib import aclosing
from datetime import datetime
from importlib.metadata import version
from random import Random
from typing import TypeVar

import httpx

from ..clock import SystemClock
from ..errors import ClientError, ContentTooLargeError, RateLimitedError, TransportError
from ..protocols import Clock
from ._auth import Authentication
from ._budget import PointsBudget
from ._limiter import SiteLimiter
from ._limits import Limits, limits_of
from ._retry import RetryPolicy
from ._values import Batch, Usage
from ._wire import Call, read

__all__ = ["Transport"]

T = TypeVar("T")

_log = logging.getLogger("confluence_sync.client")
_HEADERS = {
    "Accept": "application/json",
    "User-Agent": f"confluence-sync-engine/{version('confluence-sync-engine')}",
}
_CONNECT_TIMEOUT = 10.0
_READ_TIMEOUTS_A_TRY = 4
"""How many read timeouts one try may last: an answer that drips in never meets the timeout between two bytes."""
_LARGEST_ANSWER = 256 * 2**20
"""Bytes after decompression. Far beyond what 250 long pages have, and still something that memory holds."""
_LOOPBACK = dict.fromkeys(("all://localhost", "all://127.0.0.1", "all://[::1]"))
"""Mounts without a transport of their own: loopback addresses are never reached through a proxy."""


class Transport:
    """
    Sends calls of one connection.

    Attributes:
        usage: Counts every request and its points.
        server_time: `Date` of the latest usable answer, UTC; None before the first.
    """

    def __init__(
        self,
        auth: Authentication,
        *,
        http: httpx.AsyncClient | None,
        limiter: SiteLimiter | None,
        clock: Clock | None,
        retry: RetryPolicy,
        random: Random,
        budget: PointsBudget | None,
    ) -> None:
        self.usage = Usage()
        self.server_time: datetime | None = None
        self._auth = auth
        self._http = http or httpx.AsyncClient(mounts=_LOOPBACK)
        self._owns_http = http is None
        self._limiter = limiter or (SiteLimiter(clock=clock) if clock else None)
        self._clock = clock or SystemClock()
        self._retry = retry
        self._random = random
        self._budget = budget

    async def aclose(self) -> None:
        """Close the HTTP client, unless it was passed in."""
        if self._owns_http:
            await self._http.aclose()

    async def send(self, call: Call[T]) -> Batch[T]:
        """
        Return the answer of a call, repeated as the policy says.

        Raises:
            ClientError: What the last try led to.
        """
        retrying = self._retry.retrying(clock=self._clock, random=self._random, patient=call.patient)
        return await retrying(self._attempt, call)

    async def _attempt(self, call: Call[T]) -> Batch[T]:
        if self._limiter is None:  # not in __init__, which may run before there is a loop
            self._limiter = SiteLimiter.shared(self._auth.api_url)
        async with self._limiter.slot():
            if self._budget is not None:
                await self._budget.request()
            response = await self._exchange(call)
        limits = limits_of(response, now=self._clock.now())
        self._limiter.slow_down(limits.near)
        self._limiter.hold_back(limits.full)
        try:
            batch = read(call, response, now=self._clock.now())
        except ClientError as error:
            if isinstance(error, RateLimitedError) and not error.quota:  # the quota is not waited for in here
                self._limiter.hold_back(error.retry_after or self._retry.first_wait)
            await self._count(0, limits)
            raise
        await self._count(call.weight * len(batch.items), limits)
        self.server_time = batch.served_at or self.server_time
        return batch

    async def _count(self, points: int, limits: Limits) -> None:
        self.usage.points += points
        if self._budget is not None:
            await self._budget.answer(points, used=limits.used, at=limits.at)

    async def _exchange(self, call: Call[T]) -> httpx.Response:
        request = await self._request(call)
        self.usage.requests += 1
        self.usage.points += 1
        started = self._clock.now()
        outcome: object = "no answer"
        try:
            async with asyncio.timeout(_READ_TIMEOUTS_A_TRY * call.read_timeout):
                answer = await self._http.send(request, auth=None, follow_redirects=False, stream=True)
                outcome = answer.status_code
                response = await _whole(call, answer)
        except (httpx.RequestError, TimeoutError) as error:
            outcome = type(error).__name__
            raise _failure(call, error) from error
        finally:
            elapsed = (self._clock.now() - started).total_seconds()
            _log.debug("%s -> %s in %.3f s", call.endpoint, outcome, elapsed)
        return response

    async def _request(self, call: Call[T]) -> httpx.Request:
        url = httpx.URL((call.base or self._auth.api_url) + call.path)
        headers = {**_HEADERS, "Authorization": await self._auth.authorization(url)}
        timeout = httpx.Timeout(call.read_timeout, connect=_CONNECT_TIMEOUT)
        try:
            request = self._http.build_request(
                call.method, url, params=call.params, json=call.payload, headers=headers, timeout=timeout
            )
        except httpx.InvalidURL as error:  # httpx refuses what no server would take either
            raise ContentTooLargeError(f"{call.endpoint}: the cursor or query is too long for an address") from error
        request.headers.pop("Cookie", None)  # a session of another user of the same HTTP client
        return request


async def _whole(call: Call[T], answer: httpx.Response) -> httpx.Response:
    """Read an answer to its end, decompressed; one that would fill the memory is given up on the way."""
    parts: list[bytes] = []
    size = 0
    async with aclosing(answer):
        async for part in answer.aiter_bytes():
            size += len(part)
            if size > _LARGEST_ANSWER:
                raise ContentTooLargeError(f"{call.endpoint} answered with more than {_LARGEST_ANSWER:,} bytes")
            parts.append(part)
    headers = answer.headers.copy()
    headers.pop("Content-Encoding", None)  # undone already
    return httpx.Response(answer.status_code, headers=headers, content=b"".join(parts), request=answer.request)


def _failure(call: Call[T], error: httpx.RequestError | TimeoutError) -> ClientError:
    if isinstance(error, httpx.TimeoutException | TimeoutError):
        return TransportError(f"{call.endpoint} timed out ({type(error).__name__})", timed_out=True)
    return TransportError(f"{call.endpoint} got no answer: {str(error) or type(error).__name__}")
