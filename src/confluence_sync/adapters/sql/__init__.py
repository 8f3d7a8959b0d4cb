"""State, secrets, run log and points in PostgreSQL, or in SQLite, over SQLAlchemy: the extra `sql`."""

from __future__ import annotations

from ._database import SQLDatabase
from ._log import SQLLogSink
from ._points import SQLPointsLedger
from ._state import SQLStateStore
from ._tokens import SQLTokenStore

__all__ = ["SQLDatabase", "SQLLogSink", "SQLPointsLedger", "SQLStateStore", "SQLTokenStore"]
