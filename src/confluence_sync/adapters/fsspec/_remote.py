"""Documents on any other fsspec filesystem, each written as one whole object."""

from __future__ import annotations

import unicodedata
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import suppress
from typing import Any

from fsspec import AbstractFileSystem

from ...errors import DocumentNotFoundError, InvalidPathError, StorageError
from ...paths import check_path
from ...protocols import VFSEntry
from ._calls import Calls, NothingThereError
from ._threads import Threads

__all__ = ["RemoteBackend"]

_ATTEMPTS = 5
_BUCKETS = {"s3", "s3a", "gs", "gcs", "az", "abfs", "abfss", "oss"}
"""Protocols without folders, whose roots begin with a bucket; a bucket is the host's to make."""
_VERSION = "?versionId="
"""From here on s3fs would take the name of a document for that of a version of another one."""


class RemoteBackend:
    """The methods of `VFS` for an fsspec filesystem; see `FsspecVFS`."""

    def __init__(self, filesystem: AbstractFileSystem, root: str, *, threads: Threads) -> None:
        self._filesystem = filesystem
        self._root = root.rstrip("/")
        self._call = Calls(filesystem, threads)
        self._has_folders = _BUCKETS.isdisjoint(_protocols(filesystem))

    async def read(self, path: str) -> bytes:
        try:
            data: bytes = await self._call("cat_file", self._locate(path))
        except NothingThereError as error:
            raise DocumentNotFoundError(f"there is no document {path!r}") from error
        return data

    async def write(self, path: str, data: bytes) -> None:
        location = self._locate(path)
        await self._with_parents(location, lambda: self._call("pipe_file", location, data))

    async def move(self, source: str, target: str) -> None:
        old, new = self._locate(source), self._locate(target)
        if await self.stat(source) is None:
            raise DocumentNotFoundError(f"there is no document {source!r}")
        if source == target:
            return
        if self._call.has_rename():
            await self._with_parents(new, lambda: self._call("mv", old, new))
        else:
            await self._with_parents(new, lambda: self._call("cp_file", old, new))
            await self._call("rm_file", old)
        await self._remove_empty_parents(source)

    async def delete(self, path: str) -> None:
        if self._has_folders and await self.stat(path) is None:  # a folder is not deleted
            return
        with suppress(NothingThereError):
            await self._call("rm_file", self._locate(path))
        await self._remove_empty_parents(path)

    async def stat(self, path: str) -> VFSEntry | None:
        self._filesystem.invalidate_cache()
        try:
            found = await self._call("info", self._locate(path))
        except NothingThereError:
            return None
        return VFSEntry(path, found["size"]) if found["type"] == "file" else None

    async def scan(self, prefix: str) -> AsyncIterator[VFSEntry]:
        self._filesystem.invalidate_cache()
        try:
            found = await self._call("find", self._locate(prefix) if prefix else self._root, detail=True)
        except NothingThereError:
            if self._has_folders:
                return
            raise  # an empty listing is no error of a bucket, but of no bucket
        sizes = {self._path(name): details["size"] for name, details in found.items()}
        folder = f"{prefix}/" if prefix else ""
        for path in sorted(sizes):
            if path.startswith(folder) and _is_valid(path):
                yield VFSEntry(path, sizes[path])

    def _locate(self, path: str) -> str:
        if not self._has_folders and _VERSION in path:
            raise InvalidPathError(f"{path!r} is not a valid document path here: {_VERSION!r} has a meaning")
        return f"{self._root}/{path}" if self._root else path

    def _path(self, name: str) -> str:
        """Return the path of a name that the filesystem listed; a server may list in NFD what was written in NFC."""
        return unicodedata.normalize("NFC", name.removeprefix(self._root).removeprefix("/"))

    async def _with_parents(self, location: str, act: Callable[[], Coroutine[Any, Any, Any]]) -> None:
        """
        Do something that puts a file to a place.

        Folders are made only if the lack of them was a failure; and made again if they vanish with their last
        document meanwhile.
        """
        for _ in range(_ATTEMPTS if self._has_folders else 0):
            with suppress(NothingThereError):
                await act()
                return
            with suppress(StorageError):  # if they cannot be made, the next attempt says why
                await self._call("makedirs", location.rpartition("/")[0], exist_ok=True)
        await act()

    async def _remove_empty_parents(self, path: str) -> None:
        """Remove folders that became empty; `rmdir` fails for all others."""
        if self._has_folders:
            with suppress(StorageError):
                while path := path.rpartition("/")[0]:
                    await self._call("rmdir", self._locate(path))


def _protocols(filesystem: AbstractFileSystem) -> tuple[str, ...]:
    protocol: str | tuple[str, ...] = filesystem.protocol
    return (protocol,) if isinstance(protocol, str) else protocol


def _is_valid(path: str) -> bool:
    try:
        check_path(path)
    except InvalidPathError:
        return False
    return True
