"""What holds of the SQL adapter beyond the contracts."""

import asyncio
import math
import os
import stat
import sys
import traceback
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta

import attrs
import httpx
import pytest
from servers import require_package

from confluence_sync import ConfluenceClient, SiteApiToken, SpaceMapping, SyncEngine
from confluence_sync.adapters import MemoryVFS
from confluence_sync.errors import ConfigurationError, DocumentVersionError, StorageError
from confluence_sync.events import RunFinished
from confluence_sync.models import ConnectionId, RunId
from confluence_sync.protocols import Clear, Put, Remove
from confluence_sync.testing import FakeSite
from confluence_sync.testing.contracts import sample_run

require_package("sqlalchemy.ext.asyncio", "sql")

from sql_databases import postgresql_place, sqlite_place
from sqlalchemy import text
from sqlalchemy.event import listen
from sqlalchemy.ext.asyncio import create_async_engine

from confluence_sync.adapters.sql import SQLDatabase

SECRET = "my-secret"
ONE = ConnectionId("one")
HOUR = datetime(2026, 1, 5, 9, tzinfo=UTC)


@pytest.fixture
def postgresql(postgresql_url):
    return postgresql_place(postgresql_url)


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request, tmp_path):
    return sqlite_place(tmp_path) if request.param == "sqlite" else request.getfixturevalue("postgresql")


@pytest.fixture
async def database(place):
    async with place.open() as database:
        yield database


def host_engine(place, **options):
    """Return an engine as a host makes it."""
    url = place.url.replace("postgresql:", "postgresql+asyncpg:").replace("sqlite:", "sqlite+aiosqlite:")
    return create_async_engine(url, **options)


async def execute(place, *statements):
    """Go past the adapter, and return the rows of the last statement."""
    engine = host_engine(place)
    try:
        async with engine.begin() as connection:
            if place.schema:
                await connection.execute(text(f'SET LOCAL search_path TO "{place.schema}"'))
            for statement in statements:
                result = await connection.execute(text(statement))
            return result.all() if result.returns_rows else []
    finally:
        await engine.dispose()


@asynccontextmanager
async def silent_after(limit, place):
    """Stand between a client and the server: after so many bytes nothing is read any more, then the connection ends."""

    async def forward(reader, writer, limit):
        while limit > 0 and (data := await reader.read(65536)):
            writer.write(data)
            limit -= len(data)

    async def serve(reader, writer):
        server_reader, server_writer = await asyncio.open_unix_connection(f"{folder}/.s.PGSQL.5432")
        answers = asyncio.create_task(forward(server_reader, writer, math.inf))
        await forward(reader, server_writer, limit)
        await asyncio.sleep(0.2)  # until the buffers between are full
        answers.cancel()
        for transport in (writer.transport, server_writer.transport):
            transport.abort()

    folder = place.url.partition("host=")[2]
    async with await asyncio.start_server(serve, "127.0.0.1", 0) as proxy:
        port = proxy.sockets[0].getsockname()[1]
        yield attrs.evolve(place, url=f"postgresql://postgres@127.0.0.1:{port}/postgres?ssl=disable")


class TestWhatIsRefused:
    @pytest.mark.parametrize(
        ("url", "reason"),
        [
            ("my-secret", "not the URL of a database"),
            ("mysql://user:my-secret@host/name", "PostgreSQL .* and SQLite"),
            ("nope://user:my-secret@host/name", "PostgreSQL .* and SQLite"),
            ("postgresql+pg8000://user:my-secret@host/name", "PostgreSQL .* and SQLite"),
            ("sqlite://", "has to have a file"),
            ("sqlite:///:memory:", "has to have a file"),
            ("sqlite:///file:x.db?uri=true", "named by its path"),
        ],
    )
    def test_a_database_that_cannot_be_used(self, url, reason):
        """What does not keep the contracts is refused at once, without what the URL says of passwords."""
        with pytest.raises(ConfigurationError, match=reason) as caught:
            SQLDatabase(url)
        assert SECRET not in "".join(traceback.format_exception(caught.value))

    async def test_an_engine_in_memory(self):
        """An engine of the host's is no way around it."""
        engine = create_async_engine("sqlite+aiosqlite://")
        with pytest.raises(ConfigurationError, match="has to have a file"):
            SQLDatabase(engine)
        await engine.dispose()

    @pytest.mark.parametrize("schema", ["", "ü" * 32, "x" * 64, "a\0b", "\ud800"])
    def test_a_name_that_is_no_schema(self, schema):
        """PostgreSQL would cut a name of more than 63 bytes, and not find the schema again."""
        with pytest.raises(ConfigurationError, match="63 bytes"):
            SQLDatabase("postgresql://user@host/name", schema=schema)

    def test_a_schema_in_sqlite(self, tmp_path):
        """SQLite has no schemas."""
        with pytest.raises(ConfigurationError, match="no schemas"):
            SQLDatabase(f"sqlite:///{tmp_path}/state.db", schema="sync")


