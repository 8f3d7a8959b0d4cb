"""What becomes of each element, by its name."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from ._block_rules import (
    Cell,
    Head,
    Heading,
    Item,
    List,
    Table,
    Task,
    break_line,
    end_row,
    preformatted,
    quote,
    rule,
    start_row,
    task_status,
)
from ._context import Context, Element, Rule
from ._inline_rules import ConfluenceLink, Image, Link, ReferenceRule, Span, Time, emoticon, html_image
from ._macro_rules import ExtensionRule, MacroRule, Node, RichBody, extension_attribute, fallback, parameter, plain_body
from ._pieces import CODE, DELETED, EMPHASIS, STRONG, SUBSCRIPT, SUPERSCRIPT
from ._references import REFERENCES
from ._rules import PARAGRAPH, Blocks, Raw, Switch, Void, marked

__all__ = ["ELEMENTS", "TRANSPARENT", "VOID"]

VOID = frozenset({"br", "hr", "img"})
"""Elements that HTML leaves unclosed."""


def _drop(_context: Context, _element: Element, _text: str) -> None:
    """Write nothing."""


_HEADING = Heading()
_STRONG = marked(STRONG)
_EMPHASIS = marked(EMPHASIS)
_DELETED = marked(DELETED)
_CODE = marked(CODE)
_DROPPED = Raw(_drop)
_MACRO = MacroRule()

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
        "blockquote": Blocks(quote),
        "pre": Raw(preformatted, merged=True),
        "hr": Void(rule),
        "br": Void(break_line),
        "ac:layout": PARAGRAPH,
        "ac:layout-section": PARAGRAPH,
        "ac:layout-cell": PARAGRAPH,
        # Lists
        "ul": List(),
        "ol": List(ordered=True),
        "li": Item(),
        "ac:task-list": List(),
        "ac:task": Task(),
        "ac:task-status": Raw(task_status),
        "ac:task-id": _DROPPED,
        "ac:task-uuid": _DROPPED,
        "ac:task-body": PARAGRAPH,
        # Tables
        "table": Table(),
        "thead": Head(),
        "tr": Switch(start_row, end_row),
        "td": Cell(),
        "th": Cell(),
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
        "span": Span(),
        "code": _CODE,
        "tt": _CODE,
        "kbd": _CODE,
        "samp": _CODE,
        # Links and images
        "a": Link(),
        "img": Void(html_image),
        "ac:link": ConfluenceLink(),
        "ac:image": Image(),
        "ac:caption": PARAGRAPH,
        **dict.fromkeys(REFERENCES, ReferenceRule()),
        # Macros
        "ac:structured-macro": _MACRO,
        "ac:macro": _MACRO,
        "ac:unstructured-macro": _MACRO,
        "ac:parameter": Raw(parameter, merged=True),
        "ac:default-parameter": Raw(parameter, merged=True),
        "ac:plain-text-body": Raw(plain_body, merged=True),
        "ac:rich-text-body": RichBody(),
        # Content that only some editors know
        "ac:adf-extension": ExtensionRule(),
        "ac:adf-fallback": Blocks(fallback),
        "ac:adf-attribute": Raw(extension_attribute),
        "ac:adf-parameter": Raw(extension_attribute),
        "ac:adf-node": Node(),
        "ac:adf-content": PARAGRAPH,
        # The rest
        "ac:emoticon": Void(emoticon),
        "time": Time(),
        "ac:placeholder": _DROPPED,
        "at:declarations": _DROPPED,
        "script": _DROPPED,
        "style": _DROPPED,
    }
)
"""The rule for each element. Of any other element only the content counts."""

TRANSPARENT = frozenset(
    {
        *("tbody", "tfoot", "colgroup", "col", "font", "u", "small", "big", "label", "wbr"),
        *("ac:link-body", "ac:plain-text-link-body", "ac:inline-comment-marker", "ac:adf-mark"),
        *("ac:adf-fragment-mark", "ac:adf-fragment-mark-detail"),
    }
)
"""Elements of which only the content counts, as of any that is not named here; one of Confluence causes a warning."""
