"""Incremental runs ask only for what changed, and conclude nothing from what they do not see."""

from datetime import timedelta

import pytest
from engine_world import World, link

from confluence_sync.events import PageWritten, RunWarned
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
    """Without changes an incremental run is a look at each space and one search."""
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
    assert world.requests.count("GET /wiki/api/v2/pages") == 1
    await assert_clean(world)


async def test_rename_rewrites_links_in_other_spaces(world, docs):
    """What lies below a renamed page moves, and files that link there are written again, in all mapped spaces."""
    await world.sync()
    world.clock.advance(3600)
    docs.homepage.rename("Start")
    assert (await world.sync(INCREMENTAL)).outcome is Outcome.SUCCEEDED
    assert await world.dead_links() == []
    assert "(../Docs/Start/Page%201.md)" in await world.text("Ops/Runbook.md")


async def test_what_the_index_shows_late_is_found(world):
    """The next run looks back far enough to find what search did not know yet."""
    world = World(index_lag=timedelta(minutes=5))
    build(world)
    await world.sync()
    world.clock.advance(3600)
    world.site.page("Page 2").edit("<p>New.</p>")
    assert (await world.sync(INCREMENTAL)).counts.written == 0
    world.clock.advance(600)
    assert (await world.sync(INCREMENTAL)).counts.written == 1
    await assert_clean(world)


@pytest.mark.parametrize("status", [401, 403, 400, 413])
async def test_search_refused(world, docs, status):
    """Without the right to search, pages are listed by date, which the run says."""
    await world.sync()
    world.clock.advance(3600)
    world.site.page("Page 2").edit("<p>New.</p>")
    body = '{"code": 401, "message": "Unauthorized; scope does not match"}' if status == 401 else "{}"
    world.site.fail("/content/search", status=status, body=body, times=None)
    report = await world.sync(INCREMENTAL)
    assert report.outcome is Outcome.SUCCEEDED
    assert report.counts.written == 1
    (warned,) = world.told(RunWarned)
    assert "pages are listed by date instead" in warned.message
    world.site.heal()
    await assert_clean(world)


async def test_page_that_fails_is_found_again(world, docs):
    """A changed page that does not arrive keeps the watermark where it was, so that later runs look for it again."""
    await world.sync()
    world.clock.advance(3600)
    page = world.site.page("Page 2")
    page.edit("<p>New.</p>")
    world.site.page("Page 3").edit("<p>New as well.</p>")
    world.site.fail(page_id=page.id, times=None)
    report = await world.sync(INCREMENTAL)
    assert report.outcome is Outcome.PARTIAL
    assert [event.title for event in world.told(PageWritten)] == ["Page 3"]
    world.site.heal()
    world.clock.advance(24 * 3600)
    assert (await world.sync(INCREMENTAL)).counts.written == 1
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
