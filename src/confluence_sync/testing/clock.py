"""A clock that a test turns by hand."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

__all__ = ["ManualClock"]


class ManualClock:
    """
    Time that passes only when told to, as a `Clock`.

    Args:
        start: The time at first, aware; by default a Monday morning in 2026.
        sleepers_wait: Whether who sleeps waits until `advance` has gone so far, as loops such as the scheduler's have
            to; by default sleeping turns the clock itself, so that nobody ever waits.
    """

    def __init__(
        self, start: datetime = datetime(2026, 1, 5, 9, 0, tzinfo=UTC), *, sleepers_wait: bool = False
    ) -> None:
        if start.tzinfo is None:
            raise ValueError("ManualClock needs an aware time")
        self._now = start.astimezone(UTC)
        self._sleepers_wait = sleepers_wait
        self._advanced = asyncio.Event()

    def now(self) -> datetime:
        """Return the current time, aware, in UTC."""
        return self._now

    async def sleep(self, seconds: float) -> None:
        """Let the seconds pass at once, and let other tasks run; or wait until they have passed."""
        until = self._now + timedelta(seconds=max(0.0, seconds))
        if not self._sleepers_wait:
            self.advance(max(0.0, seconds))
            await asyncio.sleep(0)
        while self._now < until:
            await self._advanced.wait()

    def advance(self, seconds: float) -> None:
        """
        Let time pass.

        Raises:
            ValueError: The seconds are negative; time does not go back.
        """
        if seconds < 0:
            raise ValueError(f"time does not go back ({seconds} s)")
        self._now += timedelta(seconds=seconds)
        self._advanced.set()
        self._advanced = asyncio.Event()
