"""What holds of a local folder beyond the contract."""

import asyncio
import builtins
import os
import sys
import unicodedata

import fsspec
import pytest

from confluence_sync.adapters import FsspecVFS
from confluence_sync.errors import ConfigurationError, DocumentNotFoundError, InvalidPathError, StorageError
from confluence_sync.protocols import VFSEntry

LEFTOVER = ".confluence-sync-0123456789abcdef.tmp"


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "pages"
    folder.mkdir()
    return folder


@pytest.fixture
def vfs(folder):
    return FsspecVFS.from_url(folder)


async def scan(vfs, prefix=""):
    return [entry.path async for entry in vfs.scan(prefix)]


class TestRoot:
    async def test_it_is_made_with_the_first_document_and_stays(self, tmp_path):
        """The folder is not there before it is needed, and is not removed with the last document."""
        root = tmp_path / "a" / "b"
        vfs = FsspecVFS.from_url(root)
        assert await scan(vfs) == []
        assert not root.exists()
        await vfs.write("docs/deep/a.md", b"text", {})
        await vfs.delete("docs/deep/a.md")
        assert root.is_dir()
        assert list(root.iterdir()) == []

    async def test_all_spellings_lead_there(self, folder, monkeypatch):
        """Absolute and relative paths, URLs and filesystems mean the same folder."""
        (folder / "a.md").write_bytes(b"text")
        monkeypatch.chdir(folder.parent)
        local = fsspec.filesystem("file")
        for vfs in (
            FsspecVFS.from_url(str(folder)),
            FsspecVFS.from_url("pages"),
            FsspecVFS.from_url(folder.as_uri()),
            FsspecVFS(local, str(folder)),
            FsspecVFS(local, f"{folder}/"),
        ):
            assert await scan(vfs) == ["a.md"]

    async def test_a_file_is_no_root(self, tmp_path):
        """A file where the folder should be is told in one sentence."""
        (tmp_path / "pages").write_text("text")
        with pytest.raises(StorageError, match=r"cannot write 'a\.md': a part of its path is a file, not a folder"):
            await FsspecVFS.from_url(tmp_path / "pages").write("a.md", b"text", {})

    def test_an_unknown_protocol(self):
        """A URL that fsspec does not understand is for the caller to put right."""
        with pytest.raises(ConfigurationError, match="nope"):
            FsspecVFS.from_url("nope://bucket/pages")


@pytest.mark.skipif(sys.platform == "win32", reason="links need a privilege there")
class TestLinks:
    async def test_nothing_leaves_the_folder(self, folder, vfs, tmp_path):
        """A link that leads out is followed by no call, whether it is a folder or a document."""
        outside = tmp_path / "outside"
        outside.mkdir()
        (outside / "a.md").write_bytes(b"theirs")
        (folder / "folder").symlink_to(outside)
        (folder / "link.md").symlink_to(outside / "a.md")
        (folder / "mine.md").write_bytes(b"mine")
        for path in ("folder/a.md", "link.md", "folder/new.md"):
            for call in (
                vfs.read(path),
                vfs.stat(path),
                vfs.delete(path),
                vfs.write(path, b"mine", {}),
                vfs.move(path, "b.md"),
                vfs.move("mine.md", path),
            ):
                with pytest.raises(StorageError, match="leads out of the folder"):
                    await call
        with pytest.raises(StorageError, match="leads out of the folder"):
            await scan(vfs, "folder")
        assert await scan(vfs) == ["mine.md"]
        assert [(file.name, file.read_bytes()) for file in outside.iterdir()] == [("a.md", b"theirs")]

    async def test_links_within_the_folder_are_followed(self, folder, vfs):
        """A linked document is one, a linked folder can be used, and is not scanned twice."""
        (folder / "real").mkdir()
        (folder / "real" / "a.md").write_bytes(b"text")
        (folder / "alias").symlink_to("real")
        (folder / "link.md").symlink_to("real/a.md")
        (folder / "loop").symlink_to(".")
        assert await scan(vfs) == ["link.md", "real/a.md"]
        assert await vfs.read("alias/a.md") == await vfs.read("link.md") == b"text"

    async def test_the_folder_itself_may_be_a_link(self, folder, tmp_path):
        """Where the folder is, is the host's business."""
        (tmp_path / "link").symlink_to(folder)
        vfs = FsspecVFS.from_url(tmp_path / "link")
        await vfs.write("docs/a.md", b"text", {})
        assert (folder / "docs" / "a.md").read_bytes() == b"text"
        assert await scan(vfs) == ["docs/a.md"]

    @pytest.mark.parametrize("target", ["missing.md", "broken.md"])
    async def test_a_link_to_nothing_is_nothing(self, folder, vfs, target):
        """A link without an end has no document, and a write takes its place."""
        (folder / "broken.md").symlink_to(target)
        assert await vfs.stat("broken.md") is None
        assert await scan(vfs) == []
        await vfs.write("broken.md", b"text", {})
        assert await scan(vfs) == ["broken.md"]
        assert not (folder / "broken.md").is_symlink()


