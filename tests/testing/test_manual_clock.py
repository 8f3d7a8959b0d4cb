"""The clock that a test turns."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from confluence_sync.testing import ManualClock


async def test_sleeping_turns_the_clock():
    """Nobody waits, and the time has passed."""
    clock = ManualClock()
    start = clock.now()
    await clock.sleep(90)
    await clock.sleep(-1)
    assert clock.now() == start + timedelta(seconds=90)


async def test_sleepers_may_wait():
    """Each until its own time has come, however it comes."""
    clock = ManualClock(sleepers_wait=True)
    woken = []

    async def sleep(seconds):
        await clock.sleep(seconds)
        woken.append(seconds)

    async with asyncio.TaskGroup() as group:
        for seconds in (30, 10, 0):
            group.create_task(sleep(seconds))
        for step, expected in ((0, [0]), (9, [0]), (1, [0, 10]), (20, [0, 10, 30])):
            clock.advance(step)
            for _ in range(5):
                await asyncio.sleep(0)
            assert woken == expected


def test_time_is_aware_and_does_not_go_back():
    """A mistake of the test is told at once."""
    with pytest.raises(ValueError, match="aware"):
        ManualClock(datetime(2026, 1, 1))  # noqa: DTZ001
    with pytest.raises(ValueError, match="does not go back"):
        ManualClock(datetime(2026, 1, 1, tzinfo=UTC)).advance(-1)
