"""Storage format to Markdown: `convert(storage).markdown`. Pure, total and deterministic."""

from __future__ import annotations

from ._convert import CONVERTER_FINGERPRINT, Conversion, ConvertOptions, account_ids, convert
from ._front_matter import Document, read_document, render_document
from ._macro import Macro, MacroHandler
from ._macros import MACROS

__all__ = [
    "CONVERTER_FINGERPRINT",
    "MACROS",
    "Conversion",
    "ConvertOptions",
    "Document",
    "Macro",
    "MacroHandler",
    "account_ids",
    "convert",
    "read_document",
    "render_document",
]
