"""A live doc that comes back empty does not take the text of its file along without a word."""

import pytest
from engine_world import link

from confluence_sync.engine._memory import Memory
from confluence_sync.events import PageSkipped, PageWritten
from confluence_sync.models import Outcome, RunMode
from confluence_sync.planner import Claim

PATH = "Docs/Docs Home/Minutes.md"


@pytest.fixture
def minutes(world):
    docs = world.space("DOCS")
    docs.page("Agenda", parent=docs.homepage, storage=link("Minutes"))
    return docs.page("Minutes", parent=docs.homepage, storage="<p>Agreed.</p>", subtype="live")


@pytest.mark.parametrize("empty", ["", "<p />", '<p local-id="4c1f"></p>'])
@pytest.mark.parametrize("mode", [RunMode.FULL, RunMode.INCREMENTAL])
async def test_file_keeps_its_text(world, minutes, mode, empty):
    """The file stays as it is, each run looks again and says so, and the text comes when it is back."""
    await world.sync()
    before = await world.files()
    world.clock.advance(3600)
    minutes.edit(empty)
    for _ in range(2):
        report = await world.sync(mode)
        (skipped,) = world.told(PageSkipped)
        assert (skipped.page_id, skipped.title, skipped.path) == (str(minutes.id), "Minutes", PATH)
        assert (report.outcome, report.counts.skipped, report.counts.written) == (Outcome.PARTIAL, 1, 0)
        assert "skipped: 'Minutes': the live doc came back empty" in report.summary()
        assert await world.files() == before
    minutes.edit("<p>Agreed again.</p>")
    assert (await world.sync(mode)).outcome is Outcome.SUCCEEDED
    assert await world.files() == await world.clean_copy()


async def test_file_goes_along_when_the_doc_moves(world, minutes):
    """The kept file has its place in the tree, so that links lead to it."""
    await world.sync()
    minutes.edit("")
    minutes.rename("Notes")
    report = await world.sync()
    assert (report.counts.skipped, report.counts.failed) == (1, 0)
    assert "Agreed." in await world.text("Docs/Docs Home/Notes.md")
    assert PATH not in await world.paths()
    assert await world.dead_links() == []


async def test_file_of_a_broken_run_goes_along_later(world, minutes):
    """Where nobody knows what a broken run has left, it is looked at first, and moved by the next run."""
    await world.sync()
    minutes.edit("")
    minutes.rename("Notes")
    memory = Memory(world.store, "default")
    await memory.apply(memory.put_claim(minutes.space.id, Claim(PATH, minutes.id)))
    await world.sync()
    assert "Agreed." in await world.text(PATH)
    await world.sync()
    assert "Agreed." in await world.text("Docs/Docs Home/Notes.md")
    assert PATH not in await world.paths()
    assert await world.dead_links() == []


async def test_rebuild_takes_the_site_at_its_word(world, minutes):
    """Who wants the file to be empty, too, gets it by a rebuild; then all is as on the site, and nothing is skipped."""
    await world.sync()
    minutes.edit("")
    assert (await world.sync(RunMode.REBUILD)).outcome is Outcome.SUCCEEDED
    assert "Agreed." not in await world.text(PATH)
    assert await world.files() == await world.clean_copy()
    assert (await world.sync()).counts.unchanged == 3


@pytest.mark.parametrize("subtype", [None, "live"])
async def test_empty_pages_are_written(world, minutes, subtype):
    """A page that was published empty is empty; and so is a live doc that nobody ever saw otherwise."""
    page = world.site.page("Agenda") if subtype is None else world.space().page("Draft", storage="", subtype=subtype)
    await world.sync()
    page.edit("")
    assert (await world.sync()).outcome is Outcome.SUCCEEDED
    assert [event.title for event in world.told(PageWritten)] == [page.title]
    assert await world.files() == await world.clean_copy()


async def test_file_that_is_gone_is_written(world, minutes):
    """There is nothing to keep where somebody deleted the file."""
    await world.sync()
    minutes.edit("")
    await world.vfs.delete(PATH)
    assert (await world.sync()).outcome is Outcome.SUCCEEDED
    assert PATH in await world.paths()
