"""The tables, and how they come to be."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    Double,
    Index,
    LargeBinary,
    MetaData,
    Table,
    Text,
    func,
    inspect,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.schema import CreateIndex, CreateSchema, CreateTable, ExecutableDDLElement

from ...errors import DocumentVersionError

__all__ = ["document", "event", "lease", "points", "prepare", "token"]

_tables = MetaData()
_Name = Text().with_variant(Text(collation="C"), "postgresql")
"""Compares as UTF-8 bytes, which is code-point order; SQLite does so anyway."""

document = Table(
    "confluence_sync_document",
    _tables,
    Column("collection", _Name, primary_key=True),
    Column("key", _Name, primary_key=True),
    Column("data", LargeBinary, nullable=False),
)
lease = Table(
    "confluence_sync_lease",
    _tables,
    Column("name", _Name, primary_key=True),
    Column("holder", _Name, nullable=False),
    Column("expires", Double, nullable=False),  # seconds since 1970, as all times here
)
token = Table(
    "confluence_sync_token",
    _tables,
    Column("connection_id", _Name, primary_key=True),
    Column("secret", LargeBinary, nullable=False),
)
event = Table(
    "confluence_sync_event",
    _tables,
    Column("run_id", _Name, primary_key=True),
    Column("seq", BigInteger, primary_key=True),
    Column("at", Double, nullable=False),
    Column("connection_id", _Name),  # only the first event of a run names it
    Column("failed", Boolean, nullable=False),
    Column("document", Text, nullable=False),
)
points = Table(
    "confluence_sync_points",
    _tables,
    Column("name", _Name, primary_key=True),
    Column("hour", BigInteger, primary_key=True),
    Column("points", BigInteger, nullable=False),
)
_version = Table(
    "confluence_sync_version",
    _tables,
    Column("part", _Name, primary_key=True),
    Column("number", BigInteger, nullable=False),
)

_starts = event.c.connection_id.is_not(None)
_run_started = Index("confluence_sync_run_started", event.c.at, postgresql_where=_starts, sqlite_where=_starts)
_run_of_connection = Index(
    "confluence_sync_run_of_connection",
    event.c.connection_id,
    event.c.at,
    postgresql_where=_starts,
    sqlite_where=_starts,
)

_STEPS: tuple[tuple[ExecutableDDLElement, ...], ...] = (
    (*map(CreateTable, (document, lease, token, event)), CreateIndex(_run_started), CreateIndex(_run_of_connection)),
    (CreateTable(points),),
)
"""What each version of the tables added to the one before, as in the SQLite file; the first version is 1."""

_ALONE = 0x43465359  # "CFSY": the advisory lock of those who make the tables
_HERE = _version.c.part == "tables"


async def prepare(connection: AsyncConnection, schema: str | None) -> None:
    """
    Create what is missing of the tables, and their schema, once among all processes that begin at the same time.

    Raises:
        DocumentVersionError: A newer version of this library made the tables.
    """
    async with connection.begin():
        found = await connection.run_sync(_found, schema)
    if found < len(_STEPS):
        async with connection.begin():
            await connection.run_sync(_upgrade, schema)


def _found(connection: Connection, schema: str | None) -> int:
    """Return the version of the tables, 0 if there are none."""
    if not inspect(connection).has_table(_version.name, schema=schema):
        return 0
    found = connection.scalar(select(_version.c.number).where(_HERE)) or 0
    if found > len(_STEPS):
        raise DocumentVersionError(f"the tables have version {found}; this library knows versions up to {len(_STEPS)}")
    return found


def _upgrade(connection: Connection, schema: str | None) -> None:
    _be_alone(connection, schema)
    found = _found(connection, schema)  # not 0 if another process was faster
    for step in _STEPS[found:]:
        for element in step:
            connection.execute(element)
    connection.execute(update(_version).where(_HERE).values(number=len(_STEPS)))


def _be_alone(connection: Connection, schema: str | None) -> None:
    """Make others wait until the end of the transaction, and have the row of the version."""
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_advisory_xact_lock(_ALONE)))
        if schema and not inspect(connection).has_schema(schema):
            connection.execute(CreateSchema(schema))
    connection.execute(CreateTable(_version, if_not_exists=True))
    # In SQLite it is this insertion, even of nothing, that takes the file for us.
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    connection.execute(insert(_version).values(part="tables", number=0).on_conflict_do_nothing())
