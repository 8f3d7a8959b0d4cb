"""Moves the bytes of one call: httpx, the limiter, the retry policy, what was used."""

from __future__ import annotations

import logging
from datetime import datetime
from random import Random
from typing import TypeVar

import httpx

from ..clock import SystemClock
from ..errors import ClientError, RateLimitedError
from ..protocols import Clock
from ._auth import Authentication
from ._budget import PointsBudget
from ._errors import may_be_expiry
from ._limiter import SiteLimiter
from ._limits import Limits, limits_of
from ._retry import RetryPolicy
from ._values import Batch, Usage
from ._wire import Call, read
from .http import exchange, new_client, request_to

__all__ = ["Transport"]

T = TypeVar("T")

_log = logging.getLogger("confluence_sync.client")
_READ_TIMEOUTS_A_TRY = 4
"""How many read timeouts one try may last."""


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
        self._http = http or new_client()
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
        response = await self._believable(call)
        limits = limits_of(response, now=self._clock.now())
        try:
            batch = read(call, response, now=self._clock.now())
        except ClientError as error:
            if isinstance(error, RateLimitedError) and not error.quota:  # the quota is not waited for in here
                self._site.hold_back(error.retry_after or self._retry.first_wait)
            await self._count(0, limits)
            raise
        await self._count(call.weight * len(batch.items), limits)
        self.server_time = batch.served_at or self.server_time
        return batch

    async def _believable(self, call: Call[T]) -> httpx.Response:
        """Return an answer that does not just hide that the token expired: asked again at most once, then believed."""
        response = await self._answer(call)
        if may_be_expiry(response):
            authorization = response.request.headers["Authorization"]
            if await self._auth.refused(authorization, response.status_code):
                return await self._answer(call)
        return response

    async def _answer(self, call: Call[T]) -> httpx.Response:
        async with self._site.slot():
            if self._budget is not None:
                await self._budget.request()
            response = await self._exchange(call)
        limits = limits_of(response, now=self._clock.now())
        self._site.slow_down(limits.near)
        self._site.hold_back(limits.full)
        return response

    @property
    def _site(self) -> SiteLimiter:
        if self._limiter is None:  # not in __init__, which may run before there is a loop
            self._limiter = SiteLimiter.shared(self._auth.api_url)
        return self._limiter

    async def _count(self, points: int, limits: Limits) -> None:
        self.usage.points += points
        if self._budget is not None:
            await self._budget.answer(points, used=limits.used, at=limits.at)

    async def _exchange(self, call: Call[T]) -> httpx.Response:
        request = await self._request(call)
        self.usage.requests += 1
        self.usage.points += 1
        longest = _READ_TIMEOUTS_A_TRY * call.read_timeout
        started = self._clock.now()
        outcome: object = "no answer"
        try:
            response = await exchange(self._http, request, endpoint=call.endpoint, longest=longest)
            outcome = response.status_code
        except ClientError as error:
            outcome = type(error.__cause__ or error).__name__
            raise
        finally:
            elapsed = (self._clock.now() - started).total_seconds()
            _log.debug("%s -> %s in %.3f s", call.endpoint, outcome, elapsed)
        return response

    async def _request(self, call: Call[T]) -> httpx.Request:
        url = httpx.URL((call.base or self._auth.api_url) + call.path)
        headers = {"Authorization": await self._auth.authorization(url)}
        content = {"params": call.params, "json": call.payload}
        return request_to(
            self._http,
            call.method,
            url,
            endpoint=call.endpoint,
            headers=headers,
            read_timeout=call.read_timeout,
            **content,
        )
