"""Full runs: whatever people do on the site, the folder follows."""

import pytest
from engine_world import link, spelled

from confluence_sync.engine import EngineOptions
from confluence_sync.events import DeletionsHeld, PageDeleted, PageMoved, PageWritten, RunWarned, SpacePlanned
from confluence_sync.models import DeletionPolicy, Outcome, Reason, RunMode


@pytest.fixture
def docs(world):
    docs = world.space("DOCS")
    guide = docs.page("Guide", parent=docs.homepage, storage="<p>Read on.</p>" + link("Setup"))
    docs.page("Setup", parent=guide, storage="<p>First.</p>" + link("Guide"))
    docs.page("Notes", parent=docs.homepage, storage="<p>Some.</p>")
    return docs


async def as_clean(world):
    """Whether the folder is what a first run would make now, and every link in it leads somewhere."""
    return await world.files() == await world.clean_copy() and await world.dead_links() == []


async def test_first_run_writes_every_page(world, docs):
    """Every page becomes a file at its place in the tree."""
    report = await world.sync()
    assert report.outcome is Outcome.SUCCEEDED
    assert await world.paths() == [
        "Docs/Docs Home.md",
        "Docs/Docs Home/Guide.md",
        "Docs/Docs Home/Guide/Setup.md",
        "Docs/Docs Home/Notes.md",
    ]
    text = await world.text("Docs/Docs Home/Guide.md")
    assert "[Setup](Guide/Setup.md)" in text
    assert f"source_url: https://example.atlassian.net/wiki/spaces/DOCS/pages/{world.site.page('Guide').id}" in text
    assert await world.dead_links() == []


async def test_first_run_walks_with_bodies(world, docs):
    """A first run asks N/100 times for pages, bodies included, and keeps none of them once they are files."""
    world.options = EngineOptions(body_batch=2)
    await world.sync()
    listing = f"GET /wiki/api/v2/spaces/{docs.id}/pages"
    assert world.requests.count(listing) == 2
    assert "GET /wiki/api/v2/pages" not in world.requests
    assert await world.collection(f"spool/default/{docs.id}") == []
    assert await world.collection(f"claims/default/{docs.id}") == []
    assert await world.collection(f"digests/default/{docs.id}") == []


async def test_second_run_writes_nothing(world, docs):
    """A run over an unchanged site costs the listing only, and changes no byte."""
    await world.sync()
    before = await world.files()
    report = await world.sync()
    assert report.counts.unchanged == report.counts.listed == 4
    assert spelled(world.events) == ["RunStarted", "PagesListed", "SpaceListed", "SpacePlanned", "RunFinished"]
    assert world.requests == [
        "GET /wiki/rest/api/user/current",
        "GET /wiki/api/v2/spaces",
        "POST /wiki/api/v2/users-bulk",
        f"GET /wiki/api/v2/spaces/{docs.id}/pages",
    ]
    assert await world.files() == before


async def edit(world, docs):
    world.site.page("Setup").edit("<p>Second.</p>")


async def rename(world, docs):
    world.site.page("Setup").rename("Install")


async def rename_ancestor(world, docs):
    world.site.page("Guide").rename("Manual")


async def move(world, docs):
    world.site.page("Setup").move(world.site.page("Notes"))


async def move_tree_under_new_folder(world, docs):
    world.site.page("Guide").move(docs.folder("Old things", parent=docs.homepage))


async def swap_titles(world, docs):
    world.site.page("Guide").rename("Other")
    world.site.page("Notes").rename("Guide")
    world.site.page("Other").rename("Notes")


async def trash(world, docs):
    world.site.page("Guide").trash()


async def trash_tree(world, docs):
    world.site.page("Guide").trash(lift_children=False)


async def archive(world, docs):
    world.site.page("Guide").archive()


async def purge(world, docs):
    world.site.page("Setup").purge()


async def restrict(world, docs):
    world.site.page("Guide").restrict()


async def add(world, docs):
    docs.page("More", parent=world.site.page("Setup"), storage=link("Notes"))


async def twin(world, docs):
    docs.page("notes", parent=docs.homepage, storage=link("Notes"), id=1)


async def rename_space(world, docs):
    docs.rename("Handbook")


