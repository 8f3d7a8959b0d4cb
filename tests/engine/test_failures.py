"""What goes wrong stays small: a page, a space, or a run that says why and can be repeated."""

import pytest
from engine_world import World, link

from confluence_sync.engine import EngineOptions
from confluence_sync.errors import ErrorKind, StorageError
from confluence_sync.events import PageFailed, RunWarned, SpaceFailed
from confluence_sync.models import Outcome, SpaceId, SpaceMapping


@pytest.fixture
def docs(world):
    docs = world.space("DOCS")
    for number in range(6):
        docs.page(f"Page {number}", parent=docs.homepage, storage=link(f"Page {(number + 1) % 6}"))
    return docs


async def assert_mended(world):
    world.site.heal()
    assert (await world.sync()).outcome is Outcome.SUCCEEDED
    assert await world.files() == await world.clean_copy()
    assert await world.dead_links() == []


class Faulty:
    """A store or a folder in which some calls fail."""

    def __init__(self, inner, *names, when=lambda *_: True, error=None):
        self._inner, self._names, self._when = inner, names, when
        self._error = error or StorageError("no space left on device")

    def __getattr__(self, name):
        method = getattr(self._inner, name)
        if name not in self._names:
            return method

        async def call(*args, **kwargs):
            if self._when(*args):
                raise self._error
            return await method(*args, **kwargs)

        return call


@pytest.mark.parametrize("kind", ["status", "timeout", "truncated", "invalid_json"])
async def test_page_that_fails_alone(world, docs, kind):
    """A page that never arrives is one failure with the reason; the rest lands, and the next run tries it again."""
    page = world.site.page("Page 3")
    world.site.fail(page_id=page.id, kind=kind, status=504, times=None)
    report = await world.sync()
    assert report.outcome is Outcome.PARTIAL
    (failed,) = world.told(PageFailed)
    assert (failed.page_id, failed.title, failed.path) == (str(page.id), "Page 3", "Docs/Docs Home/Page 3.md")
    assert (report.counts.written, report.counts.failed) == (6, 1)
    assert failed.message
    await world.sync()
    assert len(world.told(PageFailed)) == 1
    await assert_mended(world)


async def test_pages_that_fail_alone_side_by_side(world, docs):
    """Many broken pages in a row are still the pages' failures as long as Confluence answers."""
    for number in range(6):
        world.site.fail(page_id=world.site.page(f"Page {number}").id, times=None)
    report = await world.sync()
    assert report.outcome is Outcome.PARTIAL
    assert (report.counts.written, report.counts.failed) == (1, 6)
    await assert_mended(world)


async def test_outage_while_bodies_are_fetched(world, docs):
    """If nothing arrives any more the run fails and says so, instead of failing every page."""
    await world.sync()
    for number in range(6):
        world.site.page(f"Page {number}").edit("<p>New.</p>")
    world.site.fail("/wiki/api/v2/pages", times=None)
    report = await world.sync()
    assert report.outcome is Outcome.FAILED
    assert "503" in report.summary()
    assert report.counts.failed == 0
    await assert_mended(world)


async def test_a_space_whose_bodies_are_refused(world, docs):
    """What goes wrong while one space is written does not keep the others from landing."""
    other = world.space("OTHER")
    here, there = world.site.page("Page 1"), other.page("There")
    await world.sync()
    here.edit("<p>New.</p>")
    there.edit("<p>New.</p>")
    world.site.fail("/wiki/api/v2/pages", status=403, times=1, query=lambda query: "id" in query)
    report = await world.sync()
    assert report.outcome is Outcome.PARTIAL
    assert report.counts.written == 1
    await assert_mended(world)


async def test_page_that_vanishes_after_the_listing(world, docs):
    """A page that is gone when its body is asked for is a failure of this run, and deleted by the next one."""
    await world.sync()
    page = world.site.page("Page 3")
    page.edit("<p>New.</p>")
    world.site.fail("/wiki/api/v2/pages", body='{"results": [], "_links": {}}', status=200)
    assert (await world.sync()).outcome is Outcome.PARTIAL
    (failed,) = world.told(PageFailed)
    assert failed.kind is ErrorKind.NOT_FOUND
    page.purge()
    await assert_mended(world)


