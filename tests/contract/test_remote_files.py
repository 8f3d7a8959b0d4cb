"""What holds of fsspec filesystems that are no local folder beyond the contract."""

import uuid

import fsspec
import pytest
from fsspec import AbstractFileSystem

from confluence_sync.adapters import FsspecVFS
from confluence_sync.errors import StorageError


class BrokenFileSystem(AbstractFileSystem):
    """Fails with an error of its own kind, as clients of object stores do."""

    cachable = False

    def _fail(self, *args, **kwargs):
        raise RuntimeError("the bucket is on fire")

    info = cat_file = pipe_file = find = cp_file = rm_file = _fail


async def test_every_failure_is_a_storage_error():
    """Whatever a filesystem raises, callers see a StorageError with its words."""
    vfs = FsspecVFS(BrokenFileSystem(), "bucket")
    for call in (
        vfs.read("a.md"),
        vfs.stat("a.md"),
        vfs.write("a.md", b"", {}),
        vfs.delete("a.md"),
        vfs.move("a.md", "b.md"),
        anext(vfs.scan()),
    ):
        with pytest.raises(StorageError, match="the bucket is on fire"):
            await call


async def test_empty_folders_are_removed_where_there_are_folders():
    """A filesystem with folders keeps none without documents, but keeps the root."""
    memory, root = fsspec.filesystem("memory"), f"/{uuid.uuid4()}"
    memory.makedirs(f"{root}/docs/deep")
    vfs = FsspecVFS(memory, root)
    await vfs.write("docs/deep/a.md", b"text", {})
    await vfs.delete("docs/deep/a.md")
    assert memory.ls(root) == []
    assert memory.isdir(root)


async def test_the_root_of_a_filesystem():
    """Without a folder the documents are at the top."""
    memory = fsspec.filesystem("memory")
    name = f"{uuid.uuid4()}.md"
    vfs = FsspecVFS.from_url("memory://")
    await vfs.write(name, b"text", {})
    assert name in [entry.path async for entry in vfs.scan()]
    await vfs.delete(name)
    assert not memory.exists(f"/{name}")
