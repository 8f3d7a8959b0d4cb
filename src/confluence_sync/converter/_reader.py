"""Reads storage format: every token opens, closes or fills an element of the context."""

from __future__ import annotations

from collections.abc import Callable

from ._context import Context, Element, Rule
from ._elements import ELEMENTS, TRANSPARENT, VOID
from ._flow import Flow
from ._rules import Switch
from ._tokens import read_attributes, tag_name, tokens

__all__ = ["read"]


def _ignore(_flow: Flow) -> None:
    """Do nothing at the tag of a transparent element."""


_RULES: dict[str, Rule] = {name: rule for name, rule in ELEMENTS.items() if not isinstance(rule, Switch)}
_SWITCHES = {name: rule for name, rule in ELEMENTS.items() if isinstance(rule, Switch)}

_WHOLE = {name: rule.whole for name, rule in _SWITCHES.items()}
"""What to do with an element that is nothing but text."""
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
    """Read a document into a context. Linear in time; never raises."""
    flow = context.flow
    for start, text, end, tail, literal, other in tokens(storage):
        if start == end and start in _WHOLE:
            _WHOLE[start](flow, text)
        else:
            if start:
                if start in _BEGIN:
                    _BEGIN[start](flow)
                else:
                    _start(start, context)
                    flow = context.flow
                if text:
                    flow.add_text(text)
            if end:
                if end in _END:
                    _END[end](flow)
                else:
                    _end(end, context)
                    flow = context.flow
            elif literal:
                flow.literal(literal)
            elif other:
                flow.add_text(other)
        if tail:
            flow.add_text(tail)
    context.close_all()


def _start(tag: str, context: Context) -> None:
    """Begin an element that the context keeps, or any that has more in its tag than a name."""
    if tag in _OPEN:
        context.open(_OPEN[tag])
        return
    name = tag_name(tag)
    ends = tag[-1] == "/" or name in VOID
    if name in _BEGIN:
        _BEGIN[name](context.flow)
        if ends:
            _END[name](context.flow)
    elif name in _RULES:
        element = Element(name, _RULES[name], read_attributes(tag))
        if ends:
            context.put(element)
        else:
            context.open(element)
    elif ":" in name:
        context.warn("unknown_element", name)


def _end(tag: str, context: Context) -> None:
    """End an element that the context keeps; nothing happens at any other."""
    name = tag if tag in _OPEN else tag_name(tag)
    if name in _OPEN:
        context.close(name)
    elif name in _END:
        _END[name](context.flow)
