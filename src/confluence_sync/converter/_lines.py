"""
Lines of text from their pieces, the short way: text without marks, and marks that stand apart, as most do.

A mark around words works wherever it stands between spaces, or before a full stop and the like (CommonMark 6.2). What
is not so simple is left to `_line_builder`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import cast

from ._escape import begins_block, code_span, escape, escape_between, escape_label, is_plain, squeeze
from ._line_builder import build_line
from ._pieces import BREAK, CODE, DELETED, NEW_LINE, STRONG, Break, End, Mark, Markup, Piece
from ._tokens import unescape

__all__ = ["render_line", "render_whole", "strong"]

_ONLY_TEXT = frozenset({str})


def render_line(pieces: Sequence[Piece], *, line_break: str = NEW_LINE, label: bool = False) -> str:
    """
    Return the Markdown of a line.

    Args:
        pieces: What is in it, in order.
        line_break: What stands for a break: `NEW_LINE` in a paragraph, `<br>` in a table cell.
        label: Whether the line is the text of a link, where brackets count.
    """
    if len(pieces) < 2:
        return _alone(pieces[0], line_break, label=label) if pieces else ""
    kinds = {*map(type, pieces)}
    if kinds == _ONLY_TEXT:
        text = "".join(cast("Sequence[str]", pieces))
        return text if is_plain(text) else _escaped(text, line_break, label=label)
    way = _simple_lines if Break in kinds else _simple_line
    line = way(pieces, line_break, label=label)
    if line is not None:
        return line
    if Markup not in kinds and all(type(piece) is not str or piece.isspace() for piece in pieces):
        return ""
    return build_line(pieces, line_break=line_break, label=label)


def render_whole(text: str, mark: Mark | None, *, line_break: str) -> str:
    """Return the Markdown of a line that is one text of the document, all of it emphasised if there is a mark."""
    if "&" in text:
        text = unescape(text)
    if mark:
        pieces = (mark.opening, text, mark.closing)
        return _marked(*pieces, label=False) or render_line(pieces, line_break=line_break)
    return text if is_plain(text) else _escaped(text, line_break)


def strong(markdown: str) -> str:
    """Return a finished line in bold, or as it is if it has bold parts already."""
    if not markdown or "**" in markdown or "<strong>" in markdown:
        return markdown
    if markdown[0].isalnum() and markdown[-1].isalnum():
        return f"**{markdown}**"
    return render_line((STRONG.opening, Markup(markdown), STRONG.closing))


def _escaped(text: str, line_break: str, *, label: bool = False) -> str:
    """Return a line that is nothing but text."""
    words = squeeze(text)
    return escape_label(words) if label else escape(words, starts_line=line_break == NEW_LINE)


def _alone(piece: Piece, line_break: str, *, label: bool) -> str:
    """Return a line of one piece: a break or the end of a mark is nothing by itself."""
    if type(piece) is str:
        return piece if is_plain(piece) else _escaped(piece, line_break, label=label)
    return piece if isinstance(piece, Markup) else ""


def _simple_lines(pieces: Sequence[Piece], line_break: str, *, label: bool) -> str | None:
    """Return lines with breaks between them; None if one is not simple, or has an address."""
    lines = []
    for part in _parted(pieces):
        line = _simple_line(part, line_break, label=label, is_part=True)
        if line is None or (line_break == NEW_LINE and "://" in line):
            return None
        if line:
            lines.append(line)
    return line_break.join(lines)


def _parted(pieces: Sequence[Piece]) -> Iterator[Sequence[Piece]]:
    begin = 0
    for index, piece in enumerate(pieces):
        if piece is BREAK:
            yield pieces[begin:index]
            begin = index + 1
    yield pieces[begin:]


def _simple_line(pieces: Sequence[Piece], line_break: str, *, label: bool, is_part: bool = False) -> str | None:
    """Return a line in which every mark is around words and stands apart; None if it is not so simple."""
    parts: list[str] = []
    marks: dict[int, Mark] = {}
    text = ""
    rest = iter(pieces)
    for piece in rest:
        if type(piece) is str:
            text += piece
            continue
        if text and (words := escape_between(text, label=label)):
            parts.append(words)
        text = ""
        if isinstance(piece, End):
            marks[len(parts)] = piece.mark
            part = _marked(piece, next(rest, None), next(rest, None), label=label)
        elif isinstance(piece, Markup) and not (piece[:1] == "[" and parts and parts[-1][-1] == "!"):
            part = piece
        else:
            return None
        if not part:
            return None
        parts.append(part)
    if text and (words := escape_between(text, label=label)):
        parts.append(words)
    line = "".join(parts).strip(" ")
    starts_line = line_break == NEW_LINE and not label and parts and 0 not in marks
    wary = starts_line and begins_block(parts[0].strip(" "))  # if that was all
    if "  " in line or (wary and (is_part or begins_block(line))):
        return None
    for index, mark in marks.items():
        free = mark.is_free and not wary and index - 1 not in marks
        if not (free or (_is_apart(parts, index) and (not wary or _is_word(parts[index], mark)))):
            return None
    return line


def _is_apart(parts: Sequence[str], index: int) -> bool:
    """Tell whether a mark stands between spaces, or before a full stop and the like."""
    before = parts[index - 1][-1] if index else " "
    after = parts[index + 1][0] if index + 1 < len(parts) else " "
    return before in " (" and after in " .,;:)"


def _is_word(part: str, mark: Mark) -> bool:
    """Tell whether a mark is around letters, or is code."""
    width = len(mark.delimiter)
    return mark is CODE or (part[width].isalnum() and part[-1 - width].isalnum())


def _marked(opening: End, content: Piece | None, closing: Piece | None, *, label: bool) -> str:
    """Return words in a mark, "" if what is in it may keep it from working, or is more than words."""
    mark = opening.mark
    if closing is not mark.closing or not opening.opens or not isinstance(content, str):
        return ""
    if mark is CODE:
        return _code(content)
    words = content if isinstance(content, Markup) else escape_between(content, label=label)
    ends = words[:1], words[-1:]
    if not words or " " in ends or (mark is DELETED and "~" in ends):
        return ""
    before, after = mark.ends
    return f"{before}{words}{after}"


def _code(content: str) -> str:
    if isinstance(content, Markup) or content[:1].isspace() or content[-1:].isspace():
        return ""
    words = squeeze(content)
    return code_span(words) if words else ""
