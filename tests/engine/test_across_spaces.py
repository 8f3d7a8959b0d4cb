"""Pages that move from one mapped space to another: their files are moved, not deleted and written anew."""

from itertools import count

import pytest
from engine_world import World, link

from confluence_sync.adapters import MemoryVFS
from confluence_sync.errors import StorageError
from confluence_sync.events import DeletionsHeld, FileKept, PageDeleted, PageMoved, PageWritten, SpaceFailed
from confluence_sync.models import DeletionPolicy, LocalEditPolicy, Outcome, Reason, RunMode

FETCH = "GET /wiki/api/v2/pages"


def build(world, **options):
    """Two spaces; a guide with two pages below it in the first."""
    one, two = world.space("ONE", **options), world.space("TWO", **options)
    guide = one.page("Guide", parent=one.homepage, storage="<p>Read on.</p>" + link("Setup"))
    one.page("Setup", parent=guide, storage="<p>First.</p>")
    one.page("Usage", parent=guide, storage="<p>Then.</p>" + link("Setup"))
    two.page("Notes", parent=two.homepage, storage=link("Guide", "ONE"))
    return one, two


async def assert_settled(world):
    """The folder is clean, and another run has nothing to do."""
    assert await world.files() == await world.clean_copy()
    assert await world.dead_links() == []
    again = await world.sync()
    assert again.counts.unchanged == again.counts.listed


@pytest.mark.parametrize("policy", DeletionPolicy)
async def test_a_subtree_moves_to_another_space(world, policy):
    """Its files go along, whatever the policy for deletions; what the other space's key does not change is kept."""
    _, two = build(world, deletions=policy)
    await world.sync()
    world.site.page("Guide").move(two.homepage)
    report = await world.sync()
    assert report.outcome is Outcome.SUCCEEDED
    assert world.told(PageDeleted) == []
    written = {event.title: event for event in world.told(PageWritten)}
    assert (written["Setup"].previous_path, written["Setup"].path, written["Setup"].reason) == (
        "One/One Home/Guide/Setup.md",
        "Two/Two Home/Guide/Setup.md",
        Reason.MOVED,
    )
    assert written["Setup"].space_id == str(two.id)
    await assert_settled(world)


async def test_no_body_is_fetched(world):
    """Where the version is the same only the front matter changes, and nothing is fetched for that."""
    one, two = build(world)
    await world.sync()
    world.site.page("Setup").move(two)
    world.site.page("Notes").trash()
    world.site.page("Guide").trash()
    world.site.page("Usage").trash()
    world.clock.advance(60)
    report = await world.sync()
    assert report.counts.written == 1
    assert FETCH not in world.requests
    assert "space: TWO" in await world.text("Two/Setup.md")
    assert await world.collection(f"manifest/default/{one.id}") == [str(one.homepage.id)]
    await assert_settled(world)


async def test_a_page_that_was_edited_too_is_fetched(world):
    """A new version is another body."""
    _, two = build(world)
    await world.sync()
    world.site.page("Setup").edit("<p>Second.</p>")
    world.site.page("Setup").move(two)
    await world.sync()
    assert FETCH in world.requests
    assert "Second." in await world.text("Two/Setup.md")
    await assert_settled(world)


async def test_many_pages_that_move_are_no_deletions(world):
    """The guard does not hold what is only elsewhere."""
    one, two = world.space("ONE", max_delete_files=1), world.space("TWO")
    top = one.page("Top")
    for number in range(12):
        one.page(f"Page {number}", parent=top)
    await world.sync()
    top.move(two)
    report = await world.sync()
    assert (report.outcome, report.counts.written, report.counts.deleted) == (Outcome.SUCCEEDED, 13, 0)
    assert world.told(DeletionsHeld) == []
    assert FETCH not in world.requests
    await assert_settled(world)


async def test_an_incremental_run_moves_them_too(world):
    """A page that is found by its edit in another space leaves nothing behind."""
    _, two = build(world)
    await world.sync()
    world.site.page("Usage").move(two)
    world.site.page("Usage").edit("<p>New.</p>")
    assert (await world.sync(RunMode.INCREMENTAL)).outcome is Outcome.SUCCEEDED
    assert [path for path in await world.paths() if "Usage" in path] == ["Two/Usage.md"]
    await world.sync()
    await assert_settled(world)


@pytest.mark.parametrize("policy", LocalEditPolicy)
async def test_an_edited_file_goes_along(world, policy):
    """What was typed into a file moves with its page, as it does within a space."""
    _, two = build(world, local_edits=policy)
    await world.sync()
    await world.vfs.write("One/One Home/Guide/Setup.md", b"my notes", {})
    world.site.page("Setup").move(two)
    report = await world.sync()
    assert report.outcome is Outcome.SUCCEEDED
    assert world.told(FileKept) == []
    (moved,) = world.told(PageMoved)
    assert (moved.previous_path, moved.path) == ("One/One Home/Guide/Setup.md", "Two/Setup.md")
    assert await world.vfs.read("Two/Setup.md") == b"my notes"
    assert (await world.sync()).counts.unchanged == report.counts.listed


async def test_an_edited_file_of_a_new_version_is_kept(world):
    """If the page was edited, too, what was typed goes to a file of its own beside the new place."""
    _, two = build(world)
    await world.sync()
    await world.vfs.write("One/One Home/Guide/Setup.md", b"my notes", {})
    world.site.page("Setup").edit("<p>Second.</p>")
    world.site.page("Setup").move(two)
    await world.sync()
    (kept,) = world.told(FileKept)
    assert (kept.path, await world.vfs.read(kept.copy_path)) == ("Two/Setup.md", b"my notes")


