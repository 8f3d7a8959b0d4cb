"""Rules for macros, and for the extensions of the editor (`ac:adf-...`), which are macros of another kind."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ._block_rules import DECISIONS, Item, List
from ._context import Context, Element, Extension, Rule
from ._escape import squeeze
from ._flow import Flow
from ._inline_rules import Holder
from ._macro import Macro
from ._macro_handlers import content as show_content
from ._macro_handlers import is_hidden, unknown
from ._references import Reference
from ._rules import Blocks, Paragraph

__all__ = [
    "ExtensionRule",
    "MacroRule",
    "Node",
    "RichBody",
    "extension_attribute",
    "fallback",
    "parameter",
    "plain_body",
]


class MacroRule(Holder):
    """`ac:structured-macro`: the handler of its name decides."""

    def open(self, context: Context, element: Element) -> Flow:
        name = element.attributes.get("ac:name", "").strip().lower()
        context.macro = Macro(name, context.macros.get(name, unknown), context, context.macro)
        context.references.append([])
        return context.flow

    def write(self, context: Context, element: Element, content: Flow, inner: Sequence[Reference]) -> None:
        del element, content
        macro = context.macro
        if macro is not None:
            context.macro = macro.outer
            macro.references = inner
            macro.handler(macro)
            if macro.body is not None:
                macro.write_body()


def parameter(context: Context, element: Element, text: str) -> None:
    if context.macro is not None:
        context.macro.parameters[element.attributes.get("ac:name", "")] = text.strip()


def plain_body(context: Context, _element: Element, text: str) -> None:
    if context.macro is not None:
        context.macro.text = text
    else:
        context.flow.code("", text)


class RichBody(Paragraph):
    """`ac:rich-text-body`. It goes where the macro stands, unless the macro does more with it than show it."""

    def open(self, context: Context, element: Element) -> Flow:
        macro = context.macro
        shown = macro is None or macro.handler is unknown or (macro.handler is show_content and not is_hidden(macro))
        if macro is not None and shown and context.flow.pieces:
            macro.in_sentence = True
            macro.body = context.flow.fresh()
            return context.flow if macro.body is None else macro.body
        outer = super().open(context, element)
        if macro is None or shown:
            return outer
        nested = outer.nested()
        macro.body = None if nested is outer else nested
        return nested


class ExtensionRule(Blocks):
    """`ac:adf-extension`: its fallback, else the text of its nodes; a panel is an alert."""

    def __init__(self) -> None:
        super().__init__(self._write_extension)

    def open(self, context: Context, element: Element) -> Flow:
        context.extensions.append(Extension())
        return super().open(context, element)

    def close(self, context: Context, element: Element, content: Flow) -> None:
        super().close(context, element, content)
        context.extensions.pop()

    @staticmethod
    def _write_extension(context: Context, _element: Element, content: Flow) -> None:
        extension = context.extensions[-1]
        body = content if extension.fallback is None or extension.fallback.is_empty() else extension.fallback
        label = _PANELS.get(extension.panel)
        if body.is_empty() and extension.name:
            context.warnings.note("unknown_extension", extension.name)
        elif label is None:
            context.flow.absorb(body)
        else:
            context.flow.quote(label, "", body)


class Node:
    """`ac:adf-node`: by its type."""

    def open(self, context: Context, element: Element) -> Flow:
        return _NODES.get(element.attributes.get("type", ""), _NODE).open(context, element)

    def close(self, context: Context, element: Element, content: Flow) -> None:
        _NODES.get(element.attributes.get("type", ""), _NODE).close(context, element, content)


_NODE: Rule = Paragraph()
_NODES: Mapping[str, Rule] = {DECISIONS: List(), "decision-item": Item()}
_PANELS = {
    "info": "NOTE",
    "note": "IMPORTANT",
    "success": "TIP",
    "tip": "TIP",
    "warning": "WARNING",
    "error": "CAUTION",
    "custom": "NOTE",
}


def fallback(context: Context, _element: Element, content: Flow) -> None:
    if context.extensions:
        context.extensions[-1].fallback = content
    else:
        context.flow.absorb(content)


def extension_attribute(context: Context, element: Element, text: str) -> None:
    """`ac:adf-attribute`, `ac:adf-parameter`: of what an app's extension is called, the title counts first."""
    if context.extensions:
        extension, key = context.extensions[-1], element.attributes.get("key")
        if key == "panel-type":
            extension.panel = text.strip()
        elif key == "extension-title" or (key == "extension-key" and not extension.name):
            extension.name = squeeze(text)
