"""A first sync, without an account: a demo site on this machine becomes a folder of Markdown files.

Run it twice: the second run has nothing to write.
"""

import asyncio
import sys
from pathlib import Path

from confluence_sync.adapters import FsspecVFS, SQLiteDatabase
from confluence_sync.adapters.logging import describe
from confluence_sync.client import ConfluenceClient, SiteApiToken
from confluence_sync.engine import SyncEngine
from confluence_sync.models import SpaceMapping
from confluence_sync.testing import demo_site


async def main(folder: Path) -> None:
    """Sync every space of the demo site into a folder, and tell what happens."""
    async with (
        demo_site().serve() as url,  # stands for https://your-site.atlassian.net/wiki
        ConfluenceClient(SiteApiToken(url, "you@example.com", "your-api-token")) as client,
        SQLiteDatabase(folder / ".confluence-sync.db") as database,
    ):
        engine = SyncEngine(client, FsspecVFS.from_url(folder), database.state, sink=database.log)
        mappings = [SpaceMapping(space_id=space.id) async for batch in client.space_batches() for space in batch.items]
        async with engine.run(mappings) as run:
            async for event in run:
                print(describe(event))
    print(f"\n{run.report.summary()}\nThe files are in {folder}/")


if __name__ == "__main__":
    target = Path(sys.argv[1] if len(sys.argv) > 1 else "confluence-demo")
    target.mkdir(parents=True, exist_ok=True)
    asyncio.run(main(target))
