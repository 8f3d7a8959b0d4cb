"""FsspecVFS keeps the contract on S3, over HTTP to a server in another process, and what is S3's own is as promised."""

import asyncio
from functools import partial

import httpx
import pytest
from servers import require
from stores_elsewhere import open_url

from confluence_sync.adapters import FsspecVFS
from confluence_sync.errors import DocumentNotFoundError, InvalidPathError, StorageError
from confluence_sync.paths import MAX_PATH_BYTES
from confluence_sync.protocols import VFSEntry
from confluence_sync.testing import VFSContract

try:
    import s3fs
except ImportError:
    require("s3", "the package s3fs is not installed")


def die_at(filesystem, calls):
    """Let every request of a filesystem from the n-th on fail before it is sent."""
    requests = 0

    def refuse(request, **_):
        nonlocal requests
        requests += 1
        if requests >= calls:
            raise PermissionError("the network is gone")

    filesystem.connect()
    filesystem.s3.meta.events.register("before-send.s3", refuse)


class TestS3(VFSContract):
    histories = 2

    @pytest.fixture(autouse=True)
    def _server(self, s3, s3_options, bucket):
        self.s3, self.options, self.bucket = s3, s3_options, bucket

    @pytest.fixture
    def vfs(self):
        return self.open()

    @pytest.fixture
    def open_elsewhere(self):
        return partial(open_url, f"s3://{self.bucket}/pages", self.options)

    def open(self):
        return FsspecVFS.from_url(f"s3://{self.bucket}/pages", **self.options)

    async def raw_write(self, vfs, path, data):
        await asyncio.to_thread(self.s3.pipe_file, f"{self.bucket}/pages/{path}", data)

    async def raw_read(self, vfs, path):
        return await asyncio.to_thread(self.s3.cat_file, f"{self.bucket}/pages/{path}")

    async def break_writes(self, vfs):
        await asyncio.to_thread(self.s3.rm, self.bucket, recursive=True)

    async def open_dying(self, vfs, calls):
        filesystem = s3fs.S3FileSystem(**self.options, skip_instance_cache=True)
        await asyncio.to_thread(die_at, filesystem, calls)
        return FsspecVFS(filesystem, f"{self.bucket}/pages")


@pytest.fixture
def vfs(bucket, s3_options):
    return FsspecVFS.from_url(f"s3://{bucket}/pages", **s3_options)


async def scan(vfs, prefix=""):
    return [entry.path async for entry in vfs.scan(prefix)]


async def test_it_is_awaited_in_the_loop_of_its_maker(bucket, s3, s3_options):
    """A filesystem that was made asynchronous needs no other thread."""
    filesystem = s3fs.S3FileSystem(**s3_options, asynchronous=True, skip_instance_cache=True)
    session = await filesystem.set_session()
    vfs = FsspecVFS(filesystem, f"{bucket}/pages")
    await vfs.write("docs/a.md", b"text", {})
    await vfs.move("docs/a.md", "docs/b.md")
    assert await vfs.read("docs/b.md") == b"text"
    assert await scan(vfs) == ["docs/b.md"]
    await vfs.delete("docs/b.md")
    assert await scan(vfs) == []
    await session.close()


async def test_a_cached_listing_is_not_believed(bucket, s3, s3_options):
    """Also through a filesystem that caches listings, what others write and delete is seen."""
    filesystem = s3fs.S3FileSystem(**s3_options)
    vfs = FsspecVFS(filesystem, f"{bucket}/pages")
    await asyncio.to_thread(filesystem.find, f"{bucket}/pages")
    s3.pipe_file(f"{bucket}/pages/a.md", b"text")
    assert await scan(vfs) == ["a.md"]
    assert await vfs.stat("a.md") == VFSEntry("a.md", 4)
    s3.rm_file(f"{bucket}/pages/a.md")
    assert await vfs.stat("a.md") is None
    assert await scan(vfs) == []


