"""Sync a site once, in a process of its own, and print what it took as JSON.

python tests/benchmarks/sync_once.py URL FOLDER [MODE]
"""

from __future__ import annotations

import asyncio
import json
import resource
import sys
import time
from pathlib import Path

from confluence_sync.adapters import FsspecVFS, SQLiteDatabase
from confluence_sync.client import ConfluenceClient, SiteApiToken
from confluence_sync.engine import SyncEngine
from confluence_sync.models import RunMode, SpaceMapping


def peak_megabytes() -> float:
    """Peak memory of this process; `ru_maxrss` would count the process that started it, too."""
    status = Path("/proc/self/status")
    if status.exists():
        (peak,) = [line for line in status.read_text().splitlines() if line.startswith("VmHWM:")]
        return int(peak.split()[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


async def sync(url: str, folder: Path, mode: RunMode) -> dict[str, object]:
    started = time.perf_counter()
    async with (
        ConfluenceClient(SiteApiToken(url, "bench@example.com", "token")) as client,
        SQLiteDatabase(folder / "state.db") as database,
    ):
        engine = SyncEngine(client, FsspecVFS.from_url(folder / "files"), database.state, sink=database.log)
        mappings = [SpaceMapping(space_id=space.id) async for batch in client.space_batches() for space in batch.items]
        report = await engine.sync(mappings, mode=mode)
    seconds = time.perf_counter() - started
    return {
        "outcome": report.outcome,
        "pages": report.counts.listed,
        "written": report.counts.written,
        "requests": report.requests,
        "points": report.points,
        "seconds": round(seconds, 2),
        "peak_mb": round(peak_megabytes(), 1),
    }


if __name__ == "__main__":
    target = Path(sys.argv[2])
    target.mkdir(parents=True, exist_ok=True)
    chosen = RunMode(sys.argv[3]) if len(sys.argv) > 3 else RunMode.FULL
    print(json.dumps(asyncio.run(sync(sys.argv[1], target, chosen))))
