"""
Markdown that authors wrote themselves, in the `markdown` macro: what could do harm is escaped, or all of it is quoted.

Files have other readers than this library, so no parser is asked. What stays as it is does no harm however it is read
(no `<` that begins a tag, no scheme that runs something near a link), or is code however it is read. What could do
harm is escaped where it is text however it is read. Where it is neither, the whole text becomes a block of code.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from itertools import groupby

from ._escape import fence
from ._references import encode_href

__all__ = ["clean_markdown"]

_FENCE = re.compile(r"((?:[ ]{0,3}(?:>|(?:[-*+]|1[.)])[ ]))*+([ ]*))(`{3,}(?=[^`]*$)|~{3,})")
"""The start of a block of code; before it quotes, and marks of items that no paragraph goes on with."""
_TICKS = re.compile("```|~~~")
_MARK = re.compile(r"[^>]")
_MAYBE_FENCE = re.compile(r"[\W\d_]*?(?:```|~~~)")
_ITEM = re.compile(r"[ ]{0,3}(?:([-*+]|1[.)])|\d{1,9}[.)])[ ]{1,4}(?=\S)")
_INDENTED = re.compile(r"^[ >*+\-\d.)]*(?:[ ]{4}|\t)", re.MULTILINE)
"""A line that can be code, be it in a list or in a quote."""

_BACKTICKS = re.compile("`+")
_LINK = re.compile(r"\][(\[]")
_PLAIN_LINK = re.compile(
    r"""
    \] (?:
        \( [^\s()<>"'\\`]*+ (?: \( [^\s()<>"'\\`]*+ \) [^\s()<>"'\\`]*+ )*+ (?: [ ] "[^"\\`\n]*" )? \)
      | \( <[^<>\\`\n]*> \)
      | \[ [^\[\]\\`\n]* (?= \] )
    )
    """,
    re.VERBOSE,
)
"""The second half of a link that ends here for every reader, whatever is before it."""
_URL_TO_CODE = re.compile(r"(?:://|www\.)[^ \t\n`]*`", re.IGNORECASE)
"""An address without a link around it; GitHub's goes on as far as there is no space."""

_TAG = re.compile(
    r"""
    (?<! \\ ) ( (?: \\\\ )* ) \\?+               # the backslash of a `\<` is not needed with `&lt;`
    < (?= [A-Za-z/!?] )
    (?! (?: https?:// | mailto: ) [^\s<>`]* > )
    (?! [\w.+-]+ @ [\w.-]+ > )
    (?! br [ ]? /? > [ ]* [^\s<] )             # alone in its line it would begin a block of HTML
    """,
    re.VERBOSE,
)
_SCHEME = "(?:javascript|vbscript|livescript|jscript|mocha|data):"
_ACTIVE = re.compile(rf"[(<>:]\s*{_SCHEME}|(?<!\w){_SCHEME}\S", re.IGNORECASE)
_ACTIVE_LINK = re.compile(rf"(?<=\]\(){_SCHEME}[^\s()<>`]*+(?:\([^\s()<>`]*+\)[^\s()<>`]*+)*+", re.IGNORECASE)
_BRACKETED = re.compile(r"(?<=\]\()<([^<>\\`\n]*)>(?=\))")

_BREAK = re.compile(r"(?:[ ]*<br[ ]?/?>\s*)+$")
_BROKEN = re.compile(r"(?![#|]).*[^\s\\](?:[ ]{2,}|[ ]*<br[ ]?/?>\s*)")
_TEXT = re.compile(r"\s{0,3}[^\W\d_]")


class _DoubtError(Exception):
    """There is something that may do harm, and that may be code."""


def clean_markdown(text: str) -> str:
    """
    Return Markdown without links that run something, open fences, spaces at the ends of lines, HTML other than `<br>`.

    If it cannot be told what of it is code, it is a block of code of the language `markdown`.
    """
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    try:
        parts = ["\n".join(part) if is_code else _prose(part) for is_code, part in _parts(lines)]
    except _DoubtError:
        parts = [fence("markdown", "\n".join([line.rstrip() for line in lines]).strip("\n"))]
    return "\n".join(parts).strip("\n")


def _parts(lines: list[str]) -> Iterator[tuple[bool, list[str]]]:
    """Yield blocks of code, each with its fences and without spaces at the ends of lines, and what is between them."""
    stripped = [line.rstrip() for line in lines]
    prose: list[str] = []
    at, item, fresh = 0, 0, True
    while at < len(lines):
        line = stripped[at]
        if opening := _FENCE.match(line):
            block, at = _block(opening, stripped, at)
            if fresh := _is_code(opening, item, fresh=fresh):
                yield from [(False, prose)] if prose else []
                yield True, block
                prose = []
            elif _is_harmless("\n".join(block)):
                prose += block
            else:
                raise _DoubtError
            item = 0
            continue
        if _MAYBE_FENCE.match(line) or ("]" in line and _TICKS.search(line)):
            raise _DoubtError
        match = _ITEM.match(line)
        item = match.end() if match and (match[1] or fresh) else 0
        fresh = not line
        prose.append(lines[at])
        at += 1
    if prose:
        yield False, prose


def _block(opening: re.Match[str], lines: list[str], start: int) -> tuple[list[str], int]:
    """Return the lines from one fence to the other, which is added at the end of the text, and where they end."""
    prefix, ticks = _MARK.sub(" ", opening[1]), opening[3]
    block = [lines[start]]
    for at in range(start + 1, len(lines)):
        line = lines[at]
        if not line.startswith(prefix) and line != prefix.rstrip():
            raise _DoubtError  # the item or the quote ends, perhaps
        block.append(line)
        content = line[len(prefix) :].lstrip(" \t")
        if content.startswith(ticks) and not content.strip(ticks[0]):
            indent = line[: -len(content)].expandtabs(4)[len(prefix) :]
            if not indent:
                return block, at + 1
            if len(indent) <= 4:
                raise _DoubtError  # it depends on where the item begins
    while len(block) > 1 and block[-1] == prefix.rstrip():
        block.pop()
    return [*block, prefix + ticks], len(lines)


def _is_code(opening: re.Match[str], item: int, *, fresh: bool) -> bool:
    """Whether this is not the next line of a paragraph, which it can be if it is as far in as code without fences."""
    before, space = len(opening[1]), len(opening[2])
    return space < 4 or (space == before and (fresh or item <= before < item + 4))


def _prose(lines: list[str]) -> str:
    """Return lines that are no code, paragraph by paragraph: what is written in one has no effect beyond it."""
    paragraphs = groupby(lines, key=lambda line: bool(line.strip()))
    return "\n".join(
        [_paragraph([*group]) if is_text else "\n".join("" for _ in group) for is_text, group in paragraphs]
    )


def _paragraph(lines: list[str]) -> str:
    """Return lines with what could do harm escaped, if they are surely text."""
    text = "\n".join([line.rstrip() for line in lines])
    if not _INDENTED.search(text) and _split(text):
        return _escaped("\n".join(_without_trailing_space(lines)))
    outside, _ = _split(text) or (text, [])
    if not _is_harmless(outside):
        raise _DoubtError
    return text


def _escaped(text: str) -> str:
    split = _split(text)
    if not split:
        raise _DoubtError
    outside, code = split
    outside = _BRACKETED.sub(lambda match: encode_href(unescape(match[1])), outside)
    outside = _TAG.sub(r"\1&lt;", _ACTIVE_LINK.sub("#", outside))
    if not _is_harmless(outside):
        raise _DoubtError
    pieces = outside.split("`")
    return "".join([part for pair in zip(pieces, [*code, ""], strict=True) for part in pair])


def _without_trailing_space(lines: list[str]) -> Iterator[str]:
    """Yield lines; two spaces at the end of one, or a `<br>`, which break the line, become a backslash."""
    for line, following in zip(lines, [*lines[1:], ""], strict=True):
        breaks = _BROKEN.fullmatch(line) and _TEXT.match(following)
        yield _BREAK.sub("", line).rstrip() + ("\\" if breaks else "")


def _split(text: str) -> tuple[str, list[str]] | None:
    """
    Return a paragraph with a backtick for each code span, and the spans.

    None if they depend on other lines, on the cells of a table, or on what is a link.
    """
    outside: list[str] = []
    code: list[str] = []
    at = 0
    opening: re.Match[str] | None = None
    for ticks in _BACKTICKS.finditer(text):
        if opening is None:
            opening = ticks
        elif len(ticks[0]) == len(opening[0]):
            outside.append(text[at : opening.start()])
            code.append(text[opening.start() : ticks.end()])
            opening, at = None, ticks.end()
    joined = "`".join([*outside, text[at:]])
    if not code and opening is None:
        return text, []
    is_sure = (
        opening is None
        and not any("\n" in span or "|" in span for span in code)
        and "\\`" not in text
        and "]:" not in joined
        and not _URL_TO_CODE.search(joined)
        and not _LINK.search(_PLAIN_LINK.sub(" ", joined))
    )
    return (joined, code) if is_sure else None


def _is_harmless(text: str) -> bool:
    """Whether there is no HTML in a text, and nothing that a link could run."""
    return not _TAG.search(text) and not (("](" in text or "]:" in text) and _ACTIVE.search(_decoded(text)))


def _decoded(text: str) -> str:
    """Return a text as the address of a link is read, by a browser as well, for which some characters are not there."""
    text = unescape(text.replace("\n", " ").replace("\\", ""))
    return text if text.isprintable() else "".join(filter(str.isprintable, text))
