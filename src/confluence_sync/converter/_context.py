"""The state of one conversion: what is open, where content goes, and what has been met."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from types import MappingProxyType
from typing import Protocol

import attrs

from ..models import PageLink
from ..protocols import LinkResolver
from ._flow import Flow
from ._links import Links
from ._macro import Excerpt, Macro, MacroHandler
from ._pieces import Mark
from ._references import Reference
from ._tables import Tables
from ._warnings import Warnings

__all__ = ["Context", "Element", "Extension", "Rule"]

_NONE: Mapping[str, str] = MappingProxyType({})


def _never(_page: PageLink, _excerpt: Excerpt | None) -> bool:
    """Include nothing, as without a host that asks for it."""
    return False


class Rule(Protocol):
    """What becomes of an element: a hook before its content and one after it."""

    def open(self, context: Context, element: Element) -> Flow:
        """Prepare for the content and return the flow it goes to: `context.flow`, or one of its own."""

    def close(self, context: Context, element: Element, content: Flow) -> None:
        """Write what the element becomes into `context.flow`. `content` may be that same flow."""


@attrs.define(eq=False)
class Element:
    """
    An element as its start tag has it. Equal tags share one: nothing in it changes.

    Attributes:
        name: Its name, in lower case.
        rule: What becomes of it.
        attributes: By name with prefix (`ri:content-title`), in lower case.
    """

    name: str
    rule: Rule
    attributes: Mapping[str, str] = _NONE

    def open(self, context: Context) -> None:
        """Open it: what follows is its content."""
        content = self.rule.open(context, self)
        context.stack.append((self, context.flow))
        if context.counts is not None:
            context.counts[self.name] += 1
        context.flow = content

    def close(self, context: Context) -> None:
        """Close the innermost element of its name, and what is open in that; nothing happens if there is none."""
        name, stack = self.name, context.stack
        if not (stack and stack[-1][0].name == name) and not context.is_open(name):
            context.warnings.note("malformed", "an element is closed that is not open")
            return
        while True:
            element, outer = stack.pop()
            if context.counts is not None:
                context.counts[element.name] -= 1
            content, context.flow = context.flow, outer
            element.rule.close(context, element, content)
            if element.name == name:
                return
            context.warnings.note("malformed", "an element is not closed")

    def put(self, context: Context) -> None:
        """Open and close it, for it has no content."""
        content = self.rule.open(context, self)
        self.rule.close(context, self, content)

    def fill(self, context: Context, text: str, mark: Mark | None, *, block: bool) -> None:
        """Open and close it, with nothing in it but text, which is a paragraph if it is a `block`."""
        content = self.rule.open(context, self)
        if block:
            content.add_paragraph(text, mark if text else None)
        elif mark and text:
            content.add_marked(mark, text)
        elif text:
            content.add_text(text)
        self.rule.close(context, self, content)


@attrs.define(eq=False)
class Extension:
    """
    An `ac:adf-extension` that is open.

    Attributes:
        panel: Its `panel-type`.
        name: What it is called: its `extension-title`, else its `extension-key`.
        fallback: The content of its fallback.
    """

    panel: str = ""
    name: str = ""
    fallback: Flow | None = None


class Context:
    """
    One conversion in progress.

    Attributes:
        flow: Where content goes now.
        references: What the `ri:` elements of each open link, image or macro point at, the innermost last.
        macro: The macro whose parameters and body are being read.
        links: Targets of links, and all links met.
        warnings: What is lost.
        headings: The headings so far, as plain text with the marks of the anchors set in them.
        include: Puts an included page in, or the excerpt of it that is named; False if it may not.
        tasks: Owners of the tasks that are open.
        extensions: The extensions that are open.
        tables: The tables so far.
        stack: The elements that are open, each with the flow it stands in.
        counts: How many of a name are open; counted from when it is asked for, for well-formed pages never ask.
    """

    def __init__(
        self,
        macros: Mapping[str, MacroHandler],
        resolver: LinkResolver | None = None,
        site_url: str = "",
        tables: Tables | None = None,
    ) -> None:
        self.flow = Flow()
        self.references: list[list[Reference]] = [[]]
        self.macro: Macro | None = None
        self.macros = macros
        self.warnings = Warnings()
        self.links = Links(resolver, site_url, self.warnings.note)
        self.headings = self.warnings.headings
        self.include: Callable[[PageLink, Excerpt | None], bool] = _never
        self.tasks: list[object] = []
        self.extensions: list[Extension] = []
        self.tables = tables or Tables()
        self.stack: list[tuple[Element, Flow]] = []
        self.counts: Counter[str] | None = None

    def is_open(self, name: str) -> bool:
        """Tell whether an element of a name is open."""
        if self.counts is None:
            self.counts = Counter([element.name for element, _ in self.stack])
        return self.counts[name] > 0

    def close_all(self) -> None:
        """Close what the document left open."""
        while self.stack:
            element, _ = self.stack[-1]
            element.close(self)
            self.warnings.note("malformed", "an element is not closed")
        if self.flow.marks:
            self.warnings.note("malformed", "an element is not closed")

    @contextmanager
    def another_document(self) -> Iterator[None]:
        """Read another document into the flow: nothing that is open here can be closed by it."""
        outer = self.references, self.macro, self.tasks, self.extensions, self.stack, self.counts, self.flow.owner
        self.references, self.macro, self.tasks, self.extensions = [[]], None, [], []
        self.stack, self.counts, self.flow.owner = [], None, None
        try:
            yield
        finally:
            self.references, self.macro, self.tasks, self.extensions, self.stack, self.counts, self.flow.owner = outer

    def close_implied(self, names: Collection[str], within: Collection[str]) -> None:
        """Close an element that the next of its kind ends (`<li>a<li>b`), but none beyond its list or table."""
        if not any(map(self.is_open, names)):
            return
        for element, _ in reversed(self.stack[-16:]):
            if element.name in names:
                element.close(self)
                return
            if element.name in within:
                return
