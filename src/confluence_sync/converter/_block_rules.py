"""Rules for blocks: headings, quotes, lists, tasks, tables."""

from __future__ import annotations

from ._anchors import without_marks
from ._context import Context, Element
from ._escape import escape, is_plain, squeeze
from ._flow import Flow
from ._lines import render_whole
from ._lists import ListBuilder
from ._pieces import NEW_LINE, Mark, words
from ._rules import Blocks, Line, OneLine, Paragraph
from ._tables import TableBuilder
from ._tokens import unescape

__all__ = [
    "DECISIONS",
    "Cell",
    "Head",
    "Heading",
    "Item",
    "List",
    "Table",
    "Task",
    "break_line",
    "end_row",
    "preformatted",
    "quote",
    "rule",
    "start_row",
    "task_status",
]


class Heading(OneLine):
    """`h1` to `h6`."""

    def __init__(self) -> None:
        super().__init__(self._write_heading)

    @staticmethod
    def _write_heading(context: Context, element: Element, content: Flow) -> None:
        if text := content.finish():
            if context.flow.has_headings and without_marks(text):
                context.headings.append(words(content.pieces))
            context.flow.heading(int(element.name[1]), text)

    def line(self, element: Element, mark: Mark | None, *, block: bool) -> Line:
        level = int(element.name[1])

        def write(context: Context, text: str) -> None:
            flow = context.flow
            if mark or flow.is_line or not flow.has_headings or flow.marks:
                element.fill(context, text, mark, block=block)
            elif is_plain(text):
                context.headings.append(text)
                flow.heading(level, text)
            elif heading := squeeze(unescape(text)):
                context.headings.append(heading)
                flow.heading(level, escape(heading))
            else:
                flow.end_paragraph()

        return write


def quote(context: Context, _element: Element, content: Flow) -> None:
    context.flow.quote("", "", content)


def preformatted(context: Context, _element: Element, text: str) -> None:
    if text.strip():
        context.flow.code("", text)


def rule(context: Context, _element: Element, _content: Flow) -> None:
    context.tables.note_block()
    context.flow.rule()


def break_line(context: Context, _element: Element, _content: Flow) -> None:
    context.flow.break_line()


# Lists and tasks


DECISIONS = "decision-list"


class List(Blocks):
    """`ul`, `ol`, `ac:task-list`. The editor writes decisions as a list with a class."""

    def __init__(self, *, ordered: bool = False) -> None:
        super().__init__(self._write_list)
        self._ordered = ordered

    def begin(self, context: Context, element: Element, content: Flow) -> None:
        attributes = element.attributes
        start, lead = 1, ""
        if attributes:
            start = _number(attributes.get("start"), 1)
            lead = "**Decision:**" if DECISIONS in (attributes.get("class"), attributes.get("type")) else ""
        ListBuilder(context.flow, content, ordered=self._ordered, start=start, lead=lead)

    @staticmethod
    def _write_list(context: Context, _element: Element, content: Flow) -> None:
        builder = content.owner
        if isinstance(builder, ListBuilder) and (items := builder.finish()):
            context.flow.list(items, ordered=builder.ordered)


class Item(Paragraph):
    """`li`. Outside of a list it is a paragraph."""

    box = ""

    def open(self, context: Context, element: Element) -> Flow:
        owner = context.flow.owner
        if not isinstance(owner, ListBuilder):
            context.close_implied({element.name}, within={"ul", "ol", "ac:task-list"})
            owner = context.flow.owner
        return owner.item(self.box) if isinstance(owner, ListBuilder) else super().open(context, element)

    def line(self, element: Element, mark: Mark | None, *, block: bool) -> Line:
        def write(context: Context, text: str) -> None:
            owner = context.flow.owner
            if isinstance(owner, ListBuilder) and owner.takes_lines:
                owner.add_line(render_whole(text, mark, line_break=NEW_LINE), self.box)
            else:
                element.fill(context, text, mark, block=block)

        return write


class Task(Item):
    """`ac:task`: an item with a box."""

    box = "[ ]"

    def open(self, context: Context, element: Element) -> Flow:
        content = super().open(context, element)
        context.tasks.append(context.flow.owner)
        return content

    def close(self, context: Context, element: Element, content: Flow) -> None:
        super().close(context, element, content)
        context.tasks.pop()


def task_status(context: Context, _element: Element, text: str) -> None:
    builder = context.tasks[-1] if context.tasks else None
    if isinstance(builder, ListBuilder) and text.strip() == "complete":
        builder.check()


def _number(text: str | None, default: int) -> int:
    return int(text) if text and text.isdecimal() and len(text) < 10 else default


# Tables


class Table(Blocks):
    def __init__(self) -> None:
        super().__init__(self._write_table)

    def begin(self, context: Context, element: Element, content: Flow) -> None:
        del element
        context.tables.begin(context.flow, content)

    @staticmethod
    def _write_table(context: Context, _element: Element, _content: Flow) -> None:
        context.tables.end(context.flow)


class Head:
    def open(self, context: Context, element: Element) -> Flow:
        del element
        if isinstance(context.flow.owner, TableBuilder):
            context.flow.owner.start_head()
        return context.flow

    def close(self, context: Context, element: Element, content: Flow) -> None:
        del context, element
        if isinstance(content.owner, TableBuilder):
            content.owner.end_head()


def start_row(context: Context) -> None:
    """`tr`. Outside of a table it begins a paragraph."""
    end_row(context)
    flow = context.flow
    if flow.pieces:
        flow.end_paragraph()
    if isinstance(flow.owner, TableBuilder):
        flow.owner.start_row()


def end_row(context: Context) -> None:
    """`</tr>`: a cell that is still open ends too."""
    if not isinstance(context.flow.owner, TableBuilder):
        context.close_implied({"td", "th"}, within={"table"})
    flow = context.flow
    if flow.pieces and isinstance(flow.owner, TableBuilder):
        flow.end_paragraph()


class Cell(Paragraph):
    """`td`, `th`. Outside of a table, or in one nested too deeply, it is a paragraph."""

    def open(self, context: Context, element: Element) -> Flow:
        owner = context.flow.owner
        if not isinstance(owner, TableBuilder):
            context.close_implied({"td", "th"}, within={"table"})
            owner = context.flow.owner
        return owner.cell() if isinstance(owner, TableBuilder) else super().open(context, element)

    def close(self, context: Context, element: Element, content: Flow) -> None:
        owner = context.flow.owner
        if content is context.flow or not isinstance(owner, TableBuilder):
            super().close(context, element, content)
        else:
            owner.close_cell(content, *self._shape(element))

    def line(self, element: Element, mark: Mark | None, *, block: bool) -> Line:
        header, columns, rows = self._shape(element)

        def write(context: Context, text: str) -> None:
            owner = context.flow.owner
            if isinstance(owner, TableBuilder):
                owner.add_cell(render_whole(text, mark, line_break=owner.line_break), header, columns, rows)
            else:
                element.fill(context, text, mark, block=block)

        return write

    @staticmethod
    def _shape(element: Element) -> tuple[bool, int, int]:
        """Return whether a cell is a header, and how many columns and rows it covers."""
        columns, rows = (_number(element.attributes.get(name), 1) for name in ("colspan", "rowspan"))
        return element.name == "th", columns, rows
