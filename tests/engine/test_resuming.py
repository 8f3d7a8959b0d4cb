"""Runs that others begun before them: killed or paused."""

import re

import pytest

from confluence_sync import documents
from confluence_sync.engine import EngineOptions, RunState
from confluence_sync.events import RunStarted
from confluence_sync.models import Outcome, RunMode, Trigger


async def first_walk_cut_short(world, pages=8):
    """A first run that was killed after some of its pages were listed and spooled."""
    docs = world.space("DOCS")
    world.options = EngineOptions(body_batch=2, step_requests=1)
    for number in range(pages):
        docs.page(f"Page {number}", storage=f"<p>{number}</p>")
    async with world.engine() as engine:
        state = await engine.begin(world.mappings())
        while len(await world.collection(f"spool/default/{docs.id}")) < 6:
            await engine.step(state)
    world.clock.advance(world.options.lease + 1)
    return docs


async def test_first_walk_that_is_resumed_is_true(world):
    """Edits, renames and deletions between the kill and the next run are in its folder."""
    await first_walk_cut_short(world)
    world.site.page("Page 0").edit("<p>Edited.</p>")
    world.site.page("Page 1").trash()
    world.site.page("Page 2").rename("Zwei")
    assert (await world.sync()).outcome is Outcome.SUCCEEDED
    assert await world.files() == await world.clean_copy()


async def test_first_walk_that_is_resumed_fetches_what_changed(world):
    """Bodies that are spooled are not asked for again, but for those of the pages that were edited."""
    docs = await first_walk_cut_short(world)
    world.site.page("Page 0").edit("<p>Edited.</p>")
    report = await world.sync()
    assert report.counts.written == 9
    fetched = [request for request in world.site.requests if request.path == "/wiki/api/v2/pages"]
    assert [request.query["id"] for request in fetched] == [str(world.site.page("Page 0").id)]
    listing = [request for request in world.site.requests if request.path.endswith(f"/spaces/{docs.id}/pages")]
    assert listing[-1].query.get("body-format") is None


def many_pages(world, pages=60, spaces=("DOCS",)):
    """Spaces in portions of ten pages."""
    world.options = EngineOptions(body_batch=10, listing_batch=10)
    for key in spaces:
        space = world.space(key)
        for number in range(pages):
            space.page(f"{key} {number}", storage=f"<p>{number}</p>")


async def wait_until(world, at):
    world.clock.advance((at - world.clock.now()).total_seconds())


def use_up_quota(world, path):
    """Let the quota end with the next request of a path."""
    world.site.fail(path, status=429, headers={"RateLimit-Reason": "confluence-quota-global-based"})


async def sync_to_the_end(world, mode=RunMode.FULL, trigger=Trigger.MANUAL, *, quota, most):
    """Run after run, each at the time that the last one named, and return their reports."""
    world.site.limit_points(quota)
    reports = [await world.sync(mode, trigger)]
    while reports[-1].outcome is Outcome.PAUSED:
        assert len(reports) < most
        await wait_until(world, reports[-1].resume_at)
        reports.append(await world.sync(mode, trigger))
    world.site.limit_points(100_000)
    return reports


@pytest.mark.parametrize("mode", [RunMode.FULL, RunMode.REBUILD])
async def test_listing_larger_than_the_quota(world, mode):
    """A full run that no hour has points for comes to an end in as many hours as it takes, and one."""
    many_pages(world)
    await world.sync()
    for number in range(0, 60, 2):
        world.site.page(f"DOCS {number}").edit("<p>Edited.</p>")
    world.site.page("DOCS 7").trash()
    reports = await sync_to_the_end(world, mode, quota=40, most=5)
    assert reports[-1].outcome is Outcome.SUCCEEDED
    assert sum(report.counts.deleted for report in reports) == 1
    assert await world.files() == await world.clean_copy()