class TestFaults:
    @pytest.mark.parametrize(
        "url",
        [
            "postgresql://user:my-secret@127.0.0.1:1/name?password=my-secret",
            "postgresql://user:my-secret@/name?host=/nowhere",
            "postgresql://user:my-secret@127.0.0.1/name?no_such_option=my-secret",
            "sqlite:////nowhere/state.db",
        ],
    )
    async def test_a_database_that_is_not_there(self, url):
        """Whatever the driver raises is a StorageError that names the database, and no password."""
        with pytest.raises(StorageError, match=r"cannot use the database (postgresql|sqlite)") as caught:
            async with SQLDatabase(url):
                pass
        assert SECRET not in "".join(traceback.format_exception(caught.value, chain=False))

    async def test_text_that_cannot_be_kept(self, database):
        """A key that is no UTF-8 is refused, and nothing else is changed."""
        for key in ("\ud800", "1\ud800"):
            with pytest.raises(StorageError):
                await database.state.apply([Put("pages", "1", b"x"), Put("pages", key, b"x")])
            with pytest.raises(StorageError):
                await database.state.load("pages", key)
        assert [item async for item in database.state.scan("pages")] == []

    async def test_postgresql_keeps_no_nul(self, postgresql):
        """NUL, which PostgreSQL has no place for in text, is refused by name."""
        async with postgresql.open() as database:
            with pytest.raises(StorageError, match="0x00"):
                await database.state.apply([Put("pages", "a\0b", b"x")])
            assert await database.points.add("app", HOUR, 1) == 1, "the connection goes on to work"

    async def test_no_value_is_told(self, place):
        """A secret that cannot be saved is in no error, though the engine is one that shows the values."""
        engine = host_engine(place, hide_parameters=False)
        async with SQLDatabase(engine, schema=place.schema) as database:
            await execute(place, "DROP TABLE confluence_sync_token")
            with pytest.raises(StorageError, match="confluence_sync_token") as caught:
                await database.tokens.save(ONE, SECRET.encode())
            with pytest.raises(TypeError) as wrong:
                await database.tokens.save(ONE, SECRET)
        await engine.dispose()
        for error in (caught.value, wrong.value):
            assert SECRET not in "".join(traceback.format_exception(error))

    async def test_a_closed_database(self, database):
        """After the block its stores say that they are closed."""
        await database.close()
        await database.close()
        with pytest.raises(StorageError, match="closed"):
            await database.state.load("pages", "1")

    async def test_lost_connections(self, postgresql):
        """A server that was restarted is found again."""
        async with postgresql.open() as database:
            await database.tokens.save(ONE, b"secret")
            await execute(
                postgresql,
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
                " AND backend_type = 'client backend'",
            )
            assert await database.tokens.load(ONE) == b"secret"

    async def test_a_connection_lost_in_the_middle_of_a_batch(self, postgresql):
        """A server that no longer reads, and then is gone, is a failure and nobody waits for ever; no part is made."""
        async with silent_after(1_000_000, postgresql) as there, there.open() as database, postgresql.open() as other:
            batch = [Put("pages", str(number), b"x" * 10_000) for number in range(2000)]
            async with asyncio.timeout(10) as patience:
                with pytest.raises(StorageError):
                    await database.state.apply(batch)
            assert not patience.expired()
            assert [item async for item in other.state.scan("pages")] == []

    async def test_batches_in_opposite_order(self, postgresql):
        """Two batches that wait for each other are both made: one of them is undone and made again."""
        keys = [str(number) for number in range(100)]
        async with postgresql.open() as database:
            batches = [
                [change for key in order for change in (Put("pages", key, name), Remove("other", key))]
                for name, order in ((b"a", keys), (b"b", keys[::-1]))
            ]
            for _ in range(3):
                await asyncio.gather(*(database.state.apply(batch) for batch in batches * 2))
                found = {data async for _, data in database.state.scan("pages")}
                assert len(found) == 1, "one batch whole over the other"

    async def test_many_writers_of_the_same_rows(self, postgresql):
        """Rows are taken in one order, whatever the order of the changes; of two of one key the last counts."""
        deadlocks = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
        before = await execute(postgresql, "SELECT pg_stat_clear_snapshot()", deadlocks)
        async with postgresql.open() as database:
            orders = [[str((first + step * 7) % 50) for step in range(50)] for first in range(40)]
            batches = [[Put("pages", key, data) for data in (b"old", b"new") for key in order] for order in orders]
            await asyncio.gather(*map(database.state.apply, batches))
            assert [data async for _, data in database.state.scan("pages")] == [b"new"] * 50
        assert await execute(postgresql, "SELECT pg_stat_clear_snapshot()", deadlocks) == before


