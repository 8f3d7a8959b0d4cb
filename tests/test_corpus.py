"""Real pages, served as one space with a deep tree, synced over HTTP: none fails, and their text is in the files."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest

from confluence_sync.adapters import FsspecVFS, SQLiteDatabase
from confluence_sync.client import ConfluenceClient, SiteApiToken
from confluence_sync.converter import read_document
from confluence_sync.engine import SyncEngine
from confluence_sync.models import Outcome, SpaceMapping
from confluence_sync.testing import FakePage, FakeSite

SINGLES = Path(__file__).parents[2] / "shared" / "corpus" / "singles"
DEPTH = 12

pytestmark = pytest.mark.skipif(not SINGLES.is_dir(), reason="no corpus of real pages beside the checkout")


class VisibleText(HTMLParser):
    """The words of paragraphs, headings, lists and table cells: what any reader of the page sees."""

    TEXT = frozenset({"p", "h1", "h2", "h3", "h4", "h5", "h6", "li", "td", "th"})
    HIDDEN = (
        "ac:parameter",
        "ac:task-id",
        "ac:task-uuid",
        "ac:task-status",
        "ac:placeholder",
        "script",
        "style",
        "time",
    )

    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: object) -> None:
        pass

    def handle_endtag(self, tag: str) -> None:
        if tag in self.open:
            while self.open.pop() != tag:
                pass

    def handle_data(self, data: str) -> None:
        if self.TEXT.intersection(self.open) and not any(tag in self.open for tag in self.HIDDEN):
            self.words += re.findall(r"[^\W_]+", data)


def visible_words(storage: str) -> set[str]:
    parser = VisibleText()
    parser.feed(storage)
    return set(parser.words)


def storage_files() -> Iterator[Path]:
    return iter(sorted(SINGLES.rglob("*.storage.xml")))


def build(site: FakeSite) -> dict[str, str]:
    """Put every real page into one space, each chain of pages a few levels deep; return storage by page id."""
    space = site.space("REAL", name="Real pages")
    parent = top = space.homepage
    storage = {}
    for number, path in enumerate(storage_files()):
        text = path.read_text(encoding="utf-8")
        page: FakePage = space.page(f"{path.parent.name} {path.name[:60]} {number}", parent=parent, storage=text)
        storage[str(page.id)] = text
        parent = top if number % DEPTH == DEPTH - 1 else page
    return storage


async def test_every_real_page_lands_with_its_text(tmp_path: Path):
    """No page fails, a second run writes nothing, and at least 99 % of each page's words are in its file."""
    site = FakeSite()
    storage = build(site)
    assert len(storage) > 100
    async with (
        site.serve() as url,
        ConfluenceClient(SiteApiToken(url, "reader@example.com", "token")) as client,
        SQLiteDatabase(tmp_path / "state.db") as database,
    ):
        vfs = FsspecVFS.from_url(tmp_path / "files")
        engine = SyncEngine(client, vfs, database.state)
        mappings = [SpaceMapping(space_id=(await client.space_by_key("REAL")).id)]
        first, second = await engine.sync(mappings), await engine.sync(mappings)
    assert first.outcome is second.outcome is Outcome.SUCCEEDED
    assert (first.failures, first.counts.written, second.counts.written) == ([], len(storage) + 1, 0)

    depths, poor = set(), {}
    for file in (tmp_path / "files").rglob("*.md"):
        document = read_document(file.read_bytes())
        depths.add(len(file.relative_to(tmp_path / "files").parts))
        words = visible_words(storage.pop(str(document.metadata["page_id"]), ""))
        missing = words - set(re.findall(r"[^\W_]+", document.markdown))
        if len(missing) > 0.01 * len(words):
            poor[file.name] = sorted(missing)[:10]
    assert storage == {}
    assert max(depths) > DEPTH
    assert poor == {}
