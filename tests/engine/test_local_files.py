"""What people do in the folder: nothing anybody typed is lost, nothing foreign is touched, what is gone comes back."""

import pytest

from confluence_sync.events import FileKept, PageWritten
from confluence_sync.models import LocalEditPolicy, Outcome, Reason, RunMode

NOTES = "Docs/Docs Home/Notes.md"


@pytest.fixture
def docs(world):
    docs = world.space("DOCS")
    docs.page("Notes", parent=docs.homepage, storage="<p>First.</p>")
    return docs


async def copies(world):
    return [path for path in await world.paths() if "(edited" in path]


async def test_edited_file_stays_while_the_page_does(world, docs):
    """A file that somebody edited is left alone as long as there is nothing to write."""
    await world.sync()
    await world.vfs.write(NOTES, b"my notes", {})
    assert (await world.sync()).counts.unchanged == 2
    assert await world.vfs.read(NOTES) == b"my notes"


@pytest.mark.parametrize("mode", [RunMode.FULL, RunMode.REBUILD, RunMode.INCREMENTAL])
async def test_edited_file_is_kept_before_it_is_overwritten(world, docs, mode):
    """What was typed goes to a file of its own, once, which no run touches again."""
    await world.sync()
    await world.vfs.write(NOTES, b"my notes", {})
    world.site.page("Notes").edit("<p>Second.</p>")
    report = await world.sync(mode)
    assert report.outcome is Outcome.SUCCEEDED
    (kept,) = world.told(FileKept)
    assert (kept.path, [kept.copy_path]) == (NOTES, await copies(world))
    assert await world.vfs.read(kept.copy_path) == b"my notes"
    assert "Second." in await world.text(NOTES)
    world.site.page("Notes").trash()
    await world.sync()
    assert await world.paths() == ["Docs/Docs Home.md", kept.copy_path]


async def test_copy_that_somebody_went_on_writing_in_is_kept(world, docs):
    """Who types the same into a file again gets another copy of it; what the first one has become by then stays."""
    await world.sync()
    for version in range(3):
        await world.vfs.write(NOTES, b"my notes", {})
        world.site.page("Notes").edit(f"<p>Version {version}.</p>")
        await world.sync()
        if version == 0:
            (copy,) = await copies(world)
            await world.vfs.write(copy, b"my notes, and more", {})
    another = copy.replace(".md", " 2.md")
    assert await copies(world) == [another, copy]
    assert [await world.vfs.read(path) for path in (copy, another)] == [b"my notes, and more", b"my notes"]


async def test_edited_file_is_kept_before_it_is_deleted(world, docs):
    """The same when the page is gone."""
    await world.sync()
    await world.vfs.write(NOTES, b"my notes", {})
    world.site.page("Notes").trash()
    assert (await world.sync()).counts.deleted == 1
    (path,) = await copies(world)
    assert await world.vfs.read(path) == b"my notes"
    assert NOTES not in await world.paths()


async def test_edited_file_moves_with_its_page(world, docs):
    """A page that only moves takes the edited file along."""
    await world.sync()
    await world.vfs.write(NOTES, b"my notes", {})
    world.site.page("Notes").move(docs.folder("Archive"))
    await world.sync()
    assert await world.vfs.read("Docs/Archive/Notes.md") == b"my notes"


async def test_edited_file_after_a_broken_run(world, docs):
    """Also where a run was killed, in whatever moment, what was typed afterwards is not lost."""
    await world.sync()
    world.site.page("Notes").rename("Remarks")
    for point in range(10, 40):
        if not await world.run_until_killed(point):
            break
        paths = [path for path in await world.paths() if "Notes" in path or "Remarks" in path]
        for path in paths:
            await world.vfs.write(path, b"typed after %d" % point, {})
        world.site.page("Remarks").edit(f"<p>{point}</p>")
        world.clock.advance(200)
        assert (await world.sync()).outcome is Outcome.SUCCEEDED
        files = await world.files()
        assert b"typed after %d" % point in files.values(), point
        world.site.page("Remarks").rename("Notes")
        await world.sync()
        world.site.page("Notes").rename("Remarks")


async def test_overwriting_can_be_chosen(world, docs):
    """A mapping may say that edits do not count."""
    world.mapped["DOCS"] = {"local_edits": LocalEditPolicy.OVERWRITE}
    await world.sync()
    await world.vfs.write(NOTES, b"my notes", {})
    world.site.page("Notes").edit("<p>Second.</p>")
    await world.sync()
    assert world.told(FileKept) == []
    assert await copies(world) == []


async def test_foreign_files_are_never_touched(world, docs):
    """Files that are not ours stay, and pages step aside."""
    await world.vfs.write(NOTES, b"mine", {})
    await world.vfs.write("Docs/other.txt", b"mine too", {})
    notes = world.site.page("Notes")
    assert (await world.sync()).outcome is Outcome.SUCCEEDED
    aside = f"Docs/Docs Home/Notes ({notes.id}).md"
    assert aside in await world.paths()
    notes.trash()
    await world.sync()
    assert await world.files() == {
        "Docs/Docs Home.md": await world.vfs.read("Docs/Docs Home.md"),
        NOTES: b"mine",
        "Docs/other.txt": b"mine too",
    }


async def test_page_takes_the_name_that_became_free(world, docs):
    """When the foreign file is gone, the page gets its own name."""
    await world.vfs.write(NOTES, b"mine", {})
    await world.sync()
    await world.vfs.delete(NOTES)
    await world.sync()
    assert await world.files() == await world.clean_copy()


async def test_deleted_file_is_written_again(world, docs):
    """A file that somebody deleted comes back."""
    await world.sync()
    before = await world.files()
    await world.vfs.delete(NOTES)
    await world.sync()
    (written,) = world.told(PageWritten)
    assert (written.path, written.reason) == (NOTES, Reason.FILE_MISSING)
    assert await world.files() == before


async def test_deleted_folder_is_written_again(world, docs):
    """So does a whole folder."""
    await world.sync()
    before = await world.files()
    for path in before:
        await world.vfs.delete(path)
    await world.sync()
    assert await world.files() == before
