"""Disable, enable, delete, and the host's feature flag: also in the middle of a run, and from another process."""

import asyncio

import pytest
from sync_world import ACME, SESSION

from confluence_sync.client import SiteApiToken
from confluence_sync.engine import ConnectionMemory, EngineOptions
from confluence_sync.errors import ConfigurationError, ConnectionStateError, NotEnabledError, RunInProgressError
from confluence_sync.events import PageWritten, RunFinished, SpacePlanned
from confluence_sync.models import Outcome, SpaceId, WorkspaceId


@pytest.fixture
async def running(world):
    """A connection whose first run takes many steps, once `run_until` is called."""
    world.options = EngineOptions(step_writes=2)
    world.sync = world.process()
    docs = world.space(pages=20)
    await world.connect()
    await world.map(docs)

    async def run_with(switch):
        written = 0
        async with world.sync.sync_now(ACME) as run:
            async for event in run:
                if isinstance(event, SpacePlanned):
                    await switch()
                written += isinstance(event, PageWritten)
        return run.report, written

    world.run_with = run_with
    return world


async def test_disabled_connection(world):
    """Nothing runs, everything stays, and it is as it was when it is enabled again."""
    docs = world.space()
    before = await world.connect()
    await world.map(docs)
    assert (await world.sync.disable(ACME)).status.value == "disabled"
    assert await world.sync.disable(ACME) == await world.sync.connection(ACME)
    for call in (world.run(), world.sync.preview(ACME), world.sync.spaces(ACME)):
        with pytest.raises(ConnectionStateError, match="disabled: enable it first"):
            await call
    assert await world.sync.enable(ACME) == before
    assert await world.sync.enable(ACME) == before
    assert (await world.run()).outcome is Outcome.SUCCEEDED


async def test_connection_without_a_site_is_no_connection_yet(world):
    """It cannot run, and there is nothing to pause."""
    await world.consent(await world.sync.authorize(ACME, session=SESSION))
    calls = (
        world.run(),
        world.sync.disable(ACME),
        world.sync.enable(ACME),
        world.sync.reauthorize(ACME, session=SESSION),
        world.sync.save_mappings(ACME, []),
    )
    for call in calls:
        with pytest.raises(ConnectionStateError, match="choose a site first"):
            await call


@pytest.mark.parametrize("switch", ["disable", "delete"])
async def test_run_of_another_process_ends_at_its_next_step(running, switch):
    """What was written stays, and nothing of a deleted connection is left but its files."""

    async def elsewhere():
        await getattr(running.process(), switch)(ACME)

    connection = await running.sync.connection(ACME)
    report, written = await running.run_with(elsewhere)
    assert report.outcome is Outcome.CANCELLED
    assert f"the connection was {switch}d" in report.message
    assert written < 21
    assert len(running.vfs(connection).documents) == written
    if switch == "delete":
        assert running.kept() == {}
        assert running.tokens._secrets == {}
    else:
        await running.sync.enable(ACME)
        assert (await running.run()).outcome is Outcome.SUCCEEDED


@pytest.mark.parametrize("switch", ["disable", "delete"])
async def test_run_of_this_process_ends_at_once(running, switch):
    """It is cancelled, and over when the call returns."""
    report, _ = await running.run_with(lambda: getattr(running.sync, switch)(ACME))
    assert report.outcome is Outcome.CANCELLED
    if switch == "delete":
        assert running.kept() == {}


async def test_feature_switched_off_in_the_middle_of_a_run(running):
    """The run ends in good order, and goes on from there once the feature is on again."""

    async def switch():
        running.off.add(ACME)

    report, written = await running.run_with(switch)
    assert report.outcome is Outcome.CANCELLED
    assert report.message == "the feature was switched off for the workspace"
    assert written < 21
    (last,) = running.told(RunFinished)
    assert last.message == report.message
    with pytest.raises(NotEnabledError, match="not enabled for workspace 'acme'"):
        await running.run()
    running.off.clear()
    assert (await running.run()).outcome is Outcome.SUCCEEDED
    assert len(await running.paths()) == 21


async def test_feature_that_is_off(world):
    """Nothing is read and nothing runs; what is there can be looked at, disabled and deleted."""
    docs = world.space()
    await world.connect()
    await world.map(docs)
    await world.sync.set_schedule(ACME, 3600)
    report = await world.run()
    pending = await world.sync.authorize(WorkspaceId("other"), session=SESSION)
    world.off |= {ACME, WorkspaceId("other")}
    world.site.reset_log()
    token = SiteApiToken(world.site.url, "reader@example.com", "t")
    calls = (
        world.sync.authorize(ACME, session=SESSION),
        world.sync.reauthorize(ACME, session=SESSION),
        world.sync.choose_site(ACME, "1"),
        world.sync.sites(ACME),
        world.sync.connect_with_api_token(ACME, token),
        world.sync.replace_api_token(ACME, token),
        world.sync.enable(ACME),
        world.sync.spaces(ACME),
        world.sync.save_mappings(ACME, []),
        world.sync.preview(ACME),
        world.sync.set_schedule(ACME, None),
        world.sync.confirm_deletions(ACME, SpaceId("1"), "token"),
        world.run(),
    )
    for call in calls:
        with pytest.raises(NotEnabledError):
            await call
    with pytest.raises(NotEnabledError):
        await world.consent(pending)
    world.later(days=1)
    assert await world.sync.due() == []
    assert await world.sync.next_due() is None
    assert await world.sync.run_due(ACME) is None
    assert len(await world.sync.mappings(ACME)) == 1
    assert len((await world.sync.run(ACME, report.run_id)).pages) == 3
    await world.sync.disable(ACME)
    await world.sync.delete(ACME)
    assert world.site.requests == []


