"""The SQL adapters keep the contracts, in SQLite and in PostgreSQL."""

from functools import partial

import pytest
from servers import require_package

from confluence_sync.testing import (
    ManualClock,
    PointsLedgerContract,
    RunLogContract,
    StateStoreContract,
    TokenStoreContract,
)

require_package("sqlalchemy.ext.asyncio", "sql")

from sql_databases import open_log, open_points, open_state, open_tokens, postgresql_place, sqlite_place


@pytest.fixture
def clock():
    return ManualClock()


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request, tmp_path):
    if request.param == "sqlite":
        return sqlite_place(tmp_path)
    return postgresql_place(request.getfixturevalue("postgresql_url"))


@pytest.fixture
async def database(place, clock):
    async with place.open(clock=clock) as database:
        yield database


class TestSQLStateStore(StateStoreContract):
    @pytest.fixture
    def state_store(self, database):
        return database.state

    @pytest.fixture
    def advance(self, clock):
        return clock.advance

    @pytest.fixture
    def open_elsewhere(self, place):
        return partial(open_state, place)


class TestSQLTokenStore(TokenStoreContract):
    @pytest.fixture
    def token_store(self, database):
        return database.tokens

    @pytest.fixture
    def open_elsewhere(self, place):
        return partial(open_tokens, place)


class TestSQLLogSink(RunLogContract):
    @pytest.fixture
    def run_log(self, database):
        return database.log

    @pytest.fixture
    def open_elsewhere(self, place):
        return partial(open_log, place)


class TestSQLPointsLedger(PointsLedgerContract):
    @pytest.fixture
    def points_ledger(self, database):
        return database.points

    @pytest.fixture
    def open_elsewhere(self, place):
        return partial(open_points, place)
