"""How runs end: every way out of a step leads to one outcome, one record, one last event."""

from __future__ import annotations

import asyncio
import logging
from datetime import datetime, timedelta

import attrs

from ..errors import ConfluenceSyncError, RateLimitedError
from ..events import RunFinished
from ..models import Outcome
from ._context import RunContext
from ._records import Phase, RunRecord, RunState, Stage
from ._steps import take_step

__all__ = ["StepResult", "finish_cancelled", "record_of", "run_step"]

logger = logging.getLogger("confluence_sync.engine")


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
    before = (run.client.usage.requests, run.client.usage.points)
    try:
        await take_step(run)
    except RateLimitedError as error:
        wait = error.retry_after if error.retry_after is not None else _until_next_hour(run.clock.now())
        resume_at = run.clock.now() + timedelta(seconds=wait)
        return await _end(run, before, Outcome.PAUSED, message=str(error), resume_at=resume_at)
    except ConfluenceSyncError as error:
        run.events.report.error = error
        return await _end(run, before, Outcome.FAILED, message=str(error))
    except Exception as error:
        logger.exception("run %s failed", run.state.run_id)
        run.events.report.error = error
        return await _end(run, before, Outcome.FAILED, message=f"{type(error).__name__}: {error}")
    if run.state.phase is Phase.DONE:
        return await _end(run, before, _outcome(run.state))
    _count_usage(run, before)
    return StepResult(done=False)


async def finish_cancelled(run: RunContext) -> None:
    """Record that the run was cancelled, even while its task is being cancelled once more."""
    usage = run.client.usage
    ending = asyncio.ensure_future(_end(run, (usage.requests, usage.points), Outcome.CANCELLED))
    while not ending.done():
        try:
            await asyncio.shield(ending)
        except asyncio.CancelledError:
            continue


def record_of(state: RunState) -> RunRecord:
    """Return a run as it stands in the list of runs while it is under way."""
    return RunRecord(
        run_id=state.run_id,
        connection_id=state.connection_id,
        mode=state.mode,
        trigger=state.trigger,
        started_at=state.started_at,
        counts=state.counts,
        requests=state.requests,
        points=state.points,
    )


def _outcome(state: RunState) -> Outcome:
    stages = set(state.stages.values())
    if stages == {Stage.FAILED}:
        return Outcome.FAILED
    if Stage.FAILED in stages or state.troubled or state.counts.failed:
        return Outcome.PARTIAL
    return Outcome.SUCCEEDED


async def _end(
    run: RunContext,
    before: tuple[int, int],
    outcome: Outcome,
    *,
    message: str = "",
    resume_at: datetime | None = None,
) -> StepResult:
    _count_usage(run, before)
    state = run.state
    state.phase = Phase.DONE
    left = state.counts.listed - state.counts.handled
    state.counts = attrs.evolve(state.counts, skipped=state.counts.skipped + left)
    record = attrs.evolve(
        record_of(state), ended_at=run.clock.now(), outcome=outcome, message=message, resume_at=resume_at
    )
    try:
        await run.memory.apply(run.memory.put_run(record))
        await run.memory.store.release_lease(run.memory.lease, state.run_id)
    except ConfluenceSyncError as error:
        logger.warning("run %s ended as %s, which could not be recorded: %s", state.run_id, outcome, error)
    await run.events.emit(
        RunFinished,
        outcome=outcome,
        counts=state.counts,
        requests=state.requests,
        points=state.points,
        resume_at=resume_at,
        message=message,
    )
    await run.events.close(grace=run.options.sink_grace)
    return StepResult(done=True, outcome=outcome, not_before=resume_at)


def _count_usage(run: RunContext, before: tuple[int, int]) -> None:
    run.state.requests += run.client.usage.requests - before[0]
    run.state.points += run.client.usage.points - before[1]


def _until_next_hour(now: datetime) -> float:
    """The quota is renewed at the top of the hour; a minute later not everybody else is there, too."""
    return 3600 - (now.minute * 60 + now.second) + 60
