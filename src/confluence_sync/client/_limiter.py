"""How many requests a site gets at once, and when it gets none."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import ClassVar
from weakref import WeakValueDictionary

import attrs

from ..clock import SystemClock
from ..protocols import Clock

__all__ = ["SiteLimiter"]

_SPACING = 0.5
"""Seconds between two starts while a limit is near."""


@attrs.frozen(eq=False)
class _Time:
    """Some seconds from a moment on."""

    since: datetime
    seconds: float

    def left(self, now: datetime) -> float:
        """Return the seconds that remain; never more than were asked for, even if the clock was set back meanwhile."""
        return min(self.seconds, self.seconds - (now - self.since).total_seconds())


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
        self._pause: _Time | None = None
        self._near: _Time | None = None

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
        self._pause = self._longer(self._pause, seconds)

    def slow_down(self, seconds: float) -> None:
        """Space the requests of all tasks out within this time from now, because a limit is near."""
        self._near = self._longer(self._near, seconds)

    def _longer(self, time: _Time | None, seconds: float) -> _Time | None:
        now = self._clock.now()
        left = time.left(now) if time is not None else 0.0
        return _Time(now, seconds) if seconds > max(0.0, left) else time

    async def _turn(self) -> None:
        while pause := self._pause:
            await self._clock.sleep(pause.left(self._clock.now()))
            if self._pause is pause:  # slept out, whatever the clock says by now; else there is another to sleep
                self._pause = None
        if self._near is not None and self._near.left(self._clock.now()) > 0:
            self.hold_back(_SPACING)
