"""Headings of Markdown: their plain text, and the anchors that Confluence gives them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

from mistune import InlineParser, Markdown
from mistune.plugins.formatting import strikethrough
from mistune.util import unescape

__all__ = ["ConfluenceAnchors", "line_text"]


class ConfluenceAnchors:
    """
    Anchors of the headings of a page on Confluence Cloud, taken in their order.

    An anchor is the text of the heading, trimmed, with a hyphen for each white space; case and punctuation stay. Equal
    ones are numbered `.1`, `.2`. Source: `getHeadingId` of Atlassian's page renderer, `@atlaskit/renderer`, which
    shows the pages of the current editor. The legacy editor's are others (`PageTitle-HeadingText`), and a macro in a
    heading puts its type into the anchor; where an anchor does not exist, browsers open the page at its top.
    """

    def __init__(self) -> None:
        self._last_numbers: dict[str, int] = {}

    def next(self, heading: str) -> str:
        """Return the anchor of the next heading, given its plain text, not encoded; "" for one without text."""
        base = anchor = "".join("-" if character.isspace() else character for character in heading.strip())
        number = self._last_numbers.get(base, 0)
        while base and anchor in self._last_numbers:
            number += 1
            anchor = f"{base}.{number}"
        self._last_numbers[base] = number
        self._last_numbers.setdefault(anchor, 0)
        return anchor


def line_text(markdown: str) -> str:
    """Return what there is to read in a line of Markdown: no marks, no HTML; images by their descriptions."""
    # Without link definitions, which Markdown of ours does not have, a line stands for itself.
    return " ".join(_plain_text(_parser()(markdown, {"ref_links": {}})).split())


@cache
def _parser() -> InlineParser:
    return Markdown(plugins=(strikethrough,)).inline


def _plain_text(tokens: Iterable[Mapping[str, Any]]) -> str:
    return "".join(map(_words, tokens))


def _words(token: Mapping[str, Any]) -> str:
    match token:
        case {"type": "text", "raw": str(raw)}:
            return unescape(raw)
        case {"type": "codespan", "raw": str(raw)}:
            return raw
        case {"type": "softbreak" | "linebreak"}:
            return " "
        case {"children": children}:
            return _plain_text(children)
    return ""
