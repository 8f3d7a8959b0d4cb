"""Rules for blocks: headings, quotes, lists, tasks, tables."""

from __future__ import annotations

from ._context import Context, Element
from ._flow import Flow
from ._lists import ListBuilder
from ._rules import Blocks, Paragraph
from ._tables import TableBuilder

__all__ = [
    "DECISIONS",
    "Cell",
    "Head",
    "Item",
    "List",
    "Row",
    "Table",
    "Task",
    "break_line",
    "heading",
    "preformatted",
    "quote",
    "rule",
    "task_status",
]


def heading(context: Context, element: Element, content: Flow) -> None:
    if text := content.finish():
        context.headings.append(text)
        context.flow.heading(int(element.name[1]), text)


def quote(context: Context, _element: Element, content: Flow) -> None:
    context.flow.quote("", "", content)


def preformatted(context: Context, _element: Element, content: Flow) -> None:
    text = content.finish()
    if text.strip():
        context.flow.code("", text)


def rule(context: Context, _element: Element, _content: Flow) -> None:
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

    def open(self, context: Context, element: Element) -> Flow:
        outer, content = context.flow, super().open(context, element)
        if content is not outer:
            attributes = element.attributes
            start = _number(attributes.get("start"), 1)
            lead = "**Decision:**" if DECISIONS in (attributes.get("class"), attributes.get("type")) else ""
            ListBuilder(outer, content, ordered=self._ordered, start=start, lead=lead)
        return content

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


def task_status(context: Context, _element: Element, content: Flow) -> None:
    builder = context.tasks[-1] if context.tasks else None
    if isinstance(builder, ListBuilder) and content.finish().strip() == "complete":
        builder.check()


def _number(text: str | None, default: int) -> int:
    return int(text) if text and text.isdecimal() and len(text) < 10 else default


# Tables


class Table(Blocks):
    def __init__(self) -> None:
        super().__init__(self._write_table)

    def open(self, context: Context, element: Element) -> Flow:
        outer, content = context.flow, super().open(context, element)
        if content is not outer:
            TableBuilder(outer, content)
        return content

    @staticmethod
    def _write_table(context: Context, _element: Element, content: Flow) -> None:
        if isinstance(content.owner, TableBuilder):
            content.owner.write(context.flow)


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


class Row(Paragraph):
    def open(self, context: Context, element: Element) -> Flow:
        if not isinstance(context.flow.owner, TableBuilder):
            context.close_implied({"tr"}, within={"table"})
        content = super().open(context, element)
        if isinstance(content.owner, TableBuilder):
            content.owner.start_row()
        return content


class Cell(Paragraph):
    """`td`, `th`. Outside of a table, or in one nested too deeply, it is a paragraph."""

    def open(self, context: Context, element: Element) -> Flow:
        owner = context.flow.owner
        if not isinstance(owner, TableBuilder):
            context.close_implied({"td", "th"}, within={"tr", "table"})
            owner = context.flow.owner
            if not isinstance(owner, TableBuilder):
                return super().open(context, element)
        header = element.name == "th"
        if not (attributes := element.attributes):
            return owner.start_cell(header)
        return owner.start_cell(header, _number(attributes.get("colspan"), 1), _number(attributes.get("rowspan"), 1))
