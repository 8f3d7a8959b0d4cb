"""The loop of the scheduler, over schedules that a test sets and a clock that it turns."""

from __future__ import annotations

import asyncio
import logging
from datetime import timedelta

import pytest

from confluence_sync.engine import RunReport
from confluence_sync.models import RunId
from confluence_sync.scheduler import Scheduler
from confluence_sync.testing import ManualClock


class Schedules:
    """What is due, and what became of it: each run lasts until the test ends it."""

    def __init__(self, clock):
        self.clock = clock
        self.at = {}
        self.runs = []
        self.ends = {}
        self.errors = []
        self.taken_elsewhere = set()
        self.cancelled = []
        self.news = asyncio.Event()

    async def changed(self):
        await self.news.wait()
        self.news.clear()

    def plan(self, workspace, seconds):
        self.at[workspace] = self.clock.now() + timedelta(seconds=seconds)

    async def due(self, now):
        if self.errors:
            raise self.errors.pop()
        return sorted(((name, at) for name, at in self.at.items() if at <= now), key=lambda turn: turn[1])

    async def run_due(self, workspace):
        self.runs.append(workspace)
        if workspace in self.taken_elsewhere:
            return None
        del self.at[workspace]
        self.ends[workspace] = end = asyncio.get_running_loop().create_future()
        try:
            return await end
        except asyncio.CancelledError:
            self.cancelled.append(workspace)
            raise

    async def end(self, workspace, error=None):
        if error is None:
            self.ends[workspace].set_result(RunReport(run_id=RunId("run")))
        else:
            self.ends[workspace].set_exception(error)
        await settled()


async def settled():
    for _ in range(30):
        await asyncio.sleep(0)


async def turn(clock, seconds):
    """Let the time pass, and everybody do what is to be done then."""
    clock.advance(seconds)
    await settled()


@pytest.fixture
def clock():
    return ManualClock(sleepers_wait=True)


@pytest.fixture
def schedules(clock):
    return Schedules(clock)


async def test_what_is_due_runs_when_it_is_due(schedules, clock):
    """Not before, and not at the next poll, but then; a workspace that is done runs again at its next time."""
    schedules.plan("a", 10)
    async with Scheduler(schedules, clock=clock, poll=30) as scheduler:
        await turn(clock, 9)
        assert schedules.runs == []
        await turn(clock, 1)
        assert schedules.runs == ["a"]
        assert scheduler.running == {"a"}
        await schedules.end("a")
        assert scheduler.running == frozenset()
        schedules.plan("a", 100)
        await turn(clock, 99)
        assert schedules.runs == ["a"]
        await turn(clock, 1)
        assert schedules.runs == ["a", "a"]


async def test_so_many_at_once_and_the_longest_due_first(schedules, clock):
    """The others start as soon as one has ended."""
    for number, workspace in enumerate("dcba"):
        schedules.plan(workspace, number - 10)
    async with Scheduler(schedules, clock=clock, concurrency=2):
        await settled()
        assert schedules.runs == ["d", "c"]
        await schedules.end("c")
        assert schedules.runs == ["d", "c", "b"]
        await schedules.end("b")
        assert schedules.runs == ["d", "c", "b", "a"]


async def test_a_workspace_never_runs_twice_at_once(schedules, clock):
    """Even if somebody makes it due again while it runs."""
    schedules.plan("a", 0)
    async with Scheduler(schedules, clock=clock):
        await settled()
        schedules.plan("a", 0)
        await turn(clock, 60)
        assert schedules.runs == ["a"]
        await schedules.end("a")
        assert schedules.runs == ["a", "a"]


async def test_an_error_of_one_does_not_stop_the_others(schedules, clock, caplog):
    """It is logged with its workspace, which is left alone until the next poll."""
    schedules.plan("a", 0)
    schedules.plan("b", 0)
    async with Scheduler(schedules, clock=clock, poll=30):
        await settled()
        schedules.plan("a", 0)
        await schedules.end("a", RuntimeError("no route to host"))
        await schedules.end("b")
        [record] = caplog.records
        assert (record.levelno, "'a'" in record.getMessage()) == (logging.ERROR, True)
        await turn(clock, 29)
        assert schedules.runs == ["a", "b"]
        await turn(clock, 1)
        assert schedules.runs == ["a", "b", "a"]


async def test_a_turn_that_another_process_took_is_not_asked_for_in_a_circle(schedules, clock):
    """The schedule may still show it; the next look is at the next poll."""
    schedules.plan("a", 0)
    schedules.taken_elsewhere.add("a")
    async with Scheduler(schedules, clock=clock, poll=30):
        await settled()
        assert schedules.runs == ["a"]
        await turn(clock, 30)
        assert schedules.runs == ["a", "a"]


async def test_news_are_a_reason_to_ask_again_at_once(schedules, clock):
    """Somebody may have mended what kept a workspace from running."""
    schedules.plan("a", 0)
    schedules.taken_elsewhere.add("a")
    async with Scheduler(schedules, clock=clock, poll=30):
        await settled()
        schedules.news.set()
        await settled()
        assert schedules.runs == ["a", "a"]


async def test_a_store_that_fails_for_a_while(schedules, clock, caplog):
    """The scheduler logs it and looks again."""
    schedules.plan("a", 0)
    schedules.errors.append(OSError("disk"))
    async with Scheduler(schedules, clock=clock, poll=30):
        await settled()
        assert schedules.runs == []
        assert "cannot be read" in caplog.text
        await turn(clock, 30)
        assert schedules.runs == ["a"]


async def test_a_new_schedule_is_seen_at_once_or_at_the_next_poll(schedules, clock):
    """At once if it was changed in this process; another process's by the poll."""
    async with Scheduler(schedules, clock=clock, poll=30):
        await settled()
        schedules.plan("a", 0)
        await settled()
        assert schedules.runs == []
        schedules.news.set()
        await settled()
        assert schedules.runs == ["a"]
        schedules.plan("b", 0)
        await turn(clock, 30)
        assert schedules.runs == ["a", "b"]


async def test_runs_under_way_are_cancelled_on_leaving(schedules, clock):
    """And have ended when the block has."""
    schedules.plan("a", 0)
    async with Scheduler(schedules, clock=clock):
        await settled()
    assert schedules.cancelled == ["a"]


async def test_runs_under_way_are_waited_for(schedules, clock):
    """With a grace that has no end, no run is cancelled, and none is started any more."""
    schedules.plan("a", 0)
    schedules.plan("b", 5)
    scheduler = Scheduler(schedules, clock=clock, grace=None)
    loop = asyncio.create_task(scheduler.run_forever())
    await settled()
    scheduler.stop()
    await turn(clock, 10)
    assert not loop.done()
    await schedules.end("a")
    assert loop.done()
    assert (schedules.runs, schedules.cancelled) == (["a"], [])


async def test_cancelling_the_loop_ends_the_runs(schedules, clock):
    """As `asyncio.run` does on Ctrl-C."""
    schedules.plan("a", 0)
    loop = asyncio.create_task(Scheduler(schedules, clock=clock).run_forever())
    await settled()
    loop.cancel()
    with pytest.raises(asyncio.CancelledError):
        await loop
    assert schedules.cancelled == ["a"]


async def test_a_block_that_is_left_at_once(schedules):
    """Before the loop had its first turn."""
    async with asyncio.timeout(10):
        async with Scheduler(schedules):
            pass
    assert schedules.runs == []
