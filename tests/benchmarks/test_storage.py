"""Writes a second through FsspecVFS, and by plain calls of fsspec that promise the same, side by side in one run.

Rounds of both take turns, so that what else the machine does slows both down; the medians are printed.
"""

from __future__ import annotations

import asyncio
import statistics
import time
import uuid
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import fsspec
import pytest

from confluence_sync.adapters import FsspecVFS

pytestmark = pytest.mark.bench

Write = Callable[[str, bytes], Awaitable[object]]

DATA = b"a line of Markdown\n" * 500
CONCURRENCY = 8


async def seconds(write: Write, number: int, folder: str) -> float:
    """Write so many documents, a fixed number at once."""
    paths = iter([f"{folder}/{index % 20}/{index}.md" for index in range(number)])

    async def work() -> None:
        for path in paths:
            await write(path, DATA)

    start = time.perf_counter()
    await asyncio.gather(*(work() for _ in range(CONCURRENCY)))
    return time.perf_counter() - start


async def compare(title: str, number: int, ours: Write, *others: tuple[str, Write], rounds: int = 15) -> None:
    """Print writes a second of each, and by how much ours takes longer."""
    all_writes = [("FsspecVFS", ours), *others]
    times: dict[str, list[float]] = {name: [] for name, _ in all_writes}
    for index in range(rounds):
        turn = index % len(all_writes)
        for name, write in all_writes[turn:] + all_writes[:turn]:
            times[name].append(await seconds(write, number, f"{name}-{index}".replace(" ", "-")))
    medians = {name: statistics.median(found) for name, found in times.items()}
    print(f"\n{title}, documents of {len(DATA):,} bytes, {CONCURRENCY} at once:")
    for name, median in medians.items():
        overhead = "" if name == "FsspecVFS" else f"; FsspecVFS takes {medians['FsspecVFS'] / median - 1:+.1%}"
        print(f"  {name}: {number / median:,.0f} writes/s{overhead}")


def plain_local(folder: Path) -> tuple[Write, Write]:
    """Return a plain write in threads, and one that promises what FsspecVFS does: a temporary file, renamed."""
    local, threads = fsspec.filesystem("file"), ThreadPoolExecutor(CONCURRENCY)

    def put(path: str, data: bytes) -> None:
        local.makedirs(path.rpartition("/")[0], exist_ok=True)
        local.pipe_file(path, data)

    def put_whole(path: str, data: bytes) -> None:
        temporary = f"{path}.{uuid.uuid4().hex}.tmp"
        put(temporary, data)
        local.mv(temporary, path)

    def in_threads(call: Callable[[str, bytes], None]) -> Write:
        return lambda path, data: asyncio.get_running_loop().run_in_executor(threads, call, f"{folder}/{path}", data)

    return in_threads(put), in_threads(put_whole)


async def test_local_disk(tmp_path: Path):
    """What atomic files cost: the same with a temporary file and a rename, and without."""
    vfs = FsspecVFS.from_url(tmp_path / "vfs", concurrency=CONCURRENCY)
    put, put_whole = plain_local(tmp_path / "plain")
    await compare(
        "local disk",
        1000,
        lambda path, data: vfs.write(path, data, {}),
        ("plain fsspec with temporary file and rename", put_whole),
        ("plain fsspec", put),
    )
    durable = FsspecVFS.from_url(tmp_path / "durable", concurrency=CONCURRENCY, fsync=True)
    taken = await seconds(lambda path, data: durable.write(path, data, {}), 300, "durable")
    print(f"  FsspecVFS with fsync=True: {300 / taken:,.0f} writes/s")


async def test_s3(s3_url: str):
    """S3, from a server on this machine in another process: an upload is an upload."""
    options = {"key": "key", "secret": "secret", "endpoint_url": s3_url, "client_kwargs": {"region_name": "us-east-1"}}
    vfs = FsspecVFS.from_url("s3://bench/vfs", **options)
    plain = fsspec.filesystem("s3", **options, asynchronous=True, skip_instance_cache=True)
    session = await plain.set_session()
    await plain._call_s3("create_bucket", Bucket="bench")
    await compare(
        "S3",
        150,
        lambda path, data: vfs.write(path, data, {}),
        ("plain s3fs", lambda path, data: plain._pipe_file(f"bench/plain/{path}", data)),
    )
    await session.close()
