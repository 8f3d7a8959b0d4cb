"""A run that finds no change does nothing for each page: it loads no tree, plans nothing, and looks at no file."""

from itertools import count

import attrs
import pytest
from engine_world import link

from confluence_sync.adapters import MemoryVFS
from confluence_sync.converter import ConvertOptions
from confluence_sync.engine._memory import Memory
from confluence_sync.errors import StorageError
from confluence_sync.events import SpacePlanned
from confluence_sync.models import Outcome, RunMode, TableStyle, Trigger
from confluence_sync.planner import Claim

INCREMENTAL = RunMode.INCREMENTAL
SPANS = '<table><tbody><tr><td colspan="2">A</td></tr><tr><td>B</td><td>C</td></tr></tbody></table>'
PER_PAGE = ("pages/", "manifest/", "containers/", "spool/", "digests/")


class Tripwire:
    """A store or folder that notes what is asked of each page."""

    def __init__(self, inner):
        self._inner = inner
        self.touched = []

    def __getattr__(self, name):
        method = getattr(self._inner, name)

        def call(*args, **kwargs):
            if name in {"read", "write", "move", "delete", "stat"}:
                self.touched.append((name, args[0]))
            if name == "scan" and (not args or args[0].startswith(PER_PAGE) or "/" not in args[0]):
                self.touched.append((name, *args))
            return method(*args, **kwargs)

        return call


@pytest.fixture
async def docs(world):
    """Two spaces that were synced, and at which nothing happened since."""
    world.site.user("u1", "Documentation Team")
    docs = world.space("DOCS")
    docs.page("Page 0", parent=docs.homepage, storage=SPANS + link("Page 1"), author="u1")
    for number in range(1, 5):
        docs.page(f"Page {number}", parent=docs.homepage, storage=SPANS + link(f"Page {(number + 1) % 5}"))
    world.space("OPS").page("Runbook", storage=link("Page 1", "DOCS"))
    assert (await world.sync()).outcome is Outcome.SUCCEEDED
    world.clock.advance(3600)
    return docs


async def touched_by(world, **options):
    """Run, and return the report with what was asked of each page."""
    vfs, store = world.vfs, world.store
    world.vfs, world.store = Tripwire(vfs), Tripwire(store)
    try:
        report = await world.sync(INCREMENTAL, **options)
        return report, [*world.vfs.touched, *world.store.touched]
    finally:
        world.vfs, world.store = vfs, store


async def assert_settled(world):
    report, touched = await touched_by(world)
    assert touched == []
    return report


@pytest.mark.parametrize("trigger", Trigger)
async def test_nothing_is_loaded(world, docs, trigger):
    """All pages count as unchanged, and no tree is loaded, no record read, no file looked at."""
    report, touched = await touched_by(world, trigger=trigger)
    assert (report.outcome, report.counts.listed, report.counts.unchanged) == (Outcome.SUCCEEDED, 8, 8)
    assert touched == []
    assert [(event.space_key, event.unchanged) for event in world.told(SpacePlanned)] == [("DOCS", 6), ("OPS", 2)]


async def test_pages_are_counted(world, docs):
    """Each run that brings pages in leaves their number to those that bring none."""
    docs.page("Page 5", parent=docs.homepage)
    world.site.page("Page 1").edit("<p>New.</p>")
    assert (await world.sync(INCREMENTAL)).counts.listed == 9
    assert (await assert_settled(world)).counts.listed == 9
    world.site.page("Page 5").trash()
    assert (await world.sync()).counts.listed == 8
    assert (await assert_settled(world)).counts.listed == 8


async def test_page_in_two_trees_is_counted_once(world, docs):
    """A page that went to another space between two listings counts where it is."""
    page = world.site.page("Page 2")
    page.move(world.site.space("OPS"))
    page.edit("<p>New.</p>")
    await world.sync(INCREMENTAL)
    report = await assert_settled(world)
    assert (report.outcome, report.counts.listed) == (Outcome.SUCCEEDED, 8)


async def test_deleted_file_comes_back_with_the_next_plan(world, docs):
    """What people did in the folder is seen by the next run that has anything to do, and by each full one."""
    path = "Docs/Docs Home/Page 3.md"
    await world.vfs.delete(path)
    await assert_settled(world)
    assert path not in await world.paths()
    world.site.page("Runbook").edit("<p>New.</p>")
    await world.sync(INCREMENTAL)
    assert path in await world.paths()
    await world.vfs.delete(path)
    await world.sync()
    assert path in await world.paths()


async def test_deleted_file_comes_back_within_a_day(world, docs):
    """Scheduled runs list each space in full once a day, and look into the folder."""
    await world.vfs.delete("Docs/Docs Home/Page 3.md")
    world.clock.advance(24 * 3600)
    await world.sync(INCREMENTAL, Trigger.SCHEDULED)
    assert await world.files() == await world.clean_copy()


def move_mapping(world):
    world.mapped["DOCS"]["folder"] = "Elsewhere"


def map_less(world):
    del world.mapped["OPS"]


def change_tables(world):
    world.mapped["DOCS"]["tables"] = TableStyle.HTML


def change_converter(world):
    world.options = attrs.evolve(world.options, conversion=ConvertOptions(site_url="https://other.example"))


def rename_space(world):
    world.site.space("OPS").rename("Operations")


