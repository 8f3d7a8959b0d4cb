"""The state of one conversion: what is open, where content goes, and what has been met."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from typing import Protocol

import attrs

from ..models import ConversionWarning
from ..protocols import LinkResolver
from ._anchors import plain_text
from ._flow import Flow
from ._links import Links
from ._macro import Macro, MacroHandler
from ._references import Reference
from ._tokens import read_attributes

__all__ = ["Context", "Element", "Extension", "Rule"]


_NONE: Mapping[str, str] = {}


class Rule(Protocol):
    """What becomes of an element: a hook before its content and one after it."""

    def open(self, context: Context, element: Element) -> None:
        """Prepare for the content; may put a flow of its own into `context.flow`."""

    def close(self, context: Context, element: Element, content: Flow) -> None:
        """Write what the element becomes into `context.flow`. `content` may be that same flow."""


class Element:
    """
    An element that is open.

    Attributes:
        name: Its name, in lower case.
        rule: What becomes of it.
        outer: The flow it stands in.
        references: What the `ri:` elements before it in its parent point at.
    """

    __slots__ = ("_tag", "name", "outer", "references", "rule")

    def __init__(self, name: str, tag: str, rule: Rule, outer: Flow, references: list[Reference]) -> None:
        self.name = name
        self.rule = rule
        self.outer = outer
        self.references = references
        self._tag = tag

    @property
    def attributes(self) -> Mapping[str, str]:
        """The attributes of its tag, by name with prefix, in lower case. Most are never asked for."""
        return read_attributes(self._tag) if self._tag else _NONE


@attrs.define(eq=False)
class Extension:
    """An `ac:adf-extension` that is open: its `panel-type`, and the content of its fallback."""

    panel: str = ""
    fallback: Flow | None = None


class Context:
    """
    One conversion in progress.

    Attributes:
        flow: Where content goes now.
        references: What the `ri:` elements of the current link, image or macro point at.
        macro: The macro whose parameters and body are being read.
        links: Targets of links, and all links met.
        headings: The headings so far, as Markdown.
        wanted_anchors: Names of anchors that the page links to.
        tasks: Owners of the tasks that are open.
        extensions: The extensions that are open.
    """

    def __init__(
        self, macros: Mapping[str, MacroHandler], resolver: LinkResolver | None = None, site_url: str = ""
    ) -> None:
        self.flow = Flow()
        self.references: list[Reference] = []
        self.macro: Macro | None = None
        self.macros = macros
        self.links = Links(resolver, site_url, self.warn)
        self.headings: list[str] = []
        self.wanted_anchors: Collection[str] = ()
        self.tasks: list[object] = []
        self.extensions: list[Extension] = []
        self._stack: list[Element] = []
        self._open: defaultdict[str, int] = defaultdict(int)
        self._warnings: dict[tuple[str, str], tuple[int, str]] = {}

    def open(self, name: str, tag: str, rule: Rule) -> None:
        """Open an element, given what stands between its `<` and `>`, or "" if that is no more than its name."""
        element = Element(name, tag, rule, self.flow, self.references)
        rule.open(self, element)
        self._stack.append(element)
        self._open[name] += 1

    def close(self, name: str) -> None:
        """Close the innermost element of a name, and what is still open in it; nothing happens if there is none."""
        if not self._open[name]:
            self.warn("malformed", "an element is closed that is not open")
            return
        while self._close_last() != name:
            self.warn("malformed", "an element is not closed")

    def close_all(self) -> None:
        """Close what the document left open."""
        while self._stack:
            self._close_last()
            self.warn("malformed", "an element is not closed")

    def close_implied(self, names: Collection[str], within: Collection[str]) -> None:
        """Close an element that the next of its kind ends (`<li>a<li>b`), but none beyond its list or table."""
        if not any(self._open[name] for name in names):
            return
        for element in reversed(self._stack[-16:]):
            if element.name in names:
                self.close(element.name)
                return
            if element.name in within:
                return

    def warn(self, kind: str, name: str) -> None:
        """Note that something is lost; the same thing again is counted."""
        count, heading = self._warnings.get((kind, name), (0, self.headings[-1] if self.headings else ""))
        self._warnings[kind, name] = (count + 1, heading)

    def warnings(self) -> tuple[ConversionWarning, ...]:
        """Return what was noted, in order of first occurrence."""
        return tuple(
            ConversionWarning(kind=kind, name=name, count=count, heading=plain_text(heading))
            for (kind, name), (count, heading) in self._warnings.items()
        )

    def _close_last(self) -> str:
        element = self._stack.pop()
        self._open[element.name] -= 1
        content, self.flow = self.flow, element.outer
        element.rule.close(self, element, content)
        return element.name
