"""Points of hourly quotas."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import case, delete

from ._access import Access
from ._schema import points as counts

__all__ = ["SQLPointsLedger"]

_DAY = 86_400


class SQLPointsLedger:
    """A `PointsLedger` in a database, for all processes that share it; made by `SQLDatabase`. Kept for a day."""

    def __init__(self, access: Access) -> None:
        self._access = access

    async def add(self, name: str, hour: datetime, points: int, *, at_least: int = 0) -> int:
        """Add points to those of an hour, raise them to `at_least`, and return how many the hour has now."""
        begin, first = int(hour.timestamp()), max(points, at_least)
        insert = self._access.insert(counts).values(name=name, hour=begin, points=first)
        more = counts.c.points + points
        total = case((more < at_least, at_least), else_=more)
        counted = insert.on_conflict_do_update(index_elements=counts.primary_key.columns, set_={"points": total})
        (row,) = await self._access.returning(counted.returning(counts.c.points))
        if row.points == first:  # the first of its hour, most likely
            await self._access.write(delete(counts).where(counts.c.name == name, counts.c.hour < begin - _DAY))
        return int(row.points)
