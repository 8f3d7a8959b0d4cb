"""How many requests a site gets at once, and when it gets none."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import ClassVar
from weakref import WeakValueDictionary

from ..clock import SystemClock
from ..protocols import Clock

__all__ = ["SiteLimiter"]

_NEAR_LIMIT_SPACING = timedelta(seconds=0.5)


class SiteLimiter:
    """
    Lets a few requests run at once, and holds all back when the site asks for it.

    Burst limits count all traffic of a site, so one limiter serves all its clients; Atlassian advises 5 to 10
    requests at once. A host with several processes can give each client a subclass that asks a shared place first.

    Args:
        at_once: Requests that run at the same time.
        clock: For waiting, in tests.
    """

    _shared: ClassVar[WeakValueDictionary[tuple[asyncio.AbstractEventLoop, str], SiteLimiter]] = WeakValueDictionary()

    def __init__(self, *, at_once: int = 5, clock: Clock | None = None) -> None:
        self._clock = clock or SystemClock()
        self._free = asyncio.Semaphore(at_once)
        self._next_start: datetime = self._clock.now()
        self._spacing = timedelta(0)

    @classmethod
    def shared(cls, site: str) -> SiteLimiter:
        """
        Return the limiter of a site for everything on the running loop; it lives as long as it is used.

        Args:
            site: Base URL of its API.
        """
        key = (asyncio.get_running_loop(), site)
        limiter = cls._shared.get(key)
        if limiter is None:
            limiter = cls._shared[key] = cls()
        return limiter

    @asynccontextmanager
    async def slot(self) -> AsyncIterator[None]:
        """Wait for a turn and hold one of the places for the time of one request."""
        async with self._free:
            await self._turn()
            yield

    def hold_back(self, seconds: float) -> None:
        """Start no request of any task within this time from now."""
        self._next_start = max(self._next_start, self._clock.now() + timedelta(seconds=seconds))

    def near_limit(self, near: bool) -> None:
        """Space requests out while the site says that a limit is near."""
        self._spacing = _NEAR_LIMIT_SPACING if near else timedelta(0)

    async def _turn(self) -> None:
        while (wait := (self._next_start - self._clock.now()).total_seconds()) > 0:
            await self._clock.sleep(wait)
        if self._spacing:
            self._next_start = self._clock.now() + self._spacing
