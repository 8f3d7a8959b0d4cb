"""On a disk that takes two spellings of a name for one, the folder follows as it does anywhere."""

import pytest
from caseless import CaselessVFS
from engine_world import link
from test_full_runs import CHANGES

from confluence_sync.engine._memory import Memory
from confluence_sync.events import FileKept
from confluence_sync.models import Outcome
from confluence_sync.paths import collision_key
from confluence_sync.planner import Claim


@pytest.fixture
def docs(world):
    """A space with pages in pages and in a folder."""
    docs = world.space("DOCS")
    guide = docs.page("Guide", parent=docs.homepage, storage="<p>Read on.</p>" + link("Setup"))
    docs.page("Setup", parent=guide, storage="<p>First.</p>" + link("Guide"))
    docs.page("Usage", parent=guide, storage="<p>Then.</p>")
    docs.page("Notes", parent=docs.homepage, storage="<p>Some.</p>")
    docs.page("Leaf", parent=docs.folder("Stuff", parent=docs.homepage))
    return docs


async def rename_leaf(world, docs):
    world.site.page("Setup").rename("SETUP")


async def rename_parent(world, docs):
    world.site.page("Guide").rename("GUIDE")


async def rename_home(world, docs):
    docs.homepage.rename("DOCS HOME")


async def rename_folder(world, docs):
    world.site.page("Leaf").parent.rename("STUFF")


async def rename_space_case(world, docs):
    docs.rename("DOCS")


async def exchange_in_other_case(world, docs):
    world.site.page("Guide").rename("Other")
    world.site.page("Notes").rename("GUIDE")
    world.site.page("Other").rename("NOTES")


async def move_into_other_case(world, docs):
    world.site.page("Guide").rename("GUIDE")
    world.site.page("Notes").move(world.site.page("GUIDE"))


async def map_to_other_case(world, docs):
    world.mapped["DOCS"]["folder"] = "wiki"


RENAMES = [
    rename_leaf,
    rename_parent,
    rename_home,
    rename_folder,
    rename_space_case,
    exchange_in_other_case,
    move_into_other_case,
    map_to_other_case,
]


def by_key(files):
    return {collision_key(path): data for path, data in files.items()}


@pytest.mark.parametrize("respells", [True, False])
@pytest.mark.parametrize("change", [*CHANGES, *RENAMES], ids=lambda change: change.__name__)
async def test_folder_follows_every_change(world, docs, change, respells):
    """One run leads to the files of a clean first run, and one more writes nothing; no file is there twice."""
    world.vfs = CaselessVFS(respells=respells)
    world.mapped["DOCS"]["folder"] = "Wiki"
    world.space("OPS")
    await world.sync()
    await change(world, docs)
    assert (await world.sync()).outcome is Outcome.SUCCEEDED
    assert world.told(FileKept) == []
    files, clean = await world.files(), await world.clean_copy()
    assert by_key(files) == by_key(clean)
    assert not respells or files == clean
    again = await world.sync()
    assert again.counts.unchanged == again.counts.listed


@pytest.mark.parametrize("respells", [True, False])
@pytest.mark.parametrize("change", RENAMES, ids=lambda change: change.__name__)
async def test_killed_in_the_midst(world, docs, change, respells):
    """A run that dies while names change their case leaves nothing that the next one does not mend."""
    world.vfs = CaselessVFS(respells=respells)
    world.mapped["DOCS"]["folder"] = "Wiki"
    await world.sync()
    await change(world, docs)
    for point in range(20, 60, 3):
        await world.run_until_killed(point)
        world.clock.advance(world.options.lease + 1)
    assert (await world.sync()).outcome is Outcome.SUCCEEDED
    assert by_key(await world.files()) == by_key(await world.clean_copy())
    again = await world.sync()
    assert again.counts.unchanged == again.counts.listed


@pytest.mark.parametrize("folders", [("wiki", "Wiki"), ("", ""), ("Wiki/Deep", "wiki"), ("Wiki", "")], ids=str)
@pytest.mark.parametrize("respells", [True, False])
async def test_destinations_that_differ_in_case(world, docs, folders, respells):
    """Spaces leave two spellings of one folder, which are looked into once: nothing in them is taken for foreign."""
    world.vfs = CaselessVFS(respells=respells)
    world.space("OPS").page("Runbook", storage=link("Guide", "DOCS"))
    world.mapped["DOCS"]["folder"], world.mapped["OPS"]["folder"] = "Wiki", "wiki"
    assert (await world.sync()).outcome is Outcome.SUCCEEDED
    world.mapped["DOCS"]["folder"], world.mapped["OPS"]["folder"] = folders
    assert (await world.sync()).outcome is Outcome.SUCCEEDED
    files, clean = await world.files(), await world.clean_copy()
    assert {collision_key(path) for path in files} == {collision_key(path) for path in clean}
    again = await world.sync()
    assert again.counts.unchanged == again.counts.listed


async def test_foreign_files_in_a_folder_that_changes_its_case(world, docs):
    """They stay, untouched, wherever the disk spells them now."""
    world.vfs = CaselessVFS()
    await world.sync()
    await world.vfs.write("Docs/Docs Home/Guide/mine.txt", b"mine", {})
    world.site.page("Guide").rename("GUIDE")
    docs.rename("DOCS")
    assert (await world.sync()).outcome is Outcome.SUCCEEDED
    files = await world.files()
    assert files.pop("DOCS/Docs Home/GUIDE/mine.txt") == b"mine"
    assert files == await world.clean_copy()


@pytest.mark.parametrize("spelling", ["Docs/docs home/Notes.md", "docs/Docs Home/NOTES.md"])
@pytest.mark.parametrize("first", ["claim", "file"])
async def test_claim_in_another_spelling(world, docs, spelling, first):
    """What a broken run may have left under a name is not there if that name is another file's, by its entry."""
    world.vfs = CaselessVFS()
    await world.sync()
    before = await world.files()
    memory = Memory(world.store, "default")
    await memory.apply(memory.put_claim(docs.id, Claim(spelling, world.site.page("Usage").id)))
    if first == "claim":  # the disk has the name in the spelling of the claim
        world.vfs.documents = {
            spelling if collision_key(path) == collision_key(spelling) else path: data
            for path, data in world.vfs.documents.items()
        }
    for _ in range(2):
        report = await world.sync()
        assert (report.outcome, report.counts.unchanged) == (Outcome.SUCCEEDED, report.counts.listed)
        assert {collision_key(path) for path in await world.files()} == {collision_key(path) for path in before}
    assert await world.collection(f"claims/default/{docs.id}") == []
