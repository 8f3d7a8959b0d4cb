"""Rate limits: points an hour for the app, and requests in some seconds for everybody."""

from __future__ import annotations

import math
from collections import deque
from datetime import datetime, timedelta

from ._http import ApiError, Reply

__all__ = ["BurstLimit", "Limits", "PointsQuota"]

HOUR = timedelta(hours=1)


class Limits:
    """The limits of a site; at first there are none."""

    def __init__(self) -> None:
        self.quota: PointsQuota | None = None
        self.burst: BurstLimit | None = None

    def check(self, now: datetime) -> None:
        """
        Let a request pass.

        Raises:
            ApiError: 429, from the first limit that is reached.
        """
        if self.burst is not None:
            self.burst.check(now)
        if self.quota is not None:
            self.quota.check(now)

    def charge(self, points: int) -> None:
        """Count the points of an answer."""
        if self.quota is not None:
            self.quota.charge(points)

    def headers(self, now: datetime) -> dict[str, str]:
        """Return what an answer tells of the limits."""
        return {
            name: value for limit in (self.burst, self.quota) if limit for name, value in limit.headers(now).items()
        }


class PointsQuota:
    """
    Points in each full hour of UTC; once they are used up every request is refused until the hour ends.

    Source of the headers and of the rule: Confluence's page on rate limiting.
    """

    def __init__(self, points: int) -> None:
        self.points = points
        self._used = 0
        self._hour: datetime | None = None

    def check(self, now: datetime) -> None:
        """
        Let a request pass.

        Raises:
            ApiError: 429, with the seconds to the end of the hour.
        """
        self._turn(now)
        if self._used < self.points:
            return
        headers = {"Retry-After": str(self._seconds_left(now)), "RateLimit-Reason": "confluence-quota-global-based"}
        raise ApiError(Reply(status=429, headers=headers | self.headers(now)))

    def charge(self, points: int) -> None:
        """Count the points of an answer."""
        self._used += points

    def headers(self, now: datetime) -> dict[str, str]:
        """Return the quota's headers; what remains is told only when more than 80 % are used."""
        headers = {"RateLimit-Policy": f'"global-app-quota";q={self.points};w=3600'}
        if self._used > 0.8 * self.points:
            remaining = max(0, self.points - self._used)
            headers["RateLimit"] = f'"global-app-quota";r={remaining};t={self._seconds_left(now)}'
        return headers

    def _turn(self, now: datetime) -> None:
        hour = now.replace(minute=0, second=0, microsecond=0)
        if hour != self._hour:
            self._hour, self._used = hour, 0

    def _seconds_left(self, now: datetime) -> int:
        end = now.replace(minute=0, second=0, microsecond=0) + HOUR
        return math.ceil((end - now).total_seconds())


class BurstLimit:
    """So many requests in any window of some seconds."""

    def __init__(self, requests: int, seconds: float) -> None:
        self.requests = requests
        self.window = timedelta(seconds=seconds)
        self._passed: deque[datetime] = deque()

    def check(self, now: datetime) -> None:
        """
        Let a request pass, and count it.

        Raises:
            ApiError: 429, with the seconds until there is room again.
        """
        while self._passed and self._passed[0] <= now - self.window:
            self._passed.popleft()
        if len(self._passed) >= self.requests:
            wait = math.ceil((self._passed[0] + self.window - now).total_seconds())
            headers = {"Retry-After": str(wait), "RateLimit-Reason": "confluence-burst-based"}
            raise ApiError(Reply(status=429, headers=headers | self.headers(now)))
        self._passed.append(now)

    def headers(self, now: datetime) -> dict[str, str]:
        """Return the window's headers; the time of reset is ISO 8601."""
        remaining = self.requests - len(self._passed)
        reset = (self._passed[0] if self._passed else now) + self.window
        return {
            "X-RateLimit-Limit": str(self.requests),
            "X-RateLimit-Remaining": str(remaining),
            "X-RateLimit-Reset": f"{reset:%Y-%m-%dT%H:%M:%SZ}",
            "X-RateLimit-NearLimit": "true" if remaining < 0.2 * self.requests else "false",
        }
