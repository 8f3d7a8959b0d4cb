"""When the runs of a schedule are due. Pure.

Everybody's quota is new at the full hour, and everybody's schedule runs then. So the first minutes of each hour are
left out: time is counted as if they did not exist, and each connection has a place of its own in its period, which is
the same in every process and after every restart.
"""

from __future__ import annotations

from datetime import UTC, datetime
from hashlib import blake2b
from math import floor

import attrs

from ..models import ConnectionId

__all__ = ["Cadence"]

_HOUR = 3600.0
_BUSY = 300.0
"""Seconds from the full hour on in which nothing is due."""
_QUIET = _HOUR - _BUSY


@attrs.frozen
class Cadence:
    """
    The times at which a connection is due.

    Attributes:
        connection_id: Decides on the place in the period.
        every: Seconds from one time to the next.
    """

    connection_id: ConnectionId
    every: float

    def next_after(self, at: datetime) -> datetime:
        """Return the first time later than another."""
        period = self.every * _QUIET / _HOUR
        offset = self._place * period
        count = floor((_quiet_seconds(at) - offset) / period) + 1
        due = _at(count * period + offset)
        return due if due > at else _at((count + 1) * period + offset)  # what a float rounded down

    @property
    def _place(self) -> float:
        """A number from 0 to 1 that is the connection's own."""
        digest = blake2b(self.connection_id.encode(), digest_size=6).digest()
        return int.from_bytes(digest) / 2**48


def _quiet_seconds(at: datetime) -> float:
    """Return the seconds since 1970 without the first minutes of each hour."""
    hours, seconds = divmod(at.timestamp(), _HOUR)
    return hours * _QUIET + max(0.0, seconds - _BUSY)


def _at(quiet_seconds: float) -> datetime:
    hours, seconds = divmod(quiet_seconds, _QUIET)
    return datetime.fromtimestamp(hours * _HOUR + _BUSY + seconds, UTC)
