"""A VFS that keeps its promises over a backend that can be broken, and one for each promise that does not."""

import asyncio
import re
import unicodedata
from fnmatch import fnmatchcase

import pytest

from confluence_sync.errors import DocumentNotFoundError, StorageError
from confluence_sync.paths import check_path
from confluence_sync.protocols import VFSEntry
from confluence_sync.testing import VFSContract
from confluence_sync.testing.contracts import VFSPromise as Promise


class Backend:
    """Somebody's database of documents: it can be full, and it can die at its n-th call."""

    def __init__(self, documents, *, calls=None):
        self.documents = documents
        self.full = False
        self._left = calls

    def _call(self):
        if self._left is not None:
            self._left -= 1
            if self._left <= 0:
                raise ConnectionError("the database is gone")

    def get(self, path):
        self._call()
        return self.documents.get(path)

    def put(self, path, data):
        self._call()
        if self.full:
            raise OSError("no space left")
        self.documents[path] = data

    def rename(self, source, target):
        self._call()
        self.documents[target] = self.documents.pop(source)

    def remove(self, path):
        self._call()
        self.documents.pop(path, None)

    def paths(self):
        self._call()
        return list(self.documents)


class SoundVFS:
    breaks = None
    also = frozenset()

    def __init__(self, backend):
        self.backend = backend

    def ask(self, name, *arguments):
        try:
            return getattr(self.backend, name)(*arguments)
        except OSError as error:
            raise StorageError(str(error)) from error

    async def read(self, path):
        data = self.ask("get", check_path(path))
        if data is None:
            raise DocumentNotFoundError(f"there is no document {path!r}")
        return data

    async def write(self, path, data, metadata):
        self.ask("put", check_path(path), data)

    async def move(self, source, target):
        check_path(target)
        await self.read(source)
        if source != target:
            self.ask("rename", source, target)

    async def delete(self, path):
        self.ask("remove", check_path(path))

    async def stat(self, path):
        data = self.ask("get", check_path(path))
        return None if data is None else VFSEntry(path, len(data))

    async def scan(self, prefix=""):
        folder = f"{check_path(prefix)}/" if prefix else ""
        for path in sorted(self.ask("paths")):
            if path.startswith(folder) and (entry := await self.stat(path)):
                yield entry


class TestSound(VFSContract):
    """The suite over the sound one; the broken ones are put in its place."""

    histories = 10
    adapter = SoundVFS

    @pytest.fixture
    def vfs(self):
        return self.adapter(Backend({}))

    async def raw_write(self, vfs, path, data):
        vfs.backend.documents[path] = data

    async def raw_read(self, vfs, path):
        return vfs.backend.documents.get(path)

    async def break_writes(self, vfs):
        vfs.backend.full = True

    async def open_dying(self, vfs, calls):
        return self.adapter(Backend(vfs.backend.documents, calls=calls))


class TranslatesNewlines(SoundVFS):
    breaks = Promise.BYTES

    async def write(self, path, data, metadata):
        await super().write(path, data.replace(b"\r\n", b"\n"), metadata)


class KeepsTheTail(SoundVFS):
    breaks = Promise.REPLACED_WHOLE
    also = frozenset({Promise.WHOLE_DOCUMENTS, Promise.SURVIVES_DEATH, Promise.LIKE_A_DICT, Promise.CANCELLED})

    async def write(self, path, data, metadata):
        tail = (self.ask("get", check_path(path)) or b"")[len(data) :]
        await super().write(path, data + tail, metadata)


class WritesAtTheNextCall(SoundVFS):
    breaks = Promise.REACHES_BACKEND
    also = frozenset({Promise.FAILURES_TOLD, Promise.SURVIVES_DEATH})
    waiting = None

    async def write(self, path, data, metadata):
        check_path(path)
        self.flush()
        self.waiting = (path, data)

    def ask(self, name, *arguments):
        self.flush()
        return super().ask(name, *arguments)

    def flush(self):
        waiting, self.waiting = self.waiting, None
        if waiting:
            super().ask("put", *waiting)


