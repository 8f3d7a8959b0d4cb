"""
Confluence Cloud spaces as folders of Markdown files, kept in step. Read-only, asyncio, typed.

The stages are packages of their own: `client` reads, `planner` decides, `converter` translates, `engine` acts;
`sync` is the one object on which a host builds it all, `adapters` are where files, state and logs go, `testing` is what
tests of hosts need. The names below are those that nearly every host uses.
"""

from importlib import metadata as _metadata

from .client import ConfluenceClient, SiteApiToken
from .converter import convert
from .engine import RunReport, SyncEngine, SyncRun
from .errors import ConfluenceSyncError
from .models import Outcome, RunMode, SpaceMapping
from .planner import plan_sync
from .sync import ConfluenceSync

__all__ = [
    "ConfluenceClient",
    "ConfluenceSync",
    "ConfluenceSyncError",
    "Outcome",
    "RunMode",
    "RunReport",
    "SiteApiToken",
    "SpaceMapping",
    "SyncEngine",
    "SyncRun",
    "__version__",
    "convert",
    "plan_sync",
]


def __getattr__(name: str) -> str:
    if name == "__version__":
        return _metadata.version("confluence-sync-engine")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