async def test_feature_flag_may_be_a_plain_function(world):
    """It need not be a coroutine."""
    sync = world.process(enabled=lambda workspace: workspace == "beta")
    with pytest.raises(NotEnabledError):
        await sync.authorize(ACME, session=SESSION)
    assert await sync.authorize(WorkspaceId("beta"), session=SESSION)


@pytest.mark.parametrize(("way", "step"), [("connect", "profile/apps"), ("connect_by_token", "security/api-tokens")])
async def test_deleted(world, way, step):
    """Secret, mappings, schedule and memory are gone, files stay, and the user learns what is left to do."""
    docs, team = world.space("DOCS"), world.space("TEAM")
    connection = await getattr(world, way)()
    await world.map(docs, team, folder="wiki")
    await world.sync.set_schedule(ACME, 3600)
    await world.run()
    await world.map(docs, folder="wiki")
    await world.run()
    world.site.fail(status=503, times=None)
    disconnected = await world.sync.delete(ACME)
    assert disconnected.folders == ("wiki/Docs",)
    assert step in disconnected.steps[0]
    assert world.kept() == {}
    assert world.tokens._secrets == {}
    assert len(world.vfs(connection).documents) == 6
    assert await world.sync.connection(ACME) is None
    with pytest.raises(ConnectionStateError, match="no connection"):
        await world.sync.delete(ACME)


async def test_connected_again_after_deletion(world):
    """It is another connection, to which the files of the first are somebody else's."""
    docs = world.space()
    await world.connect()
    await world.map(docs)
    await world.run()
    await world.sync.delete(ACME)
    await world.connect()
    assert await world.sync.mappings(ACME) == ()
    assert await world.sync.runs(ACME) == []


async def test_deletion_that_was_interrupted_is_done_again(world, monkeypatch):
    """The secret goes first and the connection last, so that nothing is left that nobody knows of."""
    await world.connect()
    forget = ConnectionMemory.forget

    async def killed(_):
        raise asyncio.CancelledError

    monkeypatch.setattr("confluence_sync.engine.ConnectionMemory.forget", killed)
    with pytest.raises(asyncio.CancelledError):
        await world.sync.delete(ACME)
    assert world.tokens._secrets == {}
    assert await world.status() == "disabled"
    monkeypatch.setattr("confluence_sync.engine.ConnectionMemory.forget", forget)
    await world.sync.delete(ACME)
    assert world.kept() == {}


async def test_one_run_at_a_time(world):
    """A second one is refused, whatever process asks."""
    docs = world.space()
    await world.connect()
    await world.map(docs)
    async with world.sync.sync_now(ACME):
        with pytest.raises(RunInProgressError):
            async with world.process().sync_now(ACME):
                pass


async def test_left_early(world):
    """Leaving the block cancels the run, which the list of runs says."""
    docs = world.space()
    await world.connect()
    await world.map(docs)
    async with world.sync.sync_now(ACME):
        pass
    (record,) = await world.sync.runs(ACME)
    assert record.outcome is Outcome.CANCELLED


@pytest.mark.parametrize("workspace", ["", "w" * 257, "nul\0", "line\n", "surrogate \ud800"])
@pytest.mark.parametrize("call", ["connect_by_token", "connection", "run_due", "delete"])
async def test_names_of_workspaces(world, workspace, call):
    """A workspace has a name that every store takes, whatever is asked of it."""
    with pytest.raises(ConfigurationError, match="1 to 256 characters"):
        await getattr(world if call == "connect_by_token" else world.sync, call)(WorkspaceId(workspace))


async def test_odd_name_of_a_workspace(world):
    """What looks like a path, a query or a number of bytes is a name like any other."""
    for workspace in map(WorkspaceId, ["../a", "a/b", "a b", "%s {0}", "\U0001f600" * 256]):
        assert (await world.connect_by_token(workspace)).workspace == workspace
        await world.sync.delete(workspace)


async def test_workspaces_do_not_know_each_other(world):
    """Each has its own site, files, mappings and runs."""
    docs = world.space()
    await world.connect()
    await world.map(docs)
    await world.run()
    beta = WorkspaceId("beta")
    await world.consent(await world.sync.authorize(beta, session=SESSION))
    await world.sync.choose_site(beta, world.other.settings.cloud_id)
    assert await world.sync.mappings(beta) == ()
    assert await world.sync.runs(beta) == []
    assert [c.site_name for c in await world.sync.connections()] == ["Docs", "Archive"]
    await world.sync.delete(ACME)
    assert await world.status(beta) == "active"
