"""Titles become names of files and folders that every platform accepts."""

from __future__ import annotations

import re
import unicodedata

__all__ = ["UNTITLED", "fit", "safe_name"]

UNTITLED = "Untitled"
_FORBIDDEN = re.compile(r'[<>:"/\\|?*\x00-\x1f\x7f]')
_RESERVED = re.compile(
    r"(CON|PRN|AUX|NUL|CLOCK\$|CONIN\$|CONOUT\$|COM[0-9\u00b9\u00b2\u00b3]|LPT[0-9\u00b9\u00b2\u00b3])(?=\s*(\.|$))",
    re.IGNORECASE,
)
"""Names of devices on Windows, also with an extension behind them."""
_INVISIBLE = re.compile(
    "[\u0080-\u009f\u00ad\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2064\u2066-\u206f\ufdd0-\ufdef\ufeff\ufff9-\ufffb\ufffe\uffff]"
)
"""C1 controls, characters that hide or reorder their neighbours, non-characters. Joiners stay: emoji are made of them.

Lists of our own rather than Unicode categories or a library, which differ between versions: names must not.
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
    text = unicodedata.normalize("NFC", _FORBIDDEN.sub("-", text))
    if device := _RESERVED.match(text):
        text = f"{device[1]}_{text[device.end(1) :]}"
    visible = text.lstrip(".")
    return "_" * (len(text) - len(text.lstrip("."))) + visible


def fit(name: str, suffix: str, max_bytes: int) -> str:
    """Return `name + suffix` in at most `max_bytes` of UTF-8, shortening the name and never the suffix."""
    room = max_bytes - len(suffix.encode())
    data = name.encode()
    if len(data) > room:
        name = data[:room].decode(errors="ignore").rstrip(_CUT_OFF)
    return name + suffix
