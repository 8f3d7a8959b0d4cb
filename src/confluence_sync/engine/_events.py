"""Facts flow out of a run: numbered, folded into the report, handed to the caller and to the sink."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import AsyncIterator
from typing import Any

from ..events import AnyEvent, SyncEvent
from ..protocols import Clock, LogSink
from ._records import RunState
from ._report import RunReport, tally

__all__ = ["EventStream"]

logger = logging.getLogger("confluence_sync.engine")

_BACKLOG = 1_000
"""Events a caller may be behind before the run waits for it."""
_SINK_BACKLOG = 10_000
"""Events a sink may be behind before the run goes on without telling it."""


class EventStream:
    """
    Where steps tell what happened.

    The caller holds the run back if it does not keep up; the sink never does: what it cannot take in time is dropped
    and counted.
    """

    def __init__(self, state: RunState, clock: Clock, sink: LogSink | None) -> None:
        self.report = RunReport(run_id=state.run_id, counts=state.counts)
        self._state = state
        self._clock = clock
        self._caller: _CallerFeed | None = None
        self._sink = _SinkFeed(sink) if sink is not None else None

    async def emit(self, kind: type[SyncEvent], /, **facts: Any) -> None:
        """Tell that something happened: an event's class, and its own fields."""
        self._state.seq += 1
        event: Any = kind(run_id=self._state.run_id, seq=self._state.seq, at=self._clock.now(), **facts)
        self._state.counts = tally(self._state.counts, event)
        self.report.add(event)
        if self._sink is not None:
            self._sink.offer(event)
        if self._caller is not None:
            await self._caller.put(event)

    def listen(self) -> None:
        """Keep events for the caller from now on."""
        self._caller = _CallerFeed()

    def stop_listening(self) -> None:
        """Let the run go on without the caller, even one that waits in `emit` right now."""
        if self._caller is not None:
            self._caller.drop()
            self._caller = None

    def end(self) -> None:
        """Let the iteration end once the caller has seen what there is."""
        if self._caller is not None:
            self._caller.end()

    async def heard(self) -> AsyncIterator[AnyEvent]:
        """Yield events until the run is over and all of them were seen."""
        if self._caller is not None:
            async for event in self._caller:
                yield event

    async def close(self, *, grace: float) -> None:
        """Give the sink some seconds to catch up, and say in the report what it did not get."""
        if self._sink is not None:
            lost = await self._sink.close(grace)
            if lost:
                self.report.warnings.append(lost)


class _CallerFeed:
    """Hands events to the caller in order; whoever puts one waits while there are too many."""

    def __init__(self) -> None:
        self._events: deque[AnyEvent] = deque()
        self._news = asyncio.Event()
        self._room = asyncio.Event()
        self._ended = False

    async def put(self, event: AnyEvent) -> None:
        self._events.append(event)
        self._news.set()
        if len(self._events) >= _BACKLOG and not self._ended:
            self._room.clear()
            await self._room.wait()

    def end(self) -> None:
        self._ended = True
        self._news.set()
        self._room.set()

    def drop(self) -> None:
        self._events.clear()
        self.end()

    async def __aiter__(self) -> AsyncIterator[AnyEvent]:
        while True:
            while self._events:
                event = self._events.popleft()
                self._room.set()
                yield event
            if self._ended:
                return
            self._news.clear()
            await self._news.wait()


class _SinkFeed:
    """Hands events to a sink, one at a time and in order, apart from the run."""

    def __init__(self, sink: LogSink) -> None:
        self._sink = sink
        self._queue: asyncio.Queue[AnyEvent] = asyncio.Queue(_SINK_BACKLOG)
        self._lost = 0
        self._reason = "it does not keep up"
        self._task = asyncio.create_task(self._feed(), name="confluence-sync log sink")

    def offer(self, event: AnyEvent) -> None:
        try:
            self._queue.put_nowait(event)
        except asyncio.QueueFull:
            self._lost += 1

    async def close(self, grace: float) -> str:
        try:
            async with asyncio.timeout(grace):
                await self._queue.join()
        except TimeoutError:
            self._lost += self._queue.qsize()
        finally:
            self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        return f"the log sink did not take {self._lost} events: {self._reason}" if self._lost else ""

    async def _feed(self) -> None:
        while True:
            event = await self._queue.get()
            try:
                await self._sink.emit(event)
            except asyncio.CancelledError:
                self._lost += 1
                raise
            except Exception as error:
                if not self._lost:
                    logger.warning("log sink failed", exc_info=error)
                self._lost += 1
                self._reason = f"{type(error).__name__}: {error}"
            finally:
                self._queue.task_done()
