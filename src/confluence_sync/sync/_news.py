"""Something to wait for, until something was changed."""

from __future__ import annotations

import asyncio

__all__ = ["News"]


class News:
    """Wakes up everybody who waits, each time."""

    def __init__(self) -> None:
        self._event = asyncio.Event()

    def tell(self) -> None:
        """Wake up all who wait now."""
        self._event.set()
        self._event = asyncio.Event()

    async def wait(self) -> None:
        """Wait for the next time."""
        await self._event.wait()