async def move_to_other_space(world, docs):
    world.site.page("Guide").move(world.site.space("OPS").homepage)


async def become_blog_post(world, docs):
    world.site.page("Notes").convert_to_blog_post()


CHANGES = [
    edit,
    rename,
    rename_ancestor,
    move,
    move_tree_under_new_folder,
    swap_titles,
    trash,
    trash_tree,
    archive,
    purge,
    restrict,
    add,
    twin,
    rename_space,
    move_to_other_space,
    become_blog_post,
]


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
async def test_folder_follows_every_change(world, docs, change):
    """After any change a full run leads to the folder of a clean first run, and one more writes nothing."""
    ops = world.space("OPS")
    ops.page("Runbook", parent=ops.homepage, storage=link("Setup", "DOCS") + link("Guide", "DOCS"))
    await world.sync()
    await change(world, docs)
    report = await world.sync()
    assert report.outcome is Outcome.SUCCEEDED, report.summary()
    assert await as_clean(world)
    report = await world.sync()
    assert report.counts.unchanged == report.counts.listed
    assert await as_clean(world)


async def test_edit_writes_one_file(world, docs):
    """Only what changed is fetched, in one request, and written."""
    await world.sync()
    world.site.page("Setup").edit("<p>Second.</p>")
    await world.sync()
    (written,) = world.told(PageWritten)
    assert (written.path, written.reason, written.version) == ("Docs/Docs Home/Guide/Setup.md", Reason.CHANGED, 2)
    assert world.requests.count("GET /wiki/api/v2/pages") == 1


async def test_move_moves_the_file(world, docs):
    """A page whose links stay right is moved, not fetched."""
    await world.sync()
    world.site.page("Notes").move(docs.folder("Archive", parent=docs.homepage))
    report = await world.sync()
    (moved,) = world.told(PageMoved)
    assert (moved.previous_path, moved.path) == ("Docs/Docs Home/Notes.md", "Docs/Docs Home/Archive/Notes.md")
    assert (report.counts.moved, report.counts.written) == (1, 0)
    assert "GET /wiki/api/v2/pages" not in world.requests


async def test_folder_rename_moves_what_is_in_it(world, docs):
    """Folders show in paths; a renamed one takes its pages along."""
    folder = docs.folder("Old", parent=docs.homepage)
    docs.page("Leaf", parent=folder)
    await world.sync()
    folder.rename("New")
    await world.sync()
    assert [event.path for event in world.told(PageMoved)] == ["Docs/Docs Home/New/Leaf.md"]
    assert await as_clean(world)


async def test_deletions_are_confirmed_and_last(world, docs):
    """The file of a page in the trash goes after everything else, once the page is proven gone by its id."""
    await world.sync()
    world.site.page("Guide").edit("<p>Changed.</p>")
    setup = world.site.page("Setup")
    setup.trash()
    report = await world.sync()
    assert spelled(world.events)[-3:] == ["PageWritten", "PageDeleted", "RunFinished"]
    assert f"GET /wiki/api/v2/pages/{setup.id}" in world.requests
    assert report.counts.deleted == 1


async def test_page_that_the_listing_forgot_is_kept(world, docs):
    """A page missing from the listing that is there by its id keeps its file, and the run says so."""
    await world.sync()
    notes = world.site.page("Notes")
    world.site.fail(f"/spaces/{docs.id}/pages", body=await listing_without(world, docs, notes), status=200)
    report = await world.sync()
    assert report.outcome is Outcome.PARTIAL
    assert "Docs/Docs Home/Notes.md" in await world.paths()
    (warned,) = world.told(RunWarned)
    assert "Docs/Docs Home/Notes.md was not deleted" in warned.message
    assert (await world.sync()).outcome is Outcome.SUCCEEDED
    assert await as_clean(world)


async def listing_without(world, space, page):
    """The listing of a space that lacks a page."""
    page.status = "archived"
    async with world.engine() as engine:
        answer = await engine._client._transport._http.get(
            f"{world.site.url}/wiki/api/v2/spaces/{space.id}/pages?status=current", auth=("reader@example.com", "token")
        )
    page.status = "current"
    return answer.text


