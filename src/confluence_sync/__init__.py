"""
Confluence Cloud spaces as folders of Markdown files, kept in step. Read-only, asyncio, typed.

The stages are packages of their own: `client` reads, `planner` decides, `converter` translates, `engine` acts;
`sync` is the one object on which a host builds it all, `adapters` are where files, state and logs go, `testing` is what
tests of hosts need. The names below are those that nearly every host uses.
"""

from importlib import import_module as _import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
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

_MODULES = {
    "ConfluenceClient": "client",
    "ConfluenceSync": "sync",
    "ConfluenceSyncError": "errors",
    "Outcome": "models",
    "RunMode": "models",
    "RunReport": "engine",
    "SiteApiToken": "client",
    "SpaceMapping": "models",
    "SyncEngine": "engine",
    "SyncRun": "engine",
    "convert": "converter",
    "plan_sync": "planner",
}
"""Imported when they are asked for: those who only convert need neither an HTTP client nor an engine."""


def __getattr__(name: str) -> Any:
    if name == "__version__":
        return _import_module("importlib.metadata").version("confluence-sync-engine")
    if name in _MODULES:
        return getattr(_import_module(f".{_MODULES[name]}", __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
