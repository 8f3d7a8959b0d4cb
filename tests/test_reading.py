"""Synced files read back, with what it takes to cite them."""

import asyncio

import httpx
import pytest

from confluence_sync import ConfluenceClient, SiteApiToken, SpaceMapping, SyncEngine
from confluence_sync.adapters import MemoryStateStore, MemoryVFS
from confluence_sync.converter import render_document
from confluence_sync.errors import DocumentNotFoundError, StorageError
from confluence_sync.reading import Passage, SyncedPage, pages, passages
from confluence_sync.testing import FakeSite

URL = "https://your-site.atlassian.net/wiki/spaces/OPS/pages/42/Restore"
METADATA = {
    "title": "Restore: a backup",
    "source_url": URL,
    "space": "OPS",
    "page_id": "42",
    "version": 7,
    "created_at": "2026-01-05T09:00:00Z",
    "updated_at": "2026-02-05T09:00:00Z",
    "author": "Platform Team",
    "labels": ["runbook", "backup"],
}
MARKDOWN = "Takes long.\n\n## Before (1)\n\nStop the writers.\n\nTell support.\n\n## Empty\n\n## Before (1)\n\nAgain.\n"


@pytest.fixture
def vfs():
    vfs = MemoryVFS()
    vfs.documents = {
        "Ops/Restore.md": render_document(METADATA, MARKDOWN),
        "Ops/notes.MD": b"# By hand\n\nOf a colleague.\n",
        "Ops/picture.svg": b"<svg/>",
    }
    return vfs


async def read(found):
    return [item async for item in found]


async def test_a_page_comes_with_its_front_matter(vfs):
    """Everything that a citation may need is there, and nothing that is not known."""
    (page,) = await read(pages(vfs))
    assert page == SyncedPage(
        path="Ops/Restore.md",
        markdown=MARKDOWN,
        title="Restore: a backup",
        source_url=URL,
        space="OPS",
        page_id="42",
        version=7,
        updated_at="2026-02-05T09:00:00Z",
        author="Platform Team",
        labels=("runbook", "backup"),
    )
    assert page.metadata == {
        "path": "Ops/Restore.md",
        "title": "Restore: a backup",
        "source_url": URL,
        "space": "OPS",
        "page_id": "42",
        "version": 7,
        "updated_at": "2026-02-05T09:00:00Z",
        "author": "Platform Team",
        "labels": "runbook, backup",
    }


async def test_passages_cite_their_heading(vfs):
    """Each passage has a text to embed, an id of its own and the deep link to its heading; empty ones are left out."""
    found = await read(passages(vfs))
    assert [(passage.id, passage.url, passage.text) for passage in found] == [
        ("42#", URL, "Restore: a backup\n\nTakes long."),
        (
            "42#before-1",
            f"{URL}#Before-(1)",
            "Restore: a backup > Before (1)\n\nStop the writers.\n\nTell support.",
        ),
        ("42#before-1-1", f"{URL}#Before-(1).1", "Restore: a backup > Before (1)\n\nAgain."),
    ]
    assert found[1].metadata == {**found[1].page.metadata, "url": f"{URL}#Before-(1)", "heading": "Before (1)"}


async def test_long_passages_are_split(vfs):
    """The parts of a passage have ids of their own."""
    found = await read(passages(vfs, max_chars=20))
    assert [passage.id for passage in found] == ["42#", "42#before-1", "42#before-1/1", "42#before-1-1"]


async def test_foreign_files_are_read_on_demand(vfs):
    """Files that no sync wrote are left out, unless the caller wants them, by their path."""
    assert [page.path for page in await read(pages(vfs))] == ["Ops/Restore.md"]
    _, foreign = await read(pages(vfs, foreign=True))
    assert (foreign.id, foreign.title, foreign.metadata) == (
        "Ops/notes.MD",
        "notes",
        {"path": "Ops/notes.MD", "title": "notes"},
    )
    passage = (await read(passages(vfs, foreign=True)))[-1]
    assert (passage.id, passage.url, passage.text) == (
        "Ops/notes.MD#by-hand",
        "",
        "notes > By hand\n\nOf a colleague.",
    )