class TestNames:
    async def test_a_decomposed_name_counts_as_composed(self, folder, vfs):
        """Some disks give names back in NFD; each call finds them under the NFC path."""
        path = "Ünïcode/й.md"
        raw = folder / unicodedata.normalize("NFD", path)
        raw.parent.mkdir()
        raw.write_bytes(b"text")
        assert await scan(vfs) == [path]
        assert await scan(vfs, "Ünïcode") == [path]
        assert await vfs.stat(path) == VFSEntry(path, 4)
        await vfs.write(path, b"text 2", {})
        assert raw.read_bytes() == b"text 2"
        await vfs.move(path, "a.md")
        await vfs.move("a.md", path)
        await vfs.delete(path)
        assert list(folder.iterdir()) == []

    @pytest.mark.skipif(sys.platform != "linux", reason="other disks take the two for one")
    async def test_twins_in_both_forms_are_seen_once(self, folder, vfs):
        """Where a disk has both forms of a name, the composed one is the document."""
        for name, data in ((unicodedata.normalize("NFD", "й.md"), b"decomposed"), ("й.md", b"composed")):
            (folder / name).write_bytes(data)
        assert [entry async for entry in vfs.scan()] == [VFSEntry("й.md", 8)]
        assert await vfs.read("й.md") == b"composed"

    @pytest.mark.skipif(sys.platform != "linux", reason="other disks refuse such names")
    async def test_what_is_no_path_is_not_seen(self, folder, vfs):
        """Names that no document can have are left alone."""
        for name in (b"back\\slash", b"new\nline", b"not utf-8 \xff", b"a.md"):
            (folder / os.fsdecode(name)).write_bytes(b"text")
        (folder / os.fsdecode(b"folder\xff")).mkdir()
        os.mkfifo(folder / "pipe")
        assert await scan(vfs) == ["a.md"]
        assert await vfs.stat("pipe") is None
        with pytest.raises(DocumentNotFoundError):
            await vfs.read("pipe")

    async def test_temporary_names_are_taken(self, vfs):
        """A document cannot have a name that would be swept."""
        with pytest.raises(InvalidPathError):
            await vfs.write(f"docs/{LEFTOVER}", b"text", {})


class TestLeftovers:
    async def test_they_are_not_seen_and_go_with_the_first_write(self, folder, vfs):
        """What a killed process left is not a document, and is removed with the folders it kept."""
        (folder / "docs" / "deep").mkdir(parents=True)
        for place in (folder, folder / "docs" / "deep"):
            (place / LEFTOVER).write_bytes(b"half a docu")
        assert await scan(vfs) == []
        await vfs.write("a.md", b"text", {})
        assert [file.name for file in folder.iterdir()] == ["a.md"]

    async def test_a_sweep_disturbs_no_living_writer(self, folder, vfs):
        """Whoever loses a temporary file to the first write of another process writes it again."""

        async def sweep():
            for _ in range(100):
                await FsspecVFS.from_url(folder).write("b.md", b"theirs", {})

        async def write():
            for number in range(300):
                await vfs.write("a.md", str(number).encode(), {})

        await asyncio.gather(sweep(), write())
        assert await vfs.read("a.md") == b"299"
        assert sorted(file.name for file in folder.iterdir()) == ["a.md", "b.md"]

    @pytest.mark.skipif(sys.platform == "win32", reason="limits are POSIX")
    async def test_a_full_disk_leaves_nothing(self, folder, vfs):
        """When the system refuses a write, the old document stays, and neither litter nor empty folders appear."""
        import resource

        await vfs.write("docs/a.md", b"old", {})
        limits = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (1000, limits[1]))
        try:
            for path in ("docs/a.md", "new/deep/b.md"):
                with pytest.raises(StorageError, match=f"cannot write '{path}': File too large"):
                    await vfs.write(path, b"x" * 100_000, {})
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        assert await vfs.read("docs/a.md") == b"old"
        assert [file.name for file in folder.rglob("*")] == ["docs", "a.md"]


@pytest.mark.parametrize("call", ["open", "replace"])
async def test_a_document_that_vanishes_meanwhile(folder, vfs, monkeypatch, call):
    """What another process takes away between a look and the call is missing, as what never was there."""
    await vfs.write("docs/a.md", b"text", {})
    target = builtins if call == "open" else os
    plain = getattr(target, call)

    def too_late(file, *arguments):
        (folder / "docs" / "a.md").unlink(missing_ok=True)
        return plain(file, *arguments)

    monkeypatch.setattr(target, call, too_late)
    with pytest.raises(DocumentNotFoundError):
        await (vfs.read("docs/a.md") if call == "open" else vfs.move("docs/a.md", "new/deep/b.md"))
    monkeypatch.undo()
    assert not (folder / "new").exists()


async def test_a_document_in_the_way(vfs):
    """A document where a folder is needed, and a folder where a document is needed, are told in a sentence."""
    await vfs.write("a", b"text", {})
    await vfs.write("docs/b.md", b"text", {})
    with pytest.raises(StorageError, match=r"cannot write 'a/b\.md': a part of its path is a file, not a folder"):
        await vfs.write("a/b.md", b"text", {})
    with pytest.raises(StorageError, match="cannot write 'docs'"):
        await vfs.write("docs", b"text", {})
    assert await scan(vfs) == ["a", "docs/b.md"]
