"""Dates of the query language: absolute in the site's zone to the minute, and relative to now."""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, tzinfo

import attrs

from ._cql import CqlError, Value

__all__ = ["Period", "period_of"]

ABSOLUTE = re.compile(r"(\d{4})([-/])(\d{2})\2(\d{2})(?: (\d{2}):(\d{2}))?")
INCREMENT = re.compile(r"([+-]?)(\d+)([yMwdhm])")
MILLISECOND = timedelta(milliseconds=1)
EXACT = {"h": timedelta(hours=1), "m": timedelta(minutes=1)}
DAYS = {"w": timedelta(weeks=1), "d": timedelta(days=1)}


@attrs.frozen
class Period:
    """What a date in a query stands for: from `start` to before `end`, as exact as it was written."""

    start: datetime
    end: datetime

    def compare(self, operator: str, time: datetime) -> bool:
        """Say whether a time is in the relation to this date."""
        match operator:
            case "=":
                return self.start <= time < self.end
            case "!=":
                return not self.start <= time < self.end
            case ">":
                return time >= self.end
            case ">=":
                return time >= self.start
            case "<":
                return time < self.start
            case "<=":
                return time < self.end
            case other:
                raise CqlError(f"A date cannot be compared by '{other}'")


def period_of(value: Value, *, now: datetime, zone: tzinfo) -> Period:
    """
    Return what a literal or function stands for.

    Raises:
        CqlError: Not a date in one of the documented forms; ISO 8601 is none of them.
    """
    if value.argument is None:
        return _absolute(value.text, zone)
    time = _function(value.text, now.astimezone(zone))
    time = _shifted(time, value.argument).astimezone(UTC) if value.argument else time.astimezone(UTC)
    return Period(time, time + MILLISECOND)


def _absolute(text: str, zone: tzinfo) -> Period:
    match = ABSOLUTE.fullmatch(text)
    if match is None:
        raise CqlError(f"Could not parse date '{text}'")
    year, _, month, day, hour, minute = match.groups()
    try:
        start = datetime(int(year), int(month), int(day), int(hour or 0), int(minute or 0), tzinfo=zone)
    except ValueError:
        raise CqlError(f"Could not parse date '{text}'") from None
    length = timedelta(days=1) if hour is None else timedelta(minutes=1)
    return Period(start.astimezone(UTC), (start + length).astimezone(UTC))


def _function(name: str, now: datetime) -> datetime:
    if name.lower() == "now":
        return now
    match = re.fullmatch(r"(startof|endof)(day|week|month|year)", name.lower())
    if match is None:
        raise CqlError(f"No function exists with the name: '{name}'")
    start = STARTS[match[2]](now.replace(hour=0, minute=0, second=0, microsecond=0))
    return start if match[1] == "startof" else _shifted(start, NEXT[match[2]]) - MILLISECOND


STARTS: dict[str, Callable[[datetime], datetime]] = {
    "day": lambda day: day,
    "week": lambda day: day - timedelta(days=day.weekday()),
    "month": lambda day: day.replace(day=1),
    "year": lambda day: day.replace(month=1, day=1),
}
NEXT = {"day": "1d", "week": "1w", "month": "1M", "year": "1y"}


def _shifted(time: datetime, increment: str) -> datetime:
    match = INCREMENT.fullmatch(increment)
    if match is None:
        raise CqlError(f"Could not parse increment '{increment}'")
    sign, number, unit = match.groups()
    count = -int(number) if sign == "-" else int(number)
    if unit in EXACT:  # hours and minutes pass also where a clock is put forward
        return (time.astimezone(UTC) + count * EXACT[unit]).astimezone(time.tzinfo)
    if unit in DAYS:
        return time + count * DAYS[unit]
    months = time.year * 12 + time.month - 1 + count * (12 if unit == "y" else 1)
    year, month = months // 12, months % 12 + 1
    return time.replace(year=year, month=month, day=min(time.day, monthrange(year, month)[1]))
