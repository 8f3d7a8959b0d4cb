"""See what a sync would do, and what it would cost, before anything is written."""

import asyncio

from confluence_sync.adapters import MemoryStateStore, MemoryVFS
from confluence_sync.client import ConfluenceClient, SiteApiToken
from confluence_sync.engine import SyncEngine
from confluence_sync.models import SpaceMapping
from confluence_sync.testing import demo_site


async def main() -> None:
    """Print the plan for an empty folder, and the plan after an edit, a rename and a deletion."""
    site = demo_site()
    async with (
        site.serve() as url,
        ConfluenceClient(SiteApiToken(url, "you@example.com", "your-api-token")) as client,
    ):
        engine = SyncEngine(client, MemoryVFS(), MemoryStateStore())
        handbook = SpaceMapping(space_id=(await client.space_by_key("HB")).id)
        print(await engine.preview([handbook]))

        await engine.sync([handbook])
        site.page("Onboarding").rename("Your first six weeks")
        site.page("Glossary").edit("<p>Ask your buddy.</p>")
        site.page("Meetings").trash()
        print(await engine.preview([handbook]))


if __name__ == "__main__":
    asyncio.run(main())
