"""Titles become names of files and folders that every platform accepts."""

from __future__ import annotations

import re
import unicodedata

from pathvalidate import sanitize_filename

_INVISIBLE = re.compile("[\u0080-\u009f\u00ad\u200b\u200e\u200f\u2028-\u202e\u2060\u2066-\u2069\ufeff\ufff9-\ufffb]")
"""C1 controls, and characters that hide or reorder their neighbours. Joiners stay: emoji are made with them."""
_CUT_OFF = " .\u200c\u200d"
UNTITLED = "Untitled"


def safe_name(title: str) -> str:
    """
    Return a title as one path segment, not yet cut to a length: NFC, never empty, never hidden, no reserved name.

    Windows' rules hold on every platform, so that a folder can be copied anywhere.
    """
    text = title.encode(errors="replace").decode()
    text = unicodedata.normalize("NFC", _INVISIBLE.sub("", " ".join(text.split())))
    text = sanitize_filename(text, replacement_text="-", platform="universal", max_len=1_000_000)
    text = unicodedata.normalize("NFC", text).strip(" ").rstrip(_CUT_OFF)
    if not text.strip("."):
        return UNTITLED
    hidden = len(text) - len(text.lstrip("."))
    return "_" * hidden + text[hidden:]


def fit(name: str, suffix: str, max_bytes: int) -> str:
    """Return `name + suffix` in at most `max_bytes` of UTF-8, shortening the name and never the suffix."""
    room = max_bytes - len(suffix.encode())
    data = name.encode()
    if len(data) > room:
        name = data[:room].decode(errors="ignore").rstrip(_CUT_OFF)
    return name + suffix
