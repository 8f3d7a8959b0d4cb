"""A process that dies at any moment loses nothing: one more run, once the lease expired, leads to the clean folder."""

from itertools import count

import pytest
from engine_world import World, link

from confluence_sync.engine import EngineOptions
from confluence_sync.models import DeletionPolicy, Outcome, RunMode


def build(world):
    """A small site whose pages link to each other."""
    docs = world.space("DOCS")
    guide = docs.page("Guide", parent=docs.homepage, storage=link("Setup") + link("Notes"))
    docs.page("Setup", parent=guide, storage="<p>First.</p>" + link("Guide"))
    docs.page("Notes", parent=docs.homepage, storage=link("Setup"))
    docs.page("Extra", parent=docs.homepage, storage="<p>Extra.</p>")
    world.options = EngineOptions(body_batch=2, step_requests=1, step_writes=2)


def no_change(world):
    pass


def edit_and_trash(world):
    world.site.page("Setup").edit("<p>Second.</p>")
    world.site.page("Extra").trash()


def rename_and_trash(world):
    world.site.page("Guide").rename("Manual")
    world.site.page("Extra").trash()


def swap(world):
    world.site.page("Guide").rename("Other")
    world.site.page("Notes").rename("Guide")
    world.site.page("Other").rename("Notes")


def replace_trashed(world):
    world.site.page("Extra").trash()
    notes = world.site.page("Notes")
    notes.rename("Extra")
    world.site.page("Setup").move(notes)


def ring(world):
    extra, notes, guide = (world.site.page(title) for title in ("Extra", "Notes", "Guide"))
    extra.rename("Notes")
    notes.rename("Guide")
    guide.rename("Extra")


CHANGES = [no_change, edit_and_trash, rename_and_trash, swap, replace_trashed, ring]


async def assert_mended(world, point):
    """Wait until the lease expired, run once more, and look."""
    world.clock.advance(world.options.lease + 1)
    report = await world.sync()
    assert report.outcome is Outcome.SUCCEEDED, (point, report.summary())
    assert await world.files() == await world.clean_copy(), point
    assert await world.dead_links() == [], point
    for kind in ("claims", "spool", "digests"):
        assert await world.collection(f"{kind}/default/{world.site.space('DOCS').id}") == [], (point, kind)
    again = await world.sync()
    assert again.counts.unchanged == again.counts.listed, (point, again.summary())


async def test_first_run_killed_anywhere():
    """A first run that dies at any call of a store is completed by the next one."""
    for point in count():
        world = World()
        build(world)
        if not await world.run_until_killed(point):
            break
        await assert_mended(world, point)
    assert point > 30


@pytest.mark.parametrize(
    ("change", "mode"),
    [
        *((change, RunMode.FULL) for change in CHANGES),
        (rename_and_trash, RunMode.INCREMENTAL),
        (edit_and_trash, RunMode.REBUILD),
    ],
    ids=lambda value: getattr(value, "__name__", value),
)
async def test_later_run_killed_anywhere(change, mode):
    """The same for later runs, in the midst of moves, writes and deletes."""
    for point in count():
        world = World()
        build(world)
        await world.sync()
        change(world)
        if not await world.run_until_killed(point, mode):
            break
        await assert_mended(world, point)
    assert point > 10


@pytest.mark.parametrize("change", [edit_and_trash, swap, replace_trashed], ids=lambda change: change.__name__)
async def test_site_that_changes_after_a_first_run_was_killed(change):
    """What the killed walk listed and spooled is not believed: the folder is as the site is now."""
    for point in count():
        world = World()
        build(world)
        if not await world.run_until_killed(point):
            break
        change(world)
        await assert_mended(world, point)
    assert point > 30


@pytest.mark.parametrize("change", [no_change, swap, replace_trashed], ids=lambda change: change.__name__)
async def test_site_that_changes_after_the_kill(change):
    """What happens on the site between a killed later run and the next one is not lost either."""
    for point in count():
        world = World()
        build(world)
        await world.sync()
        rename_and_trash(world)
        if not await world.run_until_killed(point):
            break
        world.site.page("Extra").restore()
        world.site.page("Manual").rename("Guide")
        change(world)
        await assert_mended(world, point)


async def test_killed_again_and_again():
    """Runs that die one after the other, each a little later, still lead there."""
    world = World()
    build(world)
    await world.sync()
    swap(world)
    for point in range(5, 60, 3):
        world.clock.advance(world.options.lease + 1)
        await world.run_until_killed(point)
    await assert_mended(world, "the end")


@pytest.mark.parametrize("policy", DeletionPolicy)
async def test_page_that_is_gone_after_the_kill(policy):
    """What a dead run claimed for a page that is gone by now holds up no later run, even if files are to be kept."""
    for point in count(10):
        world = World()
        docs = world.space("DOCS", deletions=policy)
        docs.page("Page")
        await world.sync()
        new = docs.page("New", storage="<p>x</p>")
        if not await world.run_until_killed(point):
            break
        world.clock.advance(world.options.lease + 1)
        new.trash()
        assert (await world.sync()).outcome is Outcome.SUCCEEDED
        kept = {path for path in await world.paths() if "New" in path}
        assert await world.paths() == sorted({*await world.clean_copy(), *kept}), point
        assert policy is DeletionPolicy.KEEP or not kept, point
        for kind in ("claims", "digests"):
            assert await world.collection(f"{kind}/default/{docs.id}") == [], (point, kind)
    assert point > 30


async def test_page_that_fails_after_the_kill():
    """A page whose move broke off and that cannot be fetched now keeps the file it has, wherever that is."""
    for point in count(10, 4):
        world = World()
        build(world)
        await world.sync()
        setup = world.site.page("Setup")
        setup.rename("Install")
        if not await world.run_until_killed(point):
            break
        setup.rename("Settings")
        world.site.fail(status=504, page_id=setup.id, times=None)
        await world.sync()
        world.site.heal()
        assert any(f"page_id: '{setup.id}'" in data.decode() for data in (await world.files()).values()), point
        await assert_mended(world, point)
    assert point > 30
