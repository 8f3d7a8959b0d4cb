"""How runs end: every way out of a step leads to one outcome, one record, one last event."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Coroutine
from datetime import datetime, timedelta
from typing import Any

import attrs

from ..errors import ConfluenceSyncError, RateLimitedError, RunInProgressError
from ..events import RunFinished
from ..models import Outcome
from ._context import RunContext
from ._lease import LOST
from ._pauses import note_pause
from ._records import Phase, RunRecord, RunState, Stage
from ._steps import take_step, tell_started
from ._writing import claim_in_flight

__all__ = ["StepResult", "finish_cancelled", "finish_without_lease", "record_of", "result_of", "run_step"]

logger = logging.getLogger("confluence_sync.engine")

_BURST = 60.0
"""Seconds to wait for the end of a burst limit that does not name one; it is over in seconds."""

_LONGEST_PAUSE = 6 * 3600.0
"""Seconds; the quota is hourly, so a server that asks for more is mistaken."""


@attrs.frozen(kw_only=True)
class StepResult:
    """
    What a step left to do.

    Attributes:
        done: The run has ended, with `outcome`.
        not_before: When a paused run may be tried again, UTC.
    """

    done: bool
    outcome: Outcome | None = None
    not_before: datetime | None = None


async def run_step(run: RunContext) -> StepResult:
    """Take one step; whatever goes wrong in it ends the run in good order."""
    try:
        if run.state.phase is Phase.PREPARE:
            await tell_started(run)
        if objection := await _objection(run):
            return await _end(run, Outcome.CANCELLED, message=objection)
        await take_step(run)
    except RunInProgressError:
        return await finish_without_lease(run)
    except RateLimitedError as error:
        return await _end(run, Outcome.PAUSED, message=str(error), resume_at=_resume_at(run.clock.now(), error))
    except ConfluenceSyncError as error:
        run.events.report.error = error
        return await _end(run, Outcome.FAILED, message=str(error))
    except Exception as error:
        logger.exception("run %s failed", run.state.run_id)
        run.events.report.error = error
        return await _end(run, Outcome.FAILED, message=f"{type(error).__name__}: {error}")
    if run.state.phase is Phase.DONE:
        outcome = _outcome(run.state)
        return await _end(run, outcome, message="no space could be synced" if outcome is Outcome.FAILED else "")
    run.count_usage()
    return StepResult(done=False)


async def _objection(run: RunContext) -> str:
    return "" if run.guard is None else await run.guard.objection(run.state)


async def finish_cancelled(run: RunContext) -> None:
    """End a run that was cancelled, unless it has ended already."""
    if run.state.outcome is None:
        await _end(run, Outcome.CANCELLED)


async def finish_without_lease(run: RunContext) -> StepResult:
    """End a run that must not go on, unless it has ended already. Files that it was about to write are in doubt."""
    if run.state.outcome is None:
        await _try(run, claim_in_flight(run))
        await _end(run, Outcome.FAILED, message=LOST)
    return result_of(run.state)


def result_of(state: RunState) -> StepResult:
    """Return where a run stands."""
    return StepResult(done=state.outcome is not None, outcome=state.outcome, not_before=state.resume_at)


def record_of(state: RunState) -> RunRecord:
    """Return a run as it stands in the list of runs."""
    return RunRecord(
        run_id=state.run_id,
        connection_id=state.connection_id,
        mode=state.mode,
        trigger=state.trigger,
        started_at=state.started_at,
        continues=state.continues,
        outcome=state.outcome,
        resume_at=state.resume_at,
        counts=state.counts,
        requests=state.requests,
        points=state.points,
    )


def _outcome(state: RunState) -> Outcome:
    stages = set(state.stages.values())
    if stages == {Stage.FAILED}:
        return Outcome.FAILED
    if Stage.FAILED in stages or state.troubled or state.counts.failed or state.counts.skipped:
        return Outcome.PARTIAL
    return Outcome.SUCCEEDED


async def _end(
    run: RunContext, outcome: Outcome, *, message: str = "", resume_at: datetime | None = None
) -> StepResult:
    """End the run once and for all: from here on, cancellation waits until everybody knows."""
    run.count_usage()
    state = run.state
    stood = attrs.evolve(state, resume_at=resume_at)
    state.phase, state.outcome, state.resume_at = Phase.DONE, outcome, resume_at
    left = state.counts.listed - state.counts.handled
    state.counts = attrs.evolve(state.counts, skipped=state.counts.skipped + left)
    await _unbroken(_publish(run, stood, outcome, message))
    return result_of(state)


async def _publish(run: RunContext, stood: RunState, outcome: Outcome, message: str) -> None:
    state = run.state
    record = attrs.evolve(record_of(state), ended_at=run.clock.now(), message=message)
    await _try(run, _record(run, stood, record, outcome))
    if run.guard is not None:
        await _try(run, run.guard.ended(record, run.events.report.error))
    await _try(run, run.lease.give_back())
    await run.events.emit(
        RunFinished,
        outcome=outcome,
        counts=state.counts,
        requests=state.requests,
        points=state.points,
        resume_at=state.resume_at,
        message=message,
    )


async def _record(run: RunContext, stood: RunState, record: RunRecord, outcome: Outcome) -> None:
    await run.memory.apply(run.memory.put_run(record), *note_pause(run.memory, stood, outcome))


async def _try(run: RunContext, call: Awaitable[None]) -> None:
    try:
        await call
    except Exception as error:  # noqa: BLE001 - a run ends even if its end cannot be written down
        logger.warning("the end of run %s could not be recorded: %s", run.state.run_id, error)


async def _unbroken(call: Coroutine[Any, Any, None]) -> None:
    """Await a call to its end, however often the task that waits for it is cancelled meanwhile."""
    task = asyncio.ensure_future(call)
    cancelled: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.shield(task)
        except asyncio.CancelledError as error:
            cancelled = error
    task.result()
    if cancelled is not None:
        raise cancelled


def _resume_at(now: datetime, error: RateLimitedError) -> datetime:
    """Trust what the server says as far as it makes sense; `min` in this order takes no NaN."""
    wait = error.retry_after
    if wait is None:
        wait = _until_next_hour(now) if error.quota else _BURST
    return now + timedelta(seconds=max(0.0, min(_LONGEST_PAUSE, wait)))


def _until_next_hour(now: datetime) -> float:
    """The quota is renewed at the top of the hour; a minute later not everybody else is there, too."""
    return 3600 - (now.minute * 60 + now.second) + 60
