"""The lease: kept while a run or a step works, and without it nothing goes on."""

import asyncio
import logging
from itertools import count

import pytest
from engine_world import World

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


class Sleeper:
    """A folder of a process that stands still at the n-th call of one method, once `left` is set, until it is woken."""

    def __init__(self, inner, method) -> None:
        self.inner, self.method, self.left = inner, method, 0
        self.asleep, self.woken = asyncio.Event(), asyncio.Event()

    def __getattr__(self, name):
        if name != self.method:
            return getattr(self.inner, name)

        async def call(*args, **kwargs):
            self.left -= 1
            if self.left == 0:
                self.asleep.set()
                await self.woken.wait()
            return await getattr(self.inner, name)(*args, **kwargs)

        return call


async def sleep_through_a_run(method, at):
    """Let a run stand still while another one comes and goes; None if it is over before, else its record."""
    world = World()
    docs = world.space("DOCS")
    pages = [docs.page(f"Page {number}", parent=docs.homepage) for number in range(6)]
    world.options = EngineOptions(body_batch=2)
    await world.sync()
    pages[0].edit("<p>Second.</p>")
    pages[1].edit("<p>Second.</p>")
    pages[2].rename("Another")
    pages[3].trash()
    folder = world.vfs
    world.vfs = sleeper = Sleeper(folder, method)
    async with world.engine() as engine, engine.run(world.mappings()) as run:
        sleeper.left = at
        asleep = asyncio.create_task(sleeper.asleep.wait())
        over = asyncio.create_task(run.wait())
        await asyncio.wait({asleep, over}, return_when=asyncio.FIRST_COMPLETED)
        world.vfs = folder
        if not asleep.done():
            asleep.cancel()
            await over
            return None
        world.clock.advance(3600)
        pages[0].edit("<p>Third.</p>")
        pages[2].rename("One more")
        pages[4].rename("Page 3")
        assert (await world.sync()).outcome is Outcome.SUCCEEDED
        sleeper.woken.set()
        await over
    await world.sync()
    assert await world.files() == await world.clean_copy(), at
    async with world.engine() as engine:
        return next(record for record in await engine.runs() if record.run_id == run.id)


@pytest.mark.parametrize("method", ["write", "move", "delete"])
async def test_run_that_was_overtaken_in_its_sleep(method):
    """Wherever a process stood still while another run came and went: it stops when it wakes, and one run mends it."""
    for at in count(1):
        record = await sleep_through_a_run(method, at)
        if record is None:
            break
        assert (record.outcome, "the lease was lost" in record.message) == (Outcome.FAILED, True)
    assert at > 1


async def test_step_after_another_run(world):
    """Between the steps of a run another one may come and go; then the next step ends the first one."""
    world.space("DOCS").page("Page")
    async with world.engine() as engine:
        state = await engine.begin(world.mappings())
        while state.phase is not Phase.WRITE:
            await engine.step(state)
        world.clock.advance(3600)
        assert (await world.sync()).outcome is Outcome.SUCCEEDED
        assert (await engine.step(state)).outcome is Outcome.FAILED
        last, first = await engine.runs()
    assert (first.run_id, first.message) == (
        state.run_id,
        "the lease was lost: another run of the connection took it, or it could not be renewed in time",
    )
    assert last.counts.written == 2
    assert await world.lease_is_free()


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
