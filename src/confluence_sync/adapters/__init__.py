"""Ready implementations of the protocols: in memory, in one SQLite file, over fsspec, onto logs of several kinds."""

from __future__ import annotations

from .encrypted import EncryptedTokenStore
from .fan_out import FanOutLogSink
from .fsspec import FsspecVFS
from .json_lines import JsonLinesLogSink
from .logging import LoggingLogSink
from .memory import MemoryLogSink, MemoryPointsLedger, MemoryStateStore, MemoryTokenStore, MemoryVFS
from .sqlite import SQLiteDatabase
from .state_log import StateLog

__all__ = [
    "EncryptedTokenStore",
    "FanOutLogSink",
    "FsspecVFS",
    "JsonLinesLogSink",
    "LoggingLogSink",
    "MemoryLogSink",
    "MemoryPointsLedger",
    "MemoryStateStore",
    "MemoryTokenStore",
    "MemoryVFS",
    "SQLiteDatabase",
    "StateLog",
]
