"""What holds of the SQLite file beyond the contracts."""

import asyncio
import os
import sqlite3
import stat
import sys
from datetime import UTC, datetime, timedelta

import pytest

from confluence_sync.adapters import SQLiteDatabase
from confluence_sync.errors import DocumentVersionError, StorageError
from confluence_sync.events import RunFinished
from confluence_sync.models import ConnectionId, RunId
from confluence_sync.protocols import Put
from confluence_sync.testing.contracts import sample_run

ONE = ConnectionId("one")


@pytest.fixture
def path(tmp_path):
    return tmp_path / "state.db"


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.skipif(sys.platform == "win32", reason="modes are POSIX")
class TestPrivacy:
    async def test_nobody_else_may_read_the_files(self, path):
        """All files are private from the first byte, whatever the umask."""
        before = os.umask(0)
        try:
            async with SQLiteDatabase(path) as database, database.tokens.lock(ONE):
                await database.tokens.save(ONE, b"secret")
                files = {file.relative_to(path.parent).parts[0]: mode(file) for file in path.parent.rglob("*")}
        finally:
            os.umask(before)
        assert set(files) == {"state.db", "state.db-wal", "state.db-shm", "state.db.locks"}
        assert {bits & 0o077 for bits in files.values()} == {0}
        assert mode(path) == 0o600

    async def test_a_wider_mode_is_narrowed(self, path):
        """A file that somebody made beforehand becomes private before a secret is in it."""
        path.touch(mode=0o644)
        async with SQLiteDatabase(path):
            assert mode(path) == 0o600

    async def test_the_end_of_a_link_is_private(self, path):
        """A link to a file that is not there yet does not lead around the mode."""
        path.symlink_to("elsewhere.db")
        async with SQLiteDatabase(path):
            assert mode(path.parent / "elsewhere.db") == 0o600

    async def test_a_replaced_secret_is_gone_from_the_file(self, path):
        """Neither a rotated nor a deleted secret lingers on the disk."""
        async with SQLiteDatabase(path) as database:
            for secret in (b"first-secret", b"second-secret"):
                await database.tokens.save(ONE, secret * 20)
            await database.tokens.save(ConnectionId("two"), b"third-secret")
            await database.tokens.delete(ConnectionId("two"))
        content = path.read_bytes()
        assert [secret in content for secret in (b"first-", b"second-", b"third-")] == [False, True, False]


class TestFaults:
    async def refused(self, path):
        with pytest.raises(StorageError) as caught:
            async with SQLiteDatabase(path):
                pass
        assert str(path) in str(caught.value)
        return caught.value

    async def test_a_folder(self, path):
        """A folder is no database."""
        path.mkdir()
        assert "it is a folder" in str(await self.refused(path))

    async def test_no_folder(self, tmp_path):
        """The folder of the file has to be there."""
        assert "No such file or directory" in str(await self.refused(tmp_path / "missing" / "state.db"))

    async def test_another_file(self, path):
        """A file of another kind is left as it is."""
        path.write_text("a shopping list\n" * 100)
        assert "not a database" in str(await self.refused(path))
        assert path.read_text() == "a shopping list\n" * 100

    async def test_another_program(self, path):
        """The SQLite file of another program is left as it is."""
        other = sqlite3.connect(path)
        other.execute("CREATE TABLE shopping (item)")
        other.close()
        assert "another program" in str(await self.refused(path))

    async def test_a_newer_version(self, path):
        """A file of a newer version of the library is refused as such."""
        async with SQLiteDatabase(path):
            pass
        newer = sqlite3.connect(path)
        newer.execute("PRAGMA user_version = 99")
        newer.close()
        error = await self.refused(path)
        assert isinstance(error, DocumentVersionError)
        assert "version 99" in str(error)

    async def test_an_older_version(self, path):
        """A file of an older version of the library gets the tables it lacks and keeps what it has."""
        async with SQLiteDatabase(path) as database:
            await database.tokens.save(ONE, b"secret")
        older = sqlite3.connect(path)
        older.execute("DROP TABLE points")
        older.execute("PRAGMA user_version = 1")
        older.close()
        async with SQLiteDatabase(path) as database:
            assert await database.tokens.load(ONE) == b"secret"
            assert await database.points.add("app", datetime(2026, 1, 5, 9, tzinfo=UTC), 5) == 5

    async def test_a_damaged_file(self, path):
        """Damage is told as such, whenever it is met."""
        async with SQLiteDatabase(path) as database:
            await database.state.apply([Put("pages", str(key), b"x" * 1000) for key in range(100)])
        content = path.read_bytes()
        path.write_bytes(content[:8192] + b"\xff" * (len(content) - 8192))
        with pytest.raises(StorageError, match="malformed"):
            async with SQLiteDatabase(path) as database:
                _ = [item async for item in database.state.scan("pages")]

    async def test_a_closed_database(self, path):
        """After the block its stores say that they are closed."""
        async with SQLiteDatabase(path) as database:
            pass
        await database.close()
        with pytest.raises(StorageError, match="closed"):
            await database.state.load("pages", "1")

    async def test_text_that_is_none(self, path):
        """A key that cannot be written as UTF-8 is refused."""
        async with SQLiteDatabase(path) as database:
            with pytest.raises(StorageError):
                await database.state.apply([Put("pages", "\ud800", b"")])


