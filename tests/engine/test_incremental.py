"""Incremental runs ask only for what changed, and conclude nothing from what they do not see."""

from datetime import timedelta

import attrs
import pytest
from engine_world import link

from confluence_sync.events import PageFailed, PageWritten
from confluence_sync.models import Outcome, RunMode

INCREMENTAL = RunMode.INCREMENTAL
SEARCH = "GET /wiki/rest/api/content/search"


def build(world):
    docs = world.space("DOCS")
    for number in range(6):
        docs.page(f"Page {number}", parent=docs.homepage, storage=link(f"Page {(number + 1) % 6}"))
    world.space("OPS").page("Runbook", storage=link("Page 1", "DOCS"))
    return docs


@pytest.fixture
def docs(world):
    return build(world)


async def assert_clean(world):
    assert await world.files() == await world.clean_copy()
    assert await world.dead_links() == []


async def test_first_incremental_run_is_full(world, docs):
    """A space that was never listed is listed in full, whatever the mode."""
    report = await world.sync(INCREMENTAL)
    assert report.outcome is Outcome.SUCCEEDED
    assert SEARCH not in world.requests
    await assert_clean(world)


async def test_nothing_new_costs_a_constant(world, docs):
    """Without changes an incremental run is a look at each space, at the latest edits, and one search."""
    await world.sync()
    world.clock.advance(3600)
    report = await world.sync(INCREMENTAL)
    assert report.outcome is Outcome.SUCCEEDED
    assert report.counts.unchanged == report.counts.listed == 9
    assert len(world.requests) == 4
    assert world.requests.count(SEARCH) == 1


async def test_edits_and_new_pages_are_found(world, docs):
    """Edited pages and new ones, also under folders never seen, come with one search and one fetch."""
    await world.sync()
    world.clock.advance(3600)
    world.site.page("Page 2").edit("<p>New.</p>" + link("Leaf"))
    docs.page("Leaf", parent=docs.folder("Inner", parent=docs.folder("Outer")), storage=link("Page 2"))
    report = await world.sync(INCREMENTAL)
    assert report.outcome is Outcome.SUCCEEDED
    assert sorted(event.path for event in world.told(PageWritten)) == [
        "Docs/Docs Home/Page 2.md",
        "Docs/Outer/Inner/Leaf.md",
    ]
    assert [request.query["id"].count(",") for request in world.site.requests if "id" in request.query] == [1]
    await assert_clean(world)


async def test_rename_rewrites_links_in_other_spaces(world, docs):
    """What lies below a renamed page moves, and files that link there are written again, in all mapped spaces."""
    await world.sync()
    world.clock.advance(3600)
    docs.homepage.rename("Start")
    assert (await world.sync(INCREMENTAL)).outcome is Outcome.SUCCEEDED
    assert await world.dead_links() == []
    assert "(../Docs/Start/Page%201.md)" in await world.text("Ops/Runbook.md")


async def test_page_that_fails_is_found_again(world, docs):
    """A changed page that does not arrive is one failed page, and is asked for again however late the next run is."""
    await world.sync()
    world.clock.advance(3600)
    page = world.site.page("Page 2")
    page.edit("<p>New.</p>")
    world.site.page("Page 3").edit("<p>New as well.</p>")
    world.site.fail(page_id=page.id, status=504, body="<title>Too slow</title>", times=None)
    report = await world.sync(INCREMENTAL)
    assert report.outcome is Outcome.PARTIAL
    assert [event.title for event in world.told(PageWritten)] == ["Page 3"]
    (failure,) = world.told(PageFailed)
    assert (failure.title, failure.path) == ("Page 2", "Docs/Docs Home/Page 2.md")
    assert "Too slow" in failure.message
    assert (report.counts.failed, report.counts.unchanged, report.counts.listed) == (1, 7, 9)
    world.site.heal()
    world.clock.advance(24 * 3600)
    report = await world.sync(INCREMENTAL)
    assert (report.outcome, report.counts.written) == (Outcome.SUCCEEDED, 1)
    await assert_clean(world)


async def test_new_page_that_fails(world, docs):
    """A page that no listing has shown yet counts as listed and failed, until it arrives."""
    await world.sync()
    world.clock.advance(3600)
    page = docs.page("Leaf", parent=docs.homepage)
    world.site.fail(page_id=page.id, times=None)
    for _ in range(2):
        report = await world.sync(INCREMENTAL)
        (failure,) = world.told(PageFailed)
        assert (failure.title, failure.path, failure.space_id) == ("Leaf", "", docs.id)
        assert (report.counts.failed, report.counts.unchanged, report.counts.listed) == (1, 9, 10)
        assert report.counts.skipped == 0
        world.clock.advance(7200)
    world.site.heal()
    assert (await world.sync(INCREMENTAL)).counts.written == 1
    await assert_clean(world)


async def test_page_that_fails_and_moves(world, docs):
    """A failed page whose place changes with its parent's name goes along, and is told of once."""
    await world.sync()
    world.clock.advance(3600)
    page = world.site.page("Page 2")
    page.edit("<p>New.</p>")
    docs.homepage.rename("Start")
    world.site.fail(page_id=page.id, times=None)
    report = await world.sync(INCREMENTAL)
    assert (report.counts.failed, report.counts.skipped) == (1, 0)
    assert len(world.told(PageFailed)) == 1
    assert "Docs/Start/Page 2.md" in await world.paths()
    assert await world.dead_links() == []
    world.site.heal()
    await world.sync(INCREMENTAL)
    await assert_clean(world)


