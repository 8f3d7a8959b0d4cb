"""Markdown that authors wrote themselves, in the `markdown` macro: made safe, and clean as ours."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape

from ._escape import fence
from ._references import encode_href, is_safe

__all__ = ["clean_markdown"]

_FENCE = re.compile(r"[ ]?(`{3,}(?=[^`]*$)|~{3,})")
"""The start of a block of code that is in nothing else: those of lists and quotes may end without an end."""
_FENCE_ANYWHERE = re.compile("```|~~~")
_BACKTICKS = re.compile(r"`+")
_TAG = re.compile(r"<(?!https?://[^\s<>]*>)(?=[A-Za-z/!?])")
_DESTINATION = re.compile(r"(\]\(|\]:)(\s*)(?:<([^<>\n]*)>|([^\s<>()]*+(?:\([^\s<>()]*+\)[^\s<>()]*+)*+))")
_UNESCAPED = re.compile(r"\\([!-/:-@\[-`{-~])")
_HARD_BREAK = re.compile(r"(?![#|]|[ ]{4}|\t).*[^\s\\] {2,}")
_TEXT = re.compile(r"\s{0,3}[^\W\d_]")


def clean_markdown(text: str) -> str:
    """
    Return Markdown without raw HTML, links that run something, spaces at the ends of lines and code without an end.

    What is code stays as it is, as far as that can be told from its line.
    """
    parts = []
    for is_code, lines in _parts(text.replace("\r\n", "\n").replace("\r", "\n").split("\n")):
        parts.append("\n".join([line.rstrip() for line in lines]) if is_code else _prose(lines))
    cleaned = "\n".join(parts).strip("\n")
    return cleaned if _ends(cleaned) else fence("markdown", cleaned)


def _parts(lines: list[str]) -> Iterator[tuple[bool, list[str]]]:
    """Yield blocks of code, each with its fences, and what is between them; code without an end gets one."""
    part: list[str] = []
    ticks = ""
    for line in lines:
        if ticks:
            part.append(line)
            if (
                line.strip(" ").startswith(ticks)
                and not line.strip(f" {ticks[0]}")
                and len(line) - len(line.lstrip()) < 4
            ):
                yield True, part
                part, ticks = [], ""
        elif opening := _FENCE.match(line):
            yield from [(False, part)] if part else []
            part, ticks = [line], opening[1]
        else:
            part.append(line)
    if ticks:
        while not part[-1].strip():
            part.pop()
        part.append(ticks)
    if part:
        yield bool(ticks), part


def _prose(lines: list[str]) -> str:
    """Return lines that are no code, paragraph by paragraph: what is written in one has no effect beyond it."""
    text = "\n".join(_without_trailing_space(lines))
    return "\n\n".join(map(_paragraph, text.split("\n\n")))


def _without_trailing_space(lines: list[str]) -> Iterator[str]:
    """Yield lines; two spaces at the end of one, which break the line, become a backslash."""
    for line, following in zip(lines, [*lines[1:], ""], strict=True):
        breaks = _HARD_BREAK.fullmatch(line) and _TEXT.match(following)
        yield f"{line.rstrip()}\\" if breaks else line.rstrip()


def _paragraph(text: str) -> str:
    """Return a paragraph; code in it stays as it is if each of its lines is sure to have the code that it seems to."""
    spans = [_code_spans(line) for line in text.split("\n")]
    if any(found is None for found in spans):
        return _safe(text)
    pieces, at, offset = [], 0, 0
    for line, found in zip(text.split("\n"), spans, strict=True):
        for begin, end in found or ():
            pieces += [_safe(text[at : offset + begin]), text[offset + begin : offset + end]]
            at = offset + end
        offset += len(line) + 1
    return "".join([*pieces, _safe(text[at:])])


def _code_spans(line: str) -> list[tuple[int, int]] | None:
    """Return where the code of a line is, None if that depends on other lines, or on cells of a table."""
    if "\\`" in line:
        return None
    spans: list[tuple[int, int]] = []
    opening: re.Match[str] | None = None
    for ticks in _BACKTICKS.finditer(line):
        if opening is None:
            opening = ticks
        elif len(ticks[0]) == len(opening[0]):
            spans.append((opening.start(), ticks.end()))
            opening = None
    whole = opening is None and not any("|" in line[begin:end] for begin, end in spans)
    return spans if whole else None


def _safe(text: str) -> str:
    return _TAG.sub("&lt;", _DESTINATION.sub(_destination, text))


def _destination(match: re.Match[str]) -> str:
    """Return the address of a link, or of the definition of one, if it runs nothing."""
    opening, space, bracketed, plain = match.groups()
    url = unescape(_UNESCAPED.sub(r"\1", plain if bracketed is None else bracketed))
    if not is_safe(url):
        return f"{opening}{space}#"
    return f"{opening}{space}{encode_href(url)}" if bracketed is not None else match[0]


def _ends(markdown: str) -> bool:
    """Whether what comes after this Markdown is not a part of it, as it is of a block of code in a list."""
    if not _FENCE_ANYWHERE.search(markdown):
        return True
    from ._blocks import PlacedBlockParser, PlacedBlockState  # noqa: PLC0415 - few pages need the Markdown parser

    state = PlacedBlockState()
    state.process(f"{markdown}\n\nend\n")
    PlacedBlockParser().parse(state)
    return state.tokens[-1].get("type") == "paragraph"
