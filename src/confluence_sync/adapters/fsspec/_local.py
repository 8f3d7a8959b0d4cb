"""Documents in a folder of this machine, each replaced in one step."""

# Plain calls of `os`: making `Path` objects would cost as much as the small writes themselves.
# ruff: noqa: PTH100, PTH103, PTH105, PTH108, PTH116, PTH120, PTH104, PTH106, PTH112, PTH123

from __future__ import annotations

import errno
import os
import re
import secrets
import stat
import unicodedata
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager, suppress
from itertools import islice
from pathlib import Path
from threading import Lock

from ...errors import DocumentNotFoundError, InvalidPathError, StorageError
from ...paths import check_path, collision_key
from ...protocols import VFSEntry
from ._threads import Threads

__all__ = ["LocalBackend"]

_TEMPORARY = re.compile(r"\.confluence-sync-[0-9a-f]{16}\.tmp")
_NOTHING_THERE = {errno.ENOENT, errno.ENOTDIR, errno.ENAMETOOLONG, errno.ELOOP}
_CHUNK = 1000
_ATTEMPTS = 20


class LocalBackend:
    """The methods of `VFS` for a folder; see `FsspecVFS`."""

    def __init__(self, root: str, *, fsync: bool, threads: Threads) -> None:
        self._folder = _Folder(os.path.abspath(root), fsync=fsync)
        self._threads = threads

    async def read(self, path: str) -> bytes:
        return await self._threads.run(self._folder.read, path)

    async def write(self, path: str, data: bytes) -> None:
        await self._threads.run(self._folder.write, path, data)

    async def move(self, source: str, target: str) -> None:
        await self._threads.run(self._folder.move, source, target)

    async def delete(self, path: str) -> None:
        await self._threads.run(self._folder.delete, path)

    async def stat(self, path: str) -> VFSEntry | None:
        return await self._threads.run(self._folder.stat, path)

    async def scan(self, prefix: str) -> AsyncIterator[VFSEntry]:
        entries = self._folder.scan(prefix)
        while chunk := await self._threads.run(lambda: list(islice(entries, _CHUNK))):
            for entry in chunk:
                yield entry


class _Folder:
    """The same, blocking."""

    def __init__(self, root: str, *, fsync: bool) -> None:
        self._root = root
        self._fsync = fsync
        self._sweep_lock = Lock()
        self._swept = False

    def read(self, path: str) -> bytes:
        with _failures("read", path), _vanishing(path), open(self._find(path)[0], "rb") as file:
            return file.read()

    def write(self, path: str, data: bytes) -> None:
        self._sweep_once()
        with _failures("write", path):
            self._fill(path, lambda location: self._replace(location, data))

    def move(self, source: str, target: str) -> None:
        with _failures("move", source):
            old, _ = self._find(source)
            self._spell_folders(source, target)
            self._fill(target, lambda new: _rename(old, new, source))
            self._remove_empty_parents(old)

    def delete(self, path: str) -> None:
        with _failures("delete", path), suppress(FileNotFoundError):
            location, _ = self._find(path)
            os.unlink(location)
            self._remove_empty_parents(location)

    def stat(self, path: str) -> VFSEntry | None:
        with _failures("look up", path), suppress(DocumentNotFoundError):
            return VFSEntry(path, self._find(path)[1].st_size)
        return None

    def scan(self, prefix: str) -> Iterator[VFSEntry]:
        with _failures("list", prefix):
            if prefix:
                yield from self._walk(self._locate(prefix)[0], f"{prefix}/")
            else:
                yield from self._walk(self._root, "")

    def _walk(self, folder: str, prefix: str) -> Iterator[VFSEntry]:
        for path, entry in _entries(folder, prefix):
            if entry.is_dir(follow_symlinks=False):
                yield from self._walk(entry.path, f"{path}/")
            elif (size := self._size(entry.path)) is not None:
                yield VFSEntry(path, size)

    def _size(self, location: str) -> int | None:
        try:
            status = self._status(location)
        except _OutsideError:
            return None
        return status.st_size if status and stat.S_ISREG(status.st_mode) else None

    def _find(self, path: str) -> tuple[str, os.stat_result]:
        """Return the place of a document on the disk, and what is there."""
        location, status = self._locate(path)
        if status is None or not stat.S_ISREG(status.st_mode):
            raise DocumentNotFoundError(f"there is no document {path!r}")
        return location, status

    def _locate(self, path: str) -> tuple[str, os.stat_result | None]:
        """
        Return the place of a path on the disk, and what is there if anything is.

        Disks may give names back in NFD; such a name stands for its NFC form unless that is there too.
        """
        location, status = self._root, None
        for segment in path.split("/"):
            parent, location = location, _join(location, segment)
            status = self._status(location)
            if status is None and (decomposed := unicodedata.normalize("NFD", segment)) != segment:
                other = _join(parent, decomposed)
                status = self._status(other)
                location = other if status else location
        return location, status

    def _status(self, location: str) -> os.stat_result | None:
        try:
            status = os.lstat(location)
            if stat.S_ISLNK(status.st_mode):
                self._check_inside(location)
                status = os.stat(location)
        except OSError as error:
            if error.errno in _NOTHING_THERE:
                return None
            raise
        return status

    def _check_inside(self, link: str) -> None:
        if not Path(os.path.realpath(link)).is_relative_to(os.path.realpath(self._root)):
            name = os.path.relpath(link, self._root)
            raise _OutsideError(f"{name!r} is a symbolic link that leads out of the folder")

    def _fill(self, path: str, put: Callable[[str], None]) -> None:
        """
        Put something at the place of a path.

        Tries again if the folder is not there: it may vanish at any time with its last document. So may a temporary
        file, if another process sweeps.
        """
        for _ in range(_ATTEMPTS):
            location, _status = self._locate(path)
            try:
                put(location)
            except BaseException as error:
                if not isinstance(error, FileNotFoundError) or isinstance(error, DocumentNotFoundError):
                    self._remove_empty_parents(location)
                    raise
                _make_folder(os.path.dirname(location))
            else:
                self._sync_folder(location)
                return
        raise StorageError(f"cannot write {path!r}: its folder or what to put there keeps vanishing")

    def _spell_folders(self, source: str, target: str) -> None:
        """Rename the folders of a file where the target spells them otherwise and the disk takes both for one."""
        location = self._root
        for before, after in zip(source.split("/")[:-1], target.split("/")[:-1], strict=False):
            old, location = _join(location, before), _join(location, after)
            if before != after:
                if collision_key(before) != collision_key(after) or not _is_same(old, location):
                    return
                os.rename(old, location)

    def _replace(self, location: str, data: bytes) -> None:
        temporary = _join(os.path.dirname(location), f".confluence-sync-{secrets.token_hex(8)}.tmp")
        try:
            with open(temporary, "xb") as file:
                file.write(data)
                if self._fsync:
                    file.flush()
                    os.fsync(file.fileno())
            os.replace(temporary, location)
        except BaseException:
            _remove(temporary)
            raise

    def _sync_folder(self, location: str) -> None:
        """Make the name of a file as lasting as its content."""
        if self._fsync and os.name == "posix":
            with suppress(FileNotFoundError):  # vanished with the file meanwhile
                folder = os.open(os.path.dirname(location), os.O_RDONLY)
                try:
                    os.fsync(folder)
                finally:
                    os.close(folder)

    def _remove_empty_parents(self, location: str) -> None:
        folder = os.path.dirname(location)
        with suppress(OSError):  # not empty: done
            while folder != self._root:
                os.rmdir(folder)
                folder = os.path.dirname(folder)

    def _sweep_once(self) -> None:
        """Remove what killed processes left. A living one whose temporary file goes with it writes it again."""
        with self._sweep_lock:
            if not self._swept:
                for folder, _, names in os.walk(self._root):
                    for name in filter(_TEMPORARY.fullmatch, names):
                        _remove(_join(folder, name))
                        self._remove_empty_parents(_join(folder, name))
                self._swept = True


