"""Points of hourly quotas."""

from __future__ import annotations

import sqlite3
from datetime import datetime

from ._connection import Connection

__all__ = ["SQLitePointsLedger"]

_ADD = """
    INSERT INTO points (name, hour, points) VALUES (:name, :hour, max(:points, :at_least))
    ON CONFLICT (name, hour) DO UPDATE SET points = max(points.points + :points, :at_least)
"""
_GET = "SELECT points FROM points WHERE name = :name AND hour = :hour"
_FORGET = "DELETE FROM points WHERE hour < :hour - 86400"


class SQLitePointsLedger:
    """
    A `PointsLedger` in a database, for all processes of one machine; made by `SQLiteDatabase`.

    Counts survive the death of the process; a loss of power may take the last ones. They are kept for a day.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def add(self, name: str, hour: datetime, points: int, *, at_least: int = 0) -> int:
        """Add points to those of an hour, raise them to `at_least`, and return how many the hour has now."""
        values = {"name": name, "hour": int(hour.timestamp()), "points": points, "at_least": at_least}

        def add(connection: sqlite3.Connection) -> int:
            connection.execute(_FORGET, values)
            connection.execute(_ADD, values)
            (total,) = connection.execute(_GET, values).fetchone()
            return int(total)

        return await self._connection.write(add, durable=False)
