"""Anchors of headings, by the rules of GitHub."""

from __future__ import annotations

import re
from collections.abc import Iterable

__all__ = ["AnchorIndex", "plain_text", "slug"]

_NOT_IN_SLUG = re.compile(r"[^\w\- ]")
_MARKUP = re.compile(r"\]\([^()\[\]]*\)|<[^<>]*>|\\(?=[!-/:-@\[-`{-~])|[*`]|!?\[|&lt;")


def slug(heading: str) -> str:
    """Return the anchor GitHub gives to a heading: lower case, hyphens for spaces, no punctuation."""
    return _NOT_IN_SLUG.sub("", heading.strip().lower()).replace(" ", "-")


def plain_text(markdown: str) -> str:
    """Return the words of a line of Markdown."""
    return _MARKUP.sub(lambda match: "<" if match[0] == "&lt;" else "", markdown)


class AnchorIndex:
    """Where the anchors of a page are: each heading under its slug, and under the names Confluence gives it."""

    def __init__(self, headings: Iterable[str]) -> None:
        self._slugs: dict[str, str] = {}
        counts: dict[str, int] = {}
        for heading in headings:
            base = slug(plain_text(heading))
            count = counts.get(base, 0)
            counts[base] = count + 1
            final = f"{base}-{count}" if count else base
            for key in (final, _key(final)):
                self._slugs.setdefault(key, final)

    def find(self, anchor: str) -> str:
        """Return the slug an anchor leads to; an unknown one becomes a slug of its own."""
        own = slug(anchor)
        tail = anchor.rpartition("-")[2]
        return self._slugs.get(own) or self._slugs.get(_key(own)) or self._slugs.get(_key(slug(tail))) or own


def _key(anchor: str) -> str:
    """Drop what the editors of Confluence write differently: hyphens for spaces, or nothing."""
    return anchor.replace("-", "")
