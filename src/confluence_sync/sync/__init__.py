"""The facade: one object on which a host builds the whole feature."""

from ._facade import ConfluenceSync
from ._values import Authorization, Disconnected, PageDetail, RunDetail, SpaceChoice

__all__ = ["Authorization", "ConfluenceSync", "Disconnected", "PageDetail", "RunDetail", "SpaceChoice"]
