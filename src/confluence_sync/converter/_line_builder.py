"""
Any line of text from its pieces, however marks and white space stand in it.

Emphasis is the hard part: `**` opens or closes only next to the right characters (CommonMark 6.2), so white space moves
out of the marks, empty marks vanish, and a mark that cannot work is written as HTML.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Sequence
from typing import Any

import attrs

from ._escape import bracket_address, code_span, escape, escape_label, squeeze
from ._pieces import CODE, DELETED, NEW_LINE, Break, End, Mark, Markup, Piece

__all__ = ["build_line"]


def build_line(pieces: Sequence[Piece], *, line_break: str, label: bool) -> str:
    """Return the Markdown of a line; see `render_line`."""
    line = _Line(line_break, label=label)
    for piece in pieces:
        _ADD[type(piece)](line, piece)
    return line.finish()


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
    Break: _Line.add_break,
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
