"""Deletions that are held back, and what a host can do about them."""

import pytest

from confluence_sync.errors import ConfigurationError
from confluence_sync.events import DeletionsHeld
from confluence_sync.models import Outcome, RunMode


@pytest.fixture
async def pages(world):
    """Five pages, four of which are gone since the last run; more than two deletions are held."""
    docs = world.space("DOCS", max_delete_share=0.5, max_delete_files=2)
    pages = [docs.page(f"Page {number}") for number in range(6)]
    await world.sync()
    for page in pages[:4]:
        page.trash()
    return pages


async def hold(world):
    """Run, and return what is held."""
    report = await world.sync()
    assert (report.outcome, report.counts.deleted) == (Outcome.PARTIAL, 0)
    async with world.engine() as engine:
        (held,) = await engine.held_deletions()
    return held


async def confirm(world, held):
    async with world.engine() as engine:
        await engine.confirm_deletions(held.space_id, held.token)


async def waiting(world):
    async with world.engine() as engine:
        return await engine.held_deletions()


async def test_what_is_held_can_be_looked_at(world, pages):
    """A host sees every file that would go, under a token that the event carries, too."""
    held = await hold(world)
    assert [str(action) for action in held.deletions] == [f"delete Docs/Page {number}.md (gone)" for number in range(4)]
    (told,) = world.told(DeletionsHeld)
    assert (held.token, held.managed, held.run_id) == (told.token, 7, told.run_id)
    assert (await hold(world)).token == held.token


async def test_confirmed_deletions_are_made(world, pages):
    """Once confirmed, the next full run makes them, and forgets the confirmation."""
    await confirm(world, await hold(world))
    assert await waiting(world) == []
    report = await world.sync()
    assert (report.outcome, report.counts.deleted) == (Outcome.SUCCEEDED, 4)
    assert await world.files() == await world.clean_copy()
    assert await world.collection("held/default") == []


async def test_a_plan_shows_what_was_confirmed(world, pages):
    """The dry run tells before and after."""
    held = await hold(world)
    async with world.engine() as engine:
        (before,) = await engine.plan(world.mappings())
        await engine.confirm_deletions(held.space_id, held.token)
        (after,) = await engine.plan(world.mappings())
    assert (len(before.held), len(before.deletes)) == (len(after.deletes), len(after.held)) == (4, 0)


async def test_more_pages_are_gone_by_then(world, pages):
    """What was not shown is not confirmed: all are held again, under another token."""
    first = await hold(world)
    await confirm(world, first)
    pages[4].trash()
    second = await hold(world)
    assert (len(second.deletions), second.token == first.token) == (5, False)
    with pytest.raises(ConfigurationError, match="held back under this token"):
        await confirm(world, first)
    await confirm(world, second)
    assert (await world.sync()).counts.deleted == 5


async def test_a_page_is_back_by_then(world, pages):
    """It keeps its file; the others go, as they were shown."""
    await confirm(world, await hold(world))
    pages[0].restore()
    report = await world.sync()
    assert (report.outcome, report.counts.deleted) == (Outcome.SUCCEEDED, 3)
    assert await world.files() == await world.clean_copy()


async def test_all_pages_are_back(world, pages):
    """Then nothing is held, and a confirmation is good for nothing any more."""
    held = await hold(world)
    await confirm(world, held)
    for page in pages[:4]:
        page.restore()
    assert (await world.sync()).outcome is Outcome.SUCCEEDED
    with pytest.raises(ConfigurationError):
        await confirm(world, held)
    for page in pages[:4]:
        page.trash()
    await hold(world)


async def test_incremental_runs_leave_them_waiting(world, pages):
    """A run that lists only changes neither deletes nor forgets."""
    held = await hold(world)
    await world.sync(RunMode.INCREMENTAL)
    assert await waiting(world) == [held]
    await confirm(world, held)
    assert (await world.sync(RunMode.INCREMENTAL)).counts.deleted == 0
    assert (await world.sync()).counts.deleted == 4


async def test_killed_while_they_are_made(world, pages):
    """A confirmation outlives the process that was about to act on it."""
    await confirm(world, await hold(world))
    for point in range(40, 90, 3):
        if not await world.run_until_killed(point):
            break
        world.clock.advance(world.options.lease + 1)
    assert (await world.sync()).outcome is Outcome.SUCCEEDED
    assert await world.files() == await world.clean_copy()


async def test_wrong_token(world, pages):
    """Nothing is confirmed by a token that stands for nothing, or for another space."""
    held = await hold(world)
    async with world.engine() as engine:
        for space_id, token in [(held.space_id, ""), (held.space_id, "x"), ("1", held.token)]:
            with pytest.raises(ConfigurationError):
                await engine.confirm_deletions(space_id, token)
    await hold(world)