async def test_what_is_no_document_is_not_seen(bucket, s3, vfs):
    """Markers of folders, keys that are no paths, and neighbours of the prefix are left alone."""
    for key in ("pages/docs/", "pages//slash.md", "pages/a\\b.md", "pages-2/b.md", "pages", "pages/../c.md"):
        s3.call_s3("put_object", Bucket=bucket, Key=key, Body=b"theirs")
    await vfs.write("docs/a.md", b"mine", {})
    assert await scan(vfs) == ["docs/a.md"]
    assert await vfs.stat("docs") is None
    await vfs.delete("docs")
    await vfs.delete("docs/a.md")
    assert await scan(vfs) == []
    assert len(s3.find(bucket)) == 6


async def test_the_longest_path_is_the_longest_key(bucket, s3_options):
    """At the top of a bucket a path of 1,024 bytes is a key; below a folder it is too long, and that is told."""
    path = "/".join(["ö" * 100] * 5) + "/" + "x" * 19
    assert len(path.encode()) == MAX_PATH_BYTES
    top = FsspecVFS.from_url(f"s3://{bucket}", **s3_options)
    await top.write(path, b"text", {})
    assert await scan(top) == [path]
    assert await top.read(path) == b"text"


async def test_a_version_is_no_name(vfs):
    """What s3fs would take for a version of another document is refused, not written over that document."""
    await vfs.write("a.md", b"text", {})
    with pytest.raises(InvalidPathError, match="versionId"):
        await vfs.write("a.md?versionId=1", b"other", {})
    assert await vfs.read("a.md") == b"text"


async def test_a_missing_bucket_is_told(s3, s3_options):
    """A mistyped bucket is neither an empty folder nor made in silence."""
    vfs = FsspecVFS.from_url("s3://no-such-bucket/pages", **s3_options)
    with pytest.raises(StorageError, match=r"cannot write .*: The specified bucket does not exist"):
        await vfs.write("a.md", b"text", {})
    with pytest.raises(StorageError, match=r"cannot list .*: The specified bucket does not exist"):
        await scan(vfs)
    assert not s3.exists("no-such-bucket")


async def test_a_refusal_is_told(s3_url, vfs):
    """Wrong credentials are a StorageError, and no missing document."""
    async with httpx.AsyncClient(base_url=s3_url) as server:
        await server.post("/moto-api/reset-auth", content="0")  # from now on keys are checked
        try:
            for call in (vfs.read("a.md"), vfs.stat("a.md"), vfs.write("a.md", b"", {}), vfs.delete("a.md"), scan(vfs)):
                with pytest.raises(StorageError, match=r"Access Key|Forbidden|Access Denied") as caught:
                    await call
                assert not isinstance(caught.value, DocumentNotFoundError)
        finally:
            await server.post("/moto-api/reset-auth", content="inf")


async def test_a_large_document_is_written_in_parts_and_seen_whole(bucket, s3, vfs):
    """Above a hundred megabytes s3fs sends parts; until the last one is there, nothing is."""
    data = b"0123456789abcdef" * (105 * 2**16)
    writing = asyncio.create_task(vfs.write("a.md", data, {}))
    while not writing.done():
        assert await vfs.stat("a.md") in (None, VFSEntry("a.md", len(data)))
        await asyncio.sleep(0.05)
    await writing
    assert await vfs.stat("a.md") == VFSEntry("a.md", len(data))
    assert (await vfs.read("a.md")) == data


def test_two_event_loops_may_use_it(bucket, s3_options):
    """A host that calls `asyncio.run` again and again keeps its VFS."""
    vfs = FsspecVFS.from_url(f"s3://{bucket}/pages", **s3_options)
    for number in range(2):
        asyncio.run(vfs.write(f"{number}.md", b"text", {}))
    assert asyncio.run(scan(vfs)) == ["0.md", "1.md"]