async def test_failed_page_costs_no_more_as_time_goes_by(world, docs):
    """One page that never arrives does not make every run look back to when it was edited."""
    await world.sync()
    world.clock.advance(3600)
    page = world.site.page("Page 2")
    page.edit("<p>New.</p>")
    world.site.fail(page_id=page.id, status=504, times=None)
    points = []
    for day in range(4):
        for number in (0, 1, 3, 4):
            world.site.page(f"Page {number}").edit(f"<p>Day {day}.</p>")
        world.clock.advance(24 * 3600)
        assert (await world.sync(INCREMENTAL)).counts.written == 4
        points.append(sum(request.points for request in world.site.requests))
    assert points[-1] == points[1]
    assert len(await world.collection("wanted-pages/default/" + docs.id)) == 1


async def test_full_run_forgets_who_failed(world, docs):
    """A complete listing knows what has to be fetched; nobody is asked for twice."""
    await world.sync()
    world.clock.advance(3600)
    page = world.site.page("Page 2")
    page.edit("<p>New.</p>")
    world.site.fail(page_id=page.id)
    world.site.fail(page_id=page.id, times=3)
    assert (await world.sync(INCREMENTAL)).counts.failed == 1
    assert (await world.sync()).counts.written == 1
    assert await world.collection("wanted-pages/default/" + docs.id) == []


async def test_parent_that_fails_is_read_later(world, docs):
    """A page whose folder could not be read is looked at again, although it did not change since."""
    await world.sync()
    world.clock.advance(3600)
    docs.page("Leaf", parent=docs.folder("Folder"))
    world.site.fail("/folders/", times=4)
    report = await world.sync(INCREMENTAL)
    assert report.outcome is Outcome.PARTIAL
    world.clock.advance(7200)
    assert (await world.sync(INCREMENTAL)).outcome is Outcome.SUCCEEDED
    assert "Docs/Folder/Leaf.md" in await world.paths()
    await assert_clean(world)


async def test_killed_at_any_point(world, docs):
    """Whatever an incremental run was at when it died, the next one knows all there is to know of what changed."""
    await world.sync()
    for at in range(2, 90, 3):
        world.clock.advance(6 * 3600)
        folder = docs.folder(f"Folder {at}", parent=docs.homepage)
        docs.page(f"Leaf {at}", parent=folder, storage=link("Page 2"))
        world.site.page("Page 2").edit(f"<p>{at}</p>")
        killed = await world.run_until_killed(at, INCREMENTAL)
        world.clock.advance(6 * 3600)
        assert (await world.sync(INCREMENTAL)).outcome is Outcome.SUCCEEDED
        await assert_clean(world)
        if not killed:
            return
    raise AssertionError("the run never came to its end")


async def test_page_that_vanishes_before_it_is_fetched(world, docs):
    """A page that a search still shows, and that is in the trash, is no failure; the next full listing deletes it."""
    world.site.settings = attrs.evolve(world.site.settings, index_lag=timedelta(minutes=5))
    await world.sync()
    world.clock.advance(3600)
    page = world.site.page("Page 5")
    page.edit("<p>New.</p>")
    world.clock.advance(600)
    page.trash()
    report = await world.sync(INCREMENTAL)
    assert (report.outcome, report.counts.written) == (Outcome.SUCCEEDED, 0)
    assert (await world.sync()).counts.deleted == 1
    await assert_clean(world)


async def test_nothing_is_deleted(world, docs):
    """Pages that are gone keep their files until a full run."""
    await world.sync()
    world.clock.advance(3600)
    world.site.page("Page 5").trash()
    world.site.page("Page 2").edit("<p>New.</p>")
    report = await world.sync(INCREMENTAL)
    assert report.counts.deleted == 0
    assert "Docs/Docs Home/Page 5.md" in await world.paths()
    assert (await world.sync()).counts.deleted == 1
    await assert_clean(world)


async def test_page_in_another_space(world, docs):
    """A page that went to another mapped space and was edited there is written there."""
    await world.sync()
    world.clock.advance(3600)
    page = world.site.page("Page 2")
    page.move(world.site.space("OPS"))
    page.edit("<p>New.</p>")
    assert (await world.sync(INCREMENTAL)).outcome is Outcome.SUCCEEDED
    assert "New." in await world.text("Ops/Page 2.md")
    assert (await world.sync()).outcome is Outcome.SUCCEEDED
    await assert_clean(world)


async def test_file_that_could_not_be_written_is_written_later(world, docs):
    """A page that was fetched but not written is planned again, although nothing changed since."""
    await world.sync()
    world.clock.advance(3600)
    world.site.page("Page 2").edit("<p>New.</p>")
    assert await world.run_until_killed(40, INCREMENTAL)
    world.clock.advance(7200)
    assert (await world.sync(INCREMENTAL)).outcome is Outcome.SUCCEEDED
    await assert_clean(world)
