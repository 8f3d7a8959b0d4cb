"""FanOutLogSink keeps the contract, whatever one of its sinks does."""

import asyncio
import logging

import attrs
import pytest

from confluence_sync.adapters import FanOutLogSink, MemoryLogSink
from confluence_sync.adapters import fan_out as module
from confluence_sync.events import PageWritten, RunFinished, RunStarted
from confluence_sync.models import RunId
from confluence_sync.testing import LogSinkContract
from confluence_sync.testing.contracts import sample_run

RUN = RunId("run")
EVENTS = {type(event): event for event in sample_run(RUN)}


class Hangs:
    async def emit(self, event):
        await asyncio.Event().wait()


class Fails(MemoryLogSink):
    async def emit(self, event):
        await super().emit(event)
        raise RuntimeError("the log is full")


class FailsEverySecond(MemoryLogSink):
    async def emit(self, event):
        await super().emit(event)
        if event.seq % 2:
            raise RuntimeError("now and then")


class TestFanOutLogSink(LogSinkContract):
    @pytest.fixture
    def log_sink(self):
        self.sinks = [MemoryLogSink(), MemoryLogSink()]
        return FanOutLogSink(self.sinks[0], Fails(), Hangs(), self.sinks[1], timeout=0.01)

    async def recorded(self, log_sink, run_id):
        await log_sink.drain()
        first, second = ([event for event in sink.events if event.run_id == run_id] for sink in self.sinks)
        assert first == second
        return first


async def emit_run(sink, run_id=RUN):
    for event in sample_run(run_id):
        await sink.emit(event)


@pytest.mark.parametrize("bad", [Fails(), Hangs()], ids=["fails", "hangs"])
async def test_a_bad_sink_is_left_out_with_one_warning(caplog, bad):
    """The others have all of it when the run is over; the log names the sink and the reason once."""
    good = MemoryLogSink()
    sink = FanOutLogSink(bad, good, timeout=0.01, failures=3)
    await emit_run(sink)
    assert good.events == sample_run(RUN)
    for _ in range(20):  # one that hangs fails by its timeout, one event after the other
        await sink.drain()
    [record] = caplog.records
    assert record.levelno == logging.WARNING
    assert f"{type(bad).__name__} is left out until the next run begins" in record.getMessage()


async def test_a_sink_that_was_left_out_comes_back_with_the_next_run():
    """Three failures, then nothing more; the next run tries three times again."""
    bad = Fails()
    sink = FanOutLogSink(bad, failures=3)
    await emit_run(sink)
    assert [event.seq for event in bad.events] == [1, 2, 3]
    await emit_run(sink, RunId("next"))
    assert [event.seq for event in bad.events] == [1, 2, 3, 1, 2, 3]


async def test_failures_that_are_not_in_a_row_are_forgiven(caplog):
    """A sink that works every second time has every event."""
    sink = FanOutLogSink(flaky := FailsEverySecond(), failures=2)
    await emit_run(sink)
    assert flaky.events == sample_run(RUN)
    assert not caplog.records


async def test_nobody_waits_for_a_sink_that_hangs():
    """Before the end of the run: there the timeout is waited for, once."""
    good = MemoryLogSink()
    sink = FanOutLogSink(Hangs(), good, timeout=30)
    events = [event for event in sample_run(RUN) if not isinstance(event, RunFinished)]
    async with asyncio.timeout(10):
        for event in events:
            await sink.emit(event)
        for _ in events:
            await asyncio.sleep(0)
    assert good.events == events


async def emit_many(sink, number):
    await sink.emit(EVENTS[RunStarted])
    for seq in range(2, number + 1):
        await sink.emit(attrs.evolve(EVENTS[PageWritten], seq=seq))
    await sink.drain()


async def test_a_flood_is_held_back_for_sinks_that_work(monkeypatch, caplog):
    """More events than may wait, faster than a sink takes them: none is lost."""

    class Slow(MemoryLogSink):
        async def emit(self, event):
            await asyncio.sleep(0)
            await super().emit(event)

    monkeypatch.setattr(module, "_BACKLOG", 10)
    monkeypatch.setattr(module, "_ROOM", 5)
    sinks = [Slow(), MemoryLogSink()]
    await emit_many(FanOutLogSink(*sinks, timeout=30), 500)
    assert [[event.seq for event in sink.events] for sink in sinks] == [list(range(1, 501))] * 2
    assert not caplog.records


async def test_a_sink_that_cannot_keep_up_is_left_out(caplog, monkeypatch):
    """What waits for it does not grow without end, and the others wait for it once."""
    monkeypatch.setattr(module, "_BACKLOG", 10)
    monkeypatch.setattr(module, "_ROOM", 5)
    good = MemoryLogSink()
    await emit_many(FanOutLogSink(Hangs(), good, timeout=0.05, failures=1_000), 100)
    assert len(good.events) == 100
    [record] = caplog.records
    assert "it does not keep up" in record.getMessage()
