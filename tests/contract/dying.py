"""Backends that die at their n-th call: a disk and an SQLite connection, found by the interpreter's audit events."""

import errno
import os
import sys
from contextlib import contextmanager

from confluence_sync.adapters import SQLiteDatabase

_DISK_CALLS = {"open", "os.mkdir", "os.remove", "os.rename", "os.rmdir", "os.scandir"}
_deaths = []
_handles = []


def _hear(event, arguments):
    if event == "sqlite3.connect/handle":
        _handles[:] = arguments
    elif event in _DISK_CALLS and _deaths and str(arguments[0]).startswith(_deaths[-1].folder):
        _deaths[-1].call()


sys.addaudithook(_hear)


class _DyingDisk:
    def __init__(self, folder, calls):
        self.folder = os.fspath(folder)
        self._left = calls

    def call(self):
        self._left -= 1
        if self._left <= 0:
            raise OSError(errno.EIO, "the disk is gone")


class DyingFolder:
    """A VFS over a folder: the disk dies at the n-th of its calls that open, make, remove, rename or list something."""

    def __init__(self, vfs, folder, calls):
        self._vfs = vfs
        self._disk = _DyingDisk(folder, calls)

    @contextmanager
    def _dying(self):
        _deaths.append(self._disk)
        try:
            yield
        finally:
            _deaths.pop()

    async def write(self, path, data, metadata):
        with self._dying():
            await self._vfs.write(path, data, metadata)

    async def move(self, source, target):
        with self._dying():
            await self._vfs.move(source, target)

    async def delete(self, path):
        with self._dying():
            await self._vfs.delete(path)


async def dying_database(path, clock, calls):
    """Open an SQLite file whose engine stops after so many portions of its work."""
    database = SQLiteDatabase(path, clock=clock)
    await database.state.load("pages", "1")  # opens it
    portions = 0

    def stop():
        nonlocal portions
        portions += 1
        return portions >= calls

    _handles[0].set_progress_handler(stop, 10)
    return database
