"""What answers tell of the limits before they refuse anything. Pure.

Two kinds: burst windows of some seconds (`X-RateLimit-*`), and the hourly quota of an app (`RateLimit` and
`RateLimit-Policy`, structured fields as in the IETF draft on rate limit headers).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime

import attrs
import httpx

from ._decode import instant
from ._errors import LONGEST_BURST, served_at

__all__ = ["Limits", "limits_of"]

_NEAR = 0.2
"""Share of a limit that is left when Confluence itself begins to speak of `NearLimit`, and to tell what remains."""
_BURST_WINDOW = 10.0
"""Seconds for which a burst limit counts as near if nothing says when its window ends."""
_HOUR = 3600.0

_ENTRY = re.compile(r'"?([^",;\s]+)"?((?:\s*;\s*\w+=[^,;]*)*)')
_PARAMETER = re.compile(r"(\w+)=\s*(\d{1,12})\b")


@attrs.frozen(kw_only=True)
class Limits:
    """
    What one answer tells.

    Attributes:
        at: When, by the provider's clock if it says.
        near: Seconds for which requests are better spaced out; 0 if no limit is near.
        full: Seconds in which no further request of the site would pass.
        used: Points of the app's hour that are gone at least, whoever used them; 0 if nothing is told.
    """

    at: datetime
    near: float = 0.0
    full: float = 0.0
    used: int = 0


def limits_of(response: httpx.Response, *, now: datetime) -> Limits:
    """
    Return what the headers of an answer tell.

    Args:
        response: Of any status.
        now: Taken for the provider's time if the answer has no `Date`.
    """
    left, limit = (_number(response, f"X-RateLimit-{name}") for name in ("Remaining", "Limit"))
    at = served_at(response) or now
    window = _window(response, at)
    told = response.headers.get("X-RateLimit-NearLimit", "").strip().lower() == "true"
    few = left is not None and limit is not None and left < _NEAR * limit
    quotas = list(_quotas(response, ""))
    return Limits(
        at=at,
        near=max([window or _BURST_WINDOW if told or few else 0.0, *(quota.near for quota in quotas)]),
        full=window if left == 0 and limit != 0 else 0.0,
        used=max((quota.used for quota in (*quotas, *_quotas(response, "Beta-"))), default=0),
    )


@attrs.frozen
class _Quota:
    """An hourly quota of which an answer tells what remains: points allowed, points left, seconds to the reset."""

    points: int
    left: int
    seconds: float

    @property
    def used(self) -> int:
        return max(0, self.points - self.left)

    @property
    def near(self) -> float:
        return min(self.seconds, _HOUR) if self.left < _NEAR * self.points else 0.0


def _quotas(response: httpx.Response, prefix: str) -> Iterator[_Quota]:
    """
    Yield the quotas of the headers with a prefix: "", or `Beta-` for those that are not enforced yet.

    The former are slowed down for; the latter only counted.
    """
    policies = _entries(response, f"{prefix}RateLimit-Policy")
    for name, state in _entries(response, f"{prefix}RateLimit").items():
        points, left = policies.get(name, {}).get("q"), state.get("r")
        if points is not None and left is not None:
            yield _Quota(points, left, state.get("t", _HOUR))


def _entries(response: httpx.Response, header: str) -> dict[str, dict[str, int]]:
    """Read `"name";q=65000;w=3600, "other";q=5`."""
    entries = _ENTRY.findall(response.headers.get(header, ""))
    return {name: {key: int(value) for key, value in _PARAMETER.findall(rest)} for name, rest in entries}


def _window(response: httpx.Response, today: datetime) -> float:
    """Return the seconds to the end of the burst window; 0 if it is not told, or too far away to be one."""
    reset = instant(response.headers.get("X-RateLimit-Reset"))
    seconds = (reset - today).total_seconds() if reset is not None else 0.0
    return seconds if 0.0 < seconds <= LONGEST_BURST else 0.0


def _number(response: httpx.Response, header: str) -> int | None:
    value = response.headers.get(header, "").strip()
    return int(value) if re.fullmatch(r"[0-9]{1,12}", value) else None