class TestEngineOfTheHost:
    async def test_it_stays_open(self, place):
        """An engine that was handed in goes on when the database is closed."""
        engine = host_engine(place, pool_size=1, max_overflow=0)
        async with engine.connect() as connection:
            mine = (await connection.get_raw_connection()).dbapi_connection
        async with SQLDatabase(engine, schema=place.schema) as database:
            await database.tokens.save(ONE, b"secret")
        async with engine.connect() as connection:
            assert (await connection.get_raw_connection()).dbapi_connection is mine
        await engine.dispose()

    @pytest.mark.parametrize(
        "options",
        [
            {"isolation_level": "SERIALIZABLE"},
            {"connect_args": {"server_settings": {"default_transaction_isolation": "serializable"}}},
        ],
        ids=["engine", "database"],
    )
    async def test_its_settings_are_no_obstacle(self, postgresql, options):
        """A host may prefer another isolation level, by its engine or by a setting of the database."""
        engine = host_engine(postgresql, **options)
        async with SQLDatabase(engine, schema=postgresql.schema) as database:
            added = await asyncio.gather(*(database.points.add("app", HOUR, 1) for _ in range(10)))
            assert sorted(added) == list(range(1, 11))
            asked = (database.state.acquire_lease("run", str(number), seconds=60) for number in range(10))
            assert sum(await asyncio.gather(*asked)) == 1
        await engine.dispose()

    async def test_a_scan_holds_no_connection(self, place):
        """A scan under way leaves the only connection of a pool to others."""
        engine = host_engine(place, pool_size=1, max_overflow=0, pool_timeout=5)
        async with SQLDatabase(engine, schema=place.schema) as database:
            await database.state.apply([Put("pages", str(key), b"x") for key in range(1500)])
            scan = database.state.scan("pages")
            await anext(scan)
            await database.state.apply([Clear("pages")])
        await engine.dispose()


class TestTables:
    async def test_many_make_them_at_once(self, place):
        """Whoever comes first makes the tables; nobody fails, and all see the same."""
        databases = [place.open() for _ in range(8)]
        await asyncio.gather(
            *(database.state.apply([Put("pages", str(number), b"x")]) for number, database in enumerate(databases))
        )
        found = [len(await database.state.load_many("pages", list("01234567"))) for database in databases]
        await asyncio.gather(*(database.close() for database in databases))
        assert found == [8] * 8

    async def test_a_newer_version(self, place):
        """Tables of a newer version of the library are refused as such."""
        async with place.open():
            await execute(place, "UPDATE confluence_sync_version SET number = 99")
        with pytest.raises(DocumentVersionError, match="version 99"):
            async with place.open():
                pass

    async def test_version_1(self, place):
        """Tables of version 1 get what they lack and keep what they have."""
        async with place.open() as database:
            await database.tokens.save(ONE, b"secret")
        await execute(place, "DROP TABLE confluence_sync_points", "UPDATE confluence_sync_version SET number = 1")
        async with place.open() as database:
            assert await database.tokens.load(ONE) == b"secret"
            assert await database.points.add("app", HOUR, 5) == 5
        assert await execute(place, "SELECT number FROM confluence_sync_version") == [(2,)]

    async def test_an_upgrade_that_fails(self, place):
        """An upgrade is made whole or not at all."""
        async with place.open():
            pass
        await execute(place, "UPDATE confluence_sync_version SET number = 1")  # yet the points are there
        with pytest.raises(StorageError, match="confluence_sync_points"):
            async with place.open():
                pass
        assert await execute(place, "SELECT number FROM confluence_sync_version") == [(1,)]

    async def test_the_first_schema_of_the_path(self, postgresql_url):
        """Without a schema the tables are where the server puts them, and found there again."""
        for expected in (None, b"secret"):
            async with SQLDatabase(postgresql_url) as database:
                assert await database.tokens.load(ONE) == expected
                await database.tokens.save(ONE, b"secret")

    async def test_who_may_not_make_tables(self, postgresql):
        """Where the tables are there, a role that may do no more than use them does."""
        async with postgresql.open():
            pass
        schema, role = postgresql.schema, "somebody"
        await execute(
            postgresql,
            f"CREATE ROLE {role} LOGIN",
            f'GRANT USAGE ON SCHEMA "{schema}" TO {role}',
            f'GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA "{schema}" TO {role}',
        )
        as_role = attrs.evolve(postgresql, url=postgresql.url.replace("postgres@", f"{role}@"))
        async with as_role.open() as database, database.tokens.lock(ONE):
            await database.tokens.save(ONE, b"secret")


