"""Sync a site once, in a process of its own, and print what it took as JSON.

python tests/benchmarks/sync_once.py URL FOLDER [MODE]
"""

from __future__ import annotations

import asyncio
import json
import resource
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from functools import wraps
from pathlib import Path

from confluence_sync.adapters import FsspecVFS, SQLiteDatabase
from confluence_sync.client import ConfluenceClient, SiteApiToken, SiteLimiter
from confluence_sync.engine import SyncEngine, _documents
from confluence_sync.models import RunMode, SpaceMapping


class Stopwatch:
    """Counts the seconds in which something is under way, once however many things at the same time it is."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self._under_way = 0
        self._since = 0.0

    @contextmanager
    def running(self) -> Iterator[None]:
        if not self._under_way:
            self._since = time.perf_counter()
        self._under_way += 1
        try:
            yield
        finally:
            self._under_way -= 1
            if not self._under_way:
                self.seconds += time.perf_counter() - self._since

    def timing(self, function: Callable) -> Callable:
        """Return a function, not a coroutine function, that is timed."""

        @wraps(function)
        def timed(*args, **kwargs):
            with self.running():
                return function(*args, **kwargs)

        return timed


class TimedStore:
    """A VFS or state store, with the time its calls take."""

    def __init__(self, inner: object, watch: Stopwatch) -> None:
        self._inner = inner
        self._watch = watch

    def __getattr__(self, name: str) -> Callable:
        method = getattr(self._inner, name)

        async def timed(*args, **kwargs):
            with self._watch.running():
                return await method(*args, **kwargs)

        return timed

    async def scan(self, *args: object) -> AsyncIterator:
        rows = self._inner.scan(*args)
        while True:
            with self._watch.running():
                row = await anext(rows, None)
            if row is None:
                return
            yield row


class TimedLimiter(SiteLimiter):
    """A limiter that knows for how long there were requests."""

    def __init__(self, watch: Stopwatch) -> None:
        super().__init__()
        self._watch = watch

    @asynccontextmanager
    async def slot(self) -> AsyncIterator[None]:
        async with super().slot():
            with self._watch.running():
                yield


def peak_megabytes() -> float:
    """Peak memory of this process; `ru_maxrss` would count the process that started it, too."""
    status = Path("/proc/self/status")
    if status.exists():
        (peak,) = [line for line in status.read_text().splitlines() if line.startswith("VmHWM:")]
        return int(peak.split()[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


async def sync(url: str, folder: Path, mode: RunMode) -> dict[str, object]:
    """Return what a run took; what happens at the same time (network, files, memory) adds up to more than the whole."""
    network, files, memory, conversion = (Stopwatch() for _ in range(4))
    _documents.convert = conversion.timing(_documents.convert)
    _documents.render_document = conversion.timing(_documents.render_document)
    started, worked = time.perf_counter(), time.process_time()
    async with (
        ConfluenceClient(SiteApiToken(url, "bench@example.com", "token"), limiter=TimedLimiter(network)) as client,
        SQLiteDatabase(folder / "state.db") as database,
    ):
        vfs, state = TimedStore(FsspecVFS.from_url(folder / "files"), files), TimedStore(database.state, memory)
        engine = SyncEngine(client, vfs, state, sink=database.log)
        mappings = [SpaceMapping(space_id=space.id) async for batch in client.space_batches() for space in batch.items]
        report = await engine.sync(mappings, mode=mode)
    seconds, processor = time.perf_counter() - started, time.process_time() - worked
    shares = {"conversion": conversion, "network": network, "files": files, "memory": memory}
    return {
        "outcome": report.outcome,
        "pages": report.counts.listed,
        "written": report.counts.written,
        "requests": report.requests,
        "points": report.points,
        "seconds": round(seconds, 2),
        "cpu_seconds": round(processor, 2),
        "ms_a_page": round(1000 * seconds / max(report.counts.listed, 1), 2),
        "pages_a_second": round(report.counts.listed / seconds),
        "peak_mb": round(peak_megabytes(), 1),
        "processor": f"{processor / seconds:.0%}",
        **{name: f"{watch.seconds / seconds:.0%}" for name, watch in shares.items()},
    }


if __name__ == "__main__":
    target = Path(sys.argv[2])
    target.mkdir(parents=True, exist_ok=True)
    chosen = RunMode(sys.argv[3]) if len(sys.argv) > 3 else RunMode.FULL
    print(json.dumps(asyncio.run(sync(sys.argv[1], target, chosen))))
