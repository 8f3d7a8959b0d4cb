"""Runs that are due: when, by whom, and how often after failures and pauses."""

import asyncio
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sync_world import ACME

from confluence_sync.connections import Cadence, Schedule, ScheduleRegistry
from confluence_sync.errors import ConfigurationError, StorageError
from confluence_sync.models import ConnectionId, Outcome, RunMode, Trigger, WorkspaceId
from confluence_sync.protocols import Put

TIMES = st.integers(0, 4_000_000_000).map(lambda seconds: datetime.fromtimestamp(seconds / 1.7, UTC))
CONNECTIONS = st.text(min_size=1).map(ConnectionId)


@given(CONNECTIONS, st.floats(60, 40 * 86400), TIMES)
def test_cadence_is_even_and_leaves_the_full_hour_alone(connection_id, every, at):
    """Times are later than what they follow, never in the first minutes of an hour, and the period apart on average."""
    cadence = Cadence(connection_id, every)
    times = [cadence.next_after(at)]
    for _ in range(5):
        times.append(cadence.next_after(times[-1]))
    assert at < times[0]
    assert all(time.minute >= 5 or (time.minute, time.second) == (4, 59) for time in times)
    for earlier, later in pairwise(times):
        assert every * 0.9 - 301 <= (later - earlier).total_seconds() <= every + 301


@given(CONNECTIONS, TIMES)
def test_cadence_of_hours_is_exact(connection_id, at):
    """At the same minute each hour, from any time and in any process."""
    cadence = Cadence(connection_id, 3600)
    first = cadence.next_after(at)
    assert abs((cadence.next_after(first) - first).total_seconds() - 3600) < 0.001
    assert abs(cadence.next_after(first - timedelta(seconds=1)) - first) < timedelta(milliseconds=1)


def test_connections_are_spread_over_the_hour():
    """A thousand hourly connections do not come at once: no minute has more than three times its share."""
    at = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
    minutes = [Cadence(ConnectionId(f"c{n}"), 3600).next_after(at).minute for n in range(1000)]
    assert set(minutes) == set(range(5, 60))
    assert max(map(minutes.count, minutes)) < 3 * 1000 / 55


@pytest.fixture
async def scheduled(world):
    """A connection that is synced every hour."""
    docs = world.space()
    await world.connect()
    await world.map(docs)
    await world.sync.set_schedule(ACME, 3600)
    return world


async def next_run(world):
    """Turn the clock to the next time, and run what is due."""
    at = await world.sync.next_due()
    world.clock.advance(max(0.0, (at - world.clock.now()).total_seconds()))
    return await world.sync.run_due(ACME)


async def test_due_and_run(scheduled):
    """Nothing is due before its time, and nothing twice."""
    assert await scheduled.sync.due() == []
    assert await scheduled.sync.run_due(ACME) is None
    at = await scheduled.sync.next_due()
    assert timedelta() < at - scheduled.clock.now() < timedelta(minutes=61)
    assert await scheduled.sync.due(at) == [(ACME, at)]
    report = await next_run(scheduled)
    assert report.outcome is Outcome.SUCCEEDED
    (record,) = await scheduled.sync.runs(ACME)
    assert (record.trigger, record.mode) == (Trigger.SCHEDULED, RunMode.INCREMENTAL)
    assert await scheduled.sync.run_due(ACME) is None
    assert await scheduled.sync.next_due() == pytest.approx(at + timedelta(hours=1), abs=timedelta(seconds=1))


async def test_missed_times_are_made_up_for_once(scheduled):
    """After a weekend there is one run, not sixty."""
    scheduled.later(days=2)
    assert (await scheduled.sync.run_due(ACME)).outcome is Outcome.SUCCEEDED
    assert await scheduled.sync.due() == []


async def test_many_ask_and_one_runs(scheduled):
    """However many processes look at the same time."""
    scheduled.later(hours=2)
    reports = await asyncio.gather(*(scheduled.process().run_due(ACME) for _ in range(8)))
    assert len([report for report in reports if report is not None]) == 1
    assert len(await scheduled.sync.runs(ACME)) == 1


async def test_run_by_hand_is_in_the_way(scheduled):
    """What is due is left out, not waited for."""
    scheduled.later(hours=2)
    async with scheduled.sync.sync_now(ACME):
        assert await scheduled.sync.run_due(ACME) is None
    assert await scheduled.sync.due() == []


