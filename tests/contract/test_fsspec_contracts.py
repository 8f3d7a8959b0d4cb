"""FsspecVFS keeps the contract over a local folder, a folder of a folder, and memory."""

import uuid
from functools import partial
from types import MappingProxyType

import fsspec
import pytest
from dying import DyingFolder
from fsspec import AbstractFileSystem
from fsspec.implementations.dirfs import DirFileSystem
from stores_elsewhere import open_folder

from confluence_sync.adapters import FsspecVFS
from confluence_sync.testing import VFSContract


class _LocalContract(VFSContract):
    @pytest.fixture(autouse=True)
    def _folder(self, tmp_path):
        self.folder = tmp_path / "pages"

    async def raw_write(self, vfs, path, data):
        (self.folder / path).parent.mkdir(parents=True, exist_ok=True)
        (self.folder / path).write_bytes(data)

    async def raw_read(self, vfs, path):
        return (self.folder / path).read_bytes()

    async def break_writes(self, vfs):
        self.folder.write_text("a file where the folder should be")

    async def open_dying(self, vfs, calls):
        return DyingFolder(vfs, self.folder, calls)


class TestLocalFolder(_LocalContract):
    @pytest.fixture
    def vfs(self, tmp_path):
        return FsspecVFS.from_url(tmp_path / "pages")

    @pytest.fixture
    def open_elsewhere(self, tmp_path):
        return partial(open_folder, str(tmp_path / "pages"))


class TestLocalFolderWithFsync(_LocalContract):
    @pytest.fixture
    def vfs(self, tmp_path):
        return FsspecVFS.from_url((tmp_path / "pages").as_uri(), fsync=True, concurrency=2)


class TestFolderOfFolder(_LocalContract):
    @pytest.fixture
    def vfs(self, tmp_path):
        return FsspecVFS(DirFileSystem(tmp_path, fsspec.filesystem("file")), "pages")


class _MemoryContract(VFSContract):
    async def raw_write(self, vfs, path, data):
        fsspec.filesystem("memory").pipe_file(f"{self.root}/{path}", data)

    async def raw_read(self, vfs, path):
        return fsspec.filesystem("memory").cat_file(f"{self.root}/{path}")

    async def break_writes(self, vfs):
        fsspec.filesystem("memory").pipe_file(self.root, b"a file where the folder should be")

    @pytest.fixture(autouse=True)
    def _root(self):
        self.root = f"/{uuid.uuid4()}"
        yield
        if fsspec.filesystem("memory").exists(self.root):
            fsspec.filesystem("memory").rm(self.root, recursive=True)


class DyingFileSystem(AbstractFileSystem):
    """A filesystem whose server answers no more from the n-th call on."""

    cachable = False

    def __init__(self, filesystem, calls):
        super().__init__()
        self._left = calls
        for name in ("info", "find", "cat_file", "pipe_file", "cp_file", "rm_file", "makedirs", "rmdir"):
            setattr(self, name, partial(self._call, getattr(filesystem, name)))

    def _call(self, call, *args, **kwargs):
        self._left -= 1
        if self._left <= 0:
            raise ConnectionError("the server is gone")
        return call(*args, **kwargs)


class TestFsspecMemory(_MemoryContract):
    @pytest.fixture
    def vfs(self):
        return FsspecVFS.from_url(f"memory:/{self.root}")

    async def open_dying(self, vfs, calls):
        return FsspecVFS(DyingFileSystem(fsspec.filesystem("memory"), calls), self.root)


class TestFsspecAsynchronous(_MemoryContract):
    @pytest.fixture
    def vfs(self):
        wrapper = pytest.importorskip("fsspec.implementations.asyn_wrapper", reason="needs a newer fsspec")
        memory = wrapper.AsyncFileSystemWrapper(fsspec.filesystem("memory"), asynchronous=True)
        return FsspecVFS(memory, self.root)


class FileServer(AbstractFileSystem):
    """A filesystem with real folders, a rename, and no atomic writes: what SFTP and SMB offer."""

    cachable = False

    def __init__(self, folder):
        super().__init__()
        self._local = DirFileSystem(folder, fsspec.filesystem("file"))
        for name in ("info", "find", "cat_file", "pipe_file", "rm_file", "makedirs", "rmdir"):
            setattr(self, name, getattr(self._local, name))

    def mv(self, path1, path2):
        self._local.mv(path1, path2)


class TestFileServer(_LocalContract):
    deviations = MappingProxyType({"test_readers_see_whole_documents": "a file is seen while it is written"})

    @pytest.fixture
    def vfs(self, tmp_path):
        return FsspecVFS(FileServer(tmp_path), "pages")
