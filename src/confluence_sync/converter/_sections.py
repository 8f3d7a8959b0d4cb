"""The passages of a synced file, each under its heading, ready to be embedded, searched and cited."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any
from urllib.parse import quote

import attrs

from ._anchors import Slugs
from ._front_matter import Document, as_document
from ._headings import ConfluenceAnchors, line_text
from ._placed_blocks import PlacedBlockParser, PlacedBlockState

__all__ = ["Section", "sections"]

_Token = Mapping[str, Any]

_TABLE_TAG = re.compile(r"<(/?)table\b", re.IGNORECASE)

_UNESCAPED_IN_ADDRESSES = "!~*'()"
"""What JavaScript's `encodeURIComponent` leaves as it is, besides what `quote` does."""


@attrs.frozen(kw_only=True)
class Section:
    """
    A passage: what stands between one heading and the next.

    Attributes:
        heading_path: The headings above it as plain text, outermost first, its own last; empty for what stands before
            the first heading.
        level: Of its heading, 1 to 6; 0 before the first heading.
        markdown: The passage without its heading; "" where one heading follows another.
        part: Which piece of a passage that was split this is, from 0.
        slug: Anchor of the heading in the file, by GitHub's rules; "" before the first heading.
        anchor: Anchor of the heading on the page in Confluence, not encoded; "" before the first heading.
        url: Address of the page in Confluence, at the heading; "" if the file does not tell (`source_url`).
    """

    heading_path: tuple[str, ...] = ()
    level: int = 0
    markdown: str = ""
    part: int = 0
    slug: str = ""
    anchor: str = ""
    url: str = ""

    @property
    def text(self) -> str:
        """What to embed: the headings on one line, then the passage."""
        headings = " > ".join(filter(None, self.heading_path))
        return "\n\n".join(filter(None, (headings, self.markdown)))


def sections(document: Document | str, *, max_chars: int | None = None) -> tuple[Section, ...]:
    """
    Return the passages of a file in their order; together they hold all of it.

    Each heading begins a passage, which ends at the next heading of any level. Headings inside of quotes and lists
    stay in the passage around them. Takes time in proportion to the length; no content raises.

    Args:
        document: As `read_document` returns it, or the text of a file or of a page, with or without front matter.
        max_chars: Longer passages are split where one of their blocks begins; a longer block alone stays whole, and so
            does a table of HTML.

    Raises:
        ValueError: `max_chars` is not positive.
    """
    if max_chars is not None and max_chars <= 0:
        raise ValueError(f"max_chars must be positive: {max_chars}")
    document = as_document(document)
    page_url = str(document.metadata.get("source_url") or "")
    return tuple(
        attrs.evolve(section, markdown=markdown, part=part)
        for section, blocks in _passages(document.markdown, page_url)
        for part, markdown in enumerate(_pieces(blocks, max_chars))
        if markdown or section.level
    )


def _passages(markdown: str, page_url: str) -> Iterator[tuple[Section, Sequence[str]]]:
    """Yield each passage with its blocks."""
    headings = _Headings(page_url)
    section, blocks = Section(url=page_url), list[str]()
    for block, source in _whole_tables(_blocks(markdown)):
        if block["type"] == "heading":
            yield section, blocks
            section, blocks = headings.begin(block), [source[block["length"] :].lstrip("\n")]
        else:
            headings.skip(block)
            blocks.append(source)
    yield section, blocks


class _Headings:
    """The headings up to a place in a document."""

    def __init__(self, page_url: str) -> None:
        self._page_url = page_url
        self._path: list[tuple[int, str]] = []
        self._slugs, self._anchors = Slugs(), ConfluenceAnchors()

    def begin(self, block: _Token) -> Section:
        """Go on to a heading, and return the passage that begins there."""
        level, heading = block["attrs"]["level"], line_text(block["text"])
        self._path = [*(outer for outer in self._path if outer[0] < level), (level, heading)]
        anchor = self._anchors.next(heading)
        fragment = quote(anchor, safe=_UNESCAPED_IN_ADDRESSES, errors="replace")
        return Section(
            heading_path=tuple(text for _, text in self._path),
            level=level,
            slug=self._slugs.next(heading),
            anchor=anchor,
            url=f"{self._page_url}#{fragment}" if self._page_url and anchor else self._page_url,
        )

    def skip(self, block: _Token) -> None:
        """Go past a block; the headings inside of it have anchors, too."""
        inner = [*reversed(block.get("children", ()))]
        while inner:
            token = inner.pop()
            if token["type"] == "heading":
                heading = line_text(token["text"])
                self._slugs.next(heading)
                self._anchors.next(heading)
            inner.extend(reversed(token.get("children", ())))


def _pieces(blocks: Sequence[str], max_chars: int | None) -> Iterator[str]:
    """Yield a passage, as many blocks at a time as `max_chars` allows."""
    piece, length = list[str](), 0
    for block in blocks:
        if max_chars and length and length + len(block.rstrip()) > max_chars:
            yield "".join(piece).rstrip()
            piece, length = [], 0
        piece.append(block)
        length += len(block)
    yield "".join(piece).rstrip()


def _blocks(markdown: str) -> Iterator[tuple[_Token, str]]:
    """Yield the blocks of a document, each with its source, which ends where the next one begins."""
    state = PlacedBlockState()
    state.process(markdown.replace("\r\n", "\n").replace("\r", "\n").strip("\n") + "\n")
    PlacedBlockParser().parse(state)
    # Link definitions are no tokens: they belong to the block before them, and what precedes the first one is a block.
    blocks: list[_Token] = [{"type": "start", "start": 0}]
    blocks += (token for token in state.tokens if token["type"] != "blank_line")
    starts = [*(block["start"] for block in blocks), len(state.src)]
    for block, (start, end) in zip(blocks, pairwise(starts), strict=True):
        yield block, state.src[start:end]


def _whole_tables(blocks: Iterable[tuple[_Token, str]]) -> Iterator[tuple[_Token, str]]:
    """Yield blocks, those that make up a table of HTML as one; a heading ends a table that nothing else does."""
    table, depth = list[tuple[_Token, str]](), 0
    for block, source in blocks:
        if table and block["type"] == "heading":
            yield _joined(table)
            table, depth = [], 0
        if block["type"] == "block_html":
            depth = max(0, depth + sum(-1 if slash else 1 for slash in _TABLE_TAG.findall(block["raw"])))
        table.append((block, source))
        if not depth:
            yield _joined(table)
            table = []
    if table:
        yield _joined(table)


def _joined(blocks: Sequence[tuple[_Token, str]]) -> tuple[_Token, str]:
    if len(blocks) == 1:
        return blocks[0]
    return {"type": "table", "children": [block for block, _ in blocks]}, "".join([source for _, source in blocks])
