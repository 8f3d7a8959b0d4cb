"""Reads storage format: every token opens, closes or fills elements of the context."""

from __future__ import annotations

from ._context import Context
from ._steps import KNOWN, steps
from ._tokens import tokens, unescape

__all__ = ["read"]


def read(storage: str, context: Context) -> None:
    """
    Read a document into a context. Linear in time; never raises.

    White space between blocks is nothing. Much of it, and of all text, passes here: hence no calls for it.
    """
    for starts, text, ends, tail, literal, other in tokens(storage):
        if starts or ends:
            before, line, after = KNOWN.get(starts + ends) or steps(starts, ends)
            for step in before:
                step(context)
            if line:
                line(context, text)
            elif text:
                flow = context.flow
                if flow.pieces or not text.isspace() or flow.keeps_space:
                    flow.pieces.append(unescape(text) if "&" in text else text)
            for step in after:
                step(context)
        elif literal:
            context.flow.literal(literal)
        elif other:
            context.flow.add_text(other)
        if tail:
            flow = context.flow
            if flow.pieces or not tail.isspace() or flow.keeps_space:
                flow.pieces.append(unescape(tail) if "&" in tail else tail)
    context.close_all()
