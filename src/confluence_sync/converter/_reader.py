"""Reads storage format: every token opens, closes or fills an element of the context."""

from __future__ import annotations

from ._context import Context, Rule
from ._elements import ELEMENTS, TRANSPARENT, VOID
from ._tokens import TOKENS, clean_text, read_tag, unescape

__all__ = ["read"]

_STARTS: dict[str, tuple[str, Rule]] = {name: (name, rule) for name, rule in ELEMENTS.items() if name not in VOID}
_ENDS: dict[str, str] = {f"/{name}": name for name in _STARTS}


def read(storage: str, context: Context) -> None:
    """Read a document into a context. Linear in time; never raises."""
    for tag, text, literal, other in TOKENS.findall(clean_text(storage)):
        if tag:
            if (name := _ENDS.get(tag)) is not None:
                context.close(name)
            elif (start := _STARTS.get(tag)) is not None:
                context.open(start[0], {}, start[1])
            else:
                _read_tag(tag, context)
            if text:
                context.flow.pieces.append(unescape(text) if "&" in text else text)
        elif literal:
            context.flow.literal(literal)
        elif other:
            context.flow.pieces.append(unescape(other))
    context.close_all()


def _read_tag(source: str, context: Context) -> None:
    """Read a tag with attributes, an empty element, or an unknown one."""
    tag = read_tag(source)
    rule = ELEMENTS.get(tag.name)
    if rule is None:
        if tag.start and ":" in tag.name and tag.name not in TRANSPARENT:
            context.warn("unknown_element", tag.name)
        return
    if tag.start:
        context.open(tag.name, tag.attributes, rule)
    if tag.end or tag.name in VOID:
        context.close(tag.name)
