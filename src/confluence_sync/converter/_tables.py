"""Tables: cells with spans, laid out on a grid in which every row has every column, or left to HTML."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from ._escape import begins_block
from ._finished import Block
from ._flow import CellFlow, Flow
from ._html_tables import HtmlCell, HtmlCellFlow, html_table
from ._lines import strong
from ._pieces import NEW_LINE

__all__ = ["TableBuilder", "Tables"]

_MAX_SPAN = 200
_SPARSE = 20
"""Spans and empty cells may make a table this many times as large as its cells, and no larger."""
_SMALL = 1000
"""Cells that any table may have."""


class _Header(str):
    """The content of a header cell (`th`)."""

    __slots__ = ()


class TableBuilder:
    """
    A table under construction.

    Attributes:
        stray: The flow of what stands outside of cells, a caption; it goes before the table.
        line_break: What a break in the lines of its cells is written as.
        has_blocks: Whether a cell has more in it than paragraphs.
    """

    def __init__(self, outer: Flow, stray: Flow, *, html: bool = False) -> None:
        self.stray = stray
        stray.owner = self
        self.line_break = NEW_LINE if html else CellFlow.line_break
        self.has_blocks = False
        self._html = html
        self._depth = outer.depth + 1
        self._rows: list[list[str]] = []
        self._spans: dict[tuple[int, int], tuple[int, int]] = {}
        self._in_head = False
        self._has_head = False
        self._headers = 0

    def start_head(self) -> None:
        """Begin a `thead`."""
        self._in_head = True

    def end_head(self) -> None:
        """End a `thead`."""
        self._in_head = False

    def start_row(self) -> None:
        """Begin a row."""
        self._rows.append([])
        self._has_head = self._has_head or self._in_head

    def cell(self) -> Flow:
        """Return the flow for the content of a cell."""
        if not self._rows:
            self.start_row()
        return HtmlCellFlow(self._depth) if self._html else CellFlow(self._depth)

    def close_cell(self, content: Flow, header: bool = False, columns: int = 1, rows: int = 1) -> None:
        """Add a cell whose flow is done with; see `add_cell`."""
        self.add_cell(content.finish(), header, columns, rows)
        self.has_blocks = self.has_blocks or any(type(block) is Block and block for block in content.blocks)

    def add_cell(self, text: str, header: bool = False, columns: int = 1, rows: int = 1) -> None:
        """Add a finished cell, given whether it is a header and how many columns and rows it covers."""
        if not self._rows:
            self.start_row()
        row = self._rows[-1]
        if columns > 1 or rows > 1:
            self._spans[len(self._rows) - 1, len(row)] = _clamp(columns), _clamp(rows)
        if header or (self._html and self._in_head):
            self._headers += 1
            text = _Header(text)
        row.append(text)

    def loses_structure(self) -> bool:
        """Tell whether cells span others, or hold blocks, which a table of Markdown cannot show."""
        return self.has_blocks or bool(self._spans)

    def write(self, flow: Flow) -> None:
        """Write the table into a flow, and what stood outside of its cells before it; the table is done with."""
        flow.absorb(self.stray)
        self.stray.owner = None
        if not any(map(any, self._rows)):
            return
        if self._html:
            flow.blocks.append(html_table(map(self._html_row, range(len(self._rows)))))
            return
        grid = self._spanned_grid() if self._spans else self._plain_grid()
        first = next(filter(None, self._rows))
        in_first = sum([type(cell) is _Header for cell in first])
        header, below = [""] * len(grid[0]), self._headers
        if self._has_head or in_first == len(first):
            header, below = _with_plain_headers(grid.pop(0)), below - in_first
        flow.table(header, [*map(_with_bold_headers, grid)] if below else grid)

    def _html_row(self, number: int) -> Iterator[HtmlCell]:
        for index, cell in enumerate(self._rows[number]):
            columns, rows = self._spans.get((number, index), (1, 1))
            if isinstance(cell, _Header):
                words = _without_strong(cell)
                yield HtmlCell("th", cell if begins_block(words) else words, columns, rows)
            else:
                yield HtmlCell("td", cell, columns, rows)

    def _plain_grid(self) -> list[list[str]]:
        """Lay out cells of one column and one row each."""
        rows = [row for row in self._rows if row]
        width = max(map(len, rows))
        if len(rows) * width > _SMALL and len(rows) * width > self._budget():
            return self._spanned_grid()
        return [row if len(row) == width else row + [""] * (width - len(row)) for row in rows]

    def _spanned_grid(self) -> list[list[str]]:
        """Lay cells out. A spanned text stands once; the other places it covers are empty."""
        budget = self._budget()
        placed: list[dict[int, str]] = []
        covered: dict[int, int] = {}
        for number, row in enumerate(self._rows):
            if not row:
                continue
            columns: dict[int, str] = {}
            blocked = covered
            covered = {column: left - 1 for column, left in blocked.items() if left > 1}
            position = 0
            for index, cell in enumerate(row):
                while position in blocked:
                    position += 1
                columns[position] = cell
                width, height = self._spans.get((number, index), (1, 1))
                budget -= width * height
                if budget < 0:
                    width = height = 1
                columns.setdefault(position + width - 1, "")
                if height > 1:
                    covered.update(dict.fromkeys(range(position, position + width), height - 1))
                position += width
            placed.append(columns)
        return _pad(placed, budget)

    def _budget(self) -> int:
        return _SPARSE * sum(map(len, self._rows)) + _SMALL


class Tables:
    """
    The tables of a page, numbered as they begin.

    Whether a table loses structure shows at its end, when its cells are written already. A page that has such tables is
    read again to write them as HTML.

    Attributes:
        lossy: Numbers of the tables that have lost structure.
    """

    def __init__(self, as_html: Collection[int] = ()) -> None:
        self.lossy: set[int] = set()
        self._as_html = as_html
        self._begun = 0
        self._open: list[tuple[int, TableBuilder]] = []

    def begin(self, outer: Flow, stray: Flow) -> None:
        """Begin a table; within a line of cells it is a part of that, however it was meant to be written."""
        html = self._begun in self._as_html and not isinstance(outer, CellFlow)
        self._open.append((self._begun, TableBuilder(outer, stray, html=html)))
        self._begun += 1

    def end(self, flow: Flow) -> None:
        """End the table begun last and write it into a flow."""
        number, builder = self._open.pop()
        builder.write(flow)
        if builder.loses_structure():
            self.lossy.add(number)

    def note_block(self) -> None:
        """Note that there is a block in the table begun last, if one is open, that is written as a line."""
        if self._open:
            self._open[-1][1].has_blocks = True


def _without_strong(cell: str) -> str:
    """Return a header cell without the bold that all of it is in: headers are bold by themselves."""
    words = cell[2:-2]
    return words if words and cell[:2] == "**" == cell[-2:] and "**" not in words else cell


def _with_plain_headers(row: Sequence[str]) -> list[str]:
    return [_without_strong(cell) if cell[:2] == "**" else cell for cell in row]


def _with_bold_headers(row: Sequence[str]) -> Sequence[str]:
    """Write the headers of rows below the header row in bold, for Markdown has no other way to tell."""
    return [strong(cell) if type(cell) is _Header else cell for cell in row]


def _clamp(span: int) -> int:
    return min(max(span, 1), _MAX_SPAN)


def _pad(placed: Sequence[dict[int, str]], budget: int) -> list[list[str]]:
    """
    Give every row every column; in a table that this would make too large rows end with the last cell they have.

    The first row has as many as any other: what goes beyond the header of a table is not shown.
    """
    width = max((column for columns in placed for column in columns), default=0) + 1
    if width * len(placed) > max(budget, 0) + _SMALL:
        rows = [list(columns.values()) for columns in placed]
        rows[0] += [""] * (max(map(len, rows)) - len(rows[0]))
        return rows
    return [[columns.get(column, "") for column in range(width)] for columns in placed]