async def test_daily_listing_larger_than_the_quota(world):
    """Neither does the full listing that a scheduled run makes once a day start over for ever."""
    many_pages(world)
    await world.sync()
    world.site.page("DOCS 7").trash()
    world.clock.advance(25 * 3600)
    reports = await sync_to_the_end(world, RunMode.INCREMENTAL, Trigger.SCHEDULED, quota=40, most=5)
    assert len(reports) > 1
    assert sum(report.counts.deleted for report in reports) == 1
    assert await world.files() == await world.clean_copy()


async def test_daily_listing_that_is_done_but_not_applied(world):
    """A scheduled run that is paused before its deletions does not wait for the next day with them."""
    many_pages(world, 20)
    await world.sync()
    world.site.page("DOCS 7").trash()
    world.clock.advance(25 * 3600)
    use_up_quota(world, f"/pages/{world.site.page('DOCS 7').id}")
    reports = await sync_to_the_end(world, RunMode.INCREMENTAL, Trigger.SCHEDULED, quota=1000, most=3)
    assert [report.counts.deleted for report in reports] == [0, 1]


async def test_incremental_run_that_was_paused(world):
    """An incremental run that goes on asks for changes again, and fetches what is left."""
    many_pages(world, 300)
    await world.sync()
    world.clock.advance(3600)
    for number in range(250):
        world.site.page(f"DOCS {number}").edit("<p>Edited.</p>")
    world.clock.advance(120)
    reports = await sync_to_the_end(world, RunMode.INCREMENTAL, quota=500, most=4)
    assert len(reports) > 1
    assert sum(report.counts.written for report in reports) == 250
    assert await world.files() == await world.clean_copy()


async def test_first_runs_larger_than_the_quota(world):
    """Spaces that are synced for the first time do not start over for one another."""
    many_pages(world, 33, spaces=("AAA", "BBB"))
    reports = await sync_to_the_end(world, quota=42, most=5)
    assert reports[-1].outcome is Outcome.SUCCEEDED
    assert await world.files() == await world.clean_copy()


async def test_bodies_larger_than_the_quota(world):
    """Pages that were written before the pause are not fetched again after it."""
    many_pages(world, 200)
    await world.sync()
    for number in range(200):
        world.site.page(f"DOCS {number}").edit("<p>Edited.</p>")
    reports = await sync_to_the_end(world, quota=300, most=4)
    assert sum(report.counts.written for report in reports) == 200
    assert await world.files() == await world.clean_copy()


async def test_rebuild_larger_than_the_quota(world):
    """A rebuild goes on behind the pages that it has rebuilt."""
    many_pages(world, 200)
    await world.sync()
    world.options = EngineOptions(step_writes=50, restart_below=0)
    walk = f"/spaces/{world.site.space('DOCS').id}/pages"
    world.site.fail(walk, status=413, query=lambda q: "body-format" in q, times=None)
    reports = await sync_to_the_end(world, RunMode.REBUILD, quota=330, most=4)
    assert [report.counts.written for report in reports] == [150, 51]
    assert [report.counts.listed for report in reports] == [201, 201]
    assert reports[-1].counts.unchanged == 150


async def test_names_are_asked_for_once(world):
    """A run that goes on does not pay for the names again."""
    world.options = EngineOptions(restart_below=0)
    docs = world.space("DOCS")
    for number in range(60):
        world.site.user(f"u{number}", f"Team {number}")
        docs.page(f"Page {number}", author=f"u{number}")
    await world.sync()
    for number in range(60):
        world.site.page(f"Page {number}").edit("<p>Edited.</p>")
    reports = await sync_to_the_end(world, quota=200, most=3)
    assert len(reports) == 2
    assert "POST /wiki/api/v2/users-bulk" not in world.requests


async def test_small_run_that_was_paused_begins_anew(world):
    """What is cheap to list is listed again, so that the folder is as the site is after the pause."""
    many_pages(world, 20)
    await world.sync()
    world.site.page("DOCS 3").edit("<p>Edited.</p>")
    use_up_quota(world, "/wiki/api/v2/pages")
    report = await world.sync()
    assert report.outcome is Outcome.PAUSED
    await wait_until(world, report.resume_at)
    world.site.page("DOCS 4").trash()
    assert (await world.sync()).outcome is Outcome.SUCCEEDED
    assert world.told(RunStarted)[0].continues is None
    assert await world.files() == await world.clean_copy()


