"""Other processes that share a store with the test."""

from __future__ import annotations

import asyncio
import multiprocessing
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from multiprocessing.connection import Connection
from typing import Any

__all__ = ["Elsewhere", "Report", "elsewhere"]

_PATIENCE = 60.0

Report = Callable[[object], None]
"""Tells the test something from the other process."""


class Elsewhere:
    """A process at work."""

    def __init__(self, process: multiprocessing.process.BaseProcess, reports: Connection) -> None:
        self._process = process
        self._reports = reports

    async def report(self) -> Any:
        """
        Return what the process tells next.

        Raises:
            AssertionError: Nothing came for a minute, or the process died.
        """
        try:
            assert await self.has_reported(_PATIENCE), "the other process does not come forward"
            return self._reports.recv()
        except EOFError:
            raise AssertionError("the other process died; its error is on stderr") from None

    async def has_reported(self, seconds: float) -> bool:
        """Wait for a report so long at most."""
        return await asyncio.to_thread(self._reports.poll, seconds)

    async def kill(self) -> None:
        """End the process as `kill -9` does."""
        self._process.kill()
        await asyncio.to_thread(self._process.join)


@asynccontextmanager
async def elsewhere(work: Callable[..., Coroutine[Any, Any, None]], *args: object) -> AsyncIterator[Elsewhere]:
    """Run `work(report, *args)` in a fresh process; it is killed at the end of the block if it is still there."""
    context = multiprocessing.get_context("spawn")
    reports, sender = context.Pipe(duplex=False)
    process = context.Process(target=_main, args=(work, sender, args), daemon=True)
    await asyncio.to_thread(process.start)
    sender.close()
    other = Elsewhere(process, reports)
    try:
        yield other
    finally:
        await other.kill()
        process.close()
        reports.close()


def _main(work: Callable[..., Coroutine[Any, Any, None]], sender: Connection, args: tuple[object, ...]) -> None:
    asyncio.run(work(sender.send, *args))
