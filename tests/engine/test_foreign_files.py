"""Files that somebody put where a page's file belongs: whenever they appear, they are kept."""

import pytest
from engine_world import link

from confluence_sync.adapters import FsspecVFS, MemoryLogSink, MemoryVFS
from confluence_sync.engine import EngineOptions
from confluence_sync.errors import DocumentNotFoundError, StorageError
from confluence_sync.events import FileKept, PageFailed, PageWritten, SpaceFailed
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


@pytest.fixture(params=["memory", "local"])
def files(world, request, tmp_path):
    if request.param == "local":
        world.vfs = FsspecVFS.from_url(tmp_path)
    return world.vfs


async def test_file_in_place_of_a_folder(world, files):
    """A space in whose place somebody has a file gets its key, and its bare name again once that is gone."""
    world.space("DOCS").page("First", storage=link("Runbook", "OPS"))
    world.space("OPS").page("Runbook", storage=link("First", "DOCS"))
    await files.write("Docs", TYPED, {})
    for _ in range(2):
        assert (await world.sync()).outcome is Outcome.SUCCEEDED
        assert await world.paths() == [
            *("Docs", "Docs (DOCS)/Docs Home.md", "Docs (DOCS)/First.md"),
            *("Ops/Ops Home.md", "Ops/Runbook.md"),
        ]
        assert await world.dead_links() == []
    assert world.told(PageWritten) == []
    await files.delete("Docs")
    assert (await world.sync()).counts.moved == 2
    assert await world.files() == await world.clean_copy()


async def test_file_in_place_of_a_destination(world, files):
    """A space for which there is no place fails alone, with a sentence; links lead to its pages on the site."""
    world.space("DOCS", folder="Team").page("First")
    world.space("OPS").page("Runbook", storage=link("First", "DOCS"))
    await files.write("Team", TYPED, {})
    assert (await world.sync()).outcome is Outcome.PARTIAL
    (failed,) = world.told(SpaceFailed)
    assert failed.space_id == world.mappings()[0].space_id
    assert "a file lies where folder 'Team' has to be" in failed.message
    assert await world.paths() == ["Ops/Ops Home.md", "Ops/Runbook.md", "Team"]
    async with world.engine() as engine:
        preview = await engine.preview(world.mappings())
        assert [str(problem) for problem in preview.problems.values()] == [failed.message]
    await files.delete("Team")
    assert (await world.sync()).outcome is Outcome.SUCCEEDED
    assert await world.files() == await world.clean_copy()


async def test_space_without_a_place_fails_once(world):
    """Also where each step is another process's, which plans again."""
    world.space("DOCS", folder="Team")
    world.space("OPS")
    world.sink = MemoryLogSink()
    await world.vfs.write("Team", TYPED, {})
    async with world.engine() as engine:
        state = await engine.begin(world.mappings())
        while not (await engine.step(state)).done:
            pass
    assert state.outcome is Outcome.PARTIAL
    assert sum(isinstance(event, SpaceFailed) for event in world.sink.events) == 1


async def test_files_in_a_folder_of_another_case(world):
    """Where the disk knows case they are in nobody's way, also when files of ours have to be looked for around them."""
    docs = world.space("DOCS", folder="Team/Old")
    docs.page("First", parent=docs.homepage)
    theirs = "Team/docs/Docs Home.md"
    await world.vfs.write(theirs, TYPED, {})
    await world.sync()
    world.mapped["DOCS"]["folder"] = "Team"
    for moved in (2, 0):
        assert (await world.sync()).counts.moved == moved
        assert await world.paths() == [
            "Team/Docs/Docs Home.md",
            "Team/Docs/Docs Home/First.md",
            "Team/docs/Docs Home.md",
        ]
