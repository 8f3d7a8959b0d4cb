"""What a site is called and how it behaves."""

from __future__ import annotations

from datetime import timedelta, tzinfo

import attrs

__all__ = ["Settings"]


@attrs.frozen(kw_only=True)
class Settings:
    """
    What requests do not change.

    Attributes:
        url: Human address of the site, without `/wiki`.
        time_zone: Zone in which CQL reads absolute dates.
        index_lag: Age a change must have before a search knows of it.
    """

    url: str
    name: str
    cloud_id: str
    time_zone: tzinfo
    index_lag: timedelta