class TestReading:
    async def test_large_documents_come_in_chunks(self, database):
        """A scan reads about a megabyte at a time, whatever the size of the documents, and misses none."""
        sizes = [2_000_000, 3, 0, 600_000, 600_000, 600_000, 1_048_576, 5]
        documents = [(str(number), b"x" * size) for number, size in enumerate(sizes)]
        await database.state.apply([Put("pages", key, data) for key, data in documents])
        await database.state.apply([Put("other", "4", b"not this one")])
        assert [item async for item in database.state.scan("pages")] == documents

    async def test_a_scan_needs_no_statistics(self, postgresql):
        """Of a collection that was filled a moment ago a chunk is a range of keys; nothing is joined with it."""
        engine, statements = host_engine(postgresql), []
        async with SQLDatabase(engine, schema=postgresql.schema) as database:
            await database.state.apply([Put("pages", f"{number:04}", b"x") for number in range(2500)])
            listen(engine.sync_engine, "before_cursor_execute", lambda *args: statements.append(args[2:4]))
            assert len([key async for key, _ in database.state.scan("pages")]) == 2500
        async with engine.connect() as connection:
            driver = (await connection.get_raw_connection()).driver_connection
            plans = [await driver.fetch(f"EXPLAIN {statement}", *values) for statement, values in statements]
        await engine.dispose()
        assert len(plans) == 4
        assert [line for plan in plans for (line,) in plan if "Loop" in line or "Join" in line] == []

    async def test_leases_go_by_the_server(self, database):
        """Without a clock of the host's a lease lasts as long as it says."""
        assert await database.state.acquire_lease("run", "me", seconds=3600)
        assert not await database.state.acquire_lease("run", "you", seconds=3600)
        assert await database.state.acquire_lease("run", "me", seconds=-1)
        assert await database.state.acquire_lease("run", "you", seconds=3600)

    async def test_old_points_are_forgotten(self, place, database):
        """A name has no more than the hours of a day."""
        for hours in range(40):
            await database.points.add("app", HOUR + timedelta(hours=hours), 1)
        ((kept,),) = await execute(place, "SELECT count(*) FROM confluence_sync_points")
        assert kept == 25


class TestLocks:
    async def waiting(self, place):
        """Return how many sessions wait for an advisory lock."""
        query = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
        ((number,),) = await execute(place, query)
        return number

    async def until(self, place, number):
        async with asyncio.timeout(30):
            while await self.waiting(place) != number:  # asking takes long enough
                pass

    async def test_two_databases_share_a_lock(self, place):
        """Objects on one database exclude each other, within one process too."""
        async with place.open() as one, place.open() as other, one.tokens.lock(ONE):
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.2), other.tokens.lock(ONE):
                    pass

    async def test_errors_of_the_block_stay_what_they_are(self, database):
        """What is raised under the lock has nothing to do with the database."""
        with pytest.raises(ConnectionResetError):
            async with database.tokens.lock(ONE):
                raise ConnectionResetError

    async def test_locks_need_no_place_in_the_pool(self, place):
        """However many locks are held, what is done under them goes on."""
        engine = host_engine(place, pool_size=1, max_overflow=0, pool_timeout=5)
        async with AsyncExitStack() as locks, SQLDatabase(engine, schema=place.schema) as database:
            for number in range(10):
                await locks.enter_async_context(database.tokens.lock(ConnectionId(str(number))))
            await database.tokens.save(ONE, b"secret")
        await engine.dispose()

    async def test_one_of_a_process_asks_the_server(self, postgresql):
        """Tasks that wait for one lock wait for each other, and cost one session."""
        async with postgresql.open() as one, postgresql.open() as other:
            async with one.tokens.lock(ONE):
                tasks = [asyncio.create_task(self.hold(other)) for _ in range(10)]
                await self.until(postgresql, 1)
            await asyncio.gather(*tasks)

    async def hold(self, database):
        async with database.tokens.lock(ONE):
            pass

    async def test_who_gives_up_leaves_no_session(self, postgresql):
        """A task that is cancelled while it waits does not go on to wait in the server."""
        async with postgresql.open() as one, postgresql.open() as other, one.tokens.lock(ONE):
            task = asyncio.create_task(self.hold(other))
            await self.until(postgresql, 1)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            await self.until(postgresql, 0)

    async def test_time_limits_do_not_apply(self, postgresql):
        """Waiting for a lock is no statement that takes too long."""
        await execute(postgresql, "CREATE ROLE hasty LOGIN SUPERUSER", "ALTER ROLE hasty SET statement_timeout = 100")
        hasty = attrs.evolve(postgresql, url=postgresql.url.replace("postgres@", "hasty@"))
        async with postgresql.open() as one, hasty.open() as other:
            async with one.tokens.lock(ONE):
                task = asyncio.create_task(self.hold(other))
                done, _ = await asyncio.wait([task], timeout=0.3)
                assert not done
            await task


