"""What broken runs left, and what single failures leave, is put in order without a loss."""

import pytest

from confluence_sync.adapters import MemoryVFS
from confluence_sync.engine._memory import Memory
from confluence_sync.errors import StorageError
from confluence_sync.events import FileKept, PageFailed
from confluence_sync.models import Outcome, RunMode, TableStyle
from confluence_sync.planner import Claim

INCREMENTAL = RunMode.INCREMENTAL
SPANS = '<table><tbody><tr><td colspan="2">A</td></tr><tr><td>B</td><td>C</td></tr></tbody></table>'


@pytest.fixture
async def docs(world):
    docs = world.space("DOCS")
    for title in ("First", "Second"):
        docs.page(title, parent=docs.homepage, storage=f"<p>{title}.</p>{SPANS}")
    await world.sync()
    world.clock.advance(3600)
    return docs


async def claim(world, path, page):
    memory = Memory(world.store, "default")
    await memory.apply(memory.put_claim(page.space.id, Claim(path, page.id)))


async def test_all_there_is_of_a_page_that_fails(world, docs):
    """A file in doubt stays as long as the page cannot be written where it belongs."""
    page = world.site.page("First")
    await claim(world, "Docs/Docs Home/First.md", page)
    page.rename("Renamed")
    world.site.fail(page_id=page.id, times=None)
    assert (await world.sync()).counts.failed == 1
    assert "First." in await world.text("Docs/Docs Home/First.md")
    world.site.heal()
    assert (await world.sync()).outcome is Outcome.SUCCEEDED
    assert await world.files() == await world.clean_copy()


async def test_move_of_a_dead_run_and_a_page_that_is_gone(world, docs):
    """A file that was moved and not recorded is ours by what is in it, also once its record is gone."""
    page = world.site.page("First")
    await claim(world, "Docs/Docs Home/Moved.md", page)
    await world.vfs.move("Docs/Docs Home/First.md", "Docs/Docs Home/Moved.md")
    page.trash()
    assert (await world.sync()).outcome is Outcome.SUCCEEDED
    assert world.told(FileKept) == []
    assert await world.files() == await world.clean_copy()


class Full(MemoryVFS):
    """A folder that takes no new page."""

    async def write(self, path, data, metadata):
        if "New" in path:
            raise StorageError("no space left")
        await super().write(path, data, metadata)


async def test_page_that_fails_leaves_no_doubt(world, docs):
    """Where nothing was written nothing is claimed, so a page that never lands does not keep notes piling up."""
    documents, world.vfs = world.vfs.documents, Full()
    world.vfs.documents = documents
    docs.page("New", parent=docs.homepage)
    for text in "ab":
        world.site.page("First").edit(f"<p>{text}</p>")
        assert (await world.sync()).counts.failed == 1
        for kind in ("claims", "digests"):
            assert await world.collection(f"{kind}/default/{docs.id}") == []


async def test_page_that_fails_is_told_of_once(world, docs):
    """One that could not be fetched as a change is not asked for again because of something else."""
    page = world.site.page("First")
    page.edit(f"<p>New.</p>{SPANS}")
    world.site.fail(page_id=page.id, status=504, times=None)
    world.mapped["DOCS"]["tables"] = TableStyle.HTML
    report = await world.sync(INCREMENTAL)
    assert (report.counts.listed, report.counts.failed, report.counts.written) == (3, 1, 2)
    assert len(world.told(PageFailed)) == 1
