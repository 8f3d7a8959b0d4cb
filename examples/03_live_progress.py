"""Show a run as a progress bar, with totals that are known once the plan is (needs the extra `progress`)."""

import asyncio

from rich.progress import Progress

from confluence_sync.adapters import MemoryStateStore, MemoryVFS
from confluence_sync.client import ConfluenceClient, SiteApiToken
from confluence_sync.engine import SyncEngine
from confluence_sync.events import AnyEvent, PageFailed, PagesListed, PageWritten, SpacePlanned
from confluence_sync.models import SpaceMapping
from confluence_sync.testing import demo_site


async def main() -> None:
    """Sync the demo site into memory behind a progress bar."""
    async with (
        demo_site().serve(latency=0.2) as url,
        ConfluenceClient(SiteApiToken(url, "you@example.com", "your-api-token")) as client,
    ):
        engine = SyncEngine(client, MemoryVFS(), MemoryStateStore())
        mappings = [SpaceMapping(space_id=space.id) async for batch in client.space_batches() for space in batch.items]
        with Progress() as progress:
            show = ProgressBar(progress)
            async with engine.run(mappings) as run:
                async for event in run:
                    show(event)
    print(run.report.summary())


class ProgressBar:
    """Turns events into the state of a bar."""

    def __init__(self, progress: Progress) -> None:
        self.progress = progress
        self.task = progress.add_task("listing", total=None)

    def __call__(self, event: AnyEvent) -> None:
        """Take one event in."""
        match event:
            case PagesListed():
                self.progress.update(self.task, description=f"listing {event.space_key}: {event.pages} pages")
            case SpacePlanned():
                total = (self.progress.tasks[0].total or 0) + event.writes
                self.progress.update(self.task, description="writing", total=total)
            case PageWritten() | PageFailed():
                self.progress.advance(self.task)


if __name__ == "__main__":
    asyncio.run(main())