@pytest.mark.skipif(sys.platform == "win32", reason="modes are POSIX")
class TestPrivacyOfAFile:
    async def test_nobody_else_may_read_the_files(self, tmp_path):
        """A SQLite file that was named is private from the first byte, whatever the umask."""
        before = os.umask(0)
        try:
            async with sqlite_place(tmp_path).open() as database, database.tokens.lock(ONE):
                await database.tokens.save(ONE, b"secret")
                files = {file.name: stat.S_IMODE(file.stat().st_mode) for file in tmp_path.iterdir()}
        finally:
            os.umask(before)
        assert set(files) == {"state.db", "state.db-wal", "state.db-shm", "state.db.locks"}
        assert {bits & 0o077 for bits in files.values()} == {0}

    async def test_a_replaced_secret_is_gone_from_the_file(self, tmp_path):
        """A rotated secret does not linger on the disk."""
        async with sqlite_place(tmp_path).open() as database:
            for secret in (b"first-secret", b"second-secret"):
                await database.tokens.save(ONE, secret * 20)
        content = (tmp_path / "state.db").read_bytes()
        assert [secret in content for secret in (b"first-", b"second-")] == [False, True]


class TestRunLog:
    @pytest.fixture
    async def log(self, database):
        for number, connection in enumerate(["one", "two", "one"]):
            for event in sample_run(RunId(f"run {number}"), ConnectionId(connection)):
                await database.log.emit(attrs.evolve(event, at=event.at + timedelta(days=number)))
        return database.log

    async def test_runs_come_latest_first(self, log):
        """A host shows the latest runs, of all connections or of one."""
        assert [run.started.run_id for run in await log.runs()] == ["run 2", "run 1", "run 0"]
        assert [run.started.run_id for run in await log.runs(ONE)] == ["run 2", "run 0"]
        assert [run.started.run_id for run in await log.runs(limit=1)] == ["run 2"]
        assert all(isinstance(run.finished, RunFinished) for run in await log.runs())

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

    async def test_an_event_that_is_repeated_replaces_the_first(self, log):
        """A host may emit again what it does not know to have arrived."""
        event = sample_run(RunId("run 0"), ONE)[3]
        await log.emit(event)
        assert [found async for found in log.events(RunId("run 0"))] == sample_run(RunId("run 0"), ONE)


async def test_a_sync_goes_on_where_another_process_left_it(place):
    """State and log of a run are there for the next one, which has nothing to write."""
    site, vfs = FakeSite(), MemoryVFS()
    docs = site.space("DOCS", name="Documentation")
    for number in range(30):
        docs.page(f"Page {number}", parent=docs.homepage, storage="<p>Text</p>")
    written = []
    for _ in range(2):
        async with (
            httpx.AsyncClient(transport=site.transport()) as http,
            ConfluenceClient(SiteApiToken(site.url, "bot@example.com", "token"), http=http) as client,
            place.open() as database,
        ):
            engine = SyncEngine(client, vfs, database.state, sink=database.log)
            report = await engine.sync([SpaceMapping(space_id=docs.id)])
            report.raise_for_failures()
            written.append(report.counts.written)
            logged = await database.log.runs()
    assert written == [31, 0]
    assert [run.finished.counts.written for run in logged] == [0, 31]
