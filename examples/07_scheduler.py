"""Sync on a schedule: every minute, which here passes in a second, while somebody edits a demo site."""

import asyncio
import tempfile
from datetime import UTC, datetime, timedelta
from time import monotonic

from confluence_sync import ConfluenceSync, SiteApiToken, SpaceMapping
from confluence_sync.adapters import FsspecVFS, SQLiteDatabase
from confluence_sync.events import AnyEvent, RunFinished
from confluence_sync.models import WorkspaceId
from confluence_sync.scheduler import Scheduler
from confluence_sync.testing import demo_site

WORKSPACE = WorkspaceId("workspace-1")


class FastClock:
    """A `Clock` for demos, on which minutes pass in seconds; leave the argument out in earnest."""

    def __init__(self) -> None:
        self._start = datetime(2026, 1, 5, 9, 30, tzinfo=UTC)
        self._origin = monotonic()

    def now(self) -> datetime:
        """Return a time of that morning."""
        return self._start + timedelta(minutes=monotonic() - self._origin)

    async def sleep(self, seconds: float) -> None:
        """Wait a sixtieth of that."""
        await asyncio.sleep(seconds / 60)


class FinishedRuns(asyncio.Queue[RunFinished]):
    """A `LogSink` that keeps the ends of runs."""

    async def emit(self, event: AnyEvent) -> None:
        """Take one event."""
        if isinstance(event, RunFinished):
            await self.put(event)


async def main(folder: str) -> None:
    """Connect, set a schedule, and let the scheduler run until three runs are done."""
    clock, site, finished = FastClock(), demo_site(), FinishedRuns()
    async with (
        site.serve() as url,
        SQLiteDatabase(f"{folder}/sync.db") as database,
        ConfluenceSync(
            state=database.state,
            tokens=database.tokens,
            vfs=FsspecVFS.from_url(folder),
            sinks=[finished],
            clock=clock,
        ) as sync,
    ):
        await sync.connect_with_api_token(WORKSPACE, SiteApiToken(url, "you@example.com", "your-api-token"))
        spaces = [choice.space for choice in await sync.spaces(WORKSPACE)]
        await sync.save_mappings(WORKSPACE, [SpaceMapping(space_id=space.id) for space in spaces])
        await sync.set_schedule(WORKSPACE, every=60)
        async with Scheduler(sync, clock=clock):
            for number in range(1, 4):
                run = await finished.get()
                print(f"{run.at:%H:%M:%S} {run.outcome}: {run.counts.written} files written")
                site.page("Webhooks").edit(f"<p>Edition {number}</p>")
        print(f"The next run would begin at {await sync.next_due():%H:%M:%S}")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as temporary:
        asyncio.run(main(temporary))
