"""The dry run tells what the run then costs."""

import pytest
from engine_world import World

from confluence_sync.engine import EngineOptions
from confluence_sync.models import Outcome, RunMode

PAGES = 300


def edit_half(world):
    for number in range(0, PAGES, 2):
        world.site.page(f"DOCS {number}").edit("<p>New.</p>")


def trash_some(world):
    for number in range(0, 60, 3):
        world.site.page(f"DOCS {number}").trash()


def rename_the_folder(world):
    folder = next(node for node in world.site.nodes if node.title == "Folder")
    folder.rename("Ordner")


def new_pages_of_new_authors(world):
    for number in range(120):
        world.site.user(f"new-{number}", f"New team {number}")
        world.site.space("DOCS").page(f"New {number}", author=f"new-{number}", storage="<p>New.</p>")


def no_change(world):
    pass


def archive_a_parent(world):
    world.site.page("DOCS 299").archive()


def restrict_a_parent(world):
    world.site.page("DOCS 299").restrict()


def build(users):
    """Two spaces with folders, whose pages have so many authors."""
    world = World()
    for key, pages in (("DOCS", PAGES), ("OPS", 40)):
        space = world.space(key, max_delete_files=100)
        folder = space.folder("Folder")
        for number in range(pages):
            author = world.site.user(f"{key}-{number % users}", f"Team {number % users}") if users else world.site.me
            parent = folder if number % 3 else None
            space.page(f"{key} {number}", parent=parent, author=author.account_id, storage="<p>Text.</p>")
        space.page(f"{key} below", parent=world.site.page(f"{key} {pages - 1}"))
    return world


async def assert_comes_true(world, mode=RunMode.FULL):
    async with world.engine() as engine:
        preview = await engine.preview(world.mappings(), rebuild=mode is RunMode.REBUILD)
    report = await world.sync(mode)
    assert report.outcome is Outcome.SUCCEEDED
    assert sum(len(plan.writes) for plan in preview.plans) == report.counts.written
    estimate = preview.estimate
    assert abs(estimate.points - report.points) <= 0.05 * report.points, (estimate, report.points)
    assert abs(estimate.requests - report.requests) <= 0.05 * report.requests, (estimate, report.requests)
    return preview


@pytest.mark.parametrize("users", [0, 1, 60, 300])
async def test_first_run(users):
    """A first run costs what was estimated, whether one author wrote all pages or each has its own."""
    preview = await assert_comes_true(build(users))
    assert preview.users == users + min(users, 40) + 1


@pytest.mark.parametrize("users", [0, 300])
@pytest.mark.parametrize(
    "change",
    [
        no_change,
        edit_half,
        trash_some,
        rename_the_folder,
        new_pages_of_new_authors,
        archive_a_parent,
        restrict_a_parent,
    ],
    ids=lambda change: change.__name__,
)
async def test_later_full_run(change, users):
    """So does a later run, whatever changed."""
    world = build(users)
    await world.sync()
    change(world)
    await assert_comes_true(world)


async def test_rebuild():
    """So does a rebuild, whose walk brings the bodies along."""
    world = build(60)
    await world.sync()
    await assert_comes_true(world, RunMode.REBUILD)


async def test_other_batches():
    """The estimate goes by the engine's own options."""
    world = build(60)
    world.options = EngineOptions(listing_batch=20, body_batch=10)
    await assert_comes_true(world)
    edit_half(world)
    await assert_comes_true(world)


async def test_it_says_so(world):
    """`print(preview)` shows each plan, and the cost of the run as a whole."""
    docs = world.space("DOCS")
    docs.page("Page", author="u1")
    async with world.engine() as engine:
        preview = await engine.preview(world.mappings())
        assert await engine.plan(world.mappings()) == preview.plans
    assert str(preview).splitlines()[-1] == f"in all, with the names of 2 users: {preview.estimate}"
    assert "write Docs/Page.md (new)" in str(preview)
    assert await world.paths() == []
