"""Full listings of scheduled runs: what no search shows is found within a day."""

import re
from itertools import count

import pytest

from confluence_sync.engine import EngineOptions
from confluence_sync.events import SpaceListed
from confluence_sync.models import Outcome, RunMode, Trigger

INCREMENTAL, SCHEDULED = RunMode.INCREMENTAL, Trigger.SCHEDULED
HOUR = 3600


@pytest.fixture
def docs(world):
    docs = world.space("DOCS")
    for number in range(6):
        docs.page(f"Page {number}", author="somebody")
    world.site.user("somebody", "Somebody")
    return docs


def listed_in_full(world):
    return [event.space_key for event in world.told(SpaceListed) if event.complete]


async def test_scheduled_run_reconciles_when_it_is_time(world, docs):
    """Moves, deletions, restrictions and new names of people are there a day after the last listing in full."""
    await world.sync()
    world.clock.advance(23 * HOUR)
    world.site.page("Page 1").trash()
    world.site.page("Page 2").move(docs.folder("Folder"))
    world.site.page("Page 3").restrict()
    world.site.user("somebody", "Somebody Else")
    report = await world.sync(INCREMENTAL, SCHEDULED)
    assert (listed_in_full(world), report.counts.deleted, report.counts.moved) == ([], 0, 0)
    world.clock.advance(HOUR)
    report = await world.sync(INCREMENTAL, SCHEDULED)
    assert report.outcome is Outcome.SUCCEEDED
    assert (listed_in_full(world), report.counts.deleted) == (["DOCS"], 2)
    assert await world.files() == await world.clean_copy()
    await world.sync(INCREMENTAL, SCHEDULED)
    assert listed_in_full(world) == []


async def test_manual_run_reconciles_if_it_is_full(world, docs):
    """Whoever asks for changes gets changes, however long ago the last listing was; whoever asks for all gets all."""
    await world.sync()
    world.clock.advance(100 * HOUR)
    world.site.page("Page 1").trash()
    assert (await world.sync(INCREMENTAL)).counts.deleted == 0
    assert listed_in_full(world) == []
    assert (await world.sync()).counts.deleted == 1
    assert listed_in_full(world) == ["DOCS"]


async def test_full_run_starts_the_day_anew(world, docs):
    """What was just listed in full need not be listed again."""
    await world.sync()
    world.clock.advance(20 * HOUR)
    await world.sync()
    world.clock.advance(20 * HOUR)
    await world.sync(INCREMENTAL, SCHEDULED)
    assert listed_in_full(world) == []


async def test_reconciling_is_an_option(world, docs):
    """Hosts may list in full as often as they like, or never."""
    await world.sync()
    world.clock.advance(100 * HOUR)
    world.options = EngineOptions(reconcile_after=None)
    await world.sync(INCREMENTAL, SCHEDULED)
    assert listed_in_full(world) == []
    world.options = EngineOptions(reconcile_after=60)
    await world.sync(INCREMENTAL, SCHEDULED)
    assert listed_in_full(world) == ["DOCS"]


async def test_spaces_reconcile_one_by_one(world, docs):
    """A space that was listed lately is asked for changes in the run that lists another one in full."""
    await world.sync()
    world.clock.advance(12 * HOUR)
    ops = world.space("OPS")
    page = ops.page("Runbook")
    await world.sync(INCREMENTAL, SCHEDULED)
    assert listed_in_full(world) == ["OPS"]
    world.clock.advance(13 * HOUR)
    page.edit("<p>New.</p>")
    world.site.page("Page 1").trash()
    report = await world.sync(INCREMENTAL, SCHEDULED)
    assert (report.outcome, report.counts.written, report.counts.deleted) == (Outcome.SUCCEEDED, 1, 1)
    assert listed_in_full(world) == ["DOCS"]
    assert await world.files() == await world.clean_copy()


async def test_reconciling_that_fails_is_tried_again(world, docs):
    """A listing that breaks off leaves the space due."""
    await world.sync()
    world.clock.advance(25 * HOUR)
    world.site.page("Page 1").trash()
    world.site.fail("/spaces/", query=lambda query: "sort" in query, times=4)
    assert (await world.sync(INCREMENTAL, SCHEDULED)).outcome is Outcome.FAILED
    assert (await world.sync(INCREMENTAL, SCHEDULED)).counts.deleted == 1
    assert await world.files() == await world.clean_copy()


async def test_reconciling_that_breaks_off_before_its_deletions_is_made_good(world, docs):
    """Wherever a run dies that listed a space in full, the next one deletes what is gone, not the one after a day."""
    for at in count(1, 4):
        await world.sync()
        gone = docs.page(f"Gone {at}")
        await world.sync()
        gone.trash()
        world.clock.advance(25 * HOUR)
        if not await world.run_until_killed(at, INCREMENTAL, SCHEDULED):
            break
        await world.sync(INCREMENTAL, SCHEDULED)
        assert await world.files() == await world.clean_copy(), at


async def test_one_listing_is_good_for_the_deletions_of_one_run(world, docs):
    """A page that is back, unseen, when its file would be deleted stays, and is not asked for again and again."""
    page = world.site.page("Page 1")
    world.clock.advance(HOUR)
    for number in range(12):
        docs.page(f"Newer {number}")
    await world.sync()
    page.trash()
    world.clock.advance(25 * HOUR)
    world.site.fail(re.compile(r"/pages/\d+$"), status=401)
    assert (await world.sync(INCREMENTAL, SCHEDULED)).outcome is Outcome.FAILED
    page.restore()
    report = await world.sync(INCREMENTAL, SCHEDULED)
    assert (report.outcome, report.counts.deleted) == (Outcome.PARTIAL, 0)
    assert (await world.sync(INCREMENTAL, SCHEDULED)).outcome is Outcome.SUCCEEDED
    assert (await world.sync()).outcome is Outcome.SUCCEEDED
    assert await world.files() == await world.clean_copy()


@pytest.mark.parametrize("at", range(10, 90, 4))
async def test_reconciling_ends_with_its_deletions(world, docs, at):
    """A run that dies between its listing in full and its deletions leaves both to the next scheduled one."""
    await world.sync()
    world.clock.advance(25 * HOUR)
    world.site.page("Page 1").trash()
    await world.run_until_killed(at, INCREMENTAL, SCHEDULED)
    world.clock.advance(HOUR)
    assert (await world.sync(INCREMENTAL, SCHEDULED)).outcome is Outcome.SUCCEEDED
    assert await world.files() == await world.clean_copy()


async def test_first_listing_is_a_reconciling_one(world, docs):
    """A first run that dies while it writes leaves the rest to a run that asks for changes."""
    assert await world.run_until_killed(60)
    world.clock.advance(HOUR)
    assert (await world.sync(INCREMENTAL, SCHEDULED)).outcome is Outcome.SUCCEEDED
    assert listed_in_full(world) == []
    assert await world.files() == await world.clean_copy()
