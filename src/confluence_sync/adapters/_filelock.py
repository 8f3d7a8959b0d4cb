"""A lock that tasks and processes of one machine share, and that the death of its holder frees."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TypeVar

from ..errors import StorageError

__all__ = ["file_lock"]

A = TypeVar("A")
T = TypeVar("T")

_FIRST_WAIT = 0.001
_LONGEST_WAIT = 0.1

if sys.platform == "win32":
    import msvcrt

    def _try_lock(file: int) -> bool:
        try:
            msvcrt.locking(file, msvcrt.LK_NBLCK, 1)
        except PermissionError:
            return False
        return True

    def _unlock(file: int) -> None:
        msvcrt.locking(file, msvcrt.LK_UNLCK, 1)

else:
    import fcntl

    def _try_lock(file: int) -> bool:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def _unlock(file: int) -> None:
        # Closing would do, were it not for children that were forked meanwhile and hold the file open.
        fcntl.flock(file, fcntl.LOCK_UN)


@asynccontextmanager
async def file_lock(path: Path) -> AsyncIterator[None]:
    """
    Hold the lock on a file, which is made and stays: removing it would let two holders in.

    Waits by asking again, at most 0.1 seconds apart, so that a waiting task can be cancelled and costs no thread.

    Raises:
        StorageError: The file cannot be made, or its disk has no locks.
    """
    file = _attempt(path, _open, path)
    try:
        wait = _FIRST_WAIT
        while not _attempt(path, _try_lock, file):
            await asyncio.sleep(wait)
            wait = min(2 * wait, _LONGEST_WAIT)
        try:
            yield
        finally:
            _unlock(file)
    finally:
        os.close(file)


def _open(path: Path) -> int:
    path.parent.mkdir(mode=0o700, exist_ok=True)
    return os.open(path, os.O_RDWR | os.O_CREAT, 0o600)


def _attempt(path: Path, call: Callable[[A], T], argument: A) -> T:
    try:
        return call(argument)
    except OSError as error:
        raise StorageError(f"cannot lock {str(path)!r}: {error.strerror or error}") from error
