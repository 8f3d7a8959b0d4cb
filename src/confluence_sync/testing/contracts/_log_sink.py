"""The contract of `LogSink`."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from ...events import AnyEvent
from ...models import RunId
from ...protocols import LogSink
from ._contract import Contract, no_side_door
from ._promises import Promise, keeps
from ._samples import sample_run

__all__ = ["LogSinkContract", "LogSinkPromise"]

_RUN = RunId("11111111-1111-4111-8111-111111111111")
_OTHER_RUN = RunId("22222222-2222-4222-8222-222222222222")


class LogSinkPromise(Promise):
    """What a `LogSink` promises."""

    EVERY_EVENT = "every-event", "Events of every type are taken; none is too long or too odd."
    LOSSLESS = "lossless", "What a sink keeps is what it was given: every event, whole, in order of `seq`."
    RUNS_APART = "runs-apart", "Runs at the same time do not mix."
    FAILURES_TOLD = "failures-told", "An event that cannot be kept raises; it is not dropped in silence."


class LogSinkContract(Contract):
    """
    Every promise of `LogSink`.

    Give the fixture `log_sink`, an empty sink; if what it took can be had back, the side door `recorded`; and
    `break_writes`, after which the backend refuses to take anything.
    """

    @pytest.fixture
    def log_sink(self) -> LogSink:
        """Return an empty sink."""
        raise NotImplementedError("a test class for a LogSink gives the fixture `log_sink`")

    async def recorded(self, log_sink: Any, run_id: RunId) -> Sequence[AnyEvent]:  # noqa: ARG002 - for adapters
        """Return what the sink has of a run, in its order."""
        no_side_door("recorded")

    async def break_writes(self, log_sink: Any) -> None:  # noqa: ARG002 - for adapters
        """Let the backend refuse to take anything from now on."""
        no_side_door("break_writes")

    @keeps(LogSinkPromise.EVERY_EVENT)
    async def test_every_type_of_event_is_taken(self, log_sink: LogSink) -> None:
        """No event is too long, too odd or of an unknown type."""
        for event in sample_run(_RUN):
            await log_sink.emit(event)

    @keeps(LogSinkPromise.LOSSLESS)
    async def test_nothing_is_lost_or_changed(self, log_sink: LogSink) -> None:
        """What a sink keeps is what it was given, in order."""
        events = sample_run(_RUN)
        for event in events:
            await log_sink.emit(event)
        assert list(await self.recorded(log_sink, _RUN)) == events, "emit: each event whole, in order of `seq`"

    @keeps(LogSinkPromise.RUNS_APART)
    async def test_runs_do_not_mix(self, log_sink: LogSink) -> None:
        """Two runs at the same time keep their own order."""
        runs = [sample_run(_RUN), sample_run(_OTHER_RUN)]
        await asyncio.gather(*(_emit(log_sink, events) for events in runs))
        found = [list(await self.recorded(log_sink, run_id)) for run_id in (_RUN, _OTHER_RUN)]
        assert found == runs, "emit: the events of one run in order, whatever other runs do"

    @keeps(LogSinkPromise.FAILURES_TOLD)
    async def test_a_failure_is_told(self, log_sink: LogSink) -> None:
        """The run goes on without the event, and its report can say so only if the sink does."""
        await self.break_writes(log_sink)
        try:
            await log_sink.emit(sample_run(_RUN)[0])
        except Exception:  # noqa: BLE001 - of any type: the run goes on whatever it is
            return
        pytest.fail("emit: an event that is lost raises")


async def _emit(log_sink: LogSink, events: Sequence[AnyEvent]) -> None:
    for event in events:
        await log_sink.emit(event)
