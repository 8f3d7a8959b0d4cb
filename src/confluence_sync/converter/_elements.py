"""What becomes of each element, by its name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from ._context import Context, Element, Extension, Rule
from ._emoji import emoji
from ._flow import Flow, RawFlow
from ._inline import CODE, DELETED, EMPHASIS, STRONG, SUBSCRIPT, SUPERSCRIPT, Piece
from ._links import Target, write_image, write_link
from ._lists import ListBuilder
from ._macro import Macro
from ._macros import content as show_content
from ._macros import is_hidden, unknown
from ._references import REFERENCES, Reference
from ._rules import PARAGRAPH, Blocks, Line, Paragraph, Raw, Switch, Void, marked
from ._tables import TableBuilder

__all__ = ["ELEMENTS", "TRANSPARENT", "VOID"]

VOID = frozenset({"br", "hr", "img"})
"""Elements that HTML leaves unclosed."""


# Blocks


def _heading(context: Context, element: Element, content: Flow) -> None:
    if text := content.finish():
        context.headings.append(text)
        context.flow.heading(int(element.name[1]), text)


def _quote(context: Context, _element: Element, content: Flow) -> None:
    context.flow.quote("", "", content)


def _preformatted(context: Context, _element: Element, content: Flow) -> None:
    text = content.finish()
    if text.strip():
        context.flow.code("", text)


def _rule(context: Context, _element: Element, _content: Flow) -> None:
    context.flow.rule()


def _break(context: Context, _element: Element, _content: Flow) -> None:
    context.flow.break_line()


def _drop(_context: Context, _element: Element, _content: Flow) -> None:
    """Write nothing."""


# Lists and tasks


_DECISIONS = "decision-list"


class _List(Blocks):
    """`ul`, `ol`, `ac:task-list`. The editor writes decisions as a list with a class."""

    def __init__(self, *, ordered: bool = False) -> None:
        super().__init__(self._write_list)
        self._ordered = ordered

    def open(self, context: Context, element: Element) -> None:
        outer = context.flow
        super().open(context, element)
        if context.flow is not outer:
            attributes = element.attributes
            start = _number(attributes.get("start"), 1)
            lead = "**Decision:**" if _DECISIONS in (attributes.get("class"), attributes.get("type")) else ""
            ListBuilder(outer, context.flow, ordered=self._ordered, start=start, lead=lead)

    @staticmethod
    def _write_list(context: Context, _element: Element, content: Flow) -> None:
        builder = content.owner
        if isinstance(builder, ListBuilder) and (items := builder.finish()):
            context.flow.list(items, ordered=builder.ordered)


class _Item(Paragraph):
    """`li`. Outside of a list it is a paragraph."""

    box = ""

    def open(self, context: Context, element: Element) -> None:
        if not isinstance(context.flow.owner, ListBuilder):
            context.close_implied({element.name}, within={"ul", "ol", "ac:task-list"})
            element.outer = context.flow
        if isinstance(context.flow.owner, ListBuilder):
            context.flow = context.flow.owner.item(self.box)
        else:
            super().open(context, element)


class _Task(_Item):
    """`ac:task`: an item with a box."""

    box = "[ ]"

    def open(self, context: Context, element: Element) -> None:
        super().open(context, element)
        context.tasks.append(element.outer.owner)

    def close(self, context: Context, element: Element, content: Flow) -> None:
        super().close(context, element, content)
        context.tasks.pop()


def _task_status(context: Context, _element: Element, content: Flow) -> None:
    builder = context.tasks[-1] if context.tasks else None
    if isinstance(builder, ListBuilder) and content.finish().strip() == "complete":
        builder.check()


def _number(text: str | None, default: int) -> int:
    return int(text) if text and text.isdecimal() and len(text) < 10 else default


# Tables


class _Table(Blocks):
    def __init__(self) -> None:
        super().__init__(self._write_table)

    def open(self, context: Context, element: Element) -> None:
        outer = context.flow
        super().open(context, element)
        if context.flow is not outer:
            TableBuilder(outer, context.flow)

    @staticmethod
    def _write_table(context: Context, _element: Element, content: Flow) -> None:
        if isinstance(content.owner, TableBuilder):
            content.owner.write(context.flow)


class _Head:
    def open(self, context: Context, element: Element) -> None:
        del element
        if isinstance(context.flow.owner, TableBuilder):
            context.flow.owner.start_head()

    def close(self, context: Context, element: Element, content: Flow) -> None:
        del context, element
        if isinstance(content.owner, TableBuilder):
            content.owner.end_head()


class _Row(Paragraph):
    def open(self, context: Context, element: Element) -> None:
        if not isinstance(context.flow.owner, TableBuilder):
            context.close_implied({"tr"}, within={"table"})
            element.outer = context.flow
        super().open(context, element)
        if isinstance(context.flow.owner, TableBuilder):
            context.flow.owner.start_row()


class _Cell(Paragraph):
    """`td`, `th`. Outside of a table, or in one nested too deeply, it is a paragraph."""

    def open(self, context: Context, element: Element) -> None:
        if not isinstance(context.flow.owner, TableBuilder):
            context.close_implied({"td", "th"}, within={"tr", "table"})
            element.outer = context.flow
        owner = context.flow.owner
        if not isinstance(owner, TableBuilder):
            super().open(context, element)
        elif attributes := element.attributes:
            columns, rows = _number(attributes.get("colspan"), 1), _number(attributes.get("rowspan"), 1)
            context.flow = owner.start_cell(element.name == "th", columns, rows)
        else:
            context.flow = owner.start_cell(element.name == "th")


# Links and images


class _Link:
    """`a`: a link. Within a link it is text."""

    def open(self, context: Context, element: Element) -> None:
        if "href" in element.attributes:
            context.flow = context.flow.line(label=True)

    def close(self, context: Context, element: Element, content: Flow) -> None:
        if content is not context.flow:
            write_link(context.flow, content, context.links.address(element.attributes["href"]))


def _html_image(context: Context, element: Element, _content: Flow) -> None:
    source = element.attributes.get("src", "")
    write_image(context.flow, element.attributes.get("alt", ""), Target(source, source))


class _Holder:
    """What gathers the references inside of it."""

    def open(self, context: Context, element: Element) -> None:
        del element
        context.references = []

    def close(self, context: Context, element: Element, content: Flow) -> None:
        inner, context.references = context.references, element.references
        self.write(context, element, content, inner)

    def write(self, context: Context, element: Element, content: Flow, inner: Sequence[Reference]) -> None:
        """Write what the element becomes, given the references inside of it."""
        raise NotImplementedError


class _Reference(_Holder):
    """`ri:page`, `ri:attachment`...: handed to the link, image or macro around it."""

    def open(self, context: Context, element: Element) -> None:
        super().open(context, element)
        context.flow = RawFlow()

    def write(self, context: Context, element: Element, content: Flow, inner: Sequence[Reference]) -> None:
        del content
        context.references.append(REFERENCES[element.name](element.attributes, inner))


class _ConfluenceLink(_Holder):
    """`ac:link`. In the parameter of a macro it is what the macro is about."""

    def open(self, context: Context, element: Element) -> None:
        super().open(context, element)
        context.flow = context.flow.line(label=True)

    def write(self, context: Context, element: Element, content: Flow, inner: Sequence[Reference]) -> None:
        if content is context.flow:
            context.references += inner
            return
        while content.pieces and _is_blank(content.pieces[-1]):
            content.pieces.pop()
        while content.pieces and _is_blank(content.pieces[0]):
            del content.pieces[0]
        target = context.links.target(inner[0] if inner else None, element.attributes.get("ac:anchor", ""))
        if not target.href and target.text and not content.pieces:
            content.pieces.append(target.text)
        write_link(context.flow, content, target)


class _Image(_Holder):
    """`ac:image`: what is written in it is its caption."""

    def open(self, context: Context, element: Element) -> None:
        super().open(context, element)
        context.flow = context.flow.line()

    def write(self, context: Context, element: Element, content: Flow, inner: Sequence[Reference]) -> None:
        attributes = element.attributes
        alt = attributes.get("ac:alt") or attributes.get("ac:title") or ""
        write_image(context.flow, alt, context.links.target(inner[0]) if inner else Target())
        if content is not context.flow and content.finish():
            context.flow.end_paragraph()
            context.flow.open_mark(EMPHASIS)
            context.flow.pieces += content.pieces
            context.flow.close_mark(EMPHASIS)
            context.flow.end_paragraph()


def _is_blank(piece: Piece) -> bool:
    return isinstance(piece, str) and not piece.strip()


# Macros


class _Macro(_Holder):
    """`ac:structured-macro`: the handler of its name decides."""

    def open(self, context: Context, element: Element) -> None:
        super().open(context, element)
        name = element.attributes.get("ac:name", "").strip().lower()
        context.macro = Macro(name, context.macros.get(name, unknown), context, context.macro)

    def write(self, context: Context, element: Element, content: Flow, inner: Sequence[Reference]) -> None:
        del element, content
        macro = context.macro
        if macro is not None:
            context.macro = macro.outer
            macro.references = inner
            macro.handler(macro)
            macro.write_body()


def _parameter(context: Context, element: Element, content: Flow) -> None:
    if context.macro is not None:
        context.macro.parameters[element.attributes.get("ac:name", "")] = content.finish().strip()


def _plain_body(context: Context, _element: Element, content: Flow) -> None:
    if context.macro is not None:
        context.macro.text = content.finish()
    else:
        context.flow.code("", content.finish())


class _RichBody(Paragraph):
    """`ac:rich-text-body`. It goes where the macro stands, unless the macro does more with it than show it."""

    def open(self, context: Context, element: Element) -> None:
        super().open(context, element)
        macro = context.macro
        if macro is None or macro.handler is unknown or (macro.handler is show_content and not is_hidden(macro)):
            return
        nested = context.flow.nested()
        macro.body = None if nested is context.flow else nested
        context.flow = nested


# Emoji, dates, templates, and content that only some editors know


def _emoticon(context: Context, element: Element, _content: Flow) -> None:
    context.flow.pieces.append(emoji(element.attributes))


def _time(context: Context, element: Element, content: Flow) -> None:
    date = element.attributes.get("datetime", "").partition("T")[0]
    context.flow.pieces.append(date or content.finish())


class _Extension(Blocks):
    """`ac:adf-extension`: its fallback, else the text of its nodes; a panel is an alert."""

    def __init__(self) -> None:
        super().__init__(self._write_extension)

    def open(self, context: Context, element: Element) -> None:
        super().open(context, element)
        context.extensions.append(Extension())

    def close(self, context: Context, element: Element, content: Flow) -> None:
        super().close(context, element, content)
        context.extensions.pop()

    @staticmethod
    def _write_extension(context: Context, _element: Element, content: Flow) -> None:
        extension = context.extensions[-1]
        body = content if extension.fallback is None or extension.fallback.is_empty() else extension.fallback
        label = _PANELS.get(extension.panel)
        if label is None:
            context.flow.absorb(body)
        else:
            context.flow.quote(label, "", body)


class _Node:
    """`ac:adf-node`: by its type."""

    def open(self, context: Context, element: Element) -> None:
        element.rule = _NODES.get(element.attributes.get("type", ""), _NODE)
        element.rule.open(context, element)

    def close(self, context: Context, element: Element, content: Flow) -> None:
        """Leave it to the rule of the type."""


_NODE: Rule = Paragraph()
_NODES: Mapping[str, Rule] = {_DECISIONS: _List(), "decision-item": _Item()}
_PANELS = {
    "info": "NOTE",
    "note": "IMPORTANT",
    "success": "TIP",
    "tip": "TIP",
    "warning": "WARNING",
    "error": "CAUTION",
    "custom": "NOTE",
}


def _fallback(context: Context, _element: Element, content: Flow) -> None:
    if context.extensions:
        context.extensions[-1].fallback = content
    else:
        context.flow.absorb(content)


def _extension_attribute(context: Context, element: Element, content: Flow) -> None:
    if context.extensions and element.attributes.get("key") == "panel-type":
        context.extensions[-1].panel = content.finish().strip()


_HEADING = Line(_heading)
_STRONG = marked(STRONG)
_EMPHASIS = marked(EMPHASIS)
_DELETED = marked(DELETED)
_CODE = marked(CODE)
_DROPPED = Raw(_drop)
_MACRO = _Macro()

ELEMENTS: Mapping[str, Rule | Switch] = MappingProxyType(
    {
        # Blocks
        "h1": _HEADING,
        "h2": _HEADING,
        "h3": _HEADING,
        "h4": _HEADING,
        "h5": _HEADING,
        "h6": _HEADING,
        **dict.fromkeys(("p", "div", "section", "article", "header", "footer", "address", "center"), PARAGRAPH),
        **dict.fromkeys(("figure", "figcaption", "details", "summary", "caption", "dl", "dd"), PARAGRAPH),
        "dt": PARAGRAPH,
        "blockquote": Blocks(_quote),
        "pre": Raw(_preformatted, merged=True),
        "hr": Void(_rule),
        "br": Void(_break),
        "ac:layout": PARAGRAPH,
        "ac:layout-section": PARAGRAPH,
        "ac:layout-cell": PARAGRAPH,
        # Lists
        "ul": _List(),
        "ol": _List(ordered=True),
        "li": _Item(),
        "ac:task-list": _List(),
        "ac:task": _Task(),
        "ac:task-status": Raw(_task_status),
        "ac:task-id": _DROPPED,
        "ac:task-uuid": _DROPPED,
        "ac:task-body": PARAGRAPH,
        # Tables
        "table": _Table(),
        "thead": _Head(),
        "tr": _Row(),
        "td": _Cell(),
        "th": _Cell(),
        # Emphasis
        "strong": _STRONG,
        "b": _STRONG,
        "em": _EMPHASIS,
        "i": _EMPHASIS,
        "cite": _EMPHASIS,
        "del": _DELETED,
        "s": _DELETED,
        "strike": _DELETED,
        "sub": marked(SUBSCRIPT),
        "sup": marked(SUPERSCRIPT),
        "code": _CODE,
        "tt": _CODE,
        "kbd": _CODE,
        "samp": _CODE,
        # Links and images
        "a": _Link(),
        "img": Void(_html_image),
        "ac:link": _ConfluenceLink(),
        "ac:image": _Image(),
        "ac:caption": PARAGRAPH,
        **dict.fromkeys(REFERENCES, _Reference()),
        # Macros
        "ac:structured-macro": _MACRO,
        "ac:macro": _MACRO,
        "ac:unstructured-macro": _MACRO,
        "ac:parameter": Raw(_parameter, merged=True),
        "ac:default-parameter": Raw(_parameter, merged=True),
        "ac:plain-text-body": Raw(_plain_body, merged=True),
        "ac:rich-text-body": _RichBody(),
        # Content that only some editors know
        "ac:adf-extension": _Extension(),
        "ac:adf-fallback": Blocks(_fallback),
        "ac:adf-attribute": Raw(_extension_attribute),
        "ac:adf-parameter": _DROPPED,
        "ac:adf-node": _Node(),
        "ac:adf-content": PARAGRAPH,
        # The rest
        "ac:emoticon": Void(_emoticon),
        "time": Raw(_time),
        "ac:placeholder": _DROPPED,
        "at:declarations": _DROPPED,
        "script": _DROPPED,
        "style": _DROPPED,
    }
)
"""The rule for each element. Of any other element only the content counts."""

TRANSPARENT = frozenset(
    {
        *("tbody", "tfoot", "colgroup", "col", "span", "font", "u", "small", "big", "label", "wbr"),
        *("ac:link-body", "ac:plain-text-link-body", "ac:inline-comment-marker", "ac:adf-mark", "ac:adf-fragment-mark"),
    }
)
"""Elements of which only the content counts, as of any that is not named here; one of Confluence causes a warning."""
