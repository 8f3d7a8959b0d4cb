"""The kinds of rules for elements; `_elements` says which element has which."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, runtime_checkable

import attrs

from ._context import Context, Element
from ._flow import Flow, RawFlow
from ._pieces import Mark
from ._tokens import unescape

__all__ = ["PARAGRAPH", "Blocks", "EmptyRule", "Line", "LineRule", "OneLine", "Paragraph", "Raw", "Step", "Switch"]
__all__ += ["TextWriter", "Void", "Writer", "marked"]

Writer = Callable[[Context, Element, Flow], None]
"""Writes what an element becomes into `context.flow`, given its finished content."""

TextWriter = Callable[[Context, Element, str], None]
"""Writes what an element becomes into `context.flow`, given the text in it."""


@attrs.frozen
class Switch:
    """
    An element of which the flow needs to know no more than that it begins, and that it ends.

    Attributes:
        begin, end: What happens at its tags.
        mark: The emphasis it stands for; None for a paragraph.
    """

    begin: Step
    end: Step
    mark: Mark | None = None


Step = Callable[[Context], None]
"""What happens at a tag."""

Line = Callable[[Context, str], None]
"""Writes elements with nothing in them but a text, tags and all; the text is as the document has it."""


@runtime_checkable
class LineRule(Protocol):
    """A rule that knows a short way for an element that is one line of text."""

    def line(self, element: Element, mark: Mark | None, *, block: bool) -> Line:
        """Return what writes such an element; all of its text is emphasised if there is a mark, and may be a block."""


@runtime_checkable
class EmptyRule(Protocol):
    """A rule that knows a short way for an element with nothing in it."""

    def put(self, element: Element) -> Step:
        """Return what writes such an element."""


def _end_paragraph(context: Context) -> None:
    flow = context.flow
    if flow.pieces or flow.is_line:
        flow.end_paragraph()


PARAGRAPH = Switch(_end_paragraph, _end_paragraph)
"""The content stands apart from what is before and after it. In a heading that is a space."""


def marked(mark: Mark) -> Switch:
    """Emphasis."""
    return Switch(lambda context: context.flow.open_mark(mark), lambda context: context.flow.close_mark(mark), mark)


class Paragraph:
    """Like `PARAGRAPH`, for elements that do more."""

    def open(self, context: Context, element: Element) -> Flow:
        del element
        _end_paragraph(context)
        return context.flow

    def close(self, context: Context, element: Element, content: Flow) -> None:
        del context, element
        if content.pieces:
            content.end_paragraph()


class Void:
    """An element without content."""

    def __init__(self, write: Writer) -> None:
        self._write = write

    def open(self, context: Context, element: Element) -> Flow:
        del element
        return context.flow

    def close(self, context: Context, element: Element, content: Flow) -> None:
        self._write(context, element, content)

    def put(self, element: Element) -> Step:
        return lambda context: self._write(context, element, context.flow)


class Blocks:
    """A container of blocks. Where there can be none, in a heading or nested too deeply, its content stays as it is."""

    def __init__(self, write: Writer) -> None:
        self._write = write

    def open(self, context: Context, element: Element) -> Flow:
        outer = context.flow
        outer.end_paragraph()
        content = outer.nested()
        if content is not outer:
            self.begin(context, element, content)
        return content

    def begin(self, context: Context, element: Element, content: Flow) -> None:
        """Prepare the flow for the content."""

    def close(self, context: Context, element: Element, content: Flow) -> None:
        if content is context.flow:
            content.end_paragraph()
        else:
            self._write(context, element, content)


class OneLine:
    """One line: a heading, a caption. Within another line the content stays as it is."""

    def __init__(self, write: Writer) -> None:
        self._write = write

    def open(self, context: Context, element: Element) -> Flow:
        del element
        context.flow.end_paragraph()
        return context.flow.line()

    def close(self, context: Context, element: Element, content: Flow) -> None:
        if content is context.flow:
            content.end_paragraph()
        else:
            self._write(context, element, content)


class Raw:
    """Text as it is. Within other such text it is a part of it, if it is `merged`."""

    def __init__(self, write: TextWriter, *, merged: bool = False) -> None:
        self._write = write
        self._merged = merged

    def open(self, context: Context, element: Element) -> Flow:
        del element
        return context.flow if self._merged and isinstance(context.flow, RawFlow) else RawFlow()

    def close(self, context: Context, element: Element, content: Flow) -> None:
        if content is not context.flow:
            self._write(context, element, content.finish())

    def line(self, element: Element, mark: Mark | None, *, block: bool) -> Line:
        def write(context: Context, text: str) -> None:
            if self._merged and isinstance(context.flow, RawFlow):
                element.fill(context, text, mark, block=block)
            else:
                self._write(context, element, unescape(text))

        return write
