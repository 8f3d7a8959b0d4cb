"""Documents on any other fsspec filesystem, each written as one whole object."""

from __future__ import annotations

import unicodedata
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from typing import Any

from fsspec import AbstractFileSystem

from ...errors import DocumentNotFoundError, InvalidPathError, StorageError
from ...paths import check_path
from ...protocols import VFSEntry
from ._threads import Threads

__all__ = ["RemoteBackend"]


_ATTEMPTS = 5


class RemoteBackend:
    """The methods of `VFS` for an fsspec filesystem; see `FsspecVFS`."""

    def __init__(self, filesystem: AbstractFileSystem, root: str, *, threads: Threads) -> None:
        self._filesystem = filesystem
        self._root = root.rstrip("/")
        self._threads = threads
        # A filesystem made with asynchronous=True offers its calls as coroutines, named with an underscore.
        self._native = bool(filesystem.async_impl and filesystem.asynchronous)
        self._renames = not self._native and type(filesystem).mv is not AbstractFileSystem.mv

    async def read(self, path: str) -> bytes:
        try:
            data: bytes = await self._call("cat_file", self._locate(path))
        except _NothingThereError as error:
            raise DocumentNotFoundError(f"there is no document {path!r}") from error
        return data

    async def write(self, path: str, data: bytes) -> None:
        location = self._locate(path)
        await self._with_parents(location, lambda: self._call("pipe_file", location, data))

    async def move(self, source: str, target: str) -> None:
        if await self.stat(source) is None:
            raise DocumentNotFoundError(f"there is no document {source!r}")
        if source == target:
            return
        old, new = self._locate(source), self._locate(target)
        await self._with_parents(new, lambda: self._call("mv" if self._renames else "cp_file", old, new))
        if not self._renames:
            await self._call("rm_file", old)
        await self._remove_empty_parents(source)

    async def delete(self, path: str) -> None:
        if await self.stat(path) is not None:
            with suppress(_NothingThereError):
                await self._call("rm_file", self._locate(path))
            await self._remove_empty_parents(path)

    async def stat(self, path: str) -> VFSEntry | None:
        self._filesystem.invalidate_cache()
        try:
            found = await self._call("info", self._locate(path))
        except _NothingThereError:
            return None
        return VFSEntry(path, found["size"]) if found["type"] == "file" else None

    async def scan(self, prefix: str) -> AsyncIterator[VFSEntry]:
        self._filesystem.invalidate_cache()
        try:
            found = await self._call("find", self._locate(prefix) if prefix else self._root, detail=True)
        except _NothingThereError:
            return
        sizes = {self._path(name): details["size"] for name, details in found.items()}
        folder = f"{prefix}/" if prefix else ""
        for path in sorted(sizes):
            if path.startswith(folder) and _is_valid(path):
                yield VFSEntry(path, sizes[path])

    def _locate(self, path: str) -> str:
        return f"{self._root}/{path}" if self._root else path

    def _path(self, name: str) -> str:
        """Return the path of a name that the filesystem listed; a server may list in NFD what was written in NFC."""
        return unicodedata.normalize("NFC", name.removeprefix(self._root).lstrip("/"))

    async def _with_parents(self, location: str, act: Callable[[], Any]) -> None:
        """
        Do something that puts a file to a place.

        Object stores have no folders, so they are made only if the lack of them was a failure; and made again if they
        vanish with their last document meanwhile.
        """
        for _ in range(_ATTEMPTS):
            with suppress(_NothingThereError):
                await act()
                return
            with suppress(StorageError):  # if they cannot be made, the next attempt says why
                await self._call("makedirs", location.rpartition("/")[0], exist_ok=True)
        await act()

    async def _remove_empty_parents(self, path: str) -> None:
        """Remove folders that became empty, where there are folders; `rmdir` fails for all others."""
        with suppress(StorageError):
            while path := path.rpartition("/")[0]:
                await self._call("rmdir", self._locate(path))

    async def _call(self, name: str, *args: Any, **kwargs: Any) -> Any:
        try:
            if self._native:
                return await getattr(self._filesystem, f"_{name}")(*args, **kwargs)
            return await self._threads.run(getattr(self._filesystem, name), *args, **kwargs)
        except Exception as error:
            missing = isinstance(error, FileNotFoundError | NotADirectoryError | IsADirectoryError)
            kind = _NothingThereError if missing else StorageError
            raise kind(f"{name} failed for {args[0]!r}: {str(error) or type(error).__name__}") from error


class _NothingThereError(StorageError):
    """There is no file of this name, or no folder to put it into."""


def _is_valid(path: str) -> bool:
    try:
        check_path(path)
    except InvalidPathError:
        return False
    return True
