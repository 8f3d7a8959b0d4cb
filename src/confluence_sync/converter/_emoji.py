"""Emoji for the emoticons of Confluence (`ac:emoticon`), by the names its editor gives them."""

from __future__ import annotations

import re
from collections.abc import Mapping

__all__ = ["emoji"]

_CODE_POINTS = re.compile(r"(?:(?:(?!d[89a-f])[0-9a-f]{4}|1[0-9a-f]{4})(?:-|$)){1,12}(?<!-)", re.IGNORECASE)
_EMOTICONS = {
    "smile": "🙂",
    "sad": "🙁",
    "cheeky": "😛",
    "laugh": "😀",
    "wink": "😉",
    "thumbs-up": "👍",
    "thumbs-down": "👎",
    "information": "\N{INFORMATION SOURCE}\ufe0f",
    "tick": "✅",
    "cross": "❌",
    "warning": "⚠️",
    "plus": "\N{HEAVY PLUS SIGN}",
    "minus": "\N{HEAVY MINUS SIGN}",
    "question": "❓",
    "light-on": "💡",
    "yellow-star": "⭐",
    "red-star": "🌟",
    "green-star": "🌟",
    "blue-star": "🌟",
    "heart": "❤️",
    "broken-heart": "💔",
}


def emoji(attributes: Mapping[str, str]) -> str:
    """
    Return the character of an `ac:emoticon`.

    What the editor wrote counts first: `ac:emoji-fallback` is the character, or a `:shortname:` for emoji of the
    site's own; `ac:emoji-id` its code points in hexadecimal. Older pages have only `ac:name`.
    """
    fallback = attributes.get("ac:emoji-fallback", "")
    if fallback and not fallback.startswith(":"):
        return fallback
    name = attributes.get("ac:name", "")
    shortname = fallback or attributes.get("ac:emoji-shortname") or (f":{name}:" if name else "")
    return _from_id(attributes.get("ac:emoji-id", "")) or _EMOTICONS.get(name) or shortname


def _from_id(emoji_id: str) -> str:
    return "".join([chr(int(code, 16)) for code in emoji_id.split("-")]) if _CODE_POINTS.fullmatch(emoji_id) else ""
