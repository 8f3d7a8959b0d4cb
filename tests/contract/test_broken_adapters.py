"""The contracts catch adapters that break a promise."""

import asyncio
from contextlib import asynccontextmanager, suppress

import pytest

from confluence_sync.adapters import (
    MemoryLogSink,
    MemoryPointsLedger,
    MemoryStateStore,
    MemoryTokenStore,
    MemoryVFS,
)
from confluence_sync.errors import StorageError
from confluence_sync.protocols import Clear, Put
from confluence_sync.testing import (
    LogSinkContract,
    ManualClock,
    PointsLedgerContract,
    StateStoreContract,
    TokenStoreContract,
    VFSContract,
)

BROKEN = (AssertionError, pytest.fail.Exception)


class WritesInTwoSteps(MemoryVFS):
    async def write(self, path, data, metadata):
        await super().write(path, data[: len(data) // 2], metadata)
        await asyncio.sleep(0)
        await super().write(path, data, metadata)


class MovesInTwoSteps(MemoryVFS):
    async def move(self, source, target):
        data = await self.read(source)
        await self.delete(source)
        await asyncio.sleep(0)
        await self.write(target, data, {})


class Breakable(MemoryVFS):
    broken = False

    async def write(self, path, data, metadata):
        if self.broken:
            raise StorageError("no space left")
        await super().write(path, data, metadata)


class SwallowsErrors(Breakable):
    async def write(self, path, data, metadata):
        with suppress(StorageError):
            await super().write(path, data, metadata)


class ScansAsWritten(MemoryVFS):
    async def scan(self, prefix=""):
        for path in list(self.documents):
            if path.startswith(prefix) and (entry := await self.stat(path)):
                yield entry


class TakesAnyPath(MemoryVFS):
    async def write(self, path, data, metadata):
        self.documents[path] = data


class KeepsTheTail(MemoryVFS):
    async def write(self, path, data, metadata):
        await super().write(path, data + self.documents.get(path, b"")[len(data) :], metadata)


class MovesFolders(MemoryVFS):
    async def delete(self, path):
        for name in [name for name in self.documents if name == path or name.startswith(f"{path}/")]:
            await super().delete(name)


@pytest.mark.parametrize(
    ("broken", "test"),
    [
        (WritesInTwoSteps, "test_readers_see_whole_documents"),
        (WritesInTwoSteps, "test_a_cancelled_write_is_done_or_not"),
        (MovesInTwoSteps, "test_a_moving_document_is_never_gone"),
        (SwallowsErrors, "test_a_failure_is_told"),
        (ScansAsWritten, "test_a_scan_is_in_code_point_order"),
        (ScansAsWritten, "test_a_prefix_is_a_folder"),
        (KeepsTheTail, "test_a_document_is_replaced_whole"),
        (MovesFolders, "test_there_are_no_folders"),
    ],
)
async def test_a_broken_vfs_is_caught(broken, test):
    """Each broken VFS fails the test of the promise that it breaks."""

    class Contract(VFSContract):
        async def break_writes(self, vfs):
            vfs.broken = True

    await getattr(Contract(), test)(Breakable())
    with pytest.raises(BROKEN):
        await getattr(Contract(), test)(broken())


async def test_a_vfs_that_takes_any_path_is_caught():
    """A path that leads out of the folder is refused, not written."""
    with pytest.raises(BROKEN, match="InvalidPathError"):
        await VFSContract().test_an_invalid_path_is_refused(TakesAnyPath(), "../a.md")


class NeverLocks(MemoryTokenStore):
    @asynccontextmanager
    async def lock(self, connection_id):
        yield


class LocksForEver(MemoryTokenStore):
    @asynccontextmanager
    async def lock(self, connection_id):
        await self._locks[connection_id].acquire()
        yield
        self._locks[connection_id].release()


class TakesEmptyForNone(MemoryTokenStore):
    async def load(self, connection_id):
        return await super().load(connection_id) or None


class IgnoresCase(MemoryTokenStore):
    async def save(self, connection_id, secret):
        await super().save(connection_id.lower(), secret)


@pytest.mark.parametrize(
    ("broken", "test", "arguments"),
    [
        (NeverLocks, "test_the_lock_excludes_tasks", ()),
        (NeverLocks, "test_a_cancelled_waiter_leaves_the_lock_alone", ()),
        (TakesEmptyForNone, "test_a_secret_comes_back", (b"",)),
        (IgnoresCase, "test_connections_do_not_mix", ()),
    ],
)
async def test_a_broken_token_store_is_caught(broken, test, arguments):
    """Each broken token store fails the test of the promise that it breaks."""
    await getattr(TokenStoreContract(), test)(MemoryTokenStore(), *arguments)
    with pytest.raises(BROKEN):
        await getattr(TokenStoreContract(), test)(broken(), *arguments)


class Forgets(MemoryLogSink):
    async def emit(self, event):
        if event.seq % 5:
            await super().emit(event)


class Reverses(MemoryLogSink):
    async def emit(self, event):
        self.events.insert(0, event)


@pytest.mark.parametrize("broken", [Forgets, Reverses])
async def test_a_broken_log_sink_is_caught(broken):
    """A sink that loses events or their order is found out."""

    class Contract(LogSinkContract):
        async def recorded(self, log_sink, run_id):
            return [event for event in log_sink.events if event.run_id == run_id]

    await Contract().test_nothing_is_lost_or_changed(MemoryLogSink())
    with pytest.raises(BROKEN):
        await Contract().test_nothing_is_lost_or_changed(broken())


class AppliesOneByOne(MemoryStateStore):
    async def apply(self, changes):
        for change in changes:
            await super().apply([change])
            await asyncio.sleep(0)


class StopsHalfway(MemoryStateStore):
    async def apply(self, changes):
        for change in changes:
            if isinstance(change, Put) and not isinstance(change.data, bytes):
                raise StorageError("not bytes")
            await super().apply([change])


class ClearsLast(MemoryStateStore):
    async def apply(self, changes):
        await super().apply(sorted(changes, key=lambda change: isinstance(change, Clear)))


class ScansAsPut(MemoryStateStore):
    async def scan(self, collection):
        for item in list(self._collections[collection].items()):
            yield item


class LeasesToAll(MemoryStateStore):
    async def acquire_lease(self, name, holder, *, seconds):
        return True


class LeasesForEver(MemoryStateStore):
    async def acquire_lease(self, name, holder, *, seconds):
        return await super().acquire_lease(name, holder, seconds=1_000_000)


class TakesBackFromAnybody(MemoryStateStore):
    async def release_lease(self, name, holder):
        self._leases.pop(name, None)


@pytest.mark.parametrize(
    ("broken", "test"),
    [
        (AppliesOneByOne, "test_no_reader_sees_a_part"),
        (StopsHalfway, "test_all_changes_or_none"),
        (ClearsLast, "test_changes_are_made_in_order"),
        (ScansAsPut, "test_a_scan_is_in_code_point_order"),
        (LeasesToAll, "test_a_lease_has_one_holder"),
        (LeasesToAll, "test_one_of_many_gets_a_lease"),
        (LeasesForEver, "test_a_lease_expires"),
        (TakesBackFromAnybody, "test_a_lease_is_given_back"),
    ],
)
async def test_a_broken_state_store_is_caught(broken, test):
    """Each broken state store fails the test of the promise that it breaks."""
    clock = ManualClock()
    arguments = (clock.advance,) if test == "test_a_lease_expires" else ()
    with pytest.raises(BROKEN):
        await getattr(StateStoreContract(), test)(broken(clock), *arguments)


class ReadsThenWrites(MemoryPointsLedger):
    async def add(self, name, hour, points, *, at_least=0):
        before = await super().add(name, hour, 0)
        await asyncio.sleep(0)
        self._points[name, hour] = before
        return await super().add(name, hour, points, at_least=at_least)


class NeverForgetsThePast(MemoryPointsLedger):
    async def add(self, name, hour, points, *, at_least=0):
        return await super().add(name, hour.replace(hour=0), points, at_least=at_least)


class LowersToAtLeast(MemoryPointsLedger):
    async def add(self, name, hour, points, *, at_least=0):
        if at_least:
            self._points[name, hour] = 0
        return await super().add(name, hour, points, at_least=at_least)


@pytest.mark.parametrize(
    ("broken", "test"),
    [
        (ReadsThenWrites, "test_tasks_count_exactly"),
        (NeverForgetsThePast, "test_hours_do_not_mix"),
        (LowersToAtLeast, "test_points_rise_to_at_least"),
    ],
)
async def test_a_broken_points_ledger_is_caught(broken, test):
    """Each broken ledger fails the test of the promise that it breaks."""
    await getattr(PointsLedgerContract(), test)(MemoryPointsLedger())
    with pytest.raises(BROKEN):
        await getattr(PointsLedgerContract(), test)(broken())


async def test_a_lock_that_an_error_does_not_free_is_caught():
    """The wait of the contract for the lock ends, in the test's time-out if need be."""
    store = LocksForEver()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.1):
            await TokenStoreContract().test_an_error_frees_the_lock(store)


def test_an_unknown_deviation_is_caught(pytester):
    """A deviation from a test that does not exist, or no longer, does not pass unnoticed."""
    pytester.makepyfile(
        """
        import pytest
        from confluence_sync.adapters import MemoryTokenStore
        from confluence_sync.testing import TokenStoreContract

        class Known(TokenStoreContract):
            @pytest.fixture
            def token_store(self):
                return MemoryTokenStore()

        class TestDeclared(Known):
            deviations = {"test_there_is_nothing_at_first": "it is never empty"}

        class TestUnknown(Known):
            deviations = {"test_that_is_no_more": "was renamed"}
        """
    )
    outcome = pytester.runpytest_inprocess("-q", "-o", "asyncio_default_fixture_loop_scope=function", "-k", "at_first")
    outcome.assert_outcomes(skipped=1, errors=1)
    outcome.stdout.fnmatch_lines(["*deviations from promises and tests that do not exist: *test_that_is_no_more*"])
