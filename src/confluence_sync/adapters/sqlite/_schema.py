"""The tables, and who may use the file."""

from __future__ import annotations

import sqlite3

from ...errors import DocumentVersionError, StorageError

__all__ = ["prepare"]

_APPLICATION_ID = 0x43465359  # "CFSY": tells our file from the SQLite file of another program
_TABLES = (
    # Documents may be large, so they stay out of the index (no WITHOUT ROWID). Text compares as UTF-8 bytes, which
    # is code-point order.
    """CREATE TABLE document (
        collection TEXT NOT NULL, key TEXT NOT NULL, data BLOB NOT NULL, PRIMARY KEY (collection, key)
    )""",
    "CREATE TABLE lease (name TEXT PRIMARY KEY, holder TEXT NOT NULL, expires REAL NOT NULL) WITHOUT ROWID",
    "CREATE TABLE token (connection_id TEXT PRIMARY KEY, secret BLOB NOT NULL) WITHOUT ROWID",
    # Only the first event of a run names its connection.
    """CREATE TABLE event (
        run_id TEXT NOT NULL, seq INTEGER NOT NULL, at REAL NOT NULL, connection_id TEXT, failed INTEGER NOT NULL,
        document TEXT NOT NULL, PRIMARY KEY (run_id, seq)
    ) WITHOUT ROWID""",
    "CREATE INDEX run_started ON event (at) WHERE connection_id IS NOT NULL",
    "CREATE INDEX run_of_connection ON event (connection_id, at) WHERE connection_id IS NOT NULL",
)
_POINTS = (
    """CREATE TABLE points (
        name TEXT NOT NULL, hour INTEGER NOT NULL, points INTEGER NOT NULL, PRIMARY KEY (name, hour)
    ) WITHOUT ROWID""",
)
_STEPS = (_TABLES, _POINTS)
"""What each version of the file added to the one before; the first version is 1."""


def prepare(connection: sqlite3.Connection) -> None:
    """
    Create the tables that a file lacks, an empty one or one of an older version, once among all who open it.

    Raises:
        DocumentVersionError: A newer version of this library made the tables.
        StorageError: The file belongs to another program.
    """
    if _version(connection) == len(_STEPS):
        return
    with connection:
        connection.execute("BEGIN IMMEDIATE")
        for tables in _STEPS[_version(connection) :]:  # none if another process was faster
            for table in tables:
                connection.execute(table)
        connection.execute(f"PRAGMA application_id = {_APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {len(_STEPS)}")


def _version(connection: sqlite3.Connection) -> int:
    """Return the version of the file; 0 if it is empty."""
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    if application != _APPLICATION_ID:
        if connection.execute("SELECT 1 FROM sqlite_master").fetchone():
            raise StorageError("it belongs to another program")
        return 0
    version: int
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version > len(_STEPS):
        raise DocumentVersionError(f"it has version {version}; this library knows versions up to {len(_STEPS)}")
    return version
