"""Reads storage format: every token opens, closes or fills an element of the context."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

from ._context import Context, Element, Rule
from ._elements import ELEMENTS, TRANSPARENT, VOID
from ._flow import Flow
from ._rules import Switch
from ._tokens import read_attributes, tag_name, tokens, unescape

__all__ = ["read"]


def _ignore(_flow: Flow) -> None:
    """Do nothing at the tag of a transparent element."""


_RULES: dict[str, Rule] = {name: rule for name, rule in ELEMENTS.items() if not isinstance(rule, Switch)}
_SWITCHES = {name: rule for name, rule in ELEMENTS.items() if isinstance(rule, Switch)}

_MARKS = {name: rule.mark for name, rule in _SWITCHES.items()}
_BEGIN: dict[str, Callable[[Flow], None]] = {
    **dict.fromkeys(TRANSPARENT, _ignore),
    **{name: rule.begin for name, rule in _SWITCHES.items()},
}
_END: dict[str, Callable[[Flow], None]] = {
    **dict.fromkeys(TRANSPARENT, _ignore),
    **{name: rule.end for name, rule in _SWITCHES.items()},
}
_OPEN = {name: Element(name, rule) for name, rule in _RULES.items() if name not in VOID}


def read(storage: str, context: Context) -> None:
    """
    Read a document into a context. Linear in time; never raises.

    White space between blocks is nothing. Much of it, and of all text, passes here: hence no calls for it.
    """
    flow = context.flow
    for start, text, end, tail, literal, other in tokens(storage):
        if start == end and start in _MARKS:  # all of an element with nothing but text in it
            if mark := _MARKS[start]:
                flow.add_marked(mark, text)
            else:
                flow.add_paragraph(text)
        else:
            if start:
                if start in _BEGIN:
                    _BEGIN[start](flow)
                else:
                    if start in _OPEN:
                        context.open(_OPEN[start])
                    else:
                        _start(start, context)
                    flow = context.flow
                if text and (flow.pieces or flow.keeps_space or not text.isspace()):
                    flow.pieces.append(unescape(text) if "&" in text else text)
            if end:
                if end in _END:
                    _END[end](flow)
                else:
                    if end in _OPEN:
                        context.close(end)
                    else:
                        _end(tag_name(end), context)
                    flow = context.flow
            elif literal:
                flow.literal(literal)
            elif other:
                flow.add_text(other)
        if tail and (flow.pieces or flow.keeps_space or not tail.isspace()):
            flow.pieces.append(unescape(tail) if "&" in tail else tail)
    context.close_all()


class _Tag(NamedTuple):
    """A start tag with more in it than a name: whether it ends its element too, and the element if that has a rule."""

    name: str
    ends: bool
    element: Element | None


def _start(tag: str, context: Context) -> None:
    """Begin an element that has more in its tag than a name."""
    name, ends, element = _short_tag(tag) if len(tag) < _SHORT else _tag(tag)
    if name in _BEGIN:
        _BEGIN[name](context.flow)
        if ends:
            _END[name](context.flow)
    elif element is None:
        if ":" in name:
            context.warn("unknown_element", name)
    elif ends:
        context.put(element)
    else:
        context.open(element)


def _tag(tag: str) -> _Tag:
    name = tag_name(tag)
    element = Element(name, _RULES[name], read_attributes(tag)) if name in _RULES else None
    return _Tag(name, tag[-1] == "/" or name in VOID, element)


_SHORT = 200
_short_tag = lru_cache(maxsize=1000)(_tag)
"""Most tags come again and again, on one page and on the next."""


def _end(name: str, context: Context) -> None:
    """End an element that has more in its end tag than a name; nothing happens if it has no rule."""
    if name in _OPEN:
        context.close(name)
    elif name in _END:
        _END[name](context.flow)