async def test_failing_runs_come_ever_less_often(scheduled):
    """Twice as long each time, up to a day; one that works sets that back."""
    scheduled.site.fail("/spaces", status=500, times=None)
    gaps = []
    for _ in range(8):
        before = await scheduled.sync.next_due()
        assert (await next_run(scheduled)).outcome is Outcome.FAILED
        gaps.append(round(((await scheduled.sync.next_due()) - before) / timedelta(hours=1)))
    assert gaps == [1, 2, 4, 8, 16, 24, 24, 24]
    scheduled.site.heal()
    before = await scheduled.sync.next_due()
    assert (await next_run(scheduled)).outcome is Outcome.SUCCEEDED
    assert round(((await scheduled.sync.next_due()) - before) / timedelta(hours=1)) == 1


async def test_run_that_cannot_even_begin(scheduled):
    """The error is raised, and counts as a failure: nobody tries the same again at once."""

    def broken(_):
        raise StorageError("the disk is away")

    scheduled.later(hours=2)
    sync = scheduled.process(vfs=broken)
    for _ in range(2):
        at = await sync.next_due()
        scheduled.clock.advance(max(0.0, (at - scheduled.clock.now()).total_seconds()))
        with pytest.raises(StorageError):
            await sync.run_due(ACME)
        assert await sync.due() == []
    assert await sync.next_due() - scheduled.clock.now() > timedelta(minutes=100)


async def test_paused_run_goes_on_when_it_may(scheduled):
    """Not before its time, and then at once."""
    scheduled.use_up_quota(minutes=20)
    report = await next_run(scheduled)
    assert report.outcome is Outcome.PAUSED
    assert await scheduled.sync.next_due() == report.resume_at
    scheduled.site.heal()
    assert (await next_run(scheduled)).outcome is Outcome.SUCCEEDED


async def test_paused_run_by_hand_goes_on_without_a_schedule(world):
    """Somebody asked for it, and the quota is no reason to forget that."""
    docs = world.space()
    await world.connect()
    await world.map(docs)
    world.use_up_quota()
    paused = await world.run()
    assert await world.sync.next_due() == paused.resume_at
    world.site.heal()
    assert (await next_run(world)).outcome is Outcome.SUCCEEDED
    assert await world.sync.next_due() is None


async def test_run_that_was_cut_short_is_due_again_at_once(scheduled):
    """A process that is stopped in the middle of a run leaves the turn to the next one."""
    scheduled.later(hours=2)
    writing = asyncio.Event()
    vfs = scheduled.vfs(await scheduled.sync.connection(ACME))

    async def write(path, data, metadata):
        writing.set()
        await asyncio.Event().wait()

    write, vfs.write = vfs.write, write
    run = asyncio.create_task(scheduled.sync.run_due(ACME))
    await writing.wait()
    run.cancel()
    with pytest.raises(asyncio.CancelledError):
        await run
    vfs.write = write
    assert len(await scheduled.sync.due()) == 1
    assert (await scheduled.sync.run_due(ACME)).outcome is Outcome.SUCCEEDED
    assert await scheduled.sync.due() == []


async def test_resumed_by_hand(scheduled):
    """A paused run goes on at once if somebody asks for it; there has to be one."""
    with pytest.raises(ConfigurationError, match="no paused run"):
        async with scheduled.sync.resume(ACME):
            pass
    scheduled.use_up_quota()
    assert (await scheduled.run(RunMode.REBUILD)).outcome is Outcome.PAUSED
    scheduled.site.heal()
    async with scheduled.sync.resume(ACME) as run:
        report = await run.wait()
    assert report.outcome is Outcome.SUCCEEDED
    assert (await scheduled.sync.runs(ACME))[0].mode is RunMode.REBUILD


async def test_schedule_is_taken_away(scheduled):
    """Runs by hand only."""
    await scheduled.sync.set_schedule(ACME, None)
    assert await scheduled.sync.next_due() is None
    assert (await scheduled.sync.connection(ACME)).sync_every is None


@pytest.mark.parametrize("every", [0, 59.9, -3600, float("nan"), 1e10, float("inf")])
async def test_schedule_that_is_none(scheduled, every):
    """The message says what is short and long enough; the schedule stays as it was."""
    with pytest.raises(ConfigurationError, match="at least 60 and at most 31622400"):
        await scheduled.sync.set_schedule(ACME, every)
    assert (await scheduled.sync.connection(ACME)).sync_every == 3600