async def test_odd_front_matter_is_read(vfs):
    """Values that somebody edited are taken as text, or left out."""
    odd = {"title": 2026, "source_url": URL, "page_id": 42, "version": "seven", "labels": "runbook"}
    vfs.documents = {"odd.md": render_document(odd, "x")}
    (page,) = await read(pages(vfs))
    assert (page.title, page.page_id, page.version, page.labels) == ("2026", "42", None, ())


@pytest.mark.parametrize(
    "front",
    ["[" * 3000 + "]" * 3000, "!!bool x", "!!int ''", "!!timestamp x", "[", "\\x"],
    ids=lambda front: front[:12],
)
async def test_front_matter_that_cannot_be_read_spoils_one_file(vfs, front):
    """Whatever stands in the front matter of one file, the others are read."""
    vfs.documents["Ops/0.md"] = f"---\ntitle: {front}\n---\nText.\n".encode()
    assert "Ops/0.md" in [page.path for page in await read(pages(vfs, foreign=True))]
    assert [page.path for page in await read(pages(vfs))] == ["Ops/Restore.md"]


async def test_only_plain_values_are_texts(vfs):
    """Lists of lists, by references of YAML as long as memory, are no title; an address that is none is not cited."""
    vfs.documents = {
        "odd.md": b"---\na: &a [x, x]\nb: &b [*a, *a]\ntitle: *b\nlabels: [a, *b, null, 7]\n"
        b'page_id: {a: 1}\nversion: true\nsource_url: "javascript:alert(1)"\n---\nText.\n'
    }
    (page,) = await read(pages(vfs, foreign=True))
    assert (page.title, page.page_id, page.version, page.labels) == ("odd", "", None, ("a", "7"))
    assert page.source_url == ""


@pytest.mark.parametrize(
    "url", ["https://wiki.example.com/a b", "https://wiki.example.com/\n](x)", "file:///etc/passwd"]
)
async def test_what_is_no_address_is_not_cited(vfs, url):
    """An address of the web has no space and no control character in it."""
    vfs.documents = {"odd.md": render_document({**METADATA, "source_url": url}, "x")}
    assert [page.source_url for page in await read(pages(vfs, foreign=True))] == [""]


async def test_a_file_that_vanishes_is_left_out(vfs):
    """A sync may delete while the folder is read."""

    class Vanishing(MemoryVFS):
        async def read(self, path):
            if path == "Ops/00.md":
                raise DocumentNotFoundError(path)
            return await super().read(path)

    late = Vanishing()
    late.documents = {**vfs.documents, "Ops/00.md": b""}
    assert [page.path for page in await read(pages(late))] == ["Ops/Restore.md"]


async def test_many_files_come_in_order(tmp_path):
    """A folder on disk is read by its path, a few files ahead, in order; who stops early leaves nothing running."""
    names = [f"{number:03}.md" for number in range(50)]
    for name in names:
        (tmp_path / name).write_bytes(render_document({**METADATA, "page_id": name}, name))
    assert [page.path async for page in pages(tmp_path)] == names
    found = pages(str(tmp_path))
    await anext(found)
    await found.aclose()
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_a_folder_that_cannot_be_read(vfs):
    """An error of the storage reaches the caller."""

    class Broken(MemoryVFS):
        async def read(self, path):
            raise StorageError("disk error")

    broken = Broken()
    broken.documents = vfs.documents
    with pytest.raises(StorageError, match="disk error"):
        await read(pages(broken))


async def test_what_a_sync_wrote():
    """Every page of a synced site can be cited, by addresses of that site."""
    site, vfs = FakeSite(), MemoryVFS()
    docs = site.space("DOCS", name="Documentation")
    docs.page("Runbook", parent=docs.homepage, storage="<p>Call.</p><h2>Who</h2><p>The on-call engineer.</p>")
    async with (
        httpx.AsyncClient(transport=site.transport()) as http,
        ConfluenceClient(SiteApiToken(site.url, "bot@example.com", "token"), http=http) as client,
    ):
        (await SyncEngine(client, vfs, MemoryStateStore()).sync([SpaceMapping(space_id=docs.id)])).raise_for_failures()
    found: list[Passage] = await read(passages(vfs))
    (who,) = (passage for passage in found if passage.section.slug == "who")
    assert who.text == "Runbook > Who\n\nThe on-call engineer."
    assert who.url.startswith(site.url)
    assert who.url.endswith("#Who")
    assert len(await read(pages(vfs))) == 2