async def test_many_deletions_are_held(world):
    """More deletions than the mapping allows are reported and not done; the other pages are synced."""
    docs = world.space("DOCS", max_delete_share=0.5, max_delete_files=2)
    pages = [docs.page(f"Page {number}") for number in range(4)]
    await world.sync()
    for page in pages[:3]:
        page.trash()
    pages[3].edit("<p>New.</p>")
    report = await world.sync()
    (held,) = world.told(DeletionsHeld)
    assert (held.deletions, held.managed) == (3, 5)
    assert report.outcome is Outcome.PARTIAL
    assert report.counts.deleted == 0
    assert len(await world.paths()) == 5
    assert "New." in await world.text("Docs/Page 3.md")
    pages[0].restore()
    assert (await world.sync()).outcome is Outcome.SUCCEEDED
    assert await as_clean(world)


async def test_deletions_can_be_off(world):
    """A mapping may say that files of deleted pages stay."""
    docs = world.space("DOCS", deletions=DeletionPolicy.KEEP)
    docs.page("Gone").trash()
    docs.page("Going")
    await world.sync()
    world.site.page("Going").trash()
    report = await world.sync()
    assert report.outcome is Outcome.SUCCEEDED
    assert "Docs/Going.md" in await world.paths()
    assert world.told(PageDeleted) == []


async def test_rebuild_writes_everything(world, docs):
    """A rebuild writes every file again, the same bytes."""
    await world.sync()
    before = await world.files()
    report = await world.sync(RunMode.REBUILD)
    assert report.counts.written == report.counts.listed == 4
    assert {event.reason for event in world.told(PageWritten)} == {Reason.REBUILD}
    assert await world.files() == before


async def test_plan_is_a_dry_run(world, docs):
    """Planning tells what a run would do and leaves folder and memory as they are."""
    async with world.engine() as engine:
        (plan,) = await engine.plan(world.mappings())
    assert [str(action) for action in plan.writes] == [
        "write Docs/Docs Home.md (new)",
        "write Docs/Docs Home/Guide.md (new)",
        "write Docs/Docs Home/Guide/Setup.md (new)",
        "write Docs/Docs Home/Notes.md (new)",
    ]
    assert await world.paths() == []
    assert await world.collection("spaces/default") == []


async def test_plan_tells_what_the_run_then_does(world, docs):
    """The numbers that are announced are the numbers that are counted."""
    await world.sync()
    world.site.page("Setup").edit("<p>Second.</p>")
    world.site.page("Notes").move(docs.folder("Archive"))
    world.site.page("Guide").trash()
    report = await world.sync()
    (planned,) = world.told(SpacePlanned)
    counts = report.counts
    assert (planned.writes, planned.deletes, planned.unchanged) == (counts.written, counts.deleted, counts.unchanged)


async def test_runs_are_remembered(world, docs):
    """A host can list the runs, the last first, with what the reports said."""
    first = await world.sync()
    second = await world.sync()
    async with world.engine() as engine:
        records = await engine.runs()
    assert [record.run_id for record in records] == [second.run_id, first.run_id]
    assert [record.counts for record in records] == [second.counts, first.counts]
    assert {record.outcome for record in records} == {Outcome.SUCCEEDED}
    assert records[1].requests == first.requests > 0


@pytest.mark.parametrize("kind", ["page", "folder"])
async def test_parent_in_the_trash(world, docs, kind):
    """What was left below a parent that is in the trash keeps its place until the parent is purged."""
    parent = getattr(docs, kind)("Parent", parent=docs.homepage)
    docs.page("Child", parent=parent, storage=link("Notes"))
    await world.sync()
    parent.trash(lift_children=False)
    report = await world.sync()
    assert report.outcome is Outcome.SUCCEEDED
    assert report.warnings == []
    assert "Docs/Docs Home/Parent/Child.md" in await world.paths()
    assert "Docs/Docs Home/Parent.md" not in await world.paths()
    assert await world.files() == await world.clean_copy()
    parent.purge()
    report = await world.sync()
    assert report.outcome is Outcome.SUCCEEDED
    assert "has a parent that cannot be read" in report.warnings[0]
    assert "Docs/Child.md" in await world.paths()
    assert await world.files() == await world.clean_copy()
