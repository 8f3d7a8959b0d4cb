"""Bodies come in batches of the size that works, and trouble with a page is that page's."""

import pytest

from confluence_sync.engine import EngineOptions
from confluence_sync.events import PageFailed
from confluence_sync.models import Outcome

PAGES = 200
BODIES = "GET /wiki/api/v2/pages"


@pytest.fixture
def pages(world):
    docs = world.space("DOCS")
    return [docs.page(f"Page {number}", parent=docs.homepage) for number in range(PAGES)]


async def edit_all(world, pages):
    """All pages have to be fetched by id, as after a walk that brought no bodies."""
    await world.sync()
    for page in pages:
        page.edit("<p>New.</p>")


def fetches(world):
    return world.requests.count(BODIES)


def more_than(number):
    return lambda query: query.get("id", "").count(",") >= number


@pytest.mark.parametrize("kind", ["status", "timeout", "truncated", "invalid_json"])
async def test_page_that_always_fails_costs_little(world, pages, kind):
    """One page among 200 is found in a few requests and half a minute of waiting; the other pages land."""
    await edit_all(world, pages)
    world.site.fail(page_id=pages[123].id, kind=kind, status=504, body="<title>Too slow</title>", times=None)
    started = world.clock.now()
    report = await world.sync()
    assert (report.outcome, report.counts.written, report.counts.failed) == (Outcome.PARTIAL, PAGES - 1, 1)
    (failed,) = world.told(PageFailed)
    assert failed.page_id == str(pages[123].id)
    assert failed.message
    assert fetches(world) <= 4 + 16
    assert (world.clock.now() - started).total_seconds() <= 60 + 30


@pytest.mark.parametrize("limit", [1, 7, 10, 40])
async def test_size_that_works_is_kept(world, pages, limit):
    """If no more than some pages come at once all land, and few requests are wasted on larger batches."""
    await edit_all(world, pages)
    world.site.fail(BODIES.removeprefix("GET "), status=413, query=more_than(limit), times=None)
    report = await world.sync()
    assert (report.outcome, report.counts.written) == (Outcome.SUCCEEDED, PAGES)
    assert fetches(world) <= 2.5 * PAGES / limit + 10


@pytest.mark.parametrize("kind", ["status", "timeout", "reset"])
async def test_trouble_that_passes(world, pages, kind):
    """After a while of failures batches grow again."""
    await edit_all(world, pages)
    world.site.fail(BODIES.removeprefix("GET "), kind=kind, query=more_than(0), times=8)
    report = await world.sync()
    assert (report.outcome, report.counts.written) == (Outcome.SUCCEEDED, PAGES)
    assert fetches(world) <= 8 + 25


async def test_site_that_asks_for_time_gets_it(world, pages):
    """Who is told to wait does so, instead of asking for less at once."""
    await edit_all(world, pages)
    for status in (429, 503):
        world.site.fail(BODIES.removeprefix("GET "), status=status, headers={"Retry-After": "20"}, query=more_than(0))
    started = world.clock.now()
    assert (await world.sync()).counts.written == PAGES
    assert fetches(world) == 4 + 2
    assert (world.clock.now() - started).total_seconds() >= 60 + 20


@pytest.mark.parametrize("kind", ["status", "timeout", "truncated", "invalid_json"])
async def test_page_that_fails_in_a_walk_with_bodies(world, pages, kind):
    """Only the portion with the page is listed without bodies, and fetched by id; the walk goes on with them."""
    world.options = EngineOptions(body_batch=10)
    world.site.fail(page_id=pages[123].id, kind=kind, status=504, times=None)
    report = await world.sync()
    assert (report.outcome, report.counts.written, report.counts.failed) == (Outcome.PARTIAL, PAGES, 1)
    assert fetches(world) <= 16
    assert report.points <= (PAGES + 1) * 1.1 + 2 * 10 + 40
    assert len(report.warnings) == 1
    assert "listed without their bodies" in report.warnings[0]


@pytest.mark.parametrize("status", [413, 500])
async def test_site_that_gives_no_bodies_in_a_walk(world, pages, status):
    """After some portions bodies are not asked for any more, and the walk goes on where it is."""
    world.options = EngineOptions(body_batch=5)
    world.site.fail("/spaces/", status=status, query=lambda query: "body-format" in query, times=None)
    report = await world.sync()
    assert (report.outcome, report.counts.written) == (Outcome.SUCCEEDED, PAGES + 1)
    refused = [request for request in world.site.requests if request.status == status]
    assert len(refused) <= 4 + 9
    assert report.points <= 2.4 * PAGES + 30


async def test_cursor_that_is_no_good_without_bodies(world, pages):
    """If the cursor of a walk with bodies belongs to such a walk alone, the walk starts over without them."""
    world.options = EngineOptions(body_batch=10)
    world.site.fail(page_id=pages[123].id, status=504, times=None)
    world.site.fail("/spaces/", status=400, query=lambda query: "cursor" in query and "body-format" not in query)
    report = await world.sync()
    assert (report.outcome, report.counts.written) == (Outcome.PARTIAL, PAGES)
    assert "starts over without them" in report.warnings[0]