async def large_run_paused(world):
    """A run that used too many points to be repeated, paused once both spaces were listed."""
    many_pages(world, 20, spaces=("AAA", "BBB"))
    world.options = EngineOptions(restart_below=0)
    await world.sync()
    for number in range(20):
        world.site.page(f"BBB {number}").edit("<p>Edited.</p>")
    use_up_quota(world, "/wiki/api/v2/pages")
    report = await world.sync()
    assert report.outcome is Outcome.PAUSED
    await wait_until(world, report.resume_at)
    return report


async def test_large_run_goes_on_where_it_stood(world):
    """What is dear to list is not listed again; the new run names the one that it goes on with."""
    paused = await large_run_paused(world)
    world.mapped = dict(reversed(world.mapped.items()))
    assert (await world.sync()).outcome is Outcome.SUCCEEDED
    assert world.told(RunStarted)[0].continues == paused.run_id
    assert not [path for path in world.requests if path.endswith("/pages") and "/spaces/" in path]
    async with world.engine() as engine:
        assert (await engine.runs())[0].continues == paused.run_id
    assert await world.files() == await world.clean_copy()


async def test_later_runs_are_runs_of_their_own(world):
    """Once it came to its end nothing is left of a pause."""
    await large_run_paused(world)
    await world.sync()
    await world.sync()
    assert world.told(RunStarted)[0].continues is None
    assert await world.collection("paused/default") == []


@pytest.mark.parametrize("event", ["other mappings", "deeper", "long ago"])
async def test_paused_run_that_nobody_goes_on_with(world, event):
    """A run that has something else to do, or comes much later, begins at the beginning."""
    await large_run_paused(world)
    mode = RunMode.FULL
    match event:
        case "other mappings":
            world.mapped.pop("BBB")
        case "deeper":
            mode = RunMode.REBUILD
        case "long ago":
            world.clock.advance(24 * 3600)
    assert (await world.sync(mode)).outcome is Outcome.SUCCEEDED
    assert world.told(RunStarted)[0].continues is None
    if event != "other mappings":
        assert await world.files() == await world.clean_copy()


async def test_incremental_run_after_a_paused_full_one(world):
    """The full run comes to its end first: it may have found deletions that no incremental run finds."""
    paused = await large_run_paused(world)
    await world.sync(RunMode.INCREMENTAL)
    (started,) = world.told(RunStarted)
    assert (started.continues, started.mode) == (paused.run_id, RunMode.FULL)


async def test_kill_between_the_pause_and_the_end(world):
    """A run that goes on and dies at it leaves the pause to the next one."""
    paused = await large_run_paused(world)
    assert await world.run_until_killed(25)
    world.clock.advance(world.options.lease + 1)
    assert (await world.sync()).outcome is Outcome.SUCCEEDED
    assert world.told(RunStarted)[0].continues == paused.run_id
    assert await world.files() == await world.clean_copy()


async def test_space_that_is_gone_after_the_pause(world):
    """A space that was listed before the pause and does not answer after it fails alone."""
    await large_run_paused(world)
    world.site.fail(re.compile("/spaces$"), status=400, times=None)
    world.site.fail(f"/spaces/{world.site.space('AAA').id}", status=404, times=None)
    report = await world.sync()
    assert report.outcome is Outcome.PARTIAL
    assert [problem.kind.value for problem in report.problems] == ["not_found"]


async def test_a_paused_run_by_steps(world):
    """A run that goes on does so step by step, too, in processes of their own."""
    paused = await large_run_paused(world)
    async with world.engine() as engine:
        document = documents.dump(await engine.begin(world.mappings()))
    result = None
    while result is None or not result.done:
        state = documents.load(RunState, document)
        async with world.engine() as engine:
            result = await engine.step(state)
        document = documents.dump(state)
    assert (state.continues, state.outcome) == (paused.run_id, Outcome.SUCCEEDED)
    assert await world.files() == await world.clean_copy()
