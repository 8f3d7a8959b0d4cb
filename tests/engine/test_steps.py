"""Runs as steps that any process can take."""

import attrs
import pytest
from engine_world import World, link

from confluence_sync import documents
from confluence_sync.adapters import MemoryLogSink
from confluence_sync.engine import EngineOptions, Phase, RunState
from confluence_sync.errors import RunInProgressError
from confluence_sync.events import PageMoved
from confluence_sync.models import Outcome, RunMode


def build(world, pages=7):
    docs = world.space("DOCS")
    for number in range(pages):
        docs.page(f"Page {number}", parent=docs.homepage, storage=link(f"Page {(number + 1) % pages}"))
    world.options = EngineOptions(body_batch=2, listing_batch=2, step_requests=1, step_writes=2)
    return docs


async def sync_by_steps(world, mode=RunMode.FULL, *, most=60):
    """A run whose every step is taken by another process, which gets the state as a document."""
    world.clock.advance(60)
    async with world.engine() as engine:
        document = documents.dump(await engine.begin(world.mappings(), mode=mode))
    for steps in range(1, most):
        state = documents.load(RunState, document)
        async with world.engine() as engine:
            result = await engine.step(state)
        document = documents.dump(state)
        if result.done:
            return result, state, steps
    raise AssertionError(f"not done after {most} steps")


@pytest.mark.parametrize("mode", RunMode)
async def test_steps_lead_where_a_run_leads(mode):
    """Steps taken by many processes give the folder, the counts and the outcome of a run."""
    world = World()
    docs = build(world)
    await sync_by_steps(world, mode)
    assert await world.files() == await world.clean_copy()
    world.site.page("Page 3").edit("<p>Changed.</p>")
    if mode is not RunMode.INCREMENTAL:
        world.site.page("Page 5").rename("Page five")
        world.site.page("Page 6").trash()
        world.site.page("Page 1").move(docs.folder("Folder"))
    result, state, steps = await sync_by_steps(world, mode)
    assert result.outcome is Outcome.SUCCEEDED
    assert state.phase is Phase.DONE
    assert state.counts.handled == state.counts.listed
    assert steps > 4
    assert await world.files() == await world.clean_copy()
    assert await world.lease_is_free()


async def test_deletions_come_in_portions(world):
    """A step deletes so many files at most, also where pages that are still there have to be passed over."""
    build(world, pages=12)
    world.options = attrs.evolve(world.options, step_writes=3)
    await world.sync()
    hidden = world.site.page("Page 2")
    for number in range(2, 10):
        world.site.page(f"Page {number}").trash()
    left = []
    async with world.engine() as engine:
        state = await engine.begin(world.mappings())
    while state.outcome is None:
        async with world.engine() as engine:
            await engine.step(state)
        if state.phase is Phase.DELETE:
            left.append(len(await world.paths()))
        if state.phase is Phase.PLAN:
            hidden.restore()  # so that the listing and the page disagree
    assert left == [13, 11, 8, 6]
    assert (state.outcome, state.counts.deleted) == (Outcome.PARTIAL, 7)
    assert (await world.sync()).outcome is Outcome.SUCCEEDED
    assert await world.files() == await world.clean_copy()


async def test_changes_come_in_portions(world):
    """A step fetches so many changed pages at most, and what changed is looked for once, whoever takes the steps."""
    docs = build(world, pages=12)
    world.options = attrs.evolve(world.options, body_batch=4, step_writes=5)
    await world.sync()
    world.clock.advance(12 * 3600)
    for number in range(12):
        world.site.page(f"Page {number}").edit("<p>New.</p>")
    docs.page("New", parent=docs.folder("Folder"))
    broken = world.site.page("Page 3")
    world.site.fail(page_id=broken.id, times=None)
    world.clock.advance(3600)
    fetched, searches = [], 0
    async with world.engine() as engine:
        state = await engine.begin(world.mappings(), mode=RunMode.INCREMENTAL)
    while state.outcome is None:
        world.site.reset_log()
        async with world.engine() as engine:
            await engine.step(state)
        asked = {page for request in world.site.requests for page in request.query.get("id", "").split(",") if page}
        fetched += [len(asked)]
        searches += world.requests.count("GET /wiki/rest/api/content/search")
    assert [number for number in fetched if number] == [5, 5, 3]
    assert searches == 1
    assert (state.outcome, state.counts.written, state.counts.failed) == (Outcome.PARTIAL, 12, 1)
    world.site.heal()
    world.clock.advance(3600)
    assert (await world.sync(RunMode.INCREMENTAL)).counts.written == 1
    assert await world.files() == await world.clean_copy()


