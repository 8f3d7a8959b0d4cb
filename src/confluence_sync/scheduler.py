"""
Runs what is due, for hosts without a task queue of their own.

```python
async with Scheduler(sync):
    await serve_the_product()
```

It is a thin loop over `ConfluenceSync.due` and `ConfluenceSync.run_due`; a host with a task queue calls those itself.
Several processes may each have one: a turn is taken by one of them only.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine, Sequence
from datetime import datetime, timedelta
from typing import Any, Protocol, Self

from .clock import SystemClock
from .engine import RunReport
from .models import WorkspaceId
from .protocols import Clock

__all__ = ["DueRuns", "Scheduler"]

_logger = logging.getLogger("confluence_sync.scheduler")

Turn = tuple[WorkspaceId, datetime]


class DueRuns(Protocol):
    """What a scheduler needs of a `ConfluenceSync`."""

    async def due(self, now: datetime) -> Sequence[Turn]:
        """Return the workspaces that are due at a time, and since when, the longest first."""

    async def run_due(self, workspace: WorkspaceId) -> RunReport | None:
        """Run a workspace if it is due and nobody else runs it; None if not."""

    async def changed(self) -> None:
        """Wait until something was changed that may make another time due."""


class Scheduler:
    """
    Runs connections when they are due, some at the same time, until it is stopped.

    Whatever goes wrong with one connection, or with the store for a while, is logged by `confluence_sync.scheduler`
    and does not stop it.

    Args:
        sync: The host's `ConfluenceSync`.
        concurrency: Runs at the same time in this process.
        poll: Seconds after which the schedules are read again at the latest, since other processes may change them
            (what is changed through `sync` itself is seen at once); and for how long a connection that failed to
            start is left alone.
        grace: Seconds that runs under way have to end by themselves when the scheduler stops; after that they are
            cancelled, and the next run goes on with what they left. None waits for them.
        clock: Tells what is due, and waits.
    """

    def __init__(
        self,
        sync: DueRuns,
        *,
        concurrency: int = 4,
        poll: float = 30.0,
        grace: float | None = 0.0,
        clock: Clock | None = None,
    ) -> None:
        self._sync = sync
        self._concurrency = concurrency
        self._poll = timedelta(seconds=poll)
        self._grace = grace
        self._clock = clock or SystemClock()
        self._news = asyncio.Event()
        self._stopped = False
        self._loop: asyncio.Task[None] | None = None
        self._runs: dict[WorkspaceId, asyncio.Task[None]] = {}
        self._not_before: dict[WorkspaceId, datetime] = {}

    @property
    def running(self) -> frozenset[WorkspaceId]:
        """The workspaces whose runs are under way."""
        return frozenset(self._runs)

    async def __aenter__(self) -> Self:
        self._loop = asyncio.create_task(self.run_forever(), name="confluence-sync scheduler")
        return self

    async def __aexit__(self, *_: object) -> None:
        self.stop()
        if self._loop is not None:
            await self._loop

    async def run_forever(self) -> None:
        """Run what is due until `stop` is called or the task is cancelled; returns when no run is under way."""
        watch = asyncio.create_task(self._watch(), name="confluence-sync scheduler watch")
        try:
            while not self._stopped:
                self._news.clear()
                wait = await self._start_due()
                if not self._stopped:
                    await _first_of(self._clock.sleep(wait.total_seconds()), self._news.wait())
        finally:
            watch.cancel()
            await asyncio.gather(self._end_runs(), watch, return_exceptions=True)

    def stop(self) -> None:
        """Start no more runs, now and later, and let `run_forever` return once those under way have ended."""
        self._stopped = True
        self._news.set()

    async def _watch(self) -> None:
        while True:
            await self._sync.changed()
            self._not_before.clear()
            self._news.set()

    async def _start_due(self) -> timedelta:
        """Start what is due, and return how long to wait for more."""
        now = self._clock.now()
        self._not_before = {workspace: at for workspace, at in self._not_before.items() if at > now}
        try:
            turns = await self._sync.due(now + self._poll)
        except Exception:
            _logger.exception("the schedules cannot be read; trying again in %s", self._poll)
            return self._poll
        upcoming = [self._poll]
        for workspace, at in turns:
            at = max(at, self._not_before.get(workspace, at))  # noqa: PLW2901 - the same time, corrected
            if workspace in self._runs or len(self._runs) >= self._concurrency:
                continue  # the end of a run wakes the loop
            if at <= now:
                self._start(workspace)
            else:
                upcoming.append(at - now)
        return min(upcoming)

    def _start(self, workspace: WorkspaceId) -> None:
        self._runs[workspace] = asyncio.create_task(self._run(workspace), name=f"confluence-sync run {workspace}")

    async def _run(self, workspace: WorkspaceId) -> None:
        report: RunReport | None = None
        try:
            report = await self._sync.run_due(workspace)
        except Exception:
            _logger.exception("workspace %r: the run could not start", workspace)
        finally:
            if report is None:  # somebody else runs it, or nobody can
                self._not_before[workspace] = self._clock.now() + self._poll
            del self._runs[workspace]
            self._news.set()

    async def _end_runs(self) -> None:
        runs = list(self._runs.values())
        if not runs:
            return
        try:
            await asyncio.wait(runs, timeout=self._grace)
        finally:
            for run in runs:
                run.cancel()
            await asyncio.gather(*runs, return_exceptions=True)


async def _first_of(*waits: Coroutine[Any, Any, object]) -> None:
    """Wait until one is over, and end the others."""
    tasks = [asyncio.ensure_future(wait) for wait in waits]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
