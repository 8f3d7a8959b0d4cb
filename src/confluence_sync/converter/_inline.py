"""One line of text from its pieces: white space, emphasis and code spans.

Pieces are raw text (`str`), finished Markdown (`Markup`), the two ends of a mark, and `BREAK`. Emphasis is the hard
part: `**` opens or closes only next to the right characters (CommonMark 6.2), so white space moves out of the marks,
empty marks vanish, and a mark that cannot work is written as HTML.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Sequence
from typing import Any, Final

import attrs

from ._escape import begins_block, bracket_address, code_span, escape, escape_label, is_plain, is_prose, squeeze
from ._tokens import unescape

__all__ = ["BREAK", "CODE", "DELETED", "EMPHASIS", "STRONG", "SUBSCRIPT", "SUPERSCRIPT", "End", "Mark", "Markup"]
__all__ += ["Piece"]
__all__ += ["render_line", "render_text", "render_whole", "strong", "words"]


class Markup(str):
    """Finished Markdown within a line; `source`, if it is set, is what it was written from."""

    __slots__ = ("source",)
    source: str | Sequence[Piece]


@attrs.frozen(eq=False)
class End:
    """The opening or the closing end of a mark."""

    mark: Mark
    opens: bool


class Mark:
    """
    A kind of emphasis.

    Attributes:
        delimiter: What stands on both sides; "" if only the HTML element will do.
        opening, closing: The pieces that stand for its ends.
    """

    def __init__(self, element: str, delimiter: str = "") -> None:
        self.delimiter = delimiter
        self.html = (f"<{element}>", f"</{element}>")
        self.opening = End(self, opens=True)
        self.closing = End(self, opens=False)


class _Break:
    """A line break that the author asked for."""


STRONG = Mark("strong", "**")
EMPHASIS = Mark("em", "*")
DELETED = Mark("del", "~~")
SUBSCRIPT = Mark("sub")
SUPERSCRIPT = Mark("sup")
CODE = Mark("code", "`")
BREAK: Final = _Break()
NEW_LINE = "\\\n"
"""A break in a paragraph: a backslash at the end of the line."""

Piece = str | End | _Break


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
    if len(pieces) == 3 and isinstance(first := pieces[0], End) and (whole := _marked(first, *pieces[1:], label=label)):
        return whole
    if simple := _simple_line(pieces, line_break, label=label):
        return simple
    line = _Line(line_break, label=label)
    for piece in pieces:
        _ADD[type(piece)](line, piece)
    return line.finish()


def render_text(text: str, *, line_break: str = NEW_LINE, label: bool = False) -> str:
    """Return the Markdown of a line that is nothing but text."""
    if is_plain(text):
        return text
    words = squeeze(text)
    return escape_label(words) if label else escape(words, starts_line=line_break == NEW_LINE)


def render_whole(text: str, mark: Mark | None, *, line_break: str) -> str:
    """Return the Markdown of a line that is one text of the document, all of it emphasised if there is a mark."""
    if mark:
        return render_line((mark.opening, unescape(text), mark.closing), line_break=line_break)
    return text if is_plain(text) else render_text(unescape(text), line_break=line_break)


def words(pieces: Sequence[Piece]) -> str:
    """Return what there is to read in a line: its text without marks, links by theirs, images by their description."""
    return squeeze("".join(map(_words, pieces)))


def _words(piece: Piece) -> str:
    if not isinstance(piece, Markup):
        return piece if isinstance(piece, str) else " " if piece is BREAK else ""
    source = getattr(piece, "source", None)
    if source is None:
        from ._headings import line_text  # noqa: PLC0415 - few lines need the Markdown parser

        return line_text(piece)
    return source if isinstance(source, str) else "".join(map(_words, source))


def _alone(piece: Piece, line_break: str, *, label: bool) -> str:
    """Return a line of one piece: a break or the end of a mark is nothing by itself."""
    if type(piece) is str:
        return render_text(piece, line_break=line_break, label=label)
    return piece if isinstance(piece, Markup) else ""


def _simple_line(pieces: Sequence[Piece], line_break: str, *, label: bool) -> str:
    """Return a line in which every mark is around words and stands apart, as most do, "" if it is not so simple."""
    parts: list[str] = []
    marks: list[int] = []
    text = ""
    rest = iter(pieces)
    for piece in rest:
        if type(piece) is str:
            text += piece
            continue
        if text:
            parts += _prose(text, label=label)
            text = ""
        if isinstance(piece, End):
            marks.append(len(parts))
            part = _marked(piece, next(rest, None), next(rest, None), label=label)
        elif isinstance(piece, Markup) and not (piece[:1] == "[" and parts and parts[-1][-1:] == "!"):
            part = piece
        else:
            return ""
        if not part:
            return ""
        parts.append(part)
    if text:
        parts += _prose(text, label=label)
    line = "".join(parts).strip(" ")
    if "  " in line or not all(_is_apart(parts, index) for index in marks):
        return ""
    starts_line = line_break == NEW_LINE and not label and type(pieces[0]) is str
    return "" if starts_line and begins_block(line) else line


def _prose(text: str, *, label: bool) -> Sequence[str]:
    """Return text between marks, if there is any; white space at its ends is one space."""
    if is_prose(text):
        return (text,)
    words = squeeze(text)
    if not words:
        return (" ",) if text.isspace() else ()
    words = escape_label(words) if label else escape(words)
    return (f"{' ' if text[0].isspace() else ''}{words}{' ' if text[-1].isspace() else ''}",)


def _marked(opening: End, text: Piece | None, closing: Piece | None, *, label: bool) -> str:
    """Return words in a mark, "" if what is in it may keep it from working, or is no text."""
    mark = opening.mark
    if type(text) is not str or closing is not mark.closing or not opening.opens or not text:
        return ""
    if mark is CODE:
        words = "" if text[0].isspace() or text[-1].isspace() else squeeze(text)
        return code_span(words) if words else ""
    if not (mark.delimiter and text[0].isalnum() and text[-1].isalnum()):
        return ""
    return f"{mark.delimiter}{''.join(_prose(text, label=label))}{mark.delimiter}"


def _is_apart(parts: Sequence[str], index: int) -> bool:
    """Whether a mark stands between spaces, or before a full stop and the like."""
    before = parts[index - 1][-1] if index else " "
    after = parts[index + 1][0] if index + 1 < len(parts) else " "
    return before in " (" and after in " .,;:)"


def strong(markdown: str) -> str:
    """Return a finished line in bold, or as it is if it has bold parts already."""
    if not markdown or "**" in markdown or "<strong>" in markdown:
        return markdown
    if markdown[0].isalnum() and markdown[-1].isalnum():
        return f"**{markdown}**"
    return render_line([STRONG.opening, Markup(markdown), STRONG.closing])


@attrs.define(eq=False)
class _Span:
    """A mark in place: where its ends are in the output, and whether marks enclose it."""

    mark: Mark
    opened: int
    nested: bool
    closed: int = -1


class _Line:
    """A line under construction. White space waits in `_gap`, opening marks in `_pending`, until something follows."""

    def __init__(self, line_break: str, *, label: bool) -> None:
        self._break = line_break
        self._label = label
        self._out: list[str] = []
        self._gap = ""
        self._pending: list[Mark] = []
        self._open: list[_Span] = []
        self._spans: list[_Span] = []
        self._text: list[str] = []
        self._text_is_code = False
        self._code = False
        self._span = (-2, "")

    def finish(self) -> str:
        self._flush()
        while self._open:
            self._close_last()
        if self._spans:
            _settle(self._out, self._spans)
        return "".join(self._out)

    def add_text(self, text: str) -> None:
        if self._code is not self._text_is_code:
            self._flush()
            self._text_is_code = self._code
        self._text.append(text)

    def add_markup(self, markup: Markup) -> None:
        self._flush()
        if markup:
            self._put(markup)

    def add_break(self, _piece: object) -> None:
        self._flush()
        self._gap = self._break

    def add_end(self, end: End) -> None:
        mark = end.mark
        if mark is CODE:
            self._code = end.opens
            return
        self._flush()
        if end.opens:
            self._reopen(mark)
        elif mark in self._pending:
            self._pending.remove(mark)
        else:
            self._close(mark)

    def _reopen(self, mark: Mark) -> None:
        """Open a mark; one that was closed right here goes on instead (`<b>a</b><b>b</b>`)."""
        last = self._spans[-1] if self._spans else None
        if last and last.mark is mark and last.closed == len(self._out) - 1 and not self._gap and not self._pending:
            self._out.pop()
            self._spans.pop()
            self._open.append(last)
        else:
            self._pending.append(mark)

    def _close(self, mark: Mark) -> None:
        """Close a mark; those opened in it end too, and go on behind it (`<b>a<i>b</b>c</i>`)."""
        inner = []
        while self._open[-1].mark is not mark:
            inner.append(self._close_last())
        self._close_last()
        self._pending[:0] = reversed(inner)

    def _close_last(self) -> Mark:
        span = self._open.pop()
        span.closed = len(self._out)
        self._spans.append(span)
        self._out.append(span.mark.delimiter)
        return span.mark

    def _put(self, markdown: str) -> None:
        if self._gap:
            if self._out:
                if self._gap == NEW_LINE:
                    self._out[-1] = bracket_address(self._out[-1])
                self._out.append(self._gap)
            self._gap = ""
        elif markdown[0] == "[" and self._out and self._out[-1][-1:] == "!":
            self._out[-1] = self._out[-1][:-1] + "\\!"  # not an image
        nested = bool(self._open)
        for mark in self._pending:
            self._open.append(_Span(mark, len(self._out), nested))
            self._out.append(mark.delimiter)
        self._pending.clear()
        self._out.append(markdown)

    def _flush(self) -> None:
        """Write the text that has gathered; of adjacent pieces, for what has to be escaped depends on neighbours."""
        if not self._text:
            return
        text = "".join(self._text)
        self._text.clear()
        words = squeeze(text)
        if not words:
            self._gap = self._gap or (" " if text and not text.strip() else "")
            return
        if text[0].isspace():
            self._gap = self._gap or " "
        if self._text_is_code:
            self._put_code(words)
        else:
            self._put(self._escaped(words))
        self._gap = " " if text[-1].isspace() else ""

    def _put_code(self, words: str) -> None:
        """Write a code span; right after another one it is the rest of that, for two would run into each other."""
        at, before = self._span
        if at == len(self._out) - 1 and not self._gap and not self._pending:
            words = before + words
            self._out[at] = code_span(words)
        else:
            self._put(code_span(words))
        self._span = (len(self._out) - 1, words)

    def _escaped(self, text: str) -> str:
        if self._label:
            return escape_label(text)
        fresh = not self._pending and (not self._out or self._gap == NEW_LINE)
        return escape(text, starts_line=fresh and self._break == NEW_LINE)


_ADD: dict[type, Callable[[_Line, Any], None]] = {
    str: _Line.add_text,
    Markup: _Line.add_markup,
    End: _Line.add_end,
    _Break: _Line.add_break,
}


def _settle(out: list[str], spans: list[_Span]) -> None:
    """Write as HTML the marks that would not work. Each one written so changes the neighbours of others."""
    if all(_stands_apart(out, span) for span in spans):
        return
    doubtful = [span for span in spans if span.mark.delimiter]
    _write_html(out, [span for span in spans if not span.mark.delimiter])
    for _ in range(4):
        ends = {index: opens for span in doubtful for index, opens in ((span.opened, True), (span.closed, False))}
        works = [_opens(out, ends, span) and _closes(out, ends, span) for span in doubtful]
        if all(works):
            return
        _write_html(out, [span for span, good in zip(doubtful, works, strict=True) if not good])
        doubtful = [span for span, good in zip(doubtful, works, strict=True) if good]
    _write_html(out, doubtful)


_AFTER_WORDS = frozenset(" .,;:")


def _stands_apart(out: list[str], span: _Span) -> bool:
    """Whether a mark is around letters and between spaces, as most are: then it works, whatever is elsewhere."""
    opened, closed = span.opened, span.closed
    return (
        span.mark.delimiter != ""
        and out[opened + 1][:1].isalnum()
        and out[closed - 1][-1:].isalnum()
        and (opened == 0 or out[opened - 1] == " ")
        and (closed + 1 == len(out) or out[closed + 1][:1] in _AFTER_WORDS)
    )


def _write_html(out: list[str], spans: list[_Span]) -> None:
    for span in spans:
        out[span.opened], out[span.closed] = span.mark.html


def _opens(out: list[str], ends: dict[int, bool], span: _Span) -> bool:
    """Whether the opening delimiter is left-flanking, and cannot be taken for the end of an enclosing mark."""
    before, mixed = _before(out, ends, span.opened)
    after = _after(out, ends, span.opened)
    if mixed or (span.mark is DELETED and "~" in (before, after)):
        return False
    if before.isspace():
        return True
    ends_outer = span.nested and (not _is_punctuation(before) or _may_be_punctuation(after))
    return not ends_outer and (not _may_be_punctuation(after) or _is_punctuation(before))


def _closes(out: list[str], ends: dict[int, bool], span: _Span) -> bool:
    """Whether the closing delimiter is right-flanking."""
    before, _ = _before(out, ends, span.closed)
    after = _after(out, ends, span.closed)
    if span.mark is DELETED and "~" in (before, after):
        return False
    return not _may_be_punctuation(before) or after.isspace() or _is_punctuation(after)


def _before(out: list[str], ends: dict[int, bool], index: int) -> tuple[str, bool]:
    """Return the character before a run of delimiters, and whether one before the index closes a mark."""
    mixed, delimiter = False, out[index][0]
    index -= 1
    while index in ends and out[index][0] == delimiter:
        mixed = mixed or not ends[index]
        index -= 1
    return (out[index][-1] if index >= 0 else " "), mixed


def _after(out: list[str], ends: dict[int, bool], index: int) -> str:
    delimiter = out[index][0]
    index += 1
    while index in ends and out[index][0] == delimiter:
        index += 1
    return out[index][0] if index < len(out) else " "


def _is_punctuation(character: str) -> bool:
    """Whether every version of the rules calls it punctuation."""
    return character.isascii() and not character.isalnum() and not character.isspace()


def _may_be_punctuation(character: str) -> bool:
    """Whether some version of the rules calls it punctuation: later ones added symbols."""
    return unicodedata.category(character)[0] in "PSM"