async def test_space_that_cannot_be_listed(world, docs):
    """If one of two spaces fails, the other lands, and nothing of the failed one is deleted."""
    ops = world.space("OPS")
    ops.page("Runbook", storage=link("Page 1", "DOCS"))
    await world.sync()
    before = await world.files()
    world.site.page("Runbook").edit("<p>New.</p>" + link("Page 1", "DOCS"))
    world.site.page("Page 3").trash()
    world.site.fail(f"/spaces/{docs.id}/pages", times=None)
    report = await world.sync()
    assert report.outcome is Outcome.PARTIAL
    (failed,) = world.told(SpaceFailed)
    assert (failed.space_id, failed.kind) == (str(docs.id), ErrorKind.SERVER_ERROR)
    files = await world.files()
    assert b"New." in files.pop("Ops/Runbook.md")
    assert files == {path: data for path, data in before.items() if path != "Ops/Runbook.md"}
    assert await world.dead_links() == []
    await assert_mended(world)


async def test_space_that_is_not_there(world, docs):
    """An unknown space fails alone."""
    async with world.engine() as engine:
        report = await engine.sync([*world.mappings(), SpaceMapping(space_id=SpaceId("4242"))])
    assert report.outcome is Outcome.PARTIAL
    (problem,) = report.problems
    assert (problem.space_id, problem.kind) == ("4242", ErrorKind.NOT_FOUND)
    assert report.counts.written == 7


async def test_space_that_is_hidden_deletes_nothing(world, docs):
    """A space that the user may no longer see fails, and its files stay."""
    await world.sync()
    before = await world.files()
    docs.restrict()
    report = await world.sync()
    assert report.outcome is Outcome.FAILED
    assert report.message == "no space could be synced"
    assert await world.files() == before


@pytest.mark.parametrize("refuse", [False, True])
async def test_wrong_token(world, docs, refuse):
    """A token that is refused, or not recognised and served as a visitor, fails the run and touches nothing."""
    await world.sync()
    before = await world.files()
    world.site.require(email="reader@example.com", token="another", refuse=refuse)
    report = await world.sync()
    assert report.outcome is Outcome.FAILED
    assert report.message
    assert await world.files() == before


async def test_folder_that_takes_one_file_less(world, docs):
    """A file that cannot be written is that page's failure."""
    vfs = world.vfs
    world.vfs = Faulty(vfs, "write", when=lambda path, *_: "Page 3" in path)
    report = await world.sync()
    assert report.outcome is Outcome.PARTIAL
    (failed,) = world.told(PageFailed)
    assert (failed.kind, failed.message) == (ErrorKind.STORAGE, "no space left on device")
    world.vfs = vfs
    await assert_mended(world)


async def test_folder_that_takes_nothing(world, docs):
    """A folder in which nothing can be written fails the run, in one sentence."""
    vfs = world.vfs
    world.vfs = Faulty(vfs, "write")
    report = await world.sync()
    assert report.outcome is Outcome.FAILED
    assert report.message == "no space left on device"
    world.vfs = vfs
    await assert_mended(world)


async def test_folder_whose_adapter_has_a_bug(world, docs, caplog):
    """An adapter that raises what it should not fails the page, not the run."""
    vfs = world.vfs
    world.vfs = Faulty(vfs, "write", when=lambda path, *_: "Page 3" in path, error=ZeroDivisionError("oops"))
    report = await world.sync()
    assert report.outcome is Outcome.PARTIAL
    (failed,) = world.told(PageFailed)
    assert (failed.kind, failed.message) == (ErrorKind.INTERNAL, "ZeroDivisionError: oops")
    world.vfs = vfs
    await assert_mended(world)


@pytest.mark.parametrize("name", ["move", "delete", "scan", "read", "stat"])
async def test_other_calls_of_the_folder_that_fail(world, docs, name):
    """Moves, deletions and looks that fail never cost a file; the next run mends it."""
    await world.sync()
    world.site.page("Page 0").trash()
    world.site.page("Page 1").rename("First")
    world.site.page("Page 2").edit("<p>New.</p>")
    vfs = world.vfs
    world.vfs = Faulty(vfs, name)
    if name == "scan":
        world.vfs.scan = lambda _: (_ for _ in ()).throw(StorageError("no space left on device"))
    report = await world.sync()
    world.vfs = vfs
    assert report.counts.handled == report.counts.listed
    assert len(await world.paths()) >= 6
    await assert_mended(world)


async def test_state_store_that_fails_anywhere():
    """A state store that fails at any call ends the run as failed at worst, and the next one completes it."""
    for point in range(5, 60):
        world = World()
        docs = world.space("DOCS")
        docs.page("Page", parent=docs.homepage, storage="<p>Text.</p>")
        store, calls = world.store, iter(range(1000))
        broken = lambda *_, calls=calls, point=point: next(calls) == point  # noqa: E731
        world.store = Faulty(store, "apply", "load", "load_many", when=broken)
        async with world.engine() as engine:
            report = await engine.sync(world.mappings())
        over = report.outcome is Outcome.SUCCEEDED and next(calls) <= point
        assert report.counts.handled == report.counts.listed
        world.store = store
        world.clock.advance(200)
        await assert_mended(world)
        if over:
            break
    assert point > 10


