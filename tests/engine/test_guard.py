"""A guard ends runs between steps, and learns of every end; what the engine remembers can be forgotten."""

import pytest

from confluence_sync.adapters import MemoryStateStore
from confluence_sync.engine import ConnectionMemory, EngineOptions, Phase, RunReport, SyncEngine
from confluence_sync.errors import RunInProgressError, StorageError
from confluence_sync.events import RunFinished, RunStarted
from confluence_sync.models import ConnectionId, Outcome, RunMode

CONNECTION = ConnectionId("default")


class Guard:
    """Objects from some phase on."""

    def __init__(self, phase=None, error=None) -> None:
        self.phase, self.error = phase, error
        self.ends = []

    async def objection(self, state):
        if state.phase is not self.phase:
            return ""
        if self.error:
            raise self.error
        return "it is switched off"

    async def ended(self, record, error):
        self.ends.append((record.outcome, record.message, error))
        raise StorageError("nobody is interested")


@pytest.fixture
def guarded(world):
    """Sync under a guard."""
    world.space("DOCS").page("Page", storage="<p>Text</p>")

    async def run(guard):
        async with world.engine() as engine:
            guarded = SyncEngine(engine._client, world.vfs, world.store, clock=world.clock, guard=guard)
            async with guarded.run(world.mappings()) as run:
                world.events = [event async for event in run]
            return run.report

    return run


@pytest.mark.parametrize("phase", [Phase.PREPARE, Phase.LIST, Phase.WRITE])
async def test_objection_ends_a_run_between_steps(world, guarded, phase):
    """A run that must not go on is cancelled with the reason, from its first event to its last."""
    guard = Guard(phase)
    report = await guarded(guard)
    assert (report.outcome, report.message) == (Outcome.CANCELLED, "it is switched off")
    assert isinstance(world.events[0], RunStarted)
    assert isinstance(world.events[-1], RunFinished)
    assert guard.ends == [(Outcome.CANCELLED, "it is switched off", None)]
    assert await world.paths() == []
    assert (await world.sync()).outcome is Outcome.SUCCEEDED


async def test_error_of_a_guard_fails_the_run(guarded):
    """What a guard raises is what stopped the run."""
    error = StorageError("the registry is away")
    report = await guarded(Guard(Phase.LIST, error))
    assert (report.outcome, report.error) == (Outcome.FAILED, error)


async def test_guard_learns_of_a_good_end(guarded):
    """Also of a run that nobody objected to."""
    guard = Guard()
    assert (await guarded(guard)).outcome is Outcome.SUCCEEDED
    assert guard.ends == [(Outcome.SUCCEEDED, "", None)]


async def test_progress_counts_towards_an_end(world):
    """Pages are counted while they are listed; from the plan on it is known how many files there are to do."""
    docs = world.space("DOCS")
    for number in range(30):
        docs.page(f"Page {number}")
    world.options = EngineOptions(body_batch=10)
    run = await world.sync()
    report = RunReport(run_id=run.run_id)
    seen = []
    for event in world.events:
        report.add(event)
        seen.append((report.progress.phase, report.progress.done, report.progress.total))
    listing = [done for phase, done, _ in seen if phase is Phase.LIST]
    assert listing == [10, 20, 30, 31, 31]
    assert (Phase.WRITE, 0, 31) in seen
    assert seen[-1] == (Phase.DONE, 31, 31)
    assert (RunReport(run_id=run.run_id).progress.share, run.progress.share) == (None, 1.0)


async def test_forgotten_connection_leaves_nothing(world):
    """Nothing is left in the store, and the files are somebody else's."""
    world.space("DOCS").page("Page", storage="<p>Text</p>")
    await world.sync()
    before = await world.files()
    async with world.engine() as engine:
        await engine.forget()
    assert isinstance(world.store, MemoryStateStore)
    assert {name: documents for name, documents in world.store._collections.items() if documents} == {}
    assert await world.files() == before


async def test_forgotten_space_is_listed_anew_and_its_files_are_nobodys(world):
    """What was written before stays, beside what is written now."""
    world.space("DOCS").page("Page", storage="<p>Text</p>")
    await world.sync()
    (mapping,) = world.mappings()
    async with world.engine() as engine:
        await engine.forget_space(mapping.space_id)
        await engine.forget_space(mapping.space_id)
    report = await world.sync(RunMode.INCREMENTAL)
    assert report.counts.written == 2
    assert len(await world.paths()) == 4


async def test_forgotten_space_whose_files_are_kept_is_taken_up_again(world):
    """A space that was not mapped for a while comes back to its own files, listed in full."""
    docs = world.space("DOCS")
    docs.page("Page", storage="<p>Text</p>")
    page = docs.page("Other", storage="<p>Text</p>")
    await world.sync()
    (mapping,) = world.mappings()
    past = ConnectionMemory(world.store, CONNECTION)
    async with past.between_runs():
        await past.forget_space(mapping.space_id, keep_files=True)
    page.trash()
    report = await world.sync(RunMode.INCREMENTAL)
    assert (report.counts.unchanged, report.counts.deleted) == (2, 1)
    await past.forget_space(mapping.space_id, keep_files=True)
    await past.forget()
    assert {name: documents for name, documents in world.store._collections.items() if documents} == {}


async def test_no_run_begins_between_runs(world):
    """What runs rely on is changed while none is under way."""
    world.space("DOCS")
    past = ConnectionMemory(world.store, CONNECTION, lease=600)
    async with past.between_runs():
        with pytest.raises(RunInProgressError):
            await world.sync()
    async with world.engine() as engine:
        state = await engine.begin(world.mappings())
        with pytest.raises(RunInProgressError, match="under way"):
            await engine.forget()
        while not (await engine.step(state)).done:
            pass
        await engine.forget()


async def test_old_runs_are_forgotten_but_for_the_last(world):
    """The list of runs does not grow for ever, and the last run is always known."""
    world.space("DOCS")
    for _ in range(3):
        await world.sync()
    past = ConnectionMemory(world.store, CONNECTION)
    last, second, first = await past.runs()
    assert await past.forget_runs(second.ended_at) == [first.run_id]
    world.clock.advance(1)
    assert await past.forget_runs(world.clock.now()) == [second.run_id]
    assert await past.runs() == [last]