class Caches(SoundVFS):
    breaks = Promise.FRESH
    also = frozenset({Promise.SURVIVES_DEATH})

    def __init__(self, backend):
        super().__init__(backend)
        self.cache = {}

    def ask(self, name, *arguments):
        if name == "get":
            path = arguments[0]
            if path not in self.cache:
                self.cache[path] = super().ask(name, path)
            return self.cache[path]
        for path in arguments:
            self.cache.pop(path, None)
        return super().ask(name, *arguments)


class TakesTheTitle(SoundVFS):
    breaks = Promise.METADATA_APART

    async def write(self, path, data, metadata):
        metadata.pop("title", None)
        await super().write(path, data, metadata)


class RaisesKeyErrors(SoundVFS):
    breaks = Promise.MISSING
    also = frozenset({Promise.NO_FOLDERS})

    async def read(self, path):
        return self.backend.documents[check_path(path)]

    async def move(self, source, target):
        if await self.stat(source) is None:
            raise DocumentNotFoundError(source)
        await super().move(source, target)


class CannotDeleteNothing(SoundVFS):
    breaks = Promise.DELETED_IS_GONE
    also = frozenset({Promise.NO_FOLDERS, Promise.SURVIVES_DEATH, Promise.LIKE_A_DICT})

    async def delete(self, path):
        await self.read(path)
        await super().delete(path)


class DeletesWhatBeginsSo(SoundVFS):
    breaks = Promise.DELETES_ONE
    also = frozenset({Promise.LIKE_A_DICT})

    async def delete(self, path):
        check_path(path)
        for name in [name for name in self.backend.documents if name.partition(".bak")[0] == path]:
            await super().delete(name)


class DeletesNamesakes(SoundVFS):
    breaks = Promise.ODD_PATHS

    async def delete(self, path):
        for name in [name for name in self.backend.documents if fnmatchcase(name, check_path(path))]:
            await super().delete(name)


class NamesInNFD(SoundVFS):
    breaks = Promise.ODD_PATHS
    also = frozenset({Promise.SCAN_ORDER, Promise.LIKE_A_DICT})

    def ask(self, name, *arguments):
        if name == "put":
            arguments = (unicodedata.normalize("NFD", arguments[0]), *arguments[1:])
        return super().ask(name, *arguments)


class TakesAnyPath(SoundVFS):
    breaks = Promise.INVALID_PATHS

    async def write(self, path, data, metadata):
        self.ask("put", path, data)


class DeletesFolders(SoundVFS):
    breaks = Promise.NO_FOLDERS

    async def delete(self, path):
        for name in [name for name in self.backend.documents if name == path or name.startswith(f"{path}/")]:
            await super().delete(name)
        check_path(path)


class KeepsFolders(SoundVFS):
    breaks = Promise.PARENTS_VANISH
    also = frozenset({Promise.MOVE_NEEDS_SOURCE})

    def __init__(self, backend):
        super().__init__(backend)
        self.folders = set()

    async def write(self, path, data, metadata):
        if path in self.folders:
            raise StorageError(f"{path!r} is a folder")
        await super().write(path, data, metadata)
        self.folders |= {path[: found.start()] for found in re.finditer("/", path)}

    async def move(self, source, target):
        self.folders |= {target[: found.start()] for found in re.finditer("/", target)}
        await super().move(source, target)


class MovesNames(SoundVFS):
    breaks = Promise.MOVES
    also = frozenset(
        {
            Promise.INDEPENDENT,
            Promise.NEVER_GONE,
            Promise.MOVE_OF_CASE,
            Promise.MOVE_REPLACES,
            Promise.ODD_PATHS,
            Promise.PARENTS_VANISH,
            Promise.SURVIVES_DEATH,
            Promise.LIKE_A_DICT,
        }
    )

    async def move(self, source, target):
        await super().move(source, target)
        if source != target:
            self.backend.documents[target] = b""


class RefusesToReplace(SoundVFS):
    breaks = Promise.MOVE_REPLACES
    also = frozenset({Promise.SURVIVES_DEATH, Promise.LIKE_A_DICT})

    async def move(self, source, target):
        await self.read(source)
        if source != target and await self.stat(target):
            raise StorageError(f"{target!r} exists")
        await super().move(source, target)


class MakesRoomFirst(SoundVFS):
    breaks = Promise.MOVE_NEEDS_SOURCE
    also = frozenset({Promise.SURVIVES_DEATH, Promise.LIKE_A_DICT})

    async def move(self, source, target):
        if source != target:
            check_path(source)
            await self.delete(target)
        await super().move(source, target)


