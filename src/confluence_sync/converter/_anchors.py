"""Anchors: of headings by the rules of GitHub, and of the macro that sets one anywhere."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Sequence
from urllib.parse import quote, unquote

import attrs

__all__ = ["Anchors", "Slugs", "holds_marks", "slug", "without_marks"]

_NOT_IN_SLUG = re.compile(r"[^\w\- ]")

_LINK = re.compile("#\x00([0-9]+),([^\x00]*)\x00")
_PLACE = re.compile("\x01([^\x01]*)\x01")
_PLACES = re.compile(
    r"(?:^(?P<prefix>(?:[> ]|[-*][ ]|[0-9]+[.)][ ])*+)(?P<hashes>\#{1,6}[ ]))?(?P<before>[ ]?)"
    "(?P<places>(?:\x01[^\x01]*\x01[ ]?)+)"
    r"(?P<end>$)?",
    re.VERBOSE | re.MULTILINE,
)
"""Anchors that follow each other, alone in a heading or with text before or after."""


def slug(heading: str) -> str:
    """Return the anchor GitHub gives to a heading: lower case, hyphens for spaces, no punctuation."""
    return _NOT_IN_SLUG.sub("", heading.strip().lower()).replace(" ", "-")


def without_marks(heading: str) -> str:
    """Return a heading without the marks of the anchors set in it."""
    return " ".join(_PLACE.sub("", heading).split()) if "\x01" in heading else heading


def holds_marks(markdown: str) -> bool:
    """Tell whether a page holds marks that `Anchors.settle` replaces."""
    return "\x00" in markdown or "\x01" in markdown


class Slugs:
    """Anchors of the headings of a file, taken in their order: GitHub numbers equal ones `-1`, `-2`."""

    def __init__(self) -> None:
        self._counts: dict[str, int] = {}

    def next(self, heading: str) -> str:
        """Return the anchor of the next heading, given its plain text."""
        base = slug(heading)
        count = self._counts.get(base, 0)
        self._counts[base] = count + 1
        return f"{base}-{count}" if count else base


@attrs.define
class Part:
    """
    A part of a page with anchors of its own: the page itself, or what it includes.

    Attributes:
        begin, end: Its headings, as positions among those of the page.
        href: Where the rest of an included page is, if only a part of it is here; "" otherwise.
        ids: The anchors set in it, by slug.
    """

    begin: int = 0
    end: int | None = None
    href: str = ""
    ids: dict[str, str] = attrs.field(factory=dict)


class Anchors:
    """
    The anchors of a page while it is converted.

    Where a link leads, and whether a heading needs the anchor that is set in it, is known only when all headings are:
    until then they are held by marks, which `settle` replaces. No document can contain them: they are control
    characters.
    """

    def __init__(self) -> None:
        self._parts = [Part()]
        self._open = [0]
        self._taken: dict[str, int] = {}
        """Anchors, and how many others of that name have got a number."""

    @property
    def part(self) -> Part:
        """The part that is being read."""
        return self._parts[self._open[-1]]

    def begin(self, heading: int) -> None:
        """Begin an included part, at this heading of the page."""
        self._open.append(len(self._parts))
        self._parts.append(Part(heading))

    def end(self, heading: int) -> None:
        """End the part begun last, before this heading of the page."""
        self.part.end = heading
        self._open.pop()

    def link(self, name: str) -> str:
        """Return the address of an anchor of the part being read."""
        return f"#\x00{self._open[-1]},{quote(name, safe='')}\x00"

    def place(self, name: str, *, in_heading: bool) -> str:
        """Return an anchor as Markdown; "" if there is nothing in the name to link to, or it is there already."""
        base = slug(name)
        if not base or base in self.part.ids:
            return ""
        unique = base
        while unique in self._taken:
            self._taken[base] += 1
            unique = f"{base}-{self._taken[base]}"
        self._taken[unique] = 0
        self.part.ids[base] = unique
        return f"\x01{unique}\x01" if in_heading else _anchor(unique)

    def settle(self, markdown: str, headings: Sequence[str]) -> str:
        """Replace the marks in a page, given its headings as plain text with the marks in them."""
        index = _HeadingIndex(headings)

        def place(match: re.Match[str]) -> str:
            return _placed(match, [anchor for anchor in _PLACE.findall(match["places"]) if anchor not in index.own])

        markdown = _LINK.sub(lambda match: self._find(index, int(match[1]), unquote(match[2])), markdown)
        return _PLACES.sub(place, markdown) if "\x01" in markdown else markdown

    def _find(self, index: _HeadingIndex, number: int, name: str) -> str:
        part, whole = self._parts[number], self._parts[0]
        own = slug(name)
        here = part.ids.get(own) or index.find(name, part)
        if not here and part.href:
            return f"{part.href}#{own}"
        return f"#{here or whole.ids.get(own) or index.find(name, whole) or own}"


class _HeadingIndex:
    """
    Where the headings of a page are: each under its slug, and under the names Confluence gives it.

    Attributes:
        own: Anchors set in a heading that are its slug anyhow.
    """

    def __init__(self, headings: Iterable[str]) -> None:
        self.own: set[str] = set()
        self._slugs: defaultdict[str, list[tuple[int, str]]] = defaultdict(list)
        slugs = Slugs()
        for position, heading in enumerate(headings):
            text = without_marks(heading)
            base, final = slug(text), slugs.next(text)
            self.own.update(anchor for anchor in _PLACE.findall(heading) if anchor == final)
            for key in {final, base, _key(final), _key(base)}:
                self._slugs[key].append((position, final))

    def find(self, anchor: str, part: Part) -> str:
        """Return the slug of the heading of a part that an anchor means, "" if there is none."""
        own = slug(anchor)
        tail = slug(anchor.rpartition("-")[2])
        return next(filter(None, (self._first(key, part) for key in (own, _key(own), _key(tail)))), "")

    def _first(self, key: str, part: Part) -> str:
        places = self._slugs.get(key, [])
        at = bisect_left(places, (part.begin, ""))
        found = at < len(places) and (part.end is None or places[at][0] < part.end)
        return places[at][1] if found else ""


def _anchor(name: str) -> str:
    return f'<a id="{name}"></a>'


def _placed(match: re.Match[str], names: Sequence[str]) -> str:
    """Return what is left of anchors in a heading; a heading of nothing else is none."""
    start, ends = (match["prefix"] or "") + (match["hashes"] or ""), match["end"] is not None
    space = " " if match["places"].endswith(" ") and not ends else ""
    anchors = "".join(map(_anchor, names))
    if match["hashes"] and ends:
        return match["prefix"] + anchors
    if anchors:
        return start + match["before"] + anchors + space
    return start + ("" if ends or match["hashes"] else match["before"] or space)


def _key(anchor: str) -> str:
    """Drop what the editors of Confluence write differently: hyphens for spaces, or nothing."""
    return anchor.replace("-", "")
