"""Reads storage format: every token opens, closes or fills an element of the context."""

from __future__ import annotations

from collections.abc import Callable

from ._context import Context, Rule
from ._elements import ELEMENTS, TRANSPARENT, VOID
from ._flow import Flow
from ._rules import PARAGRAPH, Switch
from ._tokens import tag_name, tokens, unescape

__all__ = ["read"]


def _ignore(_flow: Flow) -> None:
    """Do nothing at the tag of a transparent element."""


_SWITCHES: dict[str, Callable[[Flow], None]] = {
    **{name: rule.begin for name, rule in ELEMENTS.items() if isinstance(rule, Switch)},
    **{f"/{name}": rule.end for name, rule in ELEMENTS.items() if isinstance(rule, Switch)},
    **{f"{slash}{name}": _ignore for name in TRANSPARENT for slash in ("", "/")},
}
_PARAGRAPHS = frozenset(tag for tag, switch in _SWITCHES.items() if switch is PARAGRAPH.begin)
_RULES: dict[str, Rule] = {name: rule for name, rule in ELEMENTS.items() if not isinstance(rule, Switch)}
_STARTS = {name: rule for name, rule in _RULES.items() if name not in VOID}
_ENDS = {f"/{name}": name for name in _STARTS}


def read(storage: str, context: Context) -> None:
    """Read a document into a context. Linear in time; never raises."""
    flow = context.flow
    for tag, text, literal, other in tokens(storage):
        if tag:
            if tag in _PARAGRAPHS:
                if flow.pieces:
                    flow.end_paragraph()
            elif tag in _SWITCHES:
                _SWITCHES[tag](flow)
            else:
                _read_tag(tag, context)
                flow = context.flow
            if text and (flow.pieces or flow.keeps_space or not text.isspace()):
                flow.pieces.append(unescape(text) if "&" in text else text)
        elif literal:
            flow.literal(literal)
        elif other:
            flow.pieces.append(unescape(other))
    context.close_all()


def _read_tag(tag: str, context: Context) -> None:
    """Read a tag of an element that the context keeps, or any tag with more in it than a name."""
    if tag in _ENDS:
        context.close(_ENDS[tag])
    elif tag in _STARTS:
        context.open(tag, "", _STARTS[tag])
    else:
        _read_long_tag(tag, context)


def _read_long_tag(tag: str, context: Context) -> None:
    name = tag_name(tag)
    ends = tag[-1] == "/" or name in VOID
    if (switch := _SWITCHES.get(name)) is not None:
        switch(context.flow)
        if ends:
            _SWITCHES[f"/{name}"](context.flow)
    elif (rule := _RULES.get(name)) is not None:
        context.open(name, tag, rule)
        if ends:
            context.close(name)
    elif (end := _ENDS.get(name)) is not None:
        context.close(end)
    elif ":" in name and name[0] != "/":
        context.warn("unknown_element", name)
