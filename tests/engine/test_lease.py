"""The lease: kept while a run or a step works, and without it nothing goes on."""

import asyncio
import logging

import pytest

from confluence_sync.adapters import MemoryStateStore, MemoryVFS
from confluence_sync.engine import EngineOptions, Phase
from confluence_sync.errors import StorageError
from confluence_sync.models import Outcome


class Lessor(MemoryStateStore):
    """A store that answers renewals, all calls but the first, as it is told."""

    def __init__(self, clock) -> None:
        super().__init__(clock)
        self.answers = None
        self.renewals = 0
        self.enough = asyncio.Event()

    async def acquire_lease(self, name, holder, *, seconds):
        if self.answers is not None:
            self.renewals += 1
            if self.renewals >= 3:
                self.enough.set()
            await self.answers()
        return await super().acquire_lease(name, holder, seconds=seconds)


class SlowVFS(MemoryVFS):
    """A folder whose writes take until an event, during which a store has something to answer."""

    def __init__(self, until, store, answers) -> None:
        super().__init__()
        self.until, self.store, self.answers = until, store, answers

    async def write(self, path, data, metadata):
        if self.store.answers is None:
            self.store.answers = self.answers
        await self.until.wait()
        await super().write(path, data, metadata)


async def yes():
    """Renew."""


async def refuse():
    raise StorageError("the store is away")


async def hang():
    await asyncio.Event().wait()


@pytest.fixture
def slow(world):
    """Make a folder that is slow until the third renewal, or for ever."""
    world.space("DOCS")
    world.options = EngineOptions(lease=0.03)
    world.store = Lessor(world.clock)

    def slow(answers, *, for_ever=False):
        world.vfs = SlowVFS(asyncio.Event() if for_ever else world.store.enough, world.store, answers)

    return slow


async def by_run(world):
    async with world.engine() as engine:
        return (await engine.sync(world.mappings())).outcome


async def by_steps(world):
    async with world.engine() as engine:
        state = await engine.begin(world.mappings())
        while not (result := await engine.step(state)).done:
            pass
        assert await engine.step(state) == result
        return result.outcome


ways = pytest.mark.parametrize("sync", [by_run, by_steps])


@ways
async def test_lease_is_renewed_as_long_as_it_takes(world, slow, sync):
    """A slow folder does not cost the lease."""
    slow(yes)
    assert await sync(world) is Outcome.SUCCEEDED
    assert world.store.renewals >= 3


@ways
async def test_renewal_that_fails_is_tried_again(world, slow, sync, caplog):
    """Whatever a store raises, the next renewal is tried, and says why the last one failed."""

    async def sometimes():
        if world.store.renewals == 1:
            raise ConnectionError("reset by peer")

    world.options = EngineOptions(lease=0.3)
    slow(sometimes)
    with caplog.at_level(logging.WARNING, logger="confluence_sync.engine"):
        assert await sync(world) is Outcome.SUCCEEDED
    assert "could not be renewed: ConnectionError('reset by peer')" in caplog.text


@ways
@pytest.mark.parametrize("answers", [refuse, hang])
async def test_lease_that_cannot_be_renewed(world, slow, sync, answers):
    """Once the lease would have expired, another run may have it: this one stops, recorded as failed."""
    slow(answers, for_ever=True)
    assert await sync(world) is Outcome.FAILED
    world.store.answers = None
    assert await world.paths() == []
    async with world.engine() as engine:
        (record,) = await engine.runs()
    assert record.outcome is Outcome.FAILED
    assert "the lease was lost" in record.message


async def test_step_that_lost_its_lease(world, slow):
    """A step that was held up until another run took the lease ends the run, and leaves the lease where it is."""

    async def taken():
        world.clock.advance(1)
        world.store.answers = None
        assert await world.store.acquire_lease("run/default", "another", seconds=60)

    slow(taken, for_ever=True)
    assert await by_steps(world) is Outcome.FAILED
    assert not await world.store.acquire_lease("run/default", "a third", seconds=1)


async def test_cancelled_step_can_be_taken_again(world, slow):
    """Whoever cancels a step gets the cancellation, and the run goes on with the next step."""
    slow(yes, for_ever=True)
    async with world.engine() as engine:
        state = await engine.begin(world.mappings())
        while state.phase is not Phase.WRITE:
            await engine.step(state)
        step = asyncio.create_task(engine.step(state))
        await world.store.enough.wait()
        step.cancel()
        with pytest.raises(asyncio.CancelledError):
            await step
        world.vfs.until.set()
        while not (result := await engine.step(state)).done:
            pass
    assert result.outcome is Outcome.SUCCEEDED


class SlowRelease(MemoryStateStore):
    """Gives a lease back at once, and takes its time to say so."""

    async def release_lease(self, name, holder):
        await super().release_lease(name, holder)
        await asyncio.sleep(0.1)


@ways
async def test_lease_that_is_given_back_stays_free(world, sync):
    """A run that is over renews nothing, however long it takes to tell: the next one can start at once."""
    world.space("DOCS")
    world.options = EngineOptions(lease=0.03)
    world.store = SlowRelease(world.clock)
    assert await sync(world) is Outcome.SUCCEEDED
    assert await world.lease_is_free()
