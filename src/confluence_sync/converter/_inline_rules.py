"""Rules for what stands in a line: links, images, emoji, dates."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence

from ._context import Context, Element
from ._emoji import emoji
from ._flow import Flow, RawFlow
from ._links import Target, is_text, write_anchor, write_image, write_link
from ._pieces import DELETED, EMPHASIS, Mark, Piece
from ._references import REFERENCES, Reference, UserLink
from ._rules import Line, Step
from ._tokens import unescape

__all__ = ["ConfluenceLink", "Holder", "Image", "Link", "ReferenceRule", "Span", "Time", "emoticon", "html_image"]


def emoticon(context: Context, element: Element, _content: Flow) -> None:
    context.flow.pieces.append(emoji(element.attributes))


class Time:
    """`time`: the date, whatever is in it; its content if there is none."""

    def open(self, context: Context, element: Element) -> Flow:
        return RawFlow() if _date(element) else context.flow

    def close(self, context: Context, element: Element, content: Flow) -> None:
        if content is not context.flow:
            context.flow.apart()
            context.flow.pieces.append(_date(element))


def _date(element: Element) -> str:
    return element.attributes.get("datetime", "").partition("T")[0]


class Link:
    """`a`: a link, or an anchor (`name`, `id`). Within a link it is text."""

    def open(self, context: Context, element: Element) -> Flow:
        attributes = element.attributes
        if "href" in attributes:
            return context.flow.link()
        if name := attributes.get("name") or attributes.get("id"):
            write_anchor(context.flow, context.links, name)
        return context.flow

    def close(self, context: Context, element: Element, content: Flow) -> None:
        if content is not context.flow:
            self._write(context, element, content.pieces)

    def line(self, element: Element, mark: Mark | None, *, block: bool) -> Line:
        is_link = "href" in element.attributes and not (mark or block)

        def write(context: Context, text: str) -> None:
            flow = context.flow
            if is_link and flow.has_links and not flow.marks:
                self._write(context, element, [unescape(text)] if text else [])
            else:
                element.fill(context, text, mark, block=block)

        return write

    @staticmethod
    def _write(context: Context, element: Element, pieces: list[Piece]) -> None:
        address = element.attributes["href"]
        target = context.links.address(address)
        if target.text and is_text(pieces, address):  # as cards are, and addresses that were pasted
            pieces = [target.text]
        elif _CARD in element.attributes and not _has_words(pieces):
            pieces = [target.text or address]
        write_link(context.flow, pieces, target)


_CARD = "data-card-appearance"
"""On links that Confluence shows as cards (`inline`, `block`, `embed`), whatever their text."""


class Span:
    """`span`: of its styles only a line through the text has a Markdown of its own."""

    def open(self, context: Context, element: Element) -> Flow:
        if _is_struck(element):
            context.flow.open_mark(DELETED)
        return context.flow

    def close(self, context: Context, element: Element, content: Flow) -> None:
        del context
        if _is_struck(element):
            content.close_mark(DELETED)


def _is_struck(element: Element) -> bool:
    return "line-through" in element.attributes.get("style", "")


def html_image(context: Context, element: Element, _content: Flow) -> None:
    source = element.attributes.get("src", "")
    write_image(context.flow, element.attributes.get("alt", ""), Target(source, source))


class Holder(ABC):
    """What gathers the references inside of it."""

    def open(self, context: Context, element: Element) -> Flow:
        del element
        context.references.append([])
        return context.flow

    def close(self, context: Context, element: Element, content: Flow) -> None:
        self.write(context, element, content, context.references.pop())

    @abstractmethod
    def write(self, context: Context, element: Element, content: Flow, inner: Sequence[Reference]) -> None:
        """Write what the element becomes, given the references inside of it."""


class ReferenceRule(Holder):
    """`ri:page`, `ri:attachment`...: handed to the link, image or macro around it."""

    def open(self, context: Context, element: Element) -> Flow:
        super().open(context, element)
        return RawFlow()

    def write(self, context: Context, element: Element, content: Flow, inner: Sequence[Reference]) -> None:
        del content
        context.references[-1].append(REFERENCES[element.name](element.attributes, inner))

    def put(self, element: Element) -> Step:
        reference = REFERENCES[element.name](element.attributes, ())
        return lambda context: context.references[-1].append(reference)


class ConfluenceLink(Holder):
    """`ac:link`. In the parameter of a macro it is what the macro is about."""

    def open(self, context: Context, element: Element) -> Flow:
        return super().open(context, element).link()

    def write(self, context: Context, element: Element, content: Flow, inner: Sequence[Reference]) -> None:
        if content is context.flow:
            context.references[-1] += inner[:1]
            return
        pieces = content.pieces
        while pieces and _is_blank(pieces[-1]):
            pieces.pop()
        while pieces and _is_blank(pieces[0]):
            del pieces[0]
        target = context.links.target(inner[0] if inner else None, element.attributes.get("ac:anchor", ""))
        if not target.href and target.text and not _has_words(pieces):
            pieces = [target.text]
        if inner and isinstance(inner[0], UserLink):
            context.flow.apart()
        write_link(context.flow, pieces, target)


class Image(Holder):
    """`ac:image`: what is written in it is its caption."""

    def open(self, context: Context, element: Element) -> Flow:
        return super().open(context, element).line()

    def write(self, context: Context, element: Element, content: Flow, inner: Sequence[Reference]) -> None:
        attributes = element.attributes
        alt = attributes.get("ac:alt") or attributes.get("ac:title") or ""
        write_image(context.flow, alt, context.links.target(inner[0]) if inner else Target())
        if content is not context.flow and content.finish():
            context.tables.note_block()
            context.flow.end_paragraph()
            context.flow.open_mark(EMPHASIS)
            context.flow.pieces += content.pieces
            context.flow.close_mark(EMPHASIS)
            context.flow.end_paragraph()


def _has_words(pieces: Sequence[Piece]) -> bool:
    return any(isinstance(piece, str) and piece.strip() for piece in pieces)


def _is_blank(piece: Piece) -> bool:
    return isinstance(piece, str) and not piece.strip()
