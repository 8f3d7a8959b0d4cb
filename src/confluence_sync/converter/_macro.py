"""A macro as its handler sees it: name, parameters, body, and the ways to write what becomes of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol

from ..models import PageLink
from ._escape import escape, squeeze
from ._finished import ListItem
from ._flow import Flow
from ._links import Links, Target, write_anchor, write_image, write_link
from ._pieces import STRONG
from ._references import Reference, browse_address, is_safe
from ._warnings import Warnings

__all__ = ["Excerpt", "Macro", "MacroHandler"]


class Excerpt(NamedTuple):
    """
    A part of a page that other pages include.

    Attributes:
        macros: The names, in lower case, that the macro around it may have.
        name: Its own name; "" for the first one of the page.
    """

    macros: tuple[str, ...]
    name: str = ""


class Surroundings(Protocol):
    """
    What a macro can reach of the conversion it is in.

    Attributes:
        flow: Where content goes now.
        links: Targets of links.
        warnings: What is lost.
        include: Puts an included page in, or the excerpt of it that is named; False if it may not.
    """

    flow: Flow
    links: Links
    warnings: Warnings
    include: Callable[[PageLink, Excerpt | None], bool]


class Macro:
    """
    One macro of a page (`ac:structured-macro`), with its content read and converted.

    What is written goes where the macro stands: into the sentence, if it is written as text or a link, or between
    paragraphs, if it is written as a block. In a table cell a block becomes a part of the cell's line. A rich body that
    the handler neither writes nor drops follows what it writes.

    Attributes:
        name: `ac:name`, in lower case.
        parameters: `ac:parameter` by name, white space at the ends removed; the nameless one is under "".
        text: `ac:plain-text-body`; "" if there is none.
        body: `ac:rich-text-body`; None if there is none.
        in_sentence: Whether the body may stay in the sentence that the macro stands in.
        references: What `ri:` elements in the parameters point at.
    """

    def __init__(self, name: str, handler: MacroHandler, context: Surroundings, outer: Macro | None = None) -> None:
        self.name = name
        self.handler = handler
        self.parameters: dict[str, str] = {}
        self.text = ""
        self.body: Flow | None = None
        self.in_sentence = False
        self.references: Sequence[Reference] = ()
        self.context = context
        self.outer = outer

    def parameter(self, *names: str) -> str:
        """Return the first of some parameters that is there and not empty, "" if none is."""
        for name in names:
            if value := self.parameters.get(name):
                return value
        return ""

    def warn(self, kind: str) -> None:
        """Warn that something of the macro is lost; `kind` is a stable word."""
        self.context.warnings.note(kind, self.name)

    # In the sentence

    def write_text(self, text: str) -> None:
        """Write plain text."""
        self.context.flow.pieces.append(text)

    def write_strong(self, text: str) -> None:
        """Write plain text in bold."""
        flow = self.context.flow
        flow.open_mark(STRONG)
        flow.pieces.append(text)
        flow.close_mark(STRONG)

    def write_inline(self, markdown: str) -> None:
        """Write Markdown within a line; the caller has escaped what is text in it."""
        self.context.flow.markup(markdown)

    def write_link(self, text: str, href: str) -> None:
        """Write a link, or its text if the address is empty or unsafe."""
        write_link(self.context.flow, [text], Target(href if is_safe(href) else "", text))

    def write_reference(self, reference: Reference, text: str = "") -> None:
        """Write a link to what an `ri:` element points at."""
        target = self.context.links.target(reference)
        write_link(self.context.flow, [text or target.text], target)

    def write_image(self, reference: Reference, alt: str) -> None:
        """Write an image."""
        write_image(self.context.flow, alt, self.context.links.target(reference))

    def write_anchor(self, name: str) -> None:
        """Write a place that links lead to by its name; a heading whose own anchor it is needs none."""
        write_anchor(self.context.flow, self.context.links, name)

    # Between paragraphs

    def end_paragraph(self) -> None:
        """End the paragraph; what is written next begins another one."""
        self.context.flow.end_paragraph()

    def write_block(self, markdown: str) -> None:
        """Write a block of Markdown; the caller has escaped what is text in it."""
        self.context.flow.block(markdown)

    def write_code(self, text: str, language: str = "") -> None:
        """Write a block of code."""
        self.context.flow.code(language, text)

    def write_title(self, title: str) -> None:
        """Write a paragraph in bold."""
        if title and squeeze(title):
            self.end_paragraph()
            self.write_strong(title)
            self.end_paragraph()

    def write_body(self) -> None:
        """Write the rich body as it is."""
        if self.body is None:
            return
        if self.in_sentence:
            self.context.flow.absorb_into_line(self.body)
        else:
            self.context.flow.absorb(self.body)
        self.body = None

    def drop_body(self) -> None:
        """Leave the rich body out."""
        self.body = None

    def write_panel(self, label: str, title: str = "") -> None:
        """Write the rich body as an alert (`NOTE`, `TIP`, `IMPORTANT`, `WARNING`, `CAUTION`) or a quotation ("")."""
        if self.body is None:
            self.write_title(title)
        else:
            self.context.flow.quote(label, escape(squeeze(title)) if title else "", self.body)
            self.body = None

    def write_list_of_links(self, links: Sequence[tuple[str, str]]) -> None:
        """Write a list of links, given as title and address."""
        outer = self.context.flow
        items = []
        for title, href in links:
            self.context.flow = outer.nested()
            self.write_link(title, href)
            items.append(self.context.flow)
        self.context.flow = outer
        if items and items[0] is not outer:
            outer.list([ListItem("", "", [flow.finish()]) for flow in items], ordered=False)

    # Other pages

    def include(self, page: PageLink, excerpt: Excerpt | None = None) -> bool:
        """Write a page, or an excerpt of it; False if the host does not put pages in, or not this one."""
        return self.context.include(self.context.links.absolute(page), excerpt)

    def address(self, path: str) -> str:
        """Return an address on the site (`/browse/KEY-1`), "" if the site is not known."""
        return browse_address(self.context.links.site_url, path)

    def children(self) -> Sequence[tuple[str, str]] | None:
        """Return title and address of the child pages of the page named in the parameters, or of the page it is on."""
        links = self.context.links
        named = next((reference for reference in self.references if isinstance(reference, PageLink)), None)
        found = links.resolver.children(links.absolute(named) if named else links.page) if links.resolver else None
        return None if found is None else [(child.title, child.href) for child in found]


MacroHandler = Callable[[Macro], None]
"""Writes what becomes of a macro."""
