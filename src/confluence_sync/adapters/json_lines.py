"""Events as lines of JSON, for log shippers and for `jq`."""

from __future__ import annotations

import asyncio
import errno
import json
import os
import threading
from pathlib import Path
from typing import TextIO

from ..documents import dump_event
from ..errors import StorageError
from ..events import AnyEvent

__all__ = ["JsonLinesLogSink"]


class JsonLinesLogSink:
    """
    A `LogSink` that appends one document (`documents.dump_event`) a line, in ASCII.

    A file is opened for each event, so `logrotate` may move it at any time, and several processes may append to it. It
    is made readable to its owner only. Where a full disk took half of a line, the next one begins anew. A stream is
    flushed after each event and never closed.

    Args:
        target: A path, whose folder exists, or a stream of text such as `sys.stdout`.
    """

    def __init__(self, target: str | os.PathLike[str] | TextIO) -> None:
        self._target = Path(target) if isinstance(target, str | os.PathLike) else target
        self._lock = threading.Lock()
        self._torn = False

    async def emit(self, event: AnyEvent) -> None:
        """
        Append one event.

        Raises:
            StorageError: The file cannot be written.
        """
        line = json.dumps(dump_event(event), separators=(",", ":")) + "\n"
        try:
            await asyncio.to_thread(self._write, line)
        except (OSError, ValueError) as error:  # ValueError: the stream is closed
            raise StorageError(f"cannot append to {self._name}: {error}") from error

    def _write(self, line: str) -> None:
        with self._lock:
            if isinstance(self._target, Path):
                torn, self._torn = self._torn, True  # until it is written whole, it may be half a line
                _append(self._target, ("\n" * torn + line).encode())
                self._torn = False
            else:
                self._target.write(line)
                self._target.flush()

    @property
    def _name(self) -> str:
        return str(self._target if isinstance(self._target, Path) else getattr(self._target, "name", "the stream"))


def _append(path: Path, line: bytes) -> None:
    """Append in one call, so that lines of several processes do not mix."""
    with open(path, "ab", buffering=0, opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
        if file.write(line) < len(line):
            raise OSError(errno.ENOSPC, "there is room for a part of the line only")