async def test_quota_pauses_the_run(world, docs):
    """When the quota is used up the run pauses; the next one goes on behind the pages it has."""
    world.options = EngineOptions(body_batch=2)
    world.site.limit_points(11)
    report = await world.sync()
    assert report.outcome is Outcome.PAUSED
    assert report.resume_at is not None
    assert report.message
    listing = f"/wiki/api/v2/spaces/{docs.id}/pages"
    asked = [request.query.get("cursor") for request in world.site.requests if request.path == listing]
    served = [r for r in world.site.requests if r.path == listing and r.status == 200]
    world.clock.advance((report.resume_at - world.clock.now()).total_seconds())
    world.site.limit_points(1000)
    assert (await world.sync()).outcome is Outcome.SUCCEEDED
    again = [request.query.get("cursor") for request in world.site.requests if request.path == listing]
    assert again[0] == asked[-1] is not None
    assert len(served) + len(again) == 4 + 1  # all pages once more, without bodies: they may have changed meanwhile
    assert await world.files() == await world.clean_copy()


async def test_quota_at_any_point():
    """Wherever the quota ends, the run pauses and the runs after it complete the folder; counts add up."""
    for points in range(4, 60, 3):
        world = World()
        docs = world.space("DOCS")
        folder = docs.folder("Folder")
        for number in range(4):
            docs.page(f"Page {number}", parent=folder)
        await world.sync()
        folder.rename("Ordner")
        for number in range(3):
            world.site.page(f"Page {number}").edit("<p>New.</p>")
        world.site.page("Page 3").trash()
        world.site.limit_points(points)
        report = await world.sync()
        assert report.outcome in {Outcome.PAUSED, Outcome.SUCCEEDED}, (points, report.summary())
        world.site.limit_points(10_000)
        assert (await world.sync()).outcome is Outcome.SUCCEEDED
        assert await world.files() == await world.clean_copy()


async def test_burst_limit_is_waited_out(world, docs):
    """A limit of seconds costs time only."""
    world.site.limit_burst(2, 10.0)
    before = world.clock.now()
    report = await world.sync()
    assert report.outcome is Outcome.SUCCEEDED
    assert (world.clock.now() - before).total_seconds() > 60


async def test_cursor_that_expired(world, docs):
    """A walk whose cursor is no longer accepted starts over, once."""
    world.options = EngineOptions(body_batch=2, step_requests=1)
    listing = f"/spaces/{docs.id}/pages"
    world.site.fail(listing, status=400, body="{}", query=lambda query: "cursor" in query)
    report = await world.sync()
    assert report.outcome is Outcome.SUCCEEDED
    assert any("starts over" in event.message for event in world.told(RunWarned))
    assert await world.files() == await world.clean_copy()


async def test_cursors_that_are_never_accepted(world, docs):
    """A site that accepts no cursor fails the space instead of keeping the run busy for ever."""
    world.options = EngineOptions(body_batch=2, step_requests=1)
    world.site.fail(f"/spaces/{docs.id}/pages", status=400, times=None, query=lambda query: "cursor" in query)
    report = await world.sync()
    assert report.outcome is Outcome.FAILED
    assert len(world.site.requests) < 12


async def test_old_file_is_kept_until_the_page_lands(world, docs):
    """After a broken run a page whose new file cannot be made keeps the old one."""
    await world.sync()
    page = world.site.page("Page 3")
    page.rename("Third")
    for point in range(14, 30):
        await world.run_until_killed(point)
        world.clock.advance(200)
        if await world.collection(f"claims/default/{docs.id}"):
            break
    page.edit("<p>New.</p>")
    world.site.fail(page_id=page.id, times=None)
    assert (await world.sync()).outcome is Outcome.PARTIAL
    assert any("Page 3" in path or "Third" in path for path in await world.paths())
    await assert_mended(world)


async def test_folder_that_always_fails(world, docs):
    """A folder that cannot be read is as it is remembered; if it is not, its pages land below the space."""
    folder = docs.folder("Folder", parent=docs.homepage)
    docs.page("Inside", parent=folder)
    world.site.fail("/folders/", status=500, times=None)
    assert (await world.sync()).outcome is Outcome.PARTIAL
    assert "Docs/Inside.md" in await world.paths()
    world.site.heal()
    await assert_mended(world)
    before = await world.files()
    world.site.fail("/folders/", status=500, times=None)
    assert (await world.sync()).outcome is Outcome.PARTIAL
    assert await world.files() == before