async def test_moves_come_in_portions(world):
    """A step moves so many files at most, nothing is fetched for that, and no process knows of the others' moves."""
    docs = build(world, pages=12)
    world.options = attrs.evolve(world.options, step_writes=5)
    folder = docs.folder("Old", parent=docs.homepage)
    leaves = [docs.page(f"Leaf {number}", parent=folder) for number in range(12)]
    await world.sync()
    folder.rename("New")
    leaves[0].rename("Leaf 1")
    leaves[1].rename("Leaf 0")
    world.sink = MemoryLogSink()
    moved = []
    async with world.engine() as engine:
        state = await engine.begin(world.mappings())
    while state.outcome is None:
        world.site.reset_log()
        before = set(await world.paths())
        async with world.engine() as engine:
            await engine.step(state)
        if state.phase is Phase.MOVE or (moved and state.phase is Phase.WRITE and not state.written_to):
            moved.append(len(before - set(await world.paths())))
            assert world.requests == []
    assert (state.outcome, state.counts.moved, state.counts.written) == (Outcome.SUCCEEDED, 10, 2)
    assert max(moved) <= 5
    told = [event for event in world.sink.events if isinstance(event, PageMoved)]
    assert {(event.previous_path, event.path) for event in told} == {
        (f"Docs/Docs Home/Old/Leaf {number}.md", f"Docs/Docs Home/New/Leaf {number}.md") for number in range(2, 12)
    }
    assert await world.files() == await world.clean_copy()


async def test_ring_is_not_cut_in_two(world):
    """A file that is parked to let another one pass comes to its place in the same step, and is told of once."""
    docs = world.space("DOCS")
    folders = [docs.folder(f"Folder {number}") for number in range(6)]
    for folder in folders:
        docs.page("Leaf", parent=folder)
    world.options = EngineOptions(step_writes=2)
    await world.sync()
    for number, folder in enumerate(folders):
        folder.rename(f"Folder {(number + 1) % 6}")
    world.sink = MemoryLogSink()
    _, state, _ = await sync_by_steps(world)
    assert (state.outcome, state.counts.moved) == (Outcome.SUCCEEDED, 6)
    told = [event for event in world.sink.events if isinstance(event, PageMoved)]
    assert sorted((event.previous_path, event.path) for event in told) == [
        (f"Docs/Folder {number}/Leaf.md", f"Docs/Folder {(number + 1) % 6}/Leaf.md") for number in range(6)
    ]
    assert await world.files() == await world.clean_copy()


async def test_page_that_changes_between_steps(world):
    """A page that is edited after it was listed is written once, as it is when it is fetched."""
    docs = build(world)
    await sync_by_steps(world)
    for number in range(5):
        world.site.page(f"Page {number}").edit("<p>Second.</p>")
    world.site.fail("/wiki/api/v2/pages", kind="latency", times=None)  # no failure: it only shows in the log
    async with world.engine() as engine:
        state = await engine.begin(world.mappings())
        while state.phase is not Phase.WRITE:
            await engine.step(state)
    world.site.page("Page 0").edit("<p>Third.</p>")
    for _ in range(9):
        async with world.engine() as engine:
            result = await engine.step(state)
        if result.done:
            break
    assert result.outcome is Outcome.SUCCEEDED
    assert state.counts.written == 5
    assert "Third." in await world.text("Docs/Docs Home/Page 0.md")
    assert docs.homepage


async def test_step_repeated_after_a_crash(world):
    """A step that is taken again from the state before it does no harm."""
    build(world)
    async with world.engine() as engine:
        document = documents.dump(await engine.begin(world.mappings()))
    for _ in range(60):
        for _ in range(2):
            state = documents.load(RunState, document)
            async with world.engine() as engine:
                result = await engine.step(state)
        document = documents.dump(state)
        if result.done:
            break
    assert result.outcome is Outcome.SUCCEEDED
    assert state.counts.handled == state.counts.listed
    assert await world.files() == await world.clean_copy()


async def test_step_of_a_run_that_is_over(world):
    """A finished run stays finished: another step says so and does nothing."""
    build(world)
    result, state, _ = await sync_by_steps(world)
    before = documents.dump(state)
    async with world.engine() as engine:
        assert await engine.step(state) == result
    assert documents.dump(state) == before
    assert await world.lease_is_free()


async def test_one_run_at_a_time(world):
    """While a run holds the lease no other one starts, in whatever process."""
    build(world)
    async with world.engine() as engine:
        await engine.begin(world.mappings())
    async with world.engine() as engine:
        with pytest.raises(RunInProgressError, match="under way"):
            await engine.begin(world.mappings())
        with pytest.raises(RunInProgressError, match="under way"):
            async with engine.run(world.mappings()):
                pass


async def test_lease_of_a_dead_run_is_taken_over(world):
    """Once the lease of a run that died expired, another one starts, and the dead one cannot go on."""
    build(world)
    async with world.engine() as engine:
        dead = await engine.begin(world.mappings())
        await engine.step(dead)
        world.clock.advance(world.options.lease + 1)
        alive = await engine.begin(world.mappings())
        with pytest.raises(RunInProgressError):
            await engine.step(dead)
        while not (result := await engine.step(alive)).done:
            pass
    assert result.outcome is Outcome.SUCCEEDED
