"""Runs within a budget of points that several connections share."""

from datetime import UTC, datetime

from engine_world import World

from confluence_sync.adapters import MemoryPointsLedger, SQLiteDatabase
from confluence_sync.client import PointsBudget
from confluence_sync.engine import EngineOptions
from confluence_sync.models import Outcome, RunMode


def small_space(world, pages=20):
    docs = world.space("DOCS")
    world.options = EngineOptions(body_batch=5)
    for number in range(pages):
        docs.page(f"Page {number}")


async def test_budget_that_is_used_up_pauses_the_run(world):
    """The run ends as with a quota of the site, before the site refuses anything, and a later one completes it."""
    small_space(world)
    world.budget = PointsBudget(MemoryPointsLedger(), app="app", points=15, clock=world.clock)
    report = await world.sync()
    assert report.outcome is Outcome.PAUSED
    assert report.resume_at == datetime(2026, 1, 5, 10, tzinfo=UTC)
    assert "15 points" in report.message
    assert all(request.status == 200 for request in world.site.requests)
    while report.outcome is Outcome.PAUSED:
        world.clock.advance((report.resume_at - world.clock.now()).total_seconds())
        report = await world.sync()
    assert report.outcome is Outcome.SUCCEEDED
    world.budget = None
    assert await world.files() == await world.clean_copy()


async def test_connections_share_a_budget(tmp_path):
    """What the run of one connection used in this hour the run of another one lacks, through one file."""
    one, other = World(), World()
    async with SQLiteDatabase(tmp_path / "points.db") as database:
        for world in (one, other):
            small_space(world)
            world.budget = PointsBudget(database.points, app="app", points=50, clock=world.clock)
        assert (await one.sync()).outcome is Outcome.SUCCEEDED
        assert (await other.sync(RunMode.INCREMENTAL)).outcome is Outcome.PAUSED
        used = await one.budget.used()
    assert used - 1 == one.site.points + other.site.points  # and the request that was not made