async def test_disabled_connections_are_never_due(scheduled):
    """Until they are enabled; what was missed is then made up for."""
    await scheduled.sync.disable(ACME)
    scheduled.later(days=1)
    assert await scheduled.sync.due() == []
    assert await scheduled.sync.next_due() is None
    assert await scheduled.sync.run_due(ACME) is None
    await scheduled.sync.enable(ACME)
    assert len(await scheduled.sync.due()) == 1


class Interrupted:
    """A state store of a process to which something happens, once it has looked for its mappings."""

    def __init__(self, state, deed):
        self.state, self.deed = state, deed

    def __getattr__(self, name):
        return getattr(self.state, name)

    async def load(self, collection, key):
        document = await self.state.load(collection, key)
        if collection == "mappings" and (deed := self.deed):
            self.deed = None
            await deed()
        return document


async def test_disabled_just_before_it_runs(scheduled):
    """The turn was taken, and it is no failure that nothing runs."""
    process = scheduled.process(state=Interrupted(scheduled.state, lambda: scheduled.sync.disable(ACME)))
    scheduled.later(hours=2)
    assert await process.run_due(ACME) is None
    assert await scheduled.sync.runs(ACME) == []


async def test_process_that_dies_before_it_goes_on_with_a_paused_run(world):
    """Without a cadence there is no next turn, so another process tries in an hour."""

    async def die():
        raise asyncio.CancelledError

    docs = world.space()
    await world.connect()
    await world.map(docs)
    world.use_up_quota(minutes=20)
    await world.run()
    world.later(minutes=21)
    with pytest.raises(asyncio.CancelledError):
        await world.process(state=Interrupted(world.state, die)).run_due(ACME)
    assert await world.sync.next_due() == world.clock.now() + timedelta(hours=1)


async def test_run_by_hand_that_fails(scheduled):
    """It has nothing to do with the schedule."""
    before = await scheduled.sync.next_due()
    scheduled.site.fail("/spaces", status=500, times=None)
    for _ in range(3):
        assert (await scheduled.run()).outcome is Outcome.FAILED
    assert await scheduled.sync.next_due() == before


async def test_schedule_of_an_earlier_connection(world):
    """It means nothing to the one that the workspace has now."""
    connection = await world.connect()
    before = ConnectionId("before")
    earlier = Schedule(connection_id=before, next_at=world.clock.now())
    await ScheduleRegistry(world.state).put(attrs.evolve(connection, id=before), earlier)
    assert (await ScheduleRegistry(world.state).get(connection)).next_at is None
    assert await world.sync.next_due() is None


async def test_deleted_just_before_it_runs(scheduled):
    """Nothing is left of it, not even the time of its next run."""
    process = scheduled.process(state=Interrupted(scheduled.state, lambda: scheduled.sync.delete(ACME)))
    scheduled.later(hours=2)
    assert await process.run_due(ACME) is None
    assert scheduled.kept() == {}


@pytest.mark.parametrize("collection", ["connections", "schedules"])
async def test_workspace_of_a_newer_version(scheduled, caplog, collection):
    """What this version cannot read is logged, and stands in nobody's way."""
    await scheduled.state.apply([Put(collection, "beta", b'{"version": 99}')])
    scheduled.later(hours=2)
    assert [workspace for workspace, _ in await scheduled.sync.due()] == [ACME]
    assert await scheduled.sync.next_due() is not None
    assert [connection.workspace for connection in await scheduled.sync.connections()] == [ACME]
    assert "workspace 'beta' is left out" in caplog.text


async def test_nothing_mapped_nothing_run(world):
    """It is due, and there is nothing to do."""
    await world.connect()
    await world.sync.set_schedule(ACME, 3600)
    world.later(hours=2)
    assert await world.sync.run_due(ACME) is None
    assert await world.sync.due() == []
    assert await world.sync.run_due(WorkspaceId("nobody")) is None


async def test_those_who_wait_longest_come_first(world):
    """Of several connections that are due."""
    for name in ("a", "b", "c"):
        await world.connect_by_token(WorkspaceId(name))
        await world.sync.set_schedule(WorkspaceId(name), 3600)
    world.later(hours=3)
    due = await world.sync.due()
    assert len(due) == 3
    assert [at for _, at in due] == sorted(at for _, at in due)


async def test_somebody_waits_for_news(world):
    """A scheduler learns of changes at once."""
    waiting = asyncio.create_task(world.sync.changed())
    await asyncio.sleep(0)
    await world.connect_by_token()
    await waiting
