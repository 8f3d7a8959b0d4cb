"""Show the run log: the list of runs, and one of them opened, with its failed pages first."""

import asyncio
import tempfile

from confluence_sync import ConfluenceSync, SiteApiToken, SpaceMapping
from confluence_sync.adapters import FsspecVFS, JsonLinesLogSink, SQLiteDatabase
from confluence_sync.models import WorkspaceId
from confluence_sync.testing import demo_site

WORKSPACE = WorkspaceId("workspace-1")


async def main(folder: str) -> None:
    """Sync a demo site, and once more after two pages were edited, one of them too large to read; tell both runs."""
    site = demo_site()
    async with (
        site.serve() as url,
        SQLiteDatabase(f"{folder}/sync.db") as database,
        ConfluenceSync(
            state=database.state,
            tokens=database.tokens,
            vfs=FsspecVFS.from_url(folder),
            log=database.log,  # what `sync.run` reads; without it the log is kept in `state`
            sinks=[JsonLinesLogSink(f"{folder}/events.jsonl")],  # and everything else that wants to know
        ) as sync,
    ):
        await sync.connect_with_api_token(WORKSPACE, SiteApiToken(url, "you@example.com", "your-api-token"))
        spaces = [choice.space for choice in await sync.spaces(WORKSPACE)]
        await sync.save_mappings(WORKSPACE, [SpaceMapping(space_id=space.id) for space in spaces])
        await run_once(sync)
        for title in ("Webhooks", "Hotfixes"):
            site.page(title).edit("<p>Another text</p>")
        site.fail(page_id=site.page("Webhooks").id, status=413, times=None)
        await run_once(sync)
        for record in await sync.runs(WORKSPACE):
            print(f"\n{record.started_at:%H:%M:%S} {record.mode}: {record.outcome}, {record.counts.listed} pages")
            detail = await sync.run(WORKSPACE, record.run_id, limit=4)
            for page in detail.pages:
                print(f"  {page.what:8} {page.title}: {page.message or page.why or page.path}")
            if detail.truncated:
                print("  ...")


async def run_once(sync: ConfluenceSync) -> None:
    """Run everything that is mapped."""
    async with sync.sync_now(WORKSPACE) as run:
        await run.wait()


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as temporary:
        asyncio.run(main(temporary))
