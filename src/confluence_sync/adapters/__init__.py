"""Ready implementations of the protocols: in memory, in one SQLite file, over fsspec, onto the standard logging."""

from __future__ import annotations

from .fsspec import FsspecVFS
from .logging import LoggingLogSink
from .memory import MemoryLogSink, MemoryPointsLedger, MemoryStateStore, MemoryTokenStore, MemoryVFS
from .sqlite import SQLiteDatabase

__all__ = [
    "FsspecVFS",
    "LoggingLogSink",
    "MemoryLogSink",
    "MemoryPointsLedger",
    "MemoryStateStore",
    "MemoryTokenStore",
    "MemoryVFS",
    "SQLiteDatabase",
]
