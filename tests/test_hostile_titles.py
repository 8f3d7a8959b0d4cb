"""Titles made to hurt, through the whole library and onto a real disk."""

from __future__ import annotations

import tempfile
from pathlib import Path

import httpx
from hypothesis import given, settings
from hypothesis import strategies as st

from confluence_sync.adapters import FsspecVFS, MemoryStateStore
from confluence_sync.client import ConfluenceClient, SiteApiToken
from confluence_sync.converter import read_document
from confluence_sync.engine import RunReport, SyncEngine
from confluence_sync.models import Outcome, SpaceMapping
from confluence_sync.testing import FakeSite, ManualClock
from confluence_sync.testing.strategies import titles

HOSTILE = [
    "../../etc/passwd",
    "/etc/passwd",
    "..",
    ".",
    "CON",
    "con.md",
    "a/b",
    "a\\b",
    "Ж" * 300,
    "🚒",
    "👩‍👩‍👧‍👦",
    "Case",
    "CASE",
    "Caf\u00e9",
    "Cafe\u0301",
    "bell\x07 and\x00 null",
    "two\nlines",
    ".hidden",
    "...dots",
    "trailing...",
    "trailing ",
    " leading",
    "",
    "---\ninjected: true",
    "{{ template }}",
    "\u202etxt.exe",
    "\ud800 half a character",
    "Foo",
    "Foo.md",
    "x" * 251 + ".md",
]


async def sync_twice(site: FakeSite, folder: Path) -> tuple[RunReport, RunReport]:
    clock = ManualClock()
    state = MemoryStateStore(clock=clock)
    async with httpx.AsyncClient(transport=site.transport()) as http:
        client = ConfluenceClient(SiteApiToken(f"{site.url}/wiki", "a@example.com", "t"), http=http, clock=clock)
        engine = SyncEngine(client, FsspecVFS.from_url(folder / "into"), state, clock=clock)
        mappings = [SpaceMapping(space_id=space.id) for space in site.spaces]
        return await engine.sync(mappings), await engine.sync(mappings)


def check(folder: Path, names: list[str], first: RunReport, second: RunReport) -> None:
    assert first.outcome is second.outcome is Outcome.SUCCEEDED, first.summary()
    assert (first.counts.written, second.counts.written, second.counts.moved) == (len(names) + 1, 0, 0)
    assert [path.name for path in folder.iterdir()] == ["into"]
    files = [path for path in (folder / "into").rglob("*") if path.is_file()]
    assert len(files) == len(names) + 1
    found = {}
    for path in files:
        document = read_document(path.read_bytes())
        assert "injected" not in document.metadata
        found[document.metadata["page_id"]] = document.metadata["title"]
    assert len(found) == len(files)


def build(names: list[str], parents: list[int]) -> FakeSite:
    site = FakeSite(clock=ManualClock())
    space = site.space("DOCS", name="../up")
    pages = [space.homepage]
    for title, parent in zip(names, parents, strict=True):
        pages.append(space.page(title, parent=pages[parent % len(pages)], storage="<p>x</p>"))
    return site


async def test_each_hostile_title_has_a_file_inside_the_destination(tmp_path: Path):
    """All of them side by side, and again below each other: nothing outside, nothing twice, nothing moves."""
    names = [*HOSTILE, *HOSTILE]
    parents = [0] * len(HOSTILE) + list(range(len(HOSTILE)))
    site = build(names, parents)
    check(tmp_path, names, *await sync_twice(site, tmp_path))


@settings(max_examples=30)
@given(st.lists(st.tuples(st.one_of(titles(), st.sampled_from(HOSTILE)), st.integers(0, 50)), max_size=12))
async def test_any_titles_in_any_tree(pages: list[tuple[str, int]]):
    """Whatever the titles and the tree, each page has one file inside the destination, and a second run is quiet."""
    site = build([title for title, _ in pages], [parent for _, parent in pages])
    with tempfile.TemporaryDirectory() as folder:
        first, second = await sync_twice(site, Path(folder))
        check(Path(folder), [title for title, _ in pages], first, second)
