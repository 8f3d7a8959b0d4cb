"""A run and who watches it: callers that leave, sinks that fail, cancellation."""

import asyncio
from itertools import count

import pytest
from engine_world import World, link

from confluence_sync.adapters import MemoryLogSink
from confluence_sync.engine import EngineOptions
from confluence_sync.errors import ConfigurationError, RunFailedError, RunInProgressError
from confluence_sync.events import PagesListed, PageWritten, RunFinished, SpacePlanned
from confluence_sync.models import Outcome, SpaceId, SpaceMapping


@pytest.fixture
def docs(world):
    docs = world.space("DOCS")
    for number in range(5):
        docs.page(f"Page {number}", parent=docs.homepage, storage=link(f"Page {(number + 1) % 5}"))
    world.options = EngineOptions(body_batch=2, step_writes=2, sink_grace=0.02)
    return docs


async def records(world):
    async with world.engine() as engine:
        return await engine.runs()


async def test_wait_runs_to_the_end(world, docs):
    """Who does not care for events waits for the report."""
    async with world.engine() as engine, engine.run(world.mappings()) as run:
        report = await run.wait()
    assert report.outcome is Outcome.SUCCEEDED
    assert report is run.report
    assert report.counts.written == 6
    report.raise_for_failures()


async def test_sync_is_a_run_in_one_call(world, docs):
    """`sync` gives the report of a run."""
    async with world.engine() as engine:
        report = await engine.sync(world.mappings())
    assert report.outcome is Outcome.SUCCEEDED
    assert "6 written" in report.summary()


async def test_leaving_the_block_at_once_cancels(world, docs):
    """A run that is left before it began is cancelled, recorded, and gives the lease back."""
    async with world.engine() as engine, engine.run(world.mappings()) as run:
        pass
    assert run.report.outcome is Outcome.CANCELLED
    assert await world.lease_is_free()
    assert [record.outcome for record in await records(world)] == [Outcome.CANCELLED]


@pytest.mark.parametrize("kind", [PagesListed, SpacePlanned, PageWritten, RunFinished])
async def test_leaving_the_block_early_cancels(world, docs, kind):
    """A caller that leaves in the midst leaves a clean state, from which the next run completes the folder."""
    async with world.engine() as engine, engine.run(world.mappings()) as run:
        async for event in run:
            if isinstance(event, kind):
                break
    over = kind is RunFinished
    assert run.report.outcome is (Outcome.SUCCEEDED if over else Outcome.CANCELLED)
    assert run.report.counts.handled == run.report.counts.listed
    assert await world.lease_is_free()
    (record,) = await records(world)
    assert record.outcome is run.report.outcome
    assert record.ended_at is not None
    assert (await world.sync()).outcome is Outcome.SUCCEEDED
    assert await world.files() == await world.clean_copy()


async def test_cancelled_anywhere(docs):
    """However far a run came before it was cancelled, it ends once, in good order, and the next one completes it."""
    for turns in count():
        world = World()
        home = world.space("DOCS").homepage
        world.site.space("DOCS").page("Page", parent=home, storage="<p>Text.</p>")
        world.sink = sink = MemoryLogSink()
        async with world.engine() as engine, engine.run(world.mappings()) as run:
            for _ in range(turns):
                await asyncio.sleep(0)
            over = run.report.outcome is not None
            report = await run.cancel()
        assert [type(event) for event in sink.events].count(RunFinished) == 1, turns
        assert report.outcome is (await records(world))[0].outcome
        assert await world.lease_is_free()
        world.sink = None
        assert (await world.sync()).outcome is Outcome.SUCCEEDED
        assert await world.files() == await world.clean_copy()
        if over:
            break
    assert turns > 10


async def test_cancelling_counts_what_was_asked(world, docs):
    """The report of a cancelled run has the requests of the step in which it was cancelled."""
    async with world.engine() as engine, engine.run(world.mappings()) as run:
        async for event in run:
            if isinstance(event, PagesListed):
                break
    assert run.report.requests == len(world.site.requests) > 0


async def test_cancelled_caller(world, docs):
    """Cancelling the task that watches a run cancels the run."""

    async def watch():
        async with world.engine() as engine, engine.run(world.mappings()) as run:
            runs.append(run)
            async for _ in run:
                await asyncio.sleep(3600)

    runs = []
    task = asyncio.create_task(watch())
    for _ in range(20):
        await asyncio.sleep(0)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert runs[0].report.outcome is Outcome.CANCELLED
    assert await world.lease_is_free()


