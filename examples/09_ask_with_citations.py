"""Questions answered with passages and the addresses to cite: full-text search over a synced folder.

python 09_ask_with_citations.py "How do I report a security problem?"
"""

import asyncio
import re
import sqlite3
import sys
from pathlib import Path

from confluence_sync.adapters import FsspecVFS, SQLiteDatabase
from confluence_sync.client import ConfluenceClient, SiteApiToken
from confluence_sync.engine import SyncEngine
from confluence_sync.models import SpaceMapping
from confluence_sync.reading import passages
from confluence_sync.testing import demo_site

INDEX = "CREATE VIRTUAL TABLE passage USING fts5 (heading, text, url UNINDEXED, tokenize = 'porter')"
ANSWERS = """
    SELECT heading, snippet(passage, 1, '', '', ' ... ', 24), url FROM passage
    WHERE passage MATCH ? ORDER BY bm25(passage, 3.0, 1.0) LIMIT 3
"""


async def sync(folder: Path) -> None:
    """Bring the demo site into a folder; a second time only what changed."""
    async with (
        demo_site().serve() as url,  # stands for https://your-site.atlassian.net/wiki
        ConfluenceClient(SiteApiToken(url, "you@example.com", "your-api-token")) as client,
        SQLiteDatabase(folder / ".confluence-sync.db") as database,
    ):
        mappings = [SpaceMapping(space_id=space.id) async for batch in client.space_batches() for space in batch.items]
        report = await SyncEngine(client, FsspecVFS.from_url(folder), database.state).sync(mappings)
        report.raise_for_failures()


async def index(folder: Path) -> sqlite3.Connection:
    """Return a full-text index of all passages."""
    search = sqlite3.connect(":memory:")
    search.execute(INDEX)
    async for passage in passages(folder, max_chars=2000):
        heading = " > ".join((passage.page.title, *passage.section.heading_path))
        search.execute("INSERT INTO passage VALUES (?, ?, ?)", (heading, passage.section.markdown, passage.url))
    return search


async def main(question: str, folder: Path) -> None:
    """Print the passages that fit a question best, each with its address."""
    await sync(folder)
    words = " OR ".join(f'"{word}"' for word in re.findall(r"\w{3,}", question)) or '""'
    for number, (heading, text, url) in enumerate((await index(folder)).execute(ANSWERS, [words]), 1):
        print(f"[{number}] {heading}\n    {' '.join(text.split())}\n    {url}\n")


if __name__ == "__main__":
    target = Path("confluence-demo")
    target.mkdir(exist_ok=True)
    asyncio.run(main(" ".join(sys.argv[1:]) or "What do I do when a replica is far behind?", target))
