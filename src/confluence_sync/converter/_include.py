"""Pages within pages: what `include` and `excerpt-include` name is put in, if the host says what it is."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping

from ..models import PageLink
from ._context import Context
from ._macro import Excerpt
from ._reader import read
from ._tokens import unescape

__all__ = ["Includer"]

MAX_DEPTH = 8
"""Pages that may stand in each other."""

MAX_INCLUDED = 2_000_000
"""Characters of storage format that a page may include altogether: pages can include others again and again."""

_TAGS = re.compile(
    r"""
      <!\[CDATA\[ [^\]]*+ (?: \] (?!\]>) [^\]]*+ )*+
    | <!-- [^-]*+ (?: - (?!->) [^-]*+ )*+
    | < (?P<end>/)? ac:(?:structured-)?macro (?=[\s/>])
        (?P<attributes> [^<>"']*+ (?: (?: "[^"]*+" | '[^']*+' ) [^<>"']*+ )*+ ) >
    """,
    re.VERBOSE,
)
_MACRO_NAME = re.compile(r"""\sac:name\s*+=\s*+["']([^"']*+)""")
_NAME = re.compile(r"""<ac:parameter\s[^<>]*?ac:name=["'](?:name|MultiExcerptName)["'][^<>]*+>([^<]*+)""")
_BODY = "<ac:rich-text-body>"
_MAX_PARAMETERS = 2_000
"""Characters of parameters in front of the body of an excerpt."""


class Includer:
    """
    Puts pages into the one that is converted.

    A page that would stand in itself is not put in, nor one too deep or beyond what a page may include.
    """

    def __init__(
        self,
        context: Context,
        storage: str,
        fetch: Callable[[PageLink], str | None],
        fetched: dict[PageLink, str | None],
    ) -> None:
        self._context = context
        self._fetch = fetch
        self._fetched = fetched
        self._excerpts: dict[tuple[PageLink, tuple[str, ...]], Mapping[str, str]] = {}
        self._open = [storage]
        self._left = MAX_INCLUDED

    def __call__(self, page: PageLink, excerpt: Excerpt | None) -> bool:
        """Write a page, or an excerpt of it; False if there is none, or it may not be."""
        storage = self._storage(page) if excerpt is None else self._excerpt(page, excerpt)
        if storage is None or storage in self._open or len(self._open) > MAX_DEPTH or len(storage) > self._left:
            return False
        self._left -= len(storage)
        self._open.append(storage)
        context = self._context
        with context.links.of(page, context.headings, partly=excerpt is not None):
            self._write(storage, in_sentence=excerpt is not None)
        self._open.pop()
        return True

    def _storage(self, page: PageLink) -> str | None:
        if page not in self._fetched:
            self._fetched[page] = self._fetch(page)
        return self._fetched[page]

    def _excerpt(self, page: PageLink, excerpt: Excerpt) -> str | None:
        key = page, excerpt.macros
        if key not in self._excerpts:
            self._excerpts[key] = _excerpts(self._storage(page) or "", excerpt.macros)
        return self._excerpts[key].get(excerpt.name)

    def _write(self, storage: str, *, in_sentence: bool) -> None:
        """Write a page; a single paragraph may stand in the sentence, as an excerpt does in Confluence."""
        context, outer = self._context, self._context.flow
        content = outer.fresh() or outer
        content.depth = outer.depth  # as if it had been written there
        context.flow = content
        with context.another_document():
            read(storage, context)
        context.flow = outer
        if content is outer:
            return
        if in_sentence:
            outer.absorb_into_line(content)
        else:
            outer.absorb(content)


def _excerpts(storage: str, macros: Collection[str]) -> Mapping[str, str]:
    """Return the excerpts of a page by name, the first of each, and the first of all under ""; none within others."""
    excerpts: dict[str, str] = {}
    at = 0
    for start, end in sorted(_macros(storage, macros)):
        body = storage.find(_BODY, start, min(end, start + _MAX_PARAMETERS))
        if start >= at and body >= 0:
            content = storage[body + len(_BODY) : end].rpartition("</")[0]
            excerpts.setdefault("", content)
            excerpts.setdefault(_name(storage[start:body]), content)
            at = end
    return excerpts


def _macros(storage: str, names: Collection[str]) -> Iterator[tuple[int, int]]:
    """Yield where the contents of macros of some names begin and end."""
    starts: list[int | None] = []
    for match in _TAGS.finditer(storage):
        attributes = match["attributes"]
        if match["end"]:
            start = starts.pop() if starts else None
            if start is not None:
                yield start, match.start()
        elif attributes is not None and not attributes.endswith("/"):
            named = _MACRO_NAME.search(attributes)
            starts.append(match.end() if named is not None and named[1].strip().lower() in names else None)


def _name(parameters: str) -> str:
    named = _NAME.search(parameters)
    return unescape(named[1]).strip() if named else ""