async def test_slow_caller_holds_the_run_back(world, monkeypatch):
    """A caller that does not take events stops the run after some; once it goes on, it gets all of them in order."""
    monkeypatch.setattr("confluence_sync.engine._events._BACKLOG", 5)
    docs = world.space("DOCS")
    for number in range(40):
        docs.page(f"Page {number}")
    async with world.engine() as engine, engine.run(world.mappings()) as run:
        for _ in range(2000):
            await asyncio.sleep(0)
        assert run.report.outcome is None
        events = [event async for event in run]
    assert [event.seq for event in events] == list(range(1, len(events) + 1))
    assert isinstance(events[-1], RunFinished)


async def test_caller_that_stops_iterating_can_wait(world, docs, monkeypatch):
    """Who has seen enough lets the run end without events."""
    monkeypatch.setattr("confluence_sync.engine._events._BACKLOG", 2)
    async with world.engine() as engine, engine.run(world.mappings()) as run:
        async for _ in run:
            break
        for _ in range(500):
            await asyncio.sleep(0)
        report = await run.wait()
        assert [event async for event in run] == []
    assert report.outcome is Outcome.SUCCEEDED


async def test_impatient_caller_loses_no_event(world, docs):
    """A caller that gives up waiting for the next event and asks again gets every event."""
    seen = []
    async with world.engine() as engine, engine.run(world.mappings()) as run:
        for tries in range(1000):
            if seen and isinstance(seen[-1], RunFinished):
                break
            task = asyncio.create_task(anext(aiter(run)))
            for _ in range(1 + tries % 7):
                await asyncio.sleep(0)
            task.cancel()
            seen += [event for event in await asyncio.gather(task, return_exceptions=True) if hasattr(event, "seq")]
            await asyncio.sleep(0)
    assert [event.seq for event in seen] == list(range(1, len(seen) + 1))


async def test_sink_gets_all_events(world, docs):
    """The log sink gets what the caller gets."""
    world.sink = MemoryLogSink()
    await world.sync()
    assert world.sink.events == world.events


async def test_slow_sink(world, docs):
    """A sink that does not keep up is left behind; the report says so, and the run succeeded."""

    class Slow:
        async def emit(self, event):
            await asyncio.sleep(3600)

    world.sink = Slow()
    report = await world.sync()
    assert report.outcome is Outcome.SUCCEEDED
    (warning,) = report.warnings
    assert warning == f"the log sink did not take {len(world.events)} events: it does not keep up"


async def test_failing_sink(world, docs, caplog):
    """A sink that raises does not stop the run; the report says how much it missed, and why."""

    class Failing:
        async def emit(self, event):
            if event.seq % 2:
                raise OSError("disk full")

    world.sink = Failing()
    report = await world.sync()
    assert report.outcome is Outcome.SUCCEEDED
    missed = sum(event.seq % 2 for event in world.events)
    assert report.warnings == [f"the log sink did not take {missed} events: OSError: disk full"]


async def test_run_runs_once(world, docs):
    """A run cannot be entered twice, nor used before it was entered."""
    async with world.engine() as engine:
        run = engine.run(world.mappings())
        with pytest.raises(RuntimeError, match="enter the run first"):
            _ = run.report
        async with run:
            await run.wait()
        with pytest.raises(RunInProgressError, match="runs once"):
            async with run:
                pass


async def test_no_mappings(world):
    """A run of nothing, or of a space twice, is a mistake of the caller."""
    space = SpaceMapping(space_id=SpaceId("1"))
    async with world.engine() as engine:
        with pytest.raises(ConfigurationError, match="no space is mapped"):
            engine.run([])
        with pytest.raises(ConfigurationError, match="mapped twice: 1"):
            engine.run([space, space])


async def test_raise_for_failures(world, docs):
    """Who wants an exception gets one, with the report."""
    world.site.fail(page_id=docs.homepage.id, times=None)
    report = await world.sync()
    with pytest.raises(RunFailedError, match="Docs Home") as caught:
        report.raise_for_failures()
    assert caught.value.report is report


async def test_run_that_lost_its_lease_stops(world, docs, monkeypatch):
    """A run that was held up until another one took the lease fails, and leaves the lease where it is."""
    monkeypatch.setattr("confluence_sync.engine._events._BACKLOG", 1)
    world.options = EngineOptions(lease=0.03)
    async with world.engine() as engine, engine.run(world.mappings()) as run:
        world.clock.advance(1)
        assert await world.store.acquire_lease("run/default", "another", seconds=60)
        events = [event async for event in run if await asyncio.sleep(0.02) is None]
    assert run.report.outcome is Outcome.FAILED
    assert "another run of the connection took it" in run.report.message
    assert isinstance(events[-1], RunFinished)
    assert not await world.store.acquire_lease("run/default", "a third", seconds=1)
