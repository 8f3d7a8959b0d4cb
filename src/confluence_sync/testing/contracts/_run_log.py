"""The contract of `RunLog`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta

import attrs
import pytest

from ...events import AnyEvent, PageFailed, SpaceFailed
from ...models import RunId
from ...protocols import LogSink, RunLog
from ._contract import no_side_door
from ._elsewhere import Report, elsewhere
from ._log_sink import LogSinkContract
from ._promises import Promise, keeps
from ._samples import sample_run

__all__ = ["RunLogContract", "RunLogPromise"]

_RUN = RunId("11111111-1111-4111-8111-111111111111")
_OTHER_RUN = RunId("22222222-2222-4222-8222-222222222222")


class RunLogPromise(Promise):
    """What a `RunLog` promises beyond what every sink does."""

    NOTHING_AT_FIRST = "nothing-at-first", "A run that is not known has no events; nothing is raised."
    READ_AT_ONCE = "read-at-once", "What was emitted can be read while the run goes on."
    IN_ORDER = "in-order", "Events come back in order of `seq`, however many there are."
    FAILURES_FIRST = "failures-first", "On request failures come before all others, both in order of `seq`."
    ONCE_EACH = "once-each", "An event that is told again replaces the first."
    OLD_FORGOTTEN = "old-forgotten", "Runs whose last event is older are forgotten whole, and counted; no others."
    SHARED = "shared", "Another process can read a run that has ended."


class RunLogContract(LogSinkContract):
    """
    Every promise of `RunLog`, and of the `LogSink` that it is.

    Give the fixture `run_log`, an empty log; and, if processes can share it, `open_elsewhere`: a picklable function
    without arguments that opens the same log in another process.
    """

    @pytest.fixture
    def run_log(self) -> RunLog:
        """Return an empty log."""
        raise NotImplementedError("a test class for a RunLog gives the fixture `run_log`")

    @pytest.fixture
    def open_elsewhere(self) -> Callable[[], RunLog]:
        """Return a picklable function that opens the same log in another process."""
        no_side_door("open_elsewhere")

    @pytest.fixture
    def log_sink(self, run_log: RunLog) -> LogSink:
        """Return the same log, for the promises of every sink."""
        return run_log

    async def recorded(self, log_sink: LogSink, run_id: RunId) -> Sequence[AnyEvent]:
        """Return what the log has of a run."""
        return await _events(log_sink, run_id)  # type: ignore[arg-type]  # the fixture above

    @keeps(RunLogPromise.NOTHING_AT_FIRST)
    async def test_an_unknown_run_has_no_events(self, run_log: RunLog) -> None:
        """Nothing comes, and nothing is raised."""
        assert await _events(run_log, RunId("unknown")) == [], "events: nothing for a run that is not known"

    @keeps(RunLogPromise.READ_AT_ONCE)
    async def test_events_can_be_read_while_a_run_goes_on(self, run_log: RunLog) -> None:
        """After each event, the run is there up to it."""
        taken: list[AnyEvent] = []
        for event in sample_run(_RUN):
            await run_log.emit(event)
            taken.append(event)
            assert await _events(run_log, _RUN) == taken, "events: all that were emitted"

    @keeps(RunLogPromise.FAILURES_FIRST)
    async def test_failures_come_first(self, run_log: RunLog) -> None:
        """Both halves are in order of `seq`."""
        events = _long_run(_RUN)
        await _emit(run_log, events)
        found = await _events(run_log, _RUN, failed_first=True)
        assert found == sorted(events, key=lambda event: (not _failed(event), event.seq)), "failed_first: then the rest"

    @keeps(RunLogPromise.IN_ORDER)
    async def test_a_long_run_is_in_order(self, run_log: RunLog) -> None:
        """Order is that of numbers, not of their digits."""
        events = _long_run(_RUN)
        await _emit(run_log, events)
        assert await _events(run_log, _RUN) == events, "events: in order of `seq`"

    @keeps(RunLogPromise.ONCE_EACH)
    async def test_a_repeated_event_is_there_once(self, run_log: RunLog) -> None:
        """A step that was repeated tells again what it told."""
        events = sample_run(_RUN)
        await _emit(run_log, events[:9])
        await _emit(run_log, events[4:])
        for failed_first in (False, True):
            found = await _events(run_log, _RUN, failed_first=failed_first)
            assert sorted(event.seq for event in found) == [event.seq for event in events], "events: each `seq` once"

    @keeps(RunLogPromise.OLD_FORGOTTEN)
    async def test_old_runs_are_forgotten(self, run_log: RunLog) -> None:
        """A run is as old as its last event; younger ones stay."""
        old, young = sample_run(_RUN), _later(sample_run(_OTHER_RUN), seconds=5)
        await _emit(run_log, old)
        await _emit(run_log, young)
        assert await run_log.delete_runs(old[-1].at) == 0, "delete_runs: only what is older"
        assert await run_log.delete_runs(young[-1].at) == len(old), "delete_runs: returns how many events that were"
        for failed_first in (False, True):
            assert await _events(run_log, _RUN, failed_first=failed_first) == [], "delete_runs: the whole run"
        assert await _events(run_log, _OTHER_RUN) == young, "delete_runs: no younger run"
        assert await run_log.delete_runs(young[-1].at) == 0, "delete_runs: there is nothing left to forget"

    @keeps(RunLogPromise.SHARED)
    async def test_another_process_sees_a_finished_run(
        self, run_log: RunLog, open_elsewhere: Callable[[], RunLog]
    ) -> None:
        """The web server that shows a run is not the worker that does it."""
        await _emit(run_log, sample_run(_RUN))
        async with elsewhere(_report_run, open_elsewhere, _RUN) as other:
            assert await other.report() == sample_run(_RUN), "emit: on the end of a run all of it can be read"


def _failed(event: AnyEvent) -> bool:
    return isinstance(event, PageFailed | SpaceFailed)


def _long_run(run_id: RunId) -> list[AnyEvent]:
    """Return some 250 events, with failures among them."""
    events = [event for _ in range(18) for event in sample_run(run_id)]
    return [attrs.evolve(event, seq=number) for number, event in enumerate(events, start=1)]


def _later(events: Sequence[AnyEvent], *, seconds: float) -> list[AnyEvent]:
    return [attrs.evolve(event, at=event.at + timedelta(seconds=seconds)) for event in events]


async def _emit(log: RunLog, events: Sequence[AnyEvent]) -> None:
    for event in events:
        await log.emit(event)


async def _events(log: RunLog, run_id: RunId, *, failed_first: bool = False) -> list[AnyEvent]:
    return [event async for event in log.events(run_id, failed_first=failed_first)]


async def _report_run(report: Report, open_log: Callable[[], RunLog], run_id: RunId) -> None:
    report(await _events(open_log(), run_id))