@pytest.mark.parametrize("change", [move_mapping, map_less, change_tables, change_converter, rename_space])
async def test_another_basis_is_planned(world, docs, change):
    """A plan that came true says nothing once the spaces, their mappings or the converter are others."""
    change(world)
    report = await world.sync(INCREMENTAL)
    assert (report.outcome, report.counts.unchanged < 8) == (Outcome.SUCCEEDED, True)
    assert await world.dead_links() == []
    await assert_settled(world)


@pytest.mark.parametrize("mode", [RunMode.FULL, INCREMENTAL])
async def test_killed_run_is_made_good(world, docs, mode):
    """Wherever a run died that found something, names of users included, the next one brings all of it to its end."""
    first, second = world.site.page("Page 1"), world.site.page("Page 2")
    for at in count(1, 7):
        first.edit(f"<p>{at}</p>")
        second.rename(f"Page {at}!")
        if mode is RunMode.FULL:  # the others do not ask for names again
            world.site.user("u1", f"Team {at}")
        killed = await world.run_until_killed(at, mode)
        world.clock.advance(3600)
        assert (await world.sync(INCREMENTAL)).outcome is Outcome.SUCCEEDED
        assert await world.dead_links() == []
        await assert_settled(world)
        if not killed:
            break
    assert await world.files() == await world.clean_copy()


async def test_tree_of_a_killed_run(world, docs):
    """A full listing is applied by whichever run is next, also where the names of users cannot be read."""
    world.site.fail("/users-bulk", status=403, times=None)
    for at in count(1, 2):
        world.site.page("Page 1").rename("Page 1!") if at % 4 == 1 else world.site.page("Page 1!").rename("Page 1")
        killed = await world.run_until_killed(at)
        world.clock.advance(24 * 3600)
        assert (await world.sync(INCREMENTAL)).outcome is Outcome.SUCCEEDED
        assert ("Docs/Docs Home/Page 1!.md" in await world.paths()) is (at % 4 == 1)
        if not killed:
            break


async def test_run_that_was_on_another_basis(world, docs):
    """What a run has begun under a mapping is undone once the mapping is as it was, also if that run died."""
    world.options = attrs.evolve(world.options, body_batch=2)
    before = await world.files()
    for at in count(20, 3):
        change_tables(world)
        killed = await world.run_until_killed(at, INCREMENTAL)
        world.mapped["DOCS"]["tables"] = None
        world.clock.advance(3600)
        await world.sync(INCREMENTAL)
        assert await world.files() == before
        if not killed:
            break


async def test_new_name_reaches_the_files(world, docs):
    """A full run that dies once it knows the new name of a user leaves the files to whichever run is next."""
    world.site.user("u1", "Infrastructure Team")
    memory, at = Memory(world.store, "default"), count(1)
    while "Infrastructure Team" not in [user.display_name for user in await memory.all_users()]:
        assert await world.run_until_killed(next(at))
        world.clock.advance(3600)
    assert (await world.sync(INCREMENTAL)).counts.written == 1
    assert "Infrastructure Team" in await world.text("Docs/Docs Home/Page 0.md")


async def test_page_that_cannot_be_fetched(world, docs):
    """One that never arrives is one failed page in each run, and makes none of them plan."""
    page = world.site.page("Page 1")
    page.edit("<p>New.</p>")
    new = docs.page("Page 5", parent=docs.homepage)
    for failing in (page, new):
        world.site.fail(page_id=failing.id, status=504, times=None)
    for _ in range(3):
        report = await world.sync(INCREMENTAL)
        assert (report.outcome, report.counts.listed) == (Outcome.PARTIAL, 9)
        assert (report.counts.failed, report.counts.unchanged) == (2, 7)
        await assert_settled(world)
    world.site.heal()
    assert (await world.sync(INCREMENTAL)).counts.written == 2
    assert await world.files() == await world.clean_copy()


class Picky(MemoryVFS):
    """A folder that does not take one of the pages."""

    async def write(self, path, data, metadata):
        if path.endswith("Page 1.md"):
            raise StorageError("no space left")
        await super().write(path, data, metadata)


async def test_page_that_cannot_be_written(world, docs):
    """What is left of a plan is tried again by the next run, although nothing changed since."""
    for number in (1, 2):
        world.site.page(f"Page {number}").edit("<p>New.</p>")
    vfs, world.vfs = world.vfs, Picky()
    world.vfs.documents = vfs.documents
    report = await world.sync(INCREMENTAL)
    assert (report.outcome, report.counts.written) == (Outcome.PARTIAL, 1)
    world.vfs = vfs
    assert (await world.sync(INCREMENTAL)).counts.written == 1
    assert await world.files() == await world.clean_copy()


async def test_claims_are_looked_into(world, docs):
    """A path of which nobody knows what lies there is planned, whatever was noted."""
    memory = Memory(world.store, "default")
    page = world.site.page("Page 1")
    await memory.apply(memory.put_claim(docs.id, Claim("Docs/Docs Home/Page 1.md", page.id)))
    assert (await world.sync(INCREMENTAL)).counts.written == 1
    await assert_settled(world)


async def test_space_that_is_not_available(world, docs):
    """One that fails in each run makes none of them plan; once it is back, it is looked at with the others."""
    docs.restrict()
    for _ in range(2):
        assert (await world.sync(INCREMENTAL)).outcome is Outcome.PARTIAL
    assert (await assert_settled(world)).counts.unchanged == 2
    docs.unrestrict()
    world.site.page("Page 1").edit("<p>New.</p>")
    assert (await world.sync(INCREMENTAL)).counts.written == 1
    await assert_settled(world)
