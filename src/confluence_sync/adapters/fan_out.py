"""Several log sinks in the place of one."""

from __future__ import annotations

import asyncio
import logging
from collections import deque

from ..events import AnyEvent, RunFinished, RunStarted
from ..protocols import LogSink

__all__ = ["FanOutLogSink"]

_logger = logging.getLogger("confluence_sync.adapters")

_BACKLOG = 10_000
"""Events a sink may be behind before the others wait for it..."""
_ROOM = 1_000
"""...once, until it has taken so many of them."""


class FanOutLogSink:
    """
    A `LogSink` that hands each event to several others, apart from each other: a slow or failing one holds up nobody.

    A sink that fails so often in a row, or is too far behind, is left out until the next run begins, with one warning
    in the standard logging. The end of a run is waited for, so that sinks that keep up have all of it then.

    Args:
        sinks: Each gets all events in order.
        timeout: Seconds that a sink may take over one event; over a thousand, if it is ten thousand behind; and over
            what it still has to take at the end of a run.
        failures: In a row, after which a sink is left out.
    """

    def __init__(self, *sinks: LogSink, timeout: float = 5.0, failures: int = 3) -> None:
        self._timeout = timeout
        self._feeds = [_Feed(sink, timeout, failures) for sink in sinks]

    async def emit(self, event: AnyEvent) -> None:
        """Take one event; never fails."""
        await asyncio.gather(*(feed.make_room() for feed in self._feeds))
        for feed in self._feeds:
            feed.offer(event)
        if isinstance(event, RunFinished):
            await self.drain()

    async def drain(self) -> None:
        """Wait until the sinks have all events, or for the timeout."""
        pending = [task for feed in self._feeds if (task := feed.task) is not None]
        if pending:
            await asyncio.wait(pending, timeout=self._timeout)


class _Feed:
    """Hands events to one sink, in a task that lives while there are any."""

    def __init__(self, sink: LogSink, timeout: float, most: int) -> None:
        self.task: asyncio.Task[None] | None = None
        self._sink = sink
        self._timeout = timeout
        self._most = most
        self._failures = 0
        self._left_out = False
        self._events: deque[AnyEvent] = deque()
        self._room = asyncio.Event()

    async def make_room(self) -> None:
        """Wait for a sink that is far behind; leave it out if it stays so."""
        if len(self._events) < _BACKLOG:
            return
        self._room.clear()
        try:
            async with asyncio.timeout(self._timeout):
                await self._room.wait()
        except TimeoutError:
            self._leave_out("it does not keep up")

    def offer(self, event: AnyEvent) -> None:
        if isinstance(event, RunStarted):
            self._failures, self._left_out = 0, False
        if self._left_out:
            return
        self._events.append(event)
        if self.task is None or self.task.done():
            self.task = asyncio.create_task(self._feed(), name="confluence-sync fan-out")

    async def _feed(self) -> None:
        while self._events:
            await self._hand_over(self._events.popleft())
            if len(self._events) <= _BACKLOG - _ROOM:
                self._room.set()

    async def _hand_over(self, event: AnyEvent) -> None:
        try:
            async with asyncio.timeout(self._timeout):
                await self._sink.emit(event)
        except Exception as error:  # noqa: BLE001 - whatever a host's sink raises
            self._failures += 1
            if self._failures == self._most:
                self._leave_out(f"{type(error).__name__}: {error}")
        else:
            self._failures = 0

    def _leave_out(self, reason: str) -> None:
        if not self._left_out:
            _logger.warning("%s is left out until the next run begins: %s", type(self._sink).__name__, reason)
        self._left_out = True
        self._events.clear()
