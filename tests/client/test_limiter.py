"""How many requests run at once, and how all of them are held back."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from confluence_sync.client import SiteLimiter
from confluence_sync.testing.clock import ManualClock


class UnsteadyClock:
    """The clock of a machine that is set right now and then."""

    def __init__(self, *, lost_in_sleep: float = 0) -> None:
        self.slept: list[float] = []
        self._lost_in_sleep = lost_in_sleep
        self._now = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)

    def now(self) -> datetime:
        return self._now

    def set_back(self, seconds: float) -> None:
        self._now -= timedelta(seconds=seconds)

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.set_back(self._lost_in_sleep - seconds)


class HeldClock(ManualClock):
    """A clock on which nobody wakes before it is released."""

    def __init__(self) -> None:
        super().__init__()
        self.released = asyncio.Event()

    async def sleep(self, seconds: float) -> None:
        await self.released.wait()
        await super().sleep(seconds)


async def test_so_many_at_once(clock):
    """No more requests run at the same time than there are places."""
    limiter = SiteLimiter(at_once=3, clock=clock)
    running, most = 0, 0

    async def request():
        nonlocal running, most
        async with limiter.slot():
            running += 1
            most = max(most, running)
            await asyncio.sleep(0)
            running -= 1

    await asyncio.gather(*(request() for _ in range(20)))
    assert most == 3


async def test_place_is_given_back_after_a_failure(clock):
    """A request that fails frees its place."""
    limiter = SiteLimiter(at_once=1, clock=clock)
    with pytest.raises(ValueError, match="failed"):
        async with limiter.slot():
            raise ValueError("failed")
    async with limiter.slot():
        pass


async def test_all_are_held_back(clock):
    """After a burst limit nobody starts before the wait is over; a shorter wait does not shorten it."""
    limiter = SiteLimiter(clock=clock)
    begin = clock.now()
    limiter.hold_back(20)
    limiter.hold_back(5)
    starts = []

    async def request():
        async with limiter.slot():
            starts.append((clock.now() - begin).total_seconds())

    await asyncio.gather(*(request() for _ in range(8)))
    assert min(starts) >= 20


async def test_hold_back_reaches_who_is_already_waiting(clock):
    """A task that waits for its turn waits on when the site asks for more meanwhile."""
    limiter = SiteLimiter(clock=clock)
    begin = clock.now()
    limiter.hold_back(10)

    async def request():
        async with limiter.slot():
            return (clock.now() - begin).total_seconds()

    waiting = asyncio.create_task(request())
    await asyncio.sleep(0)
    limiter.hold_back(30)
    assert await waiting >= 30


async def test_clock_that_is_set_back_stops_nobody():
    """However far the clock goes back during a pause, nobody waits longer than was asked for, and only once."""
    clock = UnsteadyClock()
    limiter = SiteLimiter(clock=clock)
    limiter.hold_back(20)
    clock.set_back(3600)
    for _ in range(3):
        async with limiter.slot():
            pass
    assert clock.slept == [20]


async def test_clock_that_is_set_back_while_somebody_waits():
    """A pause that was slept out is over, though by the clock it has not begun."""
    clock = UnsteadyClock(lost_in_sleep=3600)
    limiter = SiteLimiter(clock=clock)
    limiter.hold_back(20)
    for _ in range(3):
        async with limiter.slot():
            pass
    assert clock.slept == [20]


async def test_who_gives_up_waiting_leaves_the_pause_to_the_others():
    """A wait that is cancelled does not end the pause."""
    clock = HeldClock()
    limiter = SiteLimiter(clock=clock)
    begin = clock.now()
    limiter.hold_back(10)

    async def request():
        async with limiter.slot():
            return (clock.now() - begin).total_seconds()

    waiting = asyncio.create_task(request())
    await asyncio.sleep(0)
    waiting.cancel()
    clock.released.set()
    assert await request() == 10


async def test_requests_are_spaced_near_a_limit(clock):
    """While a limit is near, each request that starts holds the next one back for a moment; nothing shortens it."""
    limiter = SiteLimiter(clock=clock)
    limiter.slow_down(2)
    limiter.slow_down(0.1)
    for _ in range(8):
        async with limiter.slot():
            pass
    assert clock.slept == [0.5] * 4


async def test_one_limiter_for_a_site():
    """All clients of a site on one loop share a limiter; other sites have their own."""
    limiter = SiteLimiter.shared("https://a.atlassian.net/wiki")
    assert SiteLimiter.shared("https://a.atlassian.net/wiki") is limiter
    assert SiteLimiter.shared("https://b.atlassian.net/wiki") is not limiter


def test_limiters_of_other_loops():
    """A second event loop has limiters of its own, as its tasks cannot wait for those of the first."""

    async def shared():
        return SiteLimiter.shared("https://a.atlassian.net/wiki")

    assert asyncio.run(shared()) is not asyncio.run(shared())