class _OutsideError(StorageError):
    """A symbolic link leads out of the folder."""


@contextmanager
def _failures(verb: str, path: str) -> Iterator[None]:
    """Let every failure of the system say what could not be done to which document, and why."""
    if any(map(_TEMPORARY.fullmatch, path.split("/"))):
        raise InvalidPathError(f"{path!r} is not a valid document path here: it names a temporary file")
    try:
        yield
    except StorageError:
        raise
    except (FileExistsError, NotADirectoryError) as error:
        raise StorageError(f"cannot {verb} {path!r}: a part of its path is a file, not a folder") from error
    except OSError as error:
        raise StorageError(f"cannot {verb} {path or 'the folder'!r}: {error.strerror or error}") from error


@contextmanager
def _vanishing(path: str) -> Iterator[None]:
    """Take a file for missing that others remove after it was found."""
    try:
        yield
    except FileNotFoundError as error:
        raise DocumentNotFoundError(f"there is no document {path!r}") from error


def _rename(old: str, new: str, source: str) -> None:
    """Rename a file, whose folder to be may be missing, and it itself too."""
    try:
        os.replace(old, new)
    except FileNotFoundError:
        with _vanishing(source):
            os.lstat(old)
        raise


def _entries(folder: str, prefix: str) -> list[tuple[str, os.DirEntry[str]]]:
    """Return the documents and folders in a folder by path, in the code-point order of all that is in them."""
    found: dict[str, os.DirEntry[str]] = {}
    with suppress(FileNotFoundError, NotADirectoryError), os.scandir(folder) as entries:
        for entry in entries:
            name = unicodedata.normalize("NFC", entry.name)
            if entry.name == name or (unicodedata.is_normalized("NFD", entry.name) and name not in found):
                found[name] = entry
    visible = ((f"{prefix}{name}", entry) for name, entry in found.items() if _is_document(name, prefix))
    return sorted(visible, key=lambda item: f"{item[0]}/" if item[1].is_dir(follow_symlinks=False) else item[0])


def _is_document(name: str, prefix: str) -> bool:
    """Return whether a name on the disk can be that of a document; any other is out of sight."""
    try:
        check_path(f"{prefix}{name}")
    except InvalidPathError:
        return False
    return _TEMPORARY.fullmatch(name) is None


def _join(folder: str, name: str) -> str:
    """Join literally; `os.path.join` would let `C:x` leave the folder on Windows."""
    return f"{folder.rstrip(os.sep)}{os.sep}{name}"


def _make_folder(folder: str) -> None:
    """Make a folder with its parents, if they do not vanish in the making."""
    try:
        os.makedirs(folder, exist_ok=True)
    except FileNotFoundError:
        return
    except FileExistsError:
        if os.path.lexists(folder) and not os.path.isdir(folder):
            raise


def _is_same(one: str, other: str) -> bool:
    """Whether two names are spellings of one; a link and what it leads to are two."""
    try:
        return os.path.samestat(os.lstat(one), os.lstat(other))
    except FileNotFoundError:
        return False


def _remove(location: str) -> None:
    with suppress(OSError):
        os.unlink(location)
