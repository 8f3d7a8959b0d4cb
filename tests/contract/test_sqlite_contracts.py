"""The SQLite adapters keep the contracts."""

import sqlite3
from contextlib import closing
from functools import partial

import pytest
from dying import dying_database
from stores_elsewhere import open_log, open_points, open_state, open_tokens

from confluence_sync.adapters import SQLiteDatabase
from confluence_sync.testing import (
    ManualClock,
    PointsLedgerContract,
    RunLogContract,
    StateStoreContract,
    TokenStoreContract,
)


@pytest.fixture
def clock():
    return ManualClock()


@pytest.fixture
async def database(tmp_path, clock):
    async with SQLiteDatabase(tmp_path / "state.db", clock=clock) as database:
        yield database


def sql(database, statement, *parameters):
    """Ask the file itself, past the adapters."""
    with closing(sqlite3.connect(database.path, isolation_level=None)) as connection:
        return connection.execute(statement, parameters).fetchone()


class _Raw:
    """What the suites of all stores of a database need."""

    @pytest.fixture(autouse=True)
    async def _database(self, database, clock):
        self.database, self.clock, self.dying = database, clock, []
        yield
        for dying in self.dying:
            await dying.close()

    async def die(self, calls):
        self.dying.append(await dying_database(self.database.path, self.clock, calls))
        return self.dying[-1]

    async def break_writes(self, _):
        for table in ("document", "token", "points", "event"):
            sql(self.database, f"DROP TABLE {table}")


class TestSQLiteStateStore(_Raw, StateStoreContract):
    @pytest.fixture
    def state_store(self, database):
        return database.state

    @pytest.fixture
    def advance(self, clock):
        return clock.advance

    @pytest.fixture
    def open_elsewhere(self, database):
        return partial(open_state, database.path)

    async def raw_put(self, state_store, collection, key, data):
        sql(self.database, "INSERT OR REPLACE INTO document VALUES (?, ?, ?)", collection, key, data)

    async def raw_load(self, state_store, collection, key):
        return sql(self.database, "SELECT data FROM document WHERE collection = ? AND key = ?", collection, key)[0]

    async def open_dying(self, state_store, calls):
        return (await self.die(calls)).state


class TestSQLiteTokenStore(_Raw, TokenStoreContract):
    @pytest.fixture
    def token_store(self, database):
        return database.tokens

    @pytest.fixture
    def open_elsewhere(self, database):
        return partial(open_tokens, database.path)

    async def raw_save(self, token_store, connection_id, secret):
        sql(self.database, "INSERT OR REPLACE INTO token VALUES (?, ?)", connection_id, secret)

    async def raw_load(self, token_store, connection_id):
        return sql(self.database, "SELECT secret FROM token WHERE connection_id = ?", connection_id)[0]

    async def open_dying(self, token_store, calls):
        return (await self.die(calls)).tokens


class TestSQLiteLogSink(_Raw, RunLogContract):
    @pytest.fixture
    def run_log(self, database):
        return database.log

    @pytest.fixture
    def open_elsewhere(self, database):
        return partial(open_log, database.path)


class TestSQLitePointsLedger(_Raw, PointsLedgerContract):
    @pytest.fixture
    def points_ledger(self, database):
        return database.points

    @pytest.fixture
    def open_elsewhere(self, database):
        return partial(open_points, database.path)

    async def raw_points(self, points_ledger, name, hour):
        return sql(self.database, "SELECT points FROM points WHERE name = ?", name)[0]