async def test_pages_change_places(world):
    """Pages of one title that go to each other's space pass each other."""
    one, two = world.space("ONE"), world.space("TWO")
    first, second = one.page("Same", storage="<p>1</p>"), two.page("Same", storage="<p>2</p>")
    await world.sync()
    first.move(two)
    second.move(one)
    assert (await world.sync()).outcome is Outcome.SUCCEEDED
    assert FETCH not in world.requests
    await assert_settled(world)


async def test_a_space_and_its_name_change_hands(world):
    """A page stays at its path while the space around it becomes another one."""
    one, two = world.space("ONE"), world.space("TWO")
    page = one.page("Page", storage="<p>x</p>")
    await world.sync()
    page.move(two)
    one.rename("Two")
    two.rename("One")
    assert (await world.sync()).outcome is Outcome.SUCCEEDED
    assert "space: TWO" in await world.text("One/Page.md")
    await assert_settled(world)


async def test_a_page_leaves_and_comes_back_between_mapped_and_not(world):
    """Of a page in a space that is not mapped there is no file; when it comes back there is."""
    one = world.space("ONE")
    page = one.page("Page", storage="<p>x</p>")
    await world.sync()
    page.move(world.site.space("ELSE", name="Else"))
    report = await world.sync()
    assert report.counts.deleted == 1
    assert "One/Page.md" not in await world.paths()
    page.move(one)
    await world.sync()
    await assert_settled(world)


async def test_the_other_space_cannot_be_listed(world):
    """As long as it is not known where a page is, its file stays; then it moves."""
    _, two = build(world)
    await world.sync()
    world.site.page("Setup").move(two)
    world.site.fail(f"/spaces/{two.id}/pages", status=404)
    report = await world.sync()
    assert (report.outcome, report.counts.deleted) == (Outcome.PARTIAL, 0)
    assert "One/One Home/Guide/Setup.md" in await world.paths()
    assert (await world.sync()).outcome is Outcome.SUCCEEDED
    await assert_settled(world)


async def test_the_space_that_it_leaves_cannot_be_listed(world):
    """A page is written where it is; the file that it left goes once its space is listed, and nothing holds it."""
    one, two = build(world, deletions=DeletionPolicy.KEEP)
    await world.sync()
    world.site.page("Setup").move(two)
    world.site.fail(f"/spaces/{one.id}/pages", status=404)
    assert (await world.sync()).outcome is Outcome.PARTIAL
    assert [path for path in await world.paths() if "Setup" in path] == ["One/One Home/Guide/Setup.md", "Two/Setup.md"]
    assert (await world.sync()).outcome is Outcome.SUCCEEDED
    await assert_settled(world)


class Stubborn(MemoryVFS):
    """A folder out of which some files cannot be moved."""

    part = ""

    async def move(self, source, target):
        if self.part and self.part in source:
            raise StorageError(f"{source} cannot be moved")
        await super().move(source, target)


async def test_moves_that_fail_concern_the_spaces_that_they_tie_together(world):
    """A space in whose way the file is waits, too; others do not."""
    world.vfs = Stubborn()
    spaces = {key: world.space(key) for key in ("LEFT", "RIGHT", "OTHER")}
    for space in spaces.values():
        space.page("Same", storage=f"<p>{space.key}</p>")
    await world.sync()
    before = await world.files()
    spaces["LEFT"].rename("Right")
    spaces["RIGHT"].rename("Left")
    spaces["OTHER"].rename("Another")
    world.vfs.part = "Left/"
    report = await world.sync()
    assert report.outcome is Outcome.PARTIAL
    assert {event.space_id for event in world.told(SpaceFailed)} == {str(spaces[key].id) for key in ("LEFT", "RIGHT")}
    assert "Another/Same.md" in await world.paths()
    assert len(await world.files()) == len(before)
    world.vfs.part = ""
    assert (await world.sync()).outcome is Outcome.SUCCEEDED
    await assert_settled(world)


def move_subtree(world):
    world.site.page("Guide").move(world.site.space("TWO").homepage)


def swap_names(world):
    world.site.space("ONE").rename("Two")
    world.site.space("TWO").rename("One")


def move_and_swap(world):
    world.site.page("Setup").move(world.site.space("TWO"))
    world.site.page("Notes").move(world.site.space("ONE"))
    world.site.page("Notes").rename("Setup")
    swap_names(world)


@pytest.mark.parametrize("change", [move_subtree, move_and_swap], ids=lambda change: change.__name__)
async def test_killed_anywhere(change):
    """A process that dies in the midst loses nothing, doubles nothing, and takes no file of ours for somebody's."""
    for point in count():
        world = World()
        build(world)
        await world.sync()
        change(world)
        if not await world.run_until_killed(point):
            break
        world.clock.advance(world.options.lease + 1)
        report = await world.sync()
        assert report.outcome is Outcome.SUCCEEDED, (point, report.summary())
        assert world.told(FileKept) == [], point
        await assert_settled(world)
        for kind in ("claims", "digests"):
            assert await world.collection(f"{kind}/default/{world.site.space('ONE').id}") == [], (point, kind)
    assert point > 30


async def test_a_space_takes_the_name_of_a_destination(world):
    """Whoever renames a space knows nothing of the folders others go to; the run makes room for all of them."""
    one, _ = build(world)
    world.mapped["TWO"]["folder"] = "Team"
    await world.sync()
    one.rename("Team")
    report = await world.sync()
    assert (report.outcome, report.counts.written, world.told(SpaceFailed)) == (Outcome.SUCCEEDED, 5, [])
    assert {path.partition("/")[0] for path in await world.paths()} == {"Team", "Team (ONE)"}
    await assert_settled(world)
    one.rename("Something else")
    assert (await world.sync()).outcome is Outcome.SUCCEEDED
    await assert_settled(world)
