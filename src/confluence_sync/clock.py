"""The real clock. Tests inject `confluence_sync.testing.ManualClock`."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

__all__ = ["SystemClock"]


class SystemClock:
    """Time of this machine, as a `Clock`."""

    def now(self) -> datetime:
        """Return the current time, aware, in UTC."""
        return datetime.now(UTC)

    async def sleep(self, seconds: float) -> None:
        """Wait; zero or less returns at once."""
        await asyncio.sleep(max(0.0, seconds))
