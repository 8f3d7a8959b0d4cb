"""
Storage format to Markdown, and Markdown to passages and to a preview.

`convert(storage).markdown` is pure, total and deterministic. `read_document` reads a synced file back, `sections` gives
its passages with the links to cite them by, `preview_html` shows it.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from ._convert import CONVERTER_FINGERPRINT, Conversion, ConvertOptions, account_ids, convert
from ._macro import Excerpt, Macro, MacroHandler
from ._macros import MACROS

if TYPE_CHECKING:
    from ._front_matter import Document, read_document, render_document
    from ._preview import preview_html
    from ._sections import Section, sections

__all__ = [
    "CONVERTER_FINGERPRINT",
    "MACROS",
    "Conversion",
    "ConvertOptions",
    "Document",
    "Excerpt",
    "Macro",
    "MacroHandler",
    "Section",
    "account_ids",
    "convert",
    "preview_html",
    "read_document",
    "render_document",
    "sections",
]

_READERS = {
    "Document": "_front_matter",
    "Section": "_sections",
    "preview_html": "_preview",
    "read_document": "_front_matter",
    "render_document": "_front_matter",
    "sections": "_sections",
}
"""Imported when they are asked for: those who only convert need no parser of Markdown or YAML."""


def __getattr__(name: str) -> Any:
    if name in _READERS:
        return getattr(import_module(f".{_READERS[name]}", __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
