"""What a line of text is made of: raw text (`str`), finished Markdown (`Markup`), the ends of marks, and `BREAK`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import attrs

from ._escape import squeeze

__all__ = ["BREAK", "CODE", "DELETED", "EMPHASIS", "NEW_LINE", "STRONG", "SUBSCRIPT", "SUPERSCRIPT", "Break", "End"]
__all__ += ["Mark", "Markup", "Piece", "words"]


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
        html: The tags of that element.
        ends: What is written on its sides.
        is_free: Whether that works next to any character.
        opening, closing: The pieces that stand for its ends.
    """

    def __init__(self, element: str, delimiter: str = "") -> None:
        self.delimiter = delimiter
        self.html = (f"<{element}>", f"</{element}>")
        self.ends = (delimiter, delimiter) if delimiter else self.html
        self.is_free = delimiter in {"", "`"}
        self.opening = End(self, opens=True)
        self.closing = End(self, opens=False)


class Break:
    """A line break that the author asked for."""


STRONG = Mark("strong", "**")
EMPHASIS = Mark("em", "*")
DELETED = Mark("del", "~~")
SUBSCRIPT = Mark("sub")
SUPERSCRIPT = Mark("sup")
CODE = Mark("code", "`")
BREAK: Final = Break()
NEW_LINE = "\\\n"
"""A break in a paragraph: a backslash at the end of the line."""

Piece = str | End | Break


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
