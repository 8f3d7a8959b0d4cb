"""
Synced files read back, whole or in passages, with what it takes to cite them.

```python
async for passage in passages("confluence", max_chars=2000):
    index.add(passage.id, passage.text, passage.metadata)
```
"""

from __future__ import annotations

import asyncio
import os
import re
from collections import deque
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from datetime import date
from pathlib import PurePosixPath

import attrs

from .adapters import FsspecVFS
from .converter import Document, Section, read_document, sections
from .errors import DocumentNotFoundError
from .protocols import VFS

__all__ = ["Passage", "SyncedPage", "pages", "passages"]

_READ_AHEAD = 8

_Plain = str | int | float | date
"""What front matter has one text for; YAML can make lists of lists that have one as long as memory."""

Folder = VFS | str | os.PathLike[str]


@attrs.frozen(kw_only=True)
class SyncedPage:
    """
    A file of the folder. What its front matter does not tell is "", None or empty.

    Attributes:
        path: In the folder: relative, POSIX.
        markdown: The file without its front matter.
        title: Of the page; of a foreign file without one, its name without the extension.
        source_url: Address of the page in Confluence, HTTP or HTTPS; "" for a foreign file.
        space: Key of the space.
        page_id: Unique in its site; "" for a foreign file.
        version: `version.number` of the page.
        updated_at: ISO 8601, in UTC.
        author: Display name.
        labels: Of the page.
    """

    path: str
    markdown: str = attrs.field(repr=False)
    title: str = ""
    source_url: str = ""
    space: str = ""
    page_id: str = ""
    version: int | None = None
    updated_at: str = ""
    author: str = ""
    labels: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        """What stays the same from sync to sync: the id of the page; of a foreign file, its path."""
        return self.page_id or self.path

    @property
    def metadata(self) -> dict[str, str | int]:
        """What is known, as the flat texts and numbers that every vector store takes; labels parted by commas."""
        known = attrs.asdict(self, filter=attrs.filters.exclude("markdown"))
        return {name: value for name, value in {**known, "labels": ", ".join(self.labels)}.items() if value}


@attrs.frozen(kw_only=True)
class Passage:
    """
    What stands under one heading of a page, or a part of it.

    Attributes:
        page: The page it is from.
        section: The passage: its headings, its Markdown, its anchors.
    """

    page: SyncedPage
    section: Section

    @property
    def id(self) -> str:
        """Unique in the folder; it stays while the page keeps the heading."""
        return f"{self.page.id}#{self.section.slug}" + (f"/{self.section.part}" if self.section.part else "")

    @property
    def text(self) -> str:
        """What to embed and to search: title and headings, then the passage."""
        headings = " > ".join(filter(None, (self.page.title, *self.section.heading_path)))
        return f"{headings}\n\n{self.section.markdown}".strip()

    @property
    def url(self) -> str:
        """What to cite: the page at the heading; "" for a foreign file."""
        return self.section.url

    @property
    def metadata(self) -> dict[str, str | int]:
        """Those of the page, with `url` and, where there is a heading, `heading`: its path, parted by `>`."""
        heading = " > ".join(filter(None, self.section.heading_path))
        own = {"url": self.url, "heading": heading}
        return {**self.page.metadata, **{name: value for name, value in own.items() if value}}


async def pages(folder: Folder, *, foreign: bool = False) -> AsyncGenerator[SyncedPage]:
    """
    Yield the synced files of a folder, in code-point order of path.

    Files are read a few ahead; one that vanishes meanwhile is left out.

    Args:
        folder: Where a sync wrote to: a `VFS`, a path, or the URL of an fsspec filesystem.
        foreign: Whether to read other Markdown files, too: those without `source_url` and `page_id`.

    Raises:
        StorageError: The folder cannot be read.
    """
    vfs = FsspecVFS.from_url(folder) if isinstance(folder, str | os.PathLike) else folder
    async with aclosing(_files(vfs)) as files:
        async for path, data in files:
            page = _page(path, read_document(data))
            if foreign or (page.page_id and page.source_url):
                yield page


async def passages(folder: Folder, *, max_chars: int | None = None, foreign: bool = False) -> AsyncGenerator[Passage]:
    """
    Yield the synced files of a folder in passages, in order.

    Args:
        folder: As for `pages`.
        max_chars: Longer passages are split where one of their blocks begins; see `converter.sections`.
        foreign: As for `pages`.

    Raises:
        StorageError: The folder cannot be read.
    """
    async with aclosing(pages(folder, foreign=foreign)) as found:
        async for page in found:
            for section in sections(Document({"source_url": page.source_url}, page.markdown), max_chars=max_chars):
                if section.markdown:
                    yield Passage(page=page, section=section)


async def _files(vfs: VFS) -> AsyncGenerator[tuple[str, bytes]]:
    """Yield path and content of each Markdown file, read a few ahead."""
    paths = deque([entry.path async for entry in vfs.scan() if entry.path.lower().endswith(".md")])
    ahead: deque[asyncio.Task[tuple[str, bytes] | None]] = deque()
    try:
        while paths or ahead:
            while paths and len(ahead) < _READ_AHEAD:
                ahead.append(asyncio.create_task(_read(vfs, paths.popleft())))
            if file := await ahead.popleft():
                yield file
    finally:
        for task in ahead:
            task.cancel()
        await asyncio.gather(*ahead, return_exceptions=True)


async def _read(vfs: VFS, path: str) -> tuple[str, bytes] | None:
    try:
        return path, await vfs.read(path)
    except DocumentNotFoundError:
        return None


def _page(path: str, document: Document) -> SyncedPage:
    metadata = document.metadata
    version = metadata.get("version")
    return SyncedPage(
        path=path,
        markdown=document.markdown,
        title=_text(metadata, "title") or PurePosixPath(path).stem,
        source_url=_address(_text(metadata, "source_url")),
        space=_text(metadata, "space"),
        page_id=_text(metadata, "page_id"),
        version=version if type(version) is int else None,
        updated_at=_text(metadata, "updated_at"),
        author=_text(metadata, "author"),
        labels=_texts(metadata.get("labels")),
    )


def _text(metadata: Mapping[str, object], name: str) -> str:
    """Return a value as text; somebody may have edited the front matter."""
    value = metadata.get(name)
    return str(value) if isinstance(value, _Plain) else ""


def _address(text: str) -> str:
    """Return what can be cited: an address of the web, and nothing that a page or a prompt would take for more."""
    return text if re.fullmatch(r"https?://[^\s\x00-\x1f\x7f-\x9f]+", text) else ""


def _texts(value: object) -> tuple[str, ...]:
    return tuple(str(item) for item in value if isinstance(item, _Plain)) if isinstance(value, list) else ()
