"""The way to the tables: made at the first use, failures told as `StorageError`, rows read in chunks."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from typing import Any, TypeVar

from sqlalchemy import (
    ColumnElement,
    Connection,
    Double,
    Executable,
    Select,
    Table,
    UpdateBase,
    cast,
    extract,
    func,
    select,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import SQLAlchemyError, StatementError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from tenacity import retry, retry_if_exception, stop_after_attempt, wait_random_exponential

from ...errors import StorageError
from ._schema import prepare

__all__ = ["Access", "Insert"]

T = TypeVar("T")
Insert = postgresql.Insert | sqlite.Insert

_INSERT: Mapping[str, Callable[[Table], Insert]] = {"postgresql": postgresql.insert, "sqlite": sqlite.insert}
_FAILURES = (SQLAlchemyError, OSError, UnicodeError)
_LOST_RACES = {"40001", "40P01"}
"""SQLSTATE of a serialization failure and of a deadlock: the transaction was undone and may be made again."""
_UNIX_EPOCH = 2440587.5  # as a Julian day
_DAY = 86_400.0
_CHUNK_BYTES = 1024 * 1024
_CHUNK_ROWS = 1000


def _lost_a_race(error: BaseException) -> bool:
    return getattr(error.__cause__, "sqlstate", None) in _LOST_RACES


_again_after_lost_races = retry(
    retry=retry_if_exception(_lost_a_race),
    stop=stop_after_attempt(10),
    wait=wait_random_exponential(0.05, max=2),
    reraise=True,
)


class Access:
    """One engine, and our tables in it."""

    def __init__(self, engine: AsyncEngine, *, schema: str | None, owned: bool) -> None:
        self._engine = engine
        self._schema = schema
        self._owned = owned
        self._dialect = engine.dialect.name
        ours: dict[str, Any] = {"schema_translate_map": {None: schema}} if schema else {}
        # One statement is a transaction anyway; so it goes to the server and back once, not three times.
        self._statements = engine.execution_options(**ours, isolation_level="AUTOCOMMIT")
        if self._dialect == "postgresql":
            ours["isolation_level"] = "READ COMMITTED"
        self._transactions = engine.execution_options(**ours)
        self._name = engine.url.set(username=None, password=None, query={}).render_as_string()
        self._preparing = asyncio.Lock()
        self._prepared = False
        self._closed = False

    async def open(self) -> None:
        """Make the tables, unless they are there."""
        if self._closed:
            raise StorageError(f"the database {self._name} is closed")
        if not self._prepared:
            async with self._preparing, self._connection(self._transactions) as connection:
                await prepare(connection, self._schema)
            self._prepared = True

    async def close(self) -> None:
        """Close the connections of an engine of our own. May be called twice."""
        self._closed = True
        if self._owned:
            await self._engine.dispose()

    @_again_after_lost_races
    async def read(self, query: Executable) -> Sequence[Any]:
        """Return the rows of a query."""
        await self.open()
        async with self._connection(self._statements) as connection:
            return (await connection.execute(query)).all()

    @_again_after_lost_races
    async def write(self, statement: UpdateBase) -> int:
        """Execute one statement, and return how many rows it changed."""
        await self.open()
        async with self._connection(self._statements) as connection, connection.begin():
            return (await connection.execute(statement)).rowcount

    @_again_after_lost_races
    async def returning(self, statement: Executable) -> Sequence[Any]:
        """Execute one statement, and return the rows that it returns."""
        await self.open()
        async with self._connection(self._statements) as connection, connection.begin():
            return (await connection.execute(statement)).all()

    @_again_after_lost_races
    async def transaction(self, work: Callable[[AsyncConnection], Awaitable[T]]) -> T:
        """Do something that takes effect as a whole; it is done again if it lost a race with others."""
        await self.open()
        async with self._connection(self._transactions) as connection, connection.begin():
            return await work(connection)

    async def stream(self, rows: Select[Any]) -> AsyncIterator[Any]:
        """
        Yield rows in order of their first column, in chunks; nothing is held open between them.

        Args:
            rows: Selects a unique key and a value of bytes or text.
        """
        key, _ = rows.selected_columns
        chunk = await self.read(_chunk(rows))
        while chunk:
            for row in chunk:
                yield row
            chunk = await self.read(_chunk(rows.where(key > chunk[-1][0])))

    @asynccontextmanager
    async def session(self) -> AsyncIterator[AsyncConnection]:
        """Have a connection outside of the pool; it ends with the block, whose errors stay what they are."""
        await self.open()
        async with AsyncExitStack() as stack:
            with self.failures((Exception,)):
                connection = await stack.enter_async_context(self._statements.connect())
                raw = await connection.get_raw_connection()
                await connection.run_sync(Connection.detach)
            stack.push_async_callback(connection.run_sync, _end_cancelled, raw.dbapi_connection)
            yield connection

    def now(self) -> ColumnElement[float]:
        """Return the time of the server, in seconds since 1970, for use in a statement."""
        if self._dialect == "postgresql":
            return cast(extract("epoch", func.clock_timestamp()), Double)
        return (func.julianday("now") - _UNIX_EPOCH) * _DAY

    def insert(self, table: Table) -> Insert:
        """Return an `INSERT` that can say what to do about a conflict."""
        return _INSERT[self._dialect](table)

    def replace(self, table: Table) -> Insert:
        """Return the statement that inserts a row, or replaces the one of the same key."""
        insert = self.insert(table)
        others = {column.name: insert.excluded[column.name] for column in table.columns if not column.primary_key}
        return insert.on_conflict_do_update(index_elements=table.primary_key.columns, set_=others)

    @contextmanager
    def failures(self, kinds: tuple[type[Exception], ...] = _FAILURES) -> Iterator[None]:
        """Tell errors of these kinds as a `StorageError` that names the database, and no value of a statement."""
        try:
            yield
        except kinds as error:
            cause = _cause(error)
            raise StorageError(f"cannot use the database {self._name}: {cause}") from cause

    @asynccontextmanager
    async def _connection(self, engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
        async with AsyncExitStack() as stack:
            with self.failures((Exception,)):  # while they connect, drivers raise errors of any kind
                connection = await stack.enter_async_context(engine.connect())
            with self.failures():
                yield connection


def _end_cancelled(connection: Connection, driver: Any) -> None:
    """End a session whose statement was cancelled: outside of the pool SQLAlchemy only forgets it."""
    if connection.invalidated:
        connection.dialect.do_terminate(driver)


def _chunk(rows: Select[Any]) -> Select[Any]:
    """
    Select the first rows by key: at least one, and no more than the limits of a chunk.

    They are a range of keys, not a join: of a table that has grown a moment ago the server knows no statistics, and
    would join a hundred thousand rows with each chunk of them.
    """
    key, value = rows.selected_columns
    sizes = rows.with_only_columns(key.label("key"), func.length(value).label("size"))
    sized = sizes.order_by(key).limit(_CHUNK_ROWS).subquery()
    before = func.sum(sized.c.size).over(order_by=sized.c.key) - sized.c.size
    placed = select(sized.c.key, before.label("before")).subquery()
    last = select(func.max(placed.c.key)).where(placed.c.before < _CHUNK_BYTES).scalar_subquery()
    return rows.where(key <= last).order_by(key).limit(_CHUNK_ROWS)


def _cause(error: Exception) -> BaseException:
    """Return the driver's own error: the text of SQLAlchemy's may hold the values of the statement."""
    if isinstance(error, StatementError) and error.orig is not None:
        return error.orig.__cause__ or error.orig
    return error
