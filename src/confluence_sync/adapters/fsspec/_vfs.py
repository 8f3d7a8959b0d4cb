"""A `VFS` over any fsspec filesystem."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Mapping
from typing import Any, Protocol, Self

from fsspec import AbstractFileSystem
from fsspec.core import url_to_fs
from fsspec.dircache import DirCache
from fsspec.implementations.dirfs import DirFileSystem
from fsspec.implementations.local import LocalFileSystem

from ...errors import ConfigurationError
from ...paths import check_path
from ...protocols import VFSEntry
from ._local import LocalBackend
from ._remote import RemoteBackend
from ._threads import Threads

__all__ = ["FsspecVFS"]


class FsspecVFS:
    """
    Documents under a folder of an fsspec filesystem.

    ```python
    vfs = FsspecVFS.from_url("pages")  # a local folder
    vfs = FsspecVFS.from_url("s3://bucket/pages", key=..., secret=...)
    vfs = FsspecVFS(filesystem, "bucket/pages")
    ```

    The folder is made with the first document and is never removed; a bucket is never made. Metadata are ignored.

    What is promised where:

    - **Local folders** (also through `dir://`) keep the whole contract of `VFS`. A document is written to a
      temporary file beside it, which then takes its place; temporary files of a killed process are removed at the
      first write. Symbolic links are followed within the folder; one that leads out of it is a `StorageError`, and
      `scan` neither lists it nor enters folders through links. Names in NFD count as their NFC form. Names that are no
      valid paths are not seen. On a disk that ignores case a folder keeps the case in which it was made.
    - **Object stores** (S3, GCS, Azure, memory) replace an object whole, so writes are atomic, and there are no
      folders; markers of folders (`docs/`) are not seen. A move is a copy and a deletion: the content is under both
      names for a moment, and after a failure perhaps for longer. Moving again mends it.
    - **Other servers with files** (SFTP, SMB, FTP) may show a reader half of a document while it is written, and keep
      half of it if the connection breaks; writing again mends it.

    Filesystems that cannot replace and delete one file (zip, tar, HTTP) do not do.

    Args:
        filesystem: Any fsspec filesystem. An asynchronous one (S3, GCS, Azure) is awaited: one made with
            `asynchronous=True` within one event loop, which its maker closes; any other in fsspec's own. The rest
            are called in threads. What others write is seen reliably if it was made with `use_listings_cache=False`.
        root: The folder, as the filesystem spells it.
        fsync: Whether documents of a local folder have to survive a loss of power too, at the price of speed.
        concurrency: Calls at once, at most, of a filesystem that is called in threads.
    """

    def __init__(
        self, filesystem: AbstractFileSystem, root: str = "", *, fsync: bool = False, concurrency: int = 8
    ) -> None:
        self._backend = _backend(filesystem, root, fsync=fsync, threads=Threads(concurrency))

    @classmethod
    def from_url(
        cls, url: str | os.PathLike[str], *, fsync: bool = False, concurrency: int = 8, **storage_options: Any
    ) -> Self:
        """
        Open `/x/y`, `file:///x/y`, `memory://x`, `s3://bucket/prefix` or what else fsspec understands.

        Args:
            url: A local path or a URL; chained ones (`dir::...`) too.
            fsync: As of the class.
            concurrency: As of the class.
            storage_options: What the filesystem takes: credentials, endpoints.

        Raises:
            ConfigurationError: fsspec does not know the protocol, or lacks a package for it.
        """
        try:
            filesystem, root = url_to_fs(os.fspath(url), skip_instance_cache=True, **storage_options)
        except (ValueError, ImportError) as error:
            raise ConfigurationError(f"cannot use files of {str(url).partition('://')[0]!r}: {error}") from error
        filesystem.dircache = DirCache(use_listings_cache=False)  # it is ours alone; others write there, too
        return cls(filesystem, root, fsync=fsync, concurrency=concurrency)

    async def read(self, path: str) -> bytes:
        """Return one document whole."""
        return await self._backend.read(check_path(path))

    async def write(self, path: str, data: bytes, metadata: Mapping[str, object]) -> None:  # noqa: ARG002 - part of VFS
        """Create or replace one document whole."""
        await self._backend.write(check_path(path), data)

    async def move(self, source: str, target: str) -> None:
        """Rename one document, replacing the target if there is one."""
        await self._backend.move(check_path(source), check_path(target))

    async def delete(self, path: str) -> None:
        """Delete one document, if it is there, and the parents that become empty."""
        await self._backend.delete(check_path(path))

    async def stat(self, path: str) -> VFSEntry | None:
        """Return the entry of one document, None if there is none."""
        return await self._backend.stat(check_path(path))

    async def scan(self, prefix: str = "") -> AsyncIterator[VFSEntry]:
        """Yield every document in the folder `prefix` and below, in code-point order of path."""
        async for entry in self._backend.scan(check_path(prefix) if prefix else ""):
            yield entry


class _Backend(Protocol):
    """The same with valid paths only."""

    async def read(self, path: str) -> bytes: ...
    async def write(self, path: str, data: bytes) -> None: ...
    async def move(self, source: str, target: str) -> None: ...
    async def delete(self, path: str) -> None: ...
    async def stat(self, path: str) -> VFSEntry | None: ...
    def scan(self, prefix: str) -> AsyncIterator[VFSEntry]: ...


def _backend(filesystem: AbstractFileSystem, root: str, *, fsync: bool, threads: Threads) -> _Backend:
    while isinstance(filesystem, DirFileSystem):
        filesystem, root = filesystem.fs, f"{filesystem.path}/{root}" if root else filesystem.path
    if isinstance(filesystem, LocalFileSystem):
        return LocalBackend(root, fsync=fsync, threads=threads)
    return RemoteBackend(filesystem, root, threads=threads)
