"""Runs as a host lists and opens them."""

import pytest
from sync_world import ACME

from confluence_sync.adapters import MemoryLogSink, SQLiteDatabase
from confluence_sync.errors import ConfigurationError, ErrorKind
from confluence_sync.events import RunFinished
from confluence_sync.models import Outcome, Reason, RunId


@pytest.fixture
async def mapped(world):
    docs = world.space(pages=4)
    await world.connect()
    await world.map(docs)
    return world


async def test_runs_the_last_first(mapped):
    """As many as were asked for."""
    reports = [await mapped.run() for _ in range(3)]
    runs = await mapped.sync.runs(ACME)
    assert [run.run_id for run in runs] == [report.run_id for report in reversed(reports)]
    assert len(await mapped.sync.runs(ACME, limit=2)) == 2
    assert runs[0].counts.unchanged == 5


async def test_opened_run_shows_failed_pages_first(mapped):
    """Title, what and why, the kind of the failure and the provider's own words."""
    page = mapped.site.page("DOCS 2")
    page.edit('<p><ac:structured-macro ac:name="unheard-of"/></p>')
    failing = mapped.site.page("DOCS 3")
    mapped.site.fail(page_id=failing.id, status=500, body='{"message": "Rendering failed"}', times=None)
    report = await mapped.run()
    detail = await mapped.sync.run(ACME, report.run_id)
    assert detail.record.outcome is Outcome.PARTIAL
    first, *others = detail.pages
    assert (first.title, first.what, first.kind) == ("DOCS 3", "failed", ErrorKind.SERVER_ERROR)
    assert "Rendering failed" in first.message
    assert {(page.what, page.why) for page in others} == {("written", Reason.NEW)}
    assert [w.name for page in others for w in page.warnings] == ["unheard-of"]
    assert detail.pages[1].path == "Docs/Docs Home.md"
    assert not detail.truncated


async def test_opened_run_shows_all_that_can_happen_to_a_page(mapped):
    """Moved, deleted, kept as a copy; and what is wrong with spaces."""
    await mapped.run()
    vfs = mapped.vfs(await mapped.sync.connection(ACME))
    moved = mapped.site.page("DOCS 1")
    moved.move(parent=mapped.site.page("DOCS 0"))
    mapped.site.page("DOCS 2").trash()
    edited = next(path for path in await mapped.paths() if path.endswith("DOCS 3.md"))
    await vfs.write(edited, b"edited by hand", {})
    mapped.site.page("DOCS 3").edit("<p>And remotely</p>")
    report = await mapped.run()
    detail = await mapped.sync.run(ACME, report.run_id)
    assert sorted((page.what, page.title) for page in detail.pages) == [
        ("deleted", "DOCS 2"),
        ("kept", ""),
        ("moved", "DOCS 1"),
        ("written", "DOCS 3"),
    ]
    mapped.site.space("DOCS").restrict()
    failed = await mapped.run()
    detail = await mapped.sync.run(ACME, failed.run_id)
    assert [problem.kind for problem in detail.problems] == [ErrorKind.NOT_FOUND]


async def test_long_runs_are_cut(mapped):
    """A host asks for as many pages as it shows."""
    report = await mapped.run()
    detail = await mapped.sync.run(ACME, report.run_id, limit=2)
    assert (len(detail.pages), detail.truncated) == (2, True)


async def test_run_of_somebody_else(mapped):
    """It is as if it were not there."""
    with pytest.raises(ConfigurationError, match="has no run 'nothing'"):
        await mapped.sync.run(ACME, RunId("nothing"))


async def test_old_runs_are_deleted(mapped):
    """Both their log and their place in the list; the last one stays in the list."""
    old = await mapped.run()
    mapped.later(days=40)
    new = await mapped.run()
    mapped.later(days=1)
    assert await mapped.sync.delete_old_runs(new.started_at) > 0
    assert [run.run_id for run in await mapped.sync.runs(ACME)] == [new.run_id]
    assert len((await mapped.sync.run(ACME, new.run_id)).pages) == 0
    with pytest.raises(ConfigurationError, match="deleted as too old"):
        await mapped.sync.run(ACME, old.run_id)


async def test_log_of_the_hosts_own(mapped, tmp_path):
    """Any log that can be read back will do, with or without other sinks."""
    async with SQLiteDatabase(tmp_path / "log.db") as database:
        mapped.sync = mapped.process(log=database.log, sinks=[])
        report = await mapped.run()
        assert len((await mapped.sync.run(ACME, report.run_id)).pages) == 5
    assert not any(name.startswith("log/") for name in mapped.state._collections)


async def test_sink_that_fails_changes_nothing(mapped):
    """The run goes on, and the other sinks and the log have everything."""

    class Broken(MemoryLogSink):
        async def emit(self, event):
            raise ConnectionError("the queue is away")

    mapped.sync = mapped.process(sinks=[Broken(), mapped.sink])
    report = await mapped.run()
    assert report.outcome is Outcome.SUCCEEDED
    assert len(mapped.told(RunFinished)) == 1
    assert len((await mapped.sync.run(ACME, report.run_id)).pages) == 5


async def test_held_deletions(mapped):
    """They wait for somebody to confirm them, in the name of the workspace."""
    docs = mapped.site.space("DOCS")
    for number in range(20):
        docs.page(f"More {number}")
    await mapped.run()
    for number in range(15):
        mapped.site.page(f"More {number}").trash()
    report = await mapped.run()
    detail = await mapped.sync.run(ACME, report.run_id)
    assert [problem.deletions for problem in detail.problems] == [15]
    (held,) = await mapped.sync.held_deletions(ACME)
    await mapped.sync.confirm_deletions(ACME, held.space_id, held.token)
    assert (await mapped.run()).counts.deleted == 15


async def test_preview(mapped):
    """The dry run."""
    preview = await mapped.sync.preview(ACME)
    assert len(preview.plans[0].writes) == 5
    assert await mapped.paths() == []
