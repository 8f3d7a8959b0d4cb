"""Where converted content gathers: blocks in a document, one line in a heading, a link or a table cell.

Every element writes into the flow it stands in, and the flow knows what can be written there: a list is a list in a
document, and lines joined by `<br>` in a table cell. Nesting is bounded, so indentation cannot grow without limit:
beyond it a container shares the flow it stands in.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

from ._escape import code_span, fence, squeeze
from ._finished import Block, ListBlock, ListItem, behind, holds_fence, interrupts, item_text, marker, table_row
from ._lines import render_line, render_whole, strong
from ._pieces import BREAK, CODE, NEW_LINE, End, Mark, Markup, Piece
from ._tokens import unescape

__all__ = ["MAX_DEPTH", "CellFlow", "Flow", "LabelFlow", "LineFlow", "Literal", "RawFlow"]

MAX_DEPTH = 20
_CLOSING = re.compile(r"(?:^|(?<= ))(?=#+$)")
_ESCAPED = r"\\"
_NOT_IN_LANGUAGE = re.compile(r"[^\w+#.-]+")


class Literal(str):
    """Text out of CDATA."""

    __slots__ = ()


class Flow:
    """
    Blocks under construction: those that are finished, and the pieces of the paragraph that is being written.

    Attributes:
        depth: How many flows this one is in.
        line_break: What a break in its lines is written as.
        keeps_space: Whether white space at the start of its lines counts.
        is_line: Whether all of it is one line that is already begun.
        has_headings: Whether a heading in it is a heading of the document.
        has_links: Whether a link or an anchor can be in it.
        owner: The list or the table that takes items or rows from this flow, if there is one.
        marks: The emphasis that goes on in what comes next, with how often it has begun.
        blocks: The finished blocks.
        pieces: The line that is being written.
    """

    __slots__ = ("blocks", "depth", "marks", "owner", "pieces")
    line_break = NEW_LINE
    keeps_space = False
    is_line = False
    has_headings = True
    has_links = True

    def __init__(self, depth: int = 0, active: Collection[Mark] = ()) -> None:
        self.depth = depth
        self.owner: object = None
        self.blocks: list[str] = []
        self.marks: dict[Mark, int] = dict.fromkeys(active, 1) if active else {}
        self.pieces: list[Piece] = [mark.opening for mark in active] if active else []

    # Pieces of a line

    def add_text(self, text: str) -> None:
        """Add text as the document has it."""
        self.pieces.append(unescape(text))

    def add_marked(self, mark: Mark, text: str) -> None:
        """Add text with emphasis."""
        if not text:
            return
        if self.marks:
            self.open_mark(mark)
            self.add_text(text)
            self.close_mark(mark)
        else:
            self.pieces += (mark.opening, unescape(text), mark.closing)

    def add_pieces(self, pieces: Sequence[Piece]) -> None:
        """Add the pieces of another flow; emphasis that has begun in them ends with them."""
        marks: list[Mark] = []
        for piece in pieces:
            if not isinstance(piece, End):
                self.pieces.append(piece)
            elif piece.opens:
                self.open_mark(piece.mark)
                marks.append(piece.mark)
            elif piece.mark in marks:
                self.close_mark(piece.mark)
                marks.remove(piece.mark)
        for mark in marks:
            self.close_mark(mark)

    def apart(self) -> None:
        """Part what comes next from a word before it, as Confluence does what it shows in a frame of its own."""
        last = self.pieces[-1] if self.pieces else None
        is_word = isinstance(last, str) and (isinstance(last, Markup) or last[-1:].isalnum())
        if is_word or (isinstance(last, End) and not last.opens):
            self.pieces.append(" ")

    def markup(self, markdown: str, source: str | Sequence[Piece] | None = None) -> None:
        """Add finished Markdown to the line; what it was written from tells what there is to read in it."""
        piece = Markup(markdown)
        if source is not None:
            piece.source = source
        self.pieces.append(piece)

    def literal(self, text: str) -> None:
        """Add text out of CDATA."""
        self.pieces.append(text)

    def break_line(self) -> None:
        """Break the line; two breaks end the paragraph."""
        if self.pieces and self.pieces[-1] is BREAK:
            self.end_paragraph()
        else:
            self.pieces.append(BREAK)

    def open_mark(self, mark: Mark) -> None:
        """Begin emphasis. It goes on in later paragraphs until it is closed."""
        count = self.marks.get(mark, 0)
        self.marks[mark] = count + 1
        if not count:
            self.pieces.append(mark.opening)

    def close_mark(self, mark: Mark) -> None:
        """End emphasis; nothing happens if there is none."""
        count = self.marks.get(mark, 0)
        if count > 1:
            self.marks[mark] = count - 1
        elif count:
            del self.marks[mark]
            self.pieces.append(mark.closing)

    # Flows within

    def nested(self) -> Flow:
        """Return the flow for a container of blocks in this one: a new one, or this one if it can hold none."""
        return Flow(self.depth + 1, self.marks) if self.depth < MAX_DEPTH else self

    def fresh(self) -> Flow | None:
        """Return a flow for a part of what is written here, with no emphasis of its own; None if there can be none."""
        nested = self.nested()
        return None if nested is self else type(nested)(nested.depth)

    def line(self) -> Flow:
        """Return the flow for content that has to be one line: a heading, a caption."""
        return LineFlow(self.depth, (CODE,) if CODE in self.marks else ())

    def link(self) -> Flow:
        """Return the flow for the text of a link."""
        return LabelFlow(self.depth, (CODE,) if CODE in self.marks else ())

    # Blocks

    def end_paragraph(self) -> None:
        """Finish the paragraph being written, if there is anything in it."""
        if self.pieces:
            text = render_line(self.pieces, line_break=self.line_break)
            self.pieces = [mark.opening for mark in self.marks] if self.marks else []
            if text:
                self.blocks.append(text)

    def add_paragraph(self, text: str, mark: Mark | None = None) -> None:
        """Add a paragraph that is nothing but text, all of it emphasised if there is a mark."""
        if self.pieces:
            self.end_paragraph()
        if self.marks:
            self.add_marked(mark, text) if mark else self.add_text(text)
            self.end_paragraph()
        elif line := render_whole(text, mark, line_break=self.line_break):
            self.blocks.append(line)

    def block(self, markdown: str) -> None:
        """Add a finished block, unless it is empty."""
        if self.pieces:
            self.end_paragraph()
        if markdown:
            self.blocks.append(Block(markdown))

    def is_empty(self) -> bool:
        """Finish the paragraph; tell whether there is nothing at all."""
        if self.pieces:
            self.end_paragraph()
        return not self.blocks

    def absorb(self, content: Flow) -> None:
        """Add the blocks of another flow."""
        content.end_paragraph()
        self.end_paragraph()
        if not self.blocks:
            self.blocks += content.blocks
            return
        for block in content.blocks:
            self.blocks.append(behind(self.blocks[-1], block))

    def absorb_into_line(self, content: Flow) -> None:
        """Add what may stand in the sentence: a single paragraph does, other blocks part it."""
        content.end_paragraph()
        if len(content.blocks) == 1 and not isinstance(content.blocks[0], Block):
            self.markup(content.blocks[0])
        else:
            self.absorb(content)

    def heading(self, level: int, text: str) -> None:
        """Add a heading; a closing `#` is escaped, for it would be taken for a part of the markup."""
        hashes = "#" * level
        self.block(f"{hashes} {_CLOSING.sub(_ESCAPED, text) if text[-1:] == '#' else text}")

    def code(self, language: str, text: str) -> None:
        """Add a block of code."""
        if "\r" in text:
            text = text.replace("\r\n", "\n").replace("\r", "\n")
        lines = text.rstrip().split("\n")
        while len(lines) > 1 and not lines[0].strip():
            del lines[0]
        if not language.isalnum():
            language = _NOT_IN_LANGUAGE.sub("", language)
        self.block(fence(language, "\n".join([line.rstrip() for line in lines])))

    def quote(self, label: str, title: str, content: Flow) -> None:
        """Add a quotation, or an alert if there is a label (`NOTE`), with a bold title if there is one."""
        body = content.finish()
        if not body and not title:
            return
        first = f"[!{label}]" if label else ""
        if title:
            first = f"{first}\n{strong(title)}" if first else strong(title)
        if first and body:
            block = content.blocks[0]
            joined = not title and (not isinstance(block, ListBlock) or interrupts(block))
            first += "\n" if joined else "\n\n"
        text = first + body
        self.block("\n".join([f"> {line}" if line else ">" for line in text.split("\n")]))

    def list(self, items: Sequence[ListItem], *, ordered: bool) -> None:
        """Add a list. One that follows another of its kind takes another marker, or they would be one list."""
        if self.pieces:
            self.end_paragraph()
        marks = ".)" if ordered else "-*"
        before = self.blocks[-1] if self.blocks else ""
        mark = marks[isinstance(before, ListBlock) and marker(before) == marks[0]]
        texts = [item_text(item, item.number + mark) for item in items]
        self.blocks.append(ListBlock("\n".join(texts)))

    def table(self, header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """Add a table; every row has as many cells as the header."""
        lines = [table_row(header), "|" + " --- |" * len(header), *map(table_row, rows)]
        self.block("\n".join(lines))

    def rule(self) -> None:
        """Add a thematic break; `---` at the start of an item would make one of the marker too."""
        self.block("___" if self.depth else "---")

    def finish(self) -> str:
        """Return all of it as Markdown."""
        if self.pieces:
            self.end_paragraph()
        return "\n\n".join(self.blocks)


class CellFlow(Flow):
    """
    The content of a table cell: everything on one line, blocks parted by `<br>`.

    What was no paragraph is a `Block` still, so that it can be told what the line has made of it.
    """

    __slots__ = ()
    line_break = "<br>"
    has_headings = False

    def nested(self) -> Flow:
        return CellFlow(self.depth + 1, self.marks) if self.depth < MAX_DEPTH else self

    def break_line(self) -> None:
        self.pieces.append(BREAK)

    def block(self, markdown: str) -> None:
        self.end_paragraph()
        if holds_fence(markdown):
            self.code("", markdown)
        elif line := " ".join(markdown.split()):
            self.blocks.append(Block(line))

    def heading(self, level: int, text: str) -> None:
        del level
        self.end_paragraph()
        self.blocks.append(strong(text))

    def code(self, language: str, text: str) -> None:
        del language
        lines = [line.rstrip() for line in text.splitlines() if line.strip()]
        self.end_paragraph()
        if lines:
            self.blocks.append(Block("<br>".join([code_span(line) for line in lines])))

    def quote(self, label: str, title: str, content: Flow) -> None:
        del label
        self.end_paragraph()
        self.blocks.extend(map(Block, filter(None, (strong(title), content.finish()))))

    def list(self, items: Sequence[ListItem], *, ordered: bool) -> None:
        for item in items:
            mark = f"{item.number}." if ordered else "-"
            self.block(" ".join(filter(None, (mark, item.box, "<br>".join(item.blocks)))))

    def table(self, header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        for row in (header, *rows):
            if any(row):
                self.block(" | ".join(filter(None, row)))

    def rule(self) -> None:
        self.end_paragraph()

    def finish(self) -> str:
        if self.pieces:
            self.end_paragraph()
        return "<br>".join(self.blocks)


class LineFlow(Flow):
    """The content of a heading or a link: one line, blocks parted by a space."""

    __slots__ = ()
    line_break = " "
    keeps_space = True
    is_line = True
    label = False

    def nested(self) -> Flow:
        return self

    def line(self) -> Flow:
        return self

    def break_line(self) -> None:
        self.pieces.append(" ")

    def end_paragraph(self) -> None:
        self.pieces.append(" ")

    def add_paragraph(self, text: str, mark: Mark | None = None) -> None:
        self.pieces.append(" ")
        self.add_marked(mark, text) if mark else self.add_text(text)
        self.pieces.append(" ")

    def block(self, markdown: str) -> None:
        if holds_fence(markdown):
            self.code("", markdown)
        else:
            self.pieces += [" ", Markup(" ".join(markdown.split())), " "]

    def code(self, language: str, text: str) -> None:
        del language
        if words := squeeze(text):
            self.pieces.append(" ")
            self.markup(code_span(words), words)
            self.pieces.append(" ")

    def finish(self) -> str:
        return render_line(self.pieces, line_break=" ", label=self.label)


class LabelFlow(LineFlow):
    """The text of a link. In a link there is no other one."""

    __slots__ = ()
    has_links = False
    label = True

    def link(self) -> Flow:
        return self


class RawFlow(LineFlow):
    """Text that is no prose: code, the values of parameters. Of a flow with CDATA in it only that counts."""

    __slots__ = ()
    has_links = False

    def link(self) -> Flow:
        return self

    def markup(self, markdown: str, source: str | Sequence[Piece] | None = None) -> None:
        del source
        self.pieces.append(markdown)

    def literal(self, text: str) -> None:
        self.pieces.append(Literal(text))

    def break_line(self) -> None:
        self.pieces.append("\n")

    def end_paragraph(self) -> None:
        pass

    def add_paragraph(self, text: str, mark: Mark | None = None) -> None:
        del mark
        self.add_text(text)

    def block(self, markdown: str) -> None:
        self.pieces.append(markdown)

    def code(self, language: str, text: str) -> None:
        del language
        self.pieces.append(text)

    def finish(self) -> str:
        if len(self.pieces) == 1 and isinstance(text := self.pieces[0], str):
            return text
        literals = [piece for piece in self.pieces if isinstance(piece, Literal)]
        return "".join(literals or [piece for piece in self.pieces if isinstance(piece, str)])
