"""Files that somebody put where a page's file belongs: whenever they appear, they are kept."""

import pytest

from confluence_sync.adapters import MemoryVFS
from confluence_sync.engine import EngineOptions
from confluence_sync.errors import DocumentNotFoundError, StorageError
from confluence_sync.events import FileKept, PageFailed
from confluence_sync.models import LocalEditPolicy, Outcome

TYPED = b"typed by somebody"


class Meddled(MemoryVFS):
    """A folder in which somebody puts a file, once, just before the library touches another one."""

    def __init__(self, *, when: str, put: str) -> None:
        super().__init__()
        self.when, self.put = when, put

    async def write(self, path, data, metadata):
        await self.meddle(path)
        await super().write(path, data, metadata)

    async def move(self, source, target):
        await self.meddle(target)
        await super().move(source, target)

    async def meddle(self, path):
        if path == self.when:
            self.when = ""
            await super().write(self.put, TYPED, {})


class CaselessVFS(MemoryVFS):
    """A folder that reads a file by its name in any case, as most laptops do."""

    async def read(self, path):
        names = [entry.path async for entry in self.scan() if entry.path.lower() == path.lower()]
        if not names:
            raise DocumentNotFoundError(path)
        return await super().read(names[0])


async def assert_kept(world, path):
    (kept,) = world.told(FileKept)
    assert kept.path == path
    assert await world.vfs.read(kept.copy_path) == TYPED
    copy = {kept.copy_path: TYPED}
    assert await world.files() == await world.clean_copy() | copy


@pytest.fixture(params=LocalEditPolicy)
def docs(world, request):
    docs = world.space("DOCS", local_edits=request.param)
    for title in ("First", "Second"):
        docs.page(title, parent=docs.homepage)
    return docs


@pytest.mark.usefixtures("docs")
async def test_file_at_a_path_that_a_dead_run_claimed(world):
    """A claim of a run that died before it wrote makes nobody else's file ours."""
    point = 1
    while not await world.collection(f"claims/default/{world.mappings()[0].space_id}"):
        await world.run_until_killed(point)
        world.clock.advance(world.options.lease + 1)
        point += 1
    assert await world.paths() == []
    await world.vfs.write("Docs/Docs Home/First.md", TYPED, {})
    assert (await world.sync()).outcome is Outcome.SUCCEEDED
    await assert_kept(world, "Docs/Docs Home/First.md")


@pytest.mark.usefixtures("docs")
async def test_file_that_appears_before_a_new_page_is_written(world):
    """Where the plan saw nothing, something may lie by the time of the write."""
    world.options = EngineOptions(write_concurrency=1)
    world.vfs = Meddled(when="Docs/Docs Home/First.md", put="Docs/Docs Home/Second.md")
    assert (await world.sync()).outcome is Outcome.SUCCEEDED
    await assert_kept(world, "Docs/Docs Home/Second.md")


@pytest.mark.usefixtures("docs")
async def test_file_that_appears_before_a_page_moves_there(world):
    """The same before a move."""
    world.vfs = Meddled(when="Docs/Docs Home/One.md", put="Docs/Docs Home/Two.md")
    await world.sync()
    world.site.page("First").rename("One")
    world.site.page("Second").rename("Two")
    assert (await world.sync()).outcome is Outcome.SUCCEEDED
    await assert_kept(world, "Docs/Docs Home/Two.md")


async def test_change_of_case_meets_its_own_file(world, docs):
    """An edited file that only changes its case is not taken for somebody else's in its own way."""
    world.vfs = CaselessVFS()
    await world.sync()
    await world.vfs.write("Docs/Docs Home/First.md", TYPED, {})
    docs.homepage.rename("DOCS HOME")
    assert (await world.sync()).outcome is Outcome.SUCCEEDED
    assert world.told(FileKept) == []
    assert await world.paths() == ["Docs/DOCS HOME.md", "Docs/DOCS HOME/First.md", "Docs/DOCS HOME/Second.md"]
    assert await world.vfs.read("Docs/DOCS HOME/First.md") == TYPED


@pytest.mark.usefixtures("docs")
async def test_file_that_cannot_be_copied_stays(world):
    """If there is no room for the copy, the page waits."""

    class Full(Meddled):
        async def write(self, path, data, metadata):
            if "(edited" in path:
                raise StorageError("no space left")
            await super().write(path, data, metadata)

    world.options = EngineOptions(write_concurrency=1)
    world.vfs = Full(when="Docs/Docs Home/First.md", put="Docs/Docs Home/Second.md")
    assert (await world.sync()).outcome is Outcome.PARTIAL
    (failed,) = world.told(PageFailed)
    assert (failed.path, failed.message) == ("Docs/Docs Home/Second.md", "no space left")
    assert await world.vfs.read(failed.path) == TYPED
