"""The contract of `LogSink`."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from ...events import AnyEvent
from ...models import RunId
from ...protocols import LogSink
from ._contract import Contract, no_side_door
from ._samples import sample_run

__all__ = ["LogSinkContract"]

_RUN = RunId("11111111-1111-4111-8111-111111111111")
_OTHER_RUN = RunId("22222222-2222-4222-8222-222222222222")


class LogSinkContract(Contract):
    """
    Every promise of `LogSink`.

    Give the fixture `log_sink`, an empty sink; and, if what it took can be had back, the side door `recorded`.
    """

    @pytest.fixture
    def log_sink(self) -> LogSink:
        """Return an empty sink."""
        raise NotImplementedError("a test class for a LogSink gives the fixture `log_sink`")

    async def recorded(self, log_sink: LogSink, run_id: RunId) -> Sequence[AnyEvent]:  # noqa: ARG002 - for adapters
        """Return what the sink has of a run, in its order."""
        no_side_door("recorded")

    async def test_every_type_of_event_is_taken(self, log_sink: LogSink) -> None:
        """No event is too long, too odd or of an unknown type."""
        for event in sample_run(_RUN):
            await log_sink.emit(event)

    async def test_nothing_is_lost_or_changed(self, log_sink: LogSink) -> None:
        """What a sink keeps is what it was given, in order."""
        events = sample_run(_RUN)
        for event in events:
            await log_sink.emit(event)
        assert list(await self.recorded(log_sink, _RUN)) == events, "emit: each event whole, in order of `seq`"

    async def test_runs_do_not_mix(self, log_sink: LogSink) -> None:
        """Two runs at the same time keep their own order."""
        runs = [sample_run(_RUN), sample_run(_OTHER_RUN)]
        await asyncio.gather(*(_emit(log_sink, events) for events in runs))
        found = [list(await self.recorded(log_sink, run_id)) for run_id in (_RUN, _OTHER_RUN)]
        assert found == runs, "emit: the events of one run in order, whatever other runs do"


async def _emit(log_sink: LogSink, events: Sequence[AnyEvent]) -> None:
    for event in events:
        await log_sink.emit(event)