class CopiesAndDeletes(SoundVFS):
    breaks = Promise.MOVE_TO_ITSELF
    also = frozenset({Promise.LIKE_A_DICT})

    async def move(self, source, target):
        check_path(target)
        await self.write(target, await self.read(source), {})
        await self.delete(source)


class TakesCasesForOne(SoundVFS):
    breaks = Promise.MOVE_OF_CASE

    async def move(self, source, target):
        if source.lower() == target.lower():
            await self.read(source)
        else:
            await super().move(source, target)


class MovesInTwoSteps(SoundVFS):
    breaks = Promise.NEVER_GONE
    also = frozenset({Promise.SURVIVES_DEATH})

    async def move(self, source, target):
        check_path(target)
        data = await self.read(source)
        await self.delete(source)
        await asyncio.sleep(0)
        await self.write(target, data, {})


class ScansFolderByFolder(SoundVFS):
    breaks = Promise.SCAN_ORDER
    also = frozenset({Promise.LIKE_A_DICT, Promise.INDEPENDENT})

    async def scan(self, prefix=""):
        found = [entry async for entry in super().scan(prefix)]
        for entry in sorted(found, key=lambda entry: entry.path.split("/")):
            yield entry


class TakesLettersForAFolder(SoundVFS):
    breaks = Promise.SCAN_PREFIX
    also = frozenset({Promise.LIKE_A_DICT})

    async def scan(self, prefix=""):
        if prefix:
            check_path(prefix)
        async for entry in super().scan():
            if entry.path.startswith(prefix):
                yield entry


class ScansOnePage(SoundVFS):
    breaks = Promise.SCAN_COMPLETE

    async def scan(self, prefix=""):
        found = [entry async for entry in super().scan(prefix)]
        for entry in found[:1000]:
            yield entry


class WritesInTwoSteps(SoundVFS):
    breaks = Promise.WHOLE_DOCUMENTS
    also = frozenset({Promise.SURVIVES_DEATH, Promise.CANCELLED})

    async def write(self, path, data, metadata):
        await super().write(path, data[: len(data) // 2], metadata)
        await asyncio.sleep(0)
        await super().write(path, data, metadata)


class SharesOneDesk(SoundVFS):
    breaks = Promise.INDEPENDENT

    async def write(self, path, data, metadata):
        self.desk = data
        await asyncio.sleep(0)
        await super().write(path, self.desk, metadata)


class WritesOnWhenCancelled(SoundVFS):
    breaks = Promise.CANCELLED

    async def write(self, path, data, metadata):
        check_path(path)
        await asyncio.shield(asyncio.ensure_future(self.slowly(path, data)))

    async def slowly(self, path, data):
        await asyncio.sleep(len(data) / 50_000_000)  # seconds
        self.ask("put", path, data)


class SwallowsErrors(SoundVFS):
    breaks = Promise.FAILURES_TOLD
    also = frozenset({Promise.SURVIVES_DEATH})

    async def write(self, path, data, metadata):
        try:
            await super().write(path, data, metadata)
        except StorageError as error:
            check_path(path)
            self.last_error = error


class RaisesErrorsOfItsOwn(SoundVFS):
    breaks = Promise.FAILURES_TOLD
    also = frozenset({Promise.SURVIVES_DEATH})

    def ask(self, name, *arguments):
        return getattr(self.backend, name)(*arguments)


class LeavesLitter(SoundVFS):
    breaks = Promise.SURVIVES_DEATH

    async def write(self, path, data, metadata):
        check_path(path)
        self.ask("put", ".temporary", data)
        self.ask("rename", ".temporary", path)


class DeletesOneVersion(SoundVFS):
    breaks = Promise.LIKE_A_DICT

    def __init__(self, backend):
        super().__init__(backend)
        self.versions = {}

    async def write(self, path, data, metadata):
        self.versions.setdefault(path, []).append(self.ask("get", check_path(path)))
        await super().write(path, data, metadata)

    async def delete(self, path):
        await super().delete(path)
        versions = self.versions.pop(path, [])
        if versions and versions[-1] is not None:
            self.ask("put", path, versions[-1])
