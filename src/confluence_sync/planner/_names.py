"""Titles become names of files and folders that every platform accepts."""

from __future__ import annotations

import re
import unicodedata

from pathvalidate import sanitize_filename

__all__ = ["UNTITLED", "fit", "safe_name"]

UNTITLED = "Untitled"
_LONGEST_TITLE = 1_000_000
_INVISIBLE = re.compile(
    "[\u0080-\u009f\u00ad\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2064\u2066-\u206f\ufdd0-\ufdef\ufeff\ufff9-\ufffb\ufffe\uffff]"
)
"""C1 controls, characters that hide or reorder their neighbours, non-characters. Joiners stay: emoji are made of them.

A list rather than Unicode categories, which differ between versions of Python: names must not.
"""
_JOINERS = "\u200c\u200d"
_CUT_OFF = " ." + _JOINERS


def safe_name(title: str) -> str:
    """
    Return a title as one path segment, not yet cut to a length: NFC, never empty, never hidden, no reserved name.

    Windows' rules hold on every platform, so that a folder can be copied anywhere.
    """
    text = title.encode(errors="replace").decode()
    text = unicodedata.normalize("NFC", _INVISIBLE.sub("", " ".join(text.split())))
    text = text.lstrip(" " + _JOINERS).rstrip(_CUT_OFF)
    if not text:
        return UNTITLED
    text = sanitize_filename(text, replacement_text="-", platform="universal", max_len=_LONGEST_TITLE)
    visible = unicodedata.normalize("NFC", text).lstrip(".")
    return "_" * (len(text) - len(text.lstrip("."))) + visible


def fit(name: str, suffix: str, max_bytes: int) -> str:
    """Return `name + suffix` in at most `max_bytes` of UTF-8, shortening the name and never the suffix."""
    room = max_bytes - len(suffix.encode())
    data = name.encode()
    if len(data) > room:
        name = data[:room].decode(errors="ignore").rstrip(_CUT_OFF)
    return name + suffix
