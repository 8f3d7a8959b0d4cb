"""The connections of workspaces: what is kept of each, and where. No network here."""

from ._cadence import Cadence
from ._connection import Connection, ConnectionKind, require_free
from ._credentials import ApiToken, load_api_token, save_api_token
from ._mappings import MappingRegistry, MovedFiles, SavedMappings
from ._registry import ConnectionRegistry
from ._schedule import Schedule, ScheduleRegistry

__all__ = [
    "ApiToken",
    "Cadence",
    "Connection",
    "ConnectionKind",
    "ConnectionRegistry",
    "MappingRegistry",
    "MovedFiles",
    "SavedMappings",
    "Schedule",
    "ScheduleRegistry",
    "load_api_token",
    "require_free",
    "save_api_token",
]
