"""The scheduler and the facade together: a site, two workspaces, hours that pass in no time."""

from __future__ import annotations

import asyncio

import httpx
import pytest

from confluence_sync.adapters import MemoryStateStore, MemoryTokenStore, MemoryVFS
from confluence_sync.client import SiteApiToken
from confluence_sync.models import ConnectionStatus, RunMode, SpaceMapping, Trigger, WorkspaceId
from confluence_sync.scheduler import Scheduler
from confluence_sync.sync import ConfluenceSync
from confluence_sync.testing import FakeSite, ManualClock

ONE, TWO = WorkspaceId("one"), WorkspaceId("two")
HOUR = 3600


class World:
    def __init__(self, http, clock, site):
        self.clock, self.site = clock, site
        self.folders = {}
        self.sync = ConfluenceSync(
            state=MemoryStateStore(clock),
            tokens=MemoryTokenStore(),
            vfs=lambda connection: self.folders.setdefault(connection.workspace, MemoryVFS()),
            http=http,
            clock=clock,
        )
        self.scheduler = Scheduler(self.sync, clock=clock)

    async def connect(self, workspace):
        await self.sync.connect_with_api_token(workspace, SiteApiToken(self.site.url, "reader@example.com", "token"))
        await self.sync.save_mappings(workspace, [SpaceMapping(space_id=space.id) for space in self.site.spaces])
        await self.sync.set_schedule(workspace, HOUR)

    async def pass_time(self, seconds):
        """Let the time pass minute by minute; what begins in one ends in it, unless it waits for the clock."""
        for _ in range(seconds // 60):
            self.clock.advance(60)
            for _ in range(20):
                await asyncio.sleep(0)
            for _ in range(50):
                if not self.scheduler.running:
                    break
                await asyncio.sleep(0.001)  # pages are converted in threads, which take real time

    async def modes(self, workspace):
        return [(run.trigger, run.mode) for run in await self.sync.runs(workspace)]

    def files(self, workspace):
        return self.folders[workspace].documents


@pytest.fixture
def clock():
    return ManualClock(sleepers_wait=True)


@pytest.fixture
def site(clock):
    site = FakeSite(clock=clock)
    site.space("DOCS", name="Docs").page("Runbook", storage="<p>First</p>")
    return site


@pytest.fixture
async def world(clock, site):
    async with httpx.AsyncClient(transport=site.transport()) as http:
        world = World(http, clock, site)
        async with world.scheduler:
            yield world


async def test_a_new_connection_is_synced_and_kept_in_step(world, site):
    """Once an hour; an edit is in the file after the next run."""
    await world.connect(ONE)
    await world.pass_time(HOUR)
    assert await world.modes(ONE) == [(Trigger.SCHEDULED, RunMode.INCREMENTAL)]
    site.page("Runbook").edit("<p>Second</p>")
    await world.pass_time(HOUR)
    assert len(await world.modes(ONE)) == 2
    assert b"Second" in world.files(ONE)["Docs/Runbook.md"]


async def test_a_disabled_connection_does_not_run(world):
    """It goes on where it was when it is enabled again; the other one does not care."""
    await world.connect(ONE)
    await world.connect(TWO)
    await world.sync.disable(ONE)
    await world.pass_time(2 * HOUR)
    assert await world.modes(ONE) == []
    assert len(await world.modes(TWO)) == 2
    await world.sync.enable(ONE)
    await world.pass_time(HOUR)
    assert len(await world.modes(ONE)) >= 1


async def test_lost_access_stops_the_runs(world, site):
    """The connection waits for its user, its files stay, and nobody asks Atlassian again."""
    await world.connect(ONE)
    await world.pass_time(HOUR)
    site.require(email="reader@example.com", token="another", refuse=True)
    await world.pass_time(HOUR)
    connection = await world.sync.connection(ONE)
    assert connection.status is ConnectionStatus.REAUTHORIZATION_REQUIRED
    site.reset_log()
    await world.pass_time(5 * HOUR)
    assert site.requests == []
    assert "Docs/Runbook.md" in world.files(ONE)


async def test_a_site_that_is_down_is_asked_ever_less_often(world, site):
    """And in step again soon after it is back."""
    await world.connect(ONE)
    site.fail(status=503, times=None)
    await world.pass_time(16 * HOUR)
    failed = len(await world.modes(ONE))
    assert 3 <= failed <= 6
    site.heal()
    await world.sync.set_schedule(ONE, HOUR)
    await world.pass_time(HOUR)
    assert "Docs/Runbook.md" in world.files(ONE)


async def test_a_paused_run_goes_on_when_it_may(world, site):
    """At the full hour that brings new points, not at the next turn of the schedule."""
    await world.connect(ONE)
    await world.sync.set_schedule(ONE, 24 * HOUR)
    site.limit_points(1)
    await world.pass_time(24 * HOUR)
    [paused] = [run for run in await world.sync.runs(ONE) if run.resume_at is not None][-1:]
    assert paused.resume_at.minute == 0
    site.limit_points(1_000)
    await world.pass_time(2 * HOUR)
    assert "Docs/Runbook.md" in world.files(ONE)