async def test_it_opens_at_the_first_use(path):
    """A host that has no place for a block uses the stores at once, and closes when it likes."""
    database = SQLiteDatabase(path)
    assert not path.exists()
    await database.tokens.save(ONE, b"secret")
    await database.close()
    async with SQLiteDatabase(path) as again:
        assert await again.tokens.load(ONE) == b"secret"


async def test_many_open_a_new_file_at_once(path):
    """Whoever comes first makes the tables; nobody fails, and all see the same."""
    databases = [SQLiteDatabase(path) for _ in range(8)]
    await asyncio.gather(
        *(database.state.apply([Put("pages", str(number), b"x")]) for number, database in enumerate(databases))
    )
    found = [len(await database.state.load_many("pages", list("01234567"))) for database in databases]
    await asyncio.gather(*(database.close() for database in databases))
    assert found == [8] * 8


async def test_waiting_for_another_writer_leaves_the_loop_free(path):
    """While another process writes, a change waits in its thread and other tasks go on."""
    async with SQLiteDatabase(path) as database:
        writer = sqlite3.connect(path, isolation_level=None)
        writer.execute("BEGIN IMMEDIATE")
        change = asyncio.create_task(database.state.apply([Put("pages", "1", b"x")]))
        for _ in range(20):
            await asyncio.sleep(0.001)
        assert not change.done()
        writer.execute("COMMIT")
        writer.close()
        await change
        assert await database.state.load("pages", "1") == b"x"


async def test_a_scan_keeps_no_transaction_open(path):
    """While a scan is under way the write-ahead log can be emptied."""
    async with SQLiteDatabase(path) as database:
        await database.state.apply([Put("pages", str(key), b"x" * 1000) for key in range(3000)])
        scan = database.state.scan("pages")
        await anext(scan)
        other = sqlite3.connect(path)
        busy, *_ = other.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        other.close()
        assert not busy


async def test_two_databases_share_a_lock(path):
    """Objects on one file exclude each other, within one process too."""
    async with SQLiteDatabase(path) as one, SQLiteDatabase(path) as other, one.tokens.lock(ONE):
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05), other.tokens.lock(ONE):
                pass


class TestRunLog:
    @pytest.fixture
    async def log(self, path):
        async with SQLiteDatabase(path) as database:
            for number, connection in enumerate(["one", "two", "one"]):
                for event in sample_run(RunId(f"run {number}"), ConnectionId(connection)):
                    await database.log.emit(later(event, days=number))
            yield database.log

    async def test_runs_come_latest_first(self, log):
        """A host shows the latest runs, of all connections or of one."""
        assert [run.started.run_id for run in await log.runs()] == ["run 2", "run 1", "run 0"]
        assert [run.started.run_id for run in await log.runs(ONE)] == ["run 2", "run 0"]
        assert [run.started.run_id for run in await log.runs(limit=1)] == ["run 2"]
        assert all(isinstance(run.finished, RunFinished) for run in await log.runs())

    async def test_a_run_under_way_is_not_finished(self, log):
        """A run whose last event has not come has no end."""
        started = later(sample_run(RunId("run 3"), ONE)[0], days=3)
        await log.emit(started)
        latest = (await log.runs(ONE))[0]
        assert (latest.started, latest.finished) == (started, None)

    async def test_failures_come_first(self, log):
        """Who opens a run wants to see what failed."""
        names = [type(event).__name__ for event in sample_run(RunId("run 0"))]
        failed = ["PageFailed", "SpaceFailed"]
        found = [type(event).__name__ async for event in log.events(RunId("run 0"), failed_first=True)]
        assert found == failed + [name for name in names if name not in failed]

    async def test_old_runs_are_forgotten_whole(self, log):
        """A run goes when its last event is old enough, with all its events."""
        end_of_first = sample_run(RunId("run 0"))[-1].at
        assert await log.delete_runs(end_of_first) == 0
        assert await log.delete_runs(end_of_first + timedelta(days=1)) == len(sample_run(RunId("run 0")))
        assert [run.started.run_id for run in await log.runs()] == ["run 2", "run 1"]
        assert [event async for event in log.events(RunId("run 0"))] == []

    async def test_an_event_that_is_repeated_replaces_the_first(self, log):
        """A host may emit again what it does not know to have arrived."""
        event = later(sample_run(RunId("run 0"), ONE)[3], days=0)
        await log.emit(event)
        assert len([found async for found in log.events(RunId("run 0")) if found == event]) == 1


def later(event, *, days):
    import attrs

    return attrs.evolve(event, at=event.at + timedelta(days=days))
