"""How many requests run at once, and how all of them are held back."""

import asyncio

import pytest

from confluence_sync.client import SiteLimiter


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


async def test_requests_are_spaced_near_a_limit(clock):
    """While a limit is near, each request that starts holds the next one back for a moment."""
    limiter = SiteLimiter(clock=clock)
    for near, pauses in ((False, 0), (True, 2), (False, 3)):
        limiter.near_limit(near)
        for _ in range(3):
            async with limiter.slot():
                pass
        assert len(clock.slept) == pauses


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
