"""Storage format as a stream of tokens: one regular expression, linear in time whatever the input.

Storage format is XML in the good case, and it is read here as neither XML nor HTML: an XML parser refuses what is not
well-formed, and an HTML5 parser repairs what needs no repair (`docs/decisions` tells more). Every repetition below is
possessive, so nothing is ever tried twice.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable
from functools import lru_cache

__all__ = ["clean_text", "read_attributes", "split_tags", "tag_name", "tokens", "unescape"]

_TAG = r"""[A-Za-z] [^<>"']*+ (?: (?: "[^"]*+" | '[^']*+' ) [^<>"']*+ )*+"""
_TOKENS = re.compile(
    rf"""
      (?: ( (?: < {_TAG} > )++ ) ( [^<]*+ ) )?+                                 # 1: start tags, 2: the text behind them
      (?: ( (?: </ {_TAG} > )++ ) ( [^<]*+ ) | (?(1) | (?!) ) )                 # 3: end tags, 4: the text behind them
    | <!\[CDATA\[ ( [^\]]*+ (?: \] (?!\]>) [^\]]*+ )*+ ) (?: \]\]> )?+          # 5: literal text
    | <!--        [^-]*+ (?: - (?!->) [^-]*+ )*+         (?: --> )?+            # a comment
    | <[!?] [^<>]*+ >?+                                                         # a declaration
    | </?+ (?: [A-Za-z] [^<>]*+ )?+ \Z                                          # a tag cut off by the end
    | < /?+ (?: ac | ri | at ) : [^<>\s]*+                                      # a tag too broken to be one
    | ( [^<]++ | < )                                                            # 6: other text
    """,
    re.VERBOSE,
)
"""Matches at every position, so nothing is left out."""
_TAGS = re.compile(rf"</?+({_TAG})>", re.VERBOSE)
_LONG = 1_000_000

_CONTROLS = bytes({*range(0x20), 0x7F} - {*b"\t\n\r"})
_ENTITY = re.compile(r"&(?:#\d{1,8}|#[xX][0-9A-Fa-f]{1,8}|[A-Za-z][A-Za-z0-9]{1,40});")
_ATTRIBUTE = re.compile(r"""([^\s=/"'<>]++)\s*+=\s*+(?:"([^"]*+)"|'([^']*+)'|([^\s"'<>]++))""")


def tokens(storage: str) -> Iterable[tuple[str, str, str, str, str, str]]:
    """
    Return the tokens: (start tags, text behind them, end tags, text behind those, text out of CDATA, other text).

    Tags that follow each other directly are one run, so a cell with a paragraph in it is a single token.

    A list is the faster way, and grows too large for very long documents.
    """
    text = clean_text(storage)
    if len(text) < _LONG:
        return _TOKENS.findall(text)
    return (match.groups("") for match in _TOKENS.finditer(text))  # type: ignore[misc]  # it has six groups


def clean_text(storage: str) -> str:
    """Return a text without what no document can hold: control characters and lone surrogates."""
    return storage.encode("utf-8", "replace").translate(None, _CONTROLS).decode()


def split_tags(run: str) -> list[str]:
    """Return the tags of a run without their brackets, and end tags without their slash."""
    return _TAGS.findall(run)


def tag_name(tag: str) -> str:
    """Return the name of a tag, given without its brackets, in lower case."""
    parts = tag.rstrip("/").split(None, 1)
    return parts[0].lower() if parts else ""


def read_attributes(tag: str) -> dict[str, str]:
    """Return the attributes of a tag, by name with prefix (`ri:content-title`) in lower case."""
    return {name.lower(): unescape(double or single or bare) for name, double, single, bare in _ATTRIBUTE.findall(tag)}


def unescape(text: str) -> str:
    """Replace character references (`&amp;`, `&rsquo;`, `&#8217;`); what is none stays as it is."""
    return _ENTITY.sub(_character, text) if "&" in text else text


def _character(match: re.Match[str]) -> str:
    return _character_of(match[0])


@lru_cache(maxsize=500)
def _character_of(reference: str) -> str:
    return html.unescape(reference)
