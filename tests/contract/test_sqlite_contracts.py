"""The SQLite adapters keep the contracts."""

from functools import partial

import pytest
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


class TestSQLiteStateStore(StateStoreContract):
    @pytest.fixture
    def state_store(self, database):
        return database.state

    @pytest.fixture
    def advance(self, clock):
        return clock.advance

    @pytest.fixture
    def open_elsewhere(self, database):
        return partial(open_state, database.path)


class TestSQLiteTokenStore(TokenStoreContract):
    @pytest.fixture
    def token_store(self, database):
        return database.tokens

    @pytest.fixture
    def open_elsewhere(self, database):
        return partial(open_tokens, database.path)


class TestSQLiteLogSink(RunLogContract):
    @pytest.fixture
    def run_log(self, database):
        return database.log

    @pytest.fixture
    def open_elsewhere(self, database):
        return partial(open_log, database.path)


class TestSQLitePointsLedger(PointsLedgerContract):
    @pytest.fixture
    def points_ledger(self, database):
        return database.points

    @pytest.fixture
    def open_elsewhere(self, database):
        return partial(open_points, database.path)
