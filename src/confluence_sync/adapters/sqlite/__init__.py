"""State, secrets, run log and points in one SQLite file: the embedded default."""

from __future__ import annotations

from ._database import SQLiteDatabase
from ._log import LoggedRun, SQLiteLogSink
from ._points import SQLitePointsLedger
from ._state import SQLiteStateStore
from ._tokens import SQLiteTokenStore

__all__ = ["LoggedRun", "SQLiteDatabase", "SQLiteLogSink", "SQLitePointsLedger", "SQLiteStateStore", "SQLiteTokenStore"]
