"""One run: a task that takes steps until there are none left, and tells how it ended whatever happens."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from types import TracebackType
from typing import Any, Self

from ..errors import RunInProgressError
from ..events import AnyEvent
from ..models import RunId
from ._context import RunContext
from ._finish import StepResult, finish_cancelled, finish_without_lease, run_step
from ._report import RunReport

__all__ = ["SyncRun", "hold_lease"]

logger = logging.getLogger("confluence_sync.engine")


class SyncRun:
    """
    A run under way: an async context manager, and an async iterator over its events.

    ```python
    async with engine.run(mappings) as run:  # leaving the block early cancels and waits
        async for event in run:
            print(event)
    print(run.report.summary())
    ```

    Entering raises `RunInProgressError` if another run of the connection holds the lease. After that nothing is
    raised: how the run ended is in `report`. A caller that stops iterating holds the run back after 1,000 events; one
    that does not want events calls `wait`.
    """

    def __init__(self, begin: Callable[[], Awaitable[RunContext]]) -> None:
        self._begin = begin
        self._context: RunContext | None = None
        self._task: asyncio.Task[None] | None = None

    @property
    def id(self) -> RunId:
        """The run's id."""
        return self._running[0].state.run_id

    @property
    def report(self) -> RunReport:
        """What is known so far; final once the iteration or `wait` is over."""
        return self._running[0].events.report

    async def __aenter__(self) -> Self:
        if self._context is not None:
            raise RunInProgressError("a SyncRun runs once; ask the engine for another one")
        self._context = await self._begin()
        self._context.events.listen()
        self._task = asyncio.create_task(
            _drive(self._context), name=f"confluence-sync run {self._context.state.run_id}"
        )
        events = self._context.events
        self._task.add_done_callback(lambda _: events.end())
        return self

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.cancel()

    async def __aiter__(self) -> AsyncIterator[AnyEvent]:
        context, _ = self._running
        async for event in context.events.heard():
            yield event

    async def wait(self) -> RunReport:
        """Let the run end without looking at its events."""
        context, task = self._running
        context.events.stop_listening()
        await asyncio.wait({task})
        if not task.cancelled():
            task.result()
        return context.events.report

    async def cancel(self) -> RunReport:
        """End the run now, cleanly: what was written is recorded, and the next run goes on from here."""
        context, task = self._running
        context.events.stop_listening()
        task.cancel()
        await asyncio.wait({task})
        await finish_cancelled(context)  # a task that is cancelled before its first turn never runs
        return context.events.report

    @property
    def _running(self) -> tuple[RunContext, asyncio.Task[None]]:
        if self._context is None or self._task is None:
            raise RuntimeError("enter the run first: async with engine.run(...) as run")
        return self._context, self._task


async def _drive(context: RunContext) -> None:
    try:
        await hold_lease(context, _all_steps(context))
    except asyncio.CancelledError:
        await finish_cancelled(context)
        raise
    finally:
        await context.events.close(grace=context.options.sink_grace)


async def _all_steps(context: RunContext) -> StepResult:
    while True:
        result = await run_step(context)
        if result.done:
            return result


async def hold_lease(context: RunContext, steps: Coroutine[Any, Any, StepResult]) -> StepResult:
    """Take steps of a run while its lease is renewed. Without the lease they are broken off, and the run ends."""
    try:
        async with asyncio.TaskGroup() as group:
            heartbeat = group.create_task(_renew_lease(context))
            result = await steps
            heartbeat.cancel()
            return result
    except BaseExceptionGroup as errors:
        if not context.lost_lease:
            raise errors.exceptions[0] from None
        return await finish_without_lease(context)


async def _renew_lease(context: RunContext) -> None:
    """
    Renew the lease in real time, whatever clock the run is on, until the run is over and gives it back.

    Raises:
        _LostLeaseError: Another run has it, or it could not be renewed for as long as it lasts.
    """
    memory, run_id, seconds = context.memory, context.state.run_id, context.options.lease
    now = asyncio.get_running_loop().time
    expires = now() + seconds
    while not context.lost_lease:
        await asyncio.sleep(seconds / 3)
        if context.state.outcome is not None:
            return
        asked = now()
        try:
            async with asyncio.timeout(max(expires - asked, seconds / 3)):  # once it is late, there is one more try
                context.lost_lease = not await memory.store.acquire_lease(memory.lease, run_id, seconds=seconds)
            expires = asked + seconds
        except Exception as error:  # noqa: BLE001 - a host's adapter may raise anything
            logger.warning("the lease of run %s could not be renewed: %r", run_id, error)
            context.lost_lease = now() >= expires
    raise _LostLeaseError


class _LostLeaseError(Exception):
    """Breaks the steps off."""
