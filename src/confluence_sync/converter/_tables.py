"""Tables: cells with spans, laid out on a grid in which every row has every column."""

from __future__ import annotations

from collections.abc import Sequence

from ._flow import CellFlow, Flow
from ._inline import strong

__all__ = ["TableBuilder"]

_MAX_SPAN = 200
_SPARSE = 20
"""Spans and empty cells may make a table this many times as large as its cells, and no larger."""


class Cell(CellFlow):
    """A cell: its content, whether it is a header (`th`), and how many columns and rows it covers."""

    __slots__ = ("columns", "header", "rows", "text")
    header: bool
    columns: int
    rows: int
    text: str


class TableBuilder:
    """
    A table under construction.

    Attributes:
        stray: The flow of what stands outside of cells, a caption; it goes before the table.
    """

    def __init__(self, outer: Flow, stray: Flow) -> None:
        self.stray = stray
        stray.owner = self
        self._depth = outer.depth + 1
        self._rows: list[list[Cell]] = []
        self._in_head = False
        self._head_rows = 0
        self._has_spans = False

    def start_head(self) -> None:
        """Begin a `thead`."""
        self._in_head = True

    def end_head(self) -> None:
        """End a `thead`."""
        self._in_head = False

    def start_row(self) -> None:
        """Begin a row."""
        self._rows.append([])
        if self._in_head:
            self._head_rows = len(self._rows)

    def start_cell(self, header: bool, columns: int = 1, rows: int = 1) -> Flow:
        """Begin a cell, given whether it is a header and how many columns and rows it covers; return its flow."""
        if not self._rows:
            self.start_row()
        cell = Cell(self._depth)
        cell.header, cell.columns, cell.rows = header, columns, rows
        self._has_spans = self._has_spans or columns != 1 or rows != 1
        self._rows[-1].append(cell)
        return cell

    def write(self, flow: Flow) -> None:
        """Write the table into a flow, and what stood outside of its cells before it."""
        flow.absorb(self.stray)
        rows = [row for row in self._rows if row]
        if not rows:
            return
        has_header = bool(self._head_rows) or all(cell.header for cell in rows[0])
        for index, row in enumerate(rows):
            _finish_row(row, bold=index > 0 or not has_header)
        grid = _spanned_grid(rows) if self._has_spans else _plain_grid(rows)
        if not any(map(any, grid)):
            return
        header, body = (grid[0], grid[1:]) if has_header else ([""] * len(grid[0]), grid)
        flow.table(header, body)


def _finish_row(row: Sequence[Cell], *, bold: bool) -> None:
    """Write the cells; the headers of rows below the header row are bold, for Markdown has no other way to tell."""
    for cell in row:
        text = cell.finish()
        cell.text = strong(text) if cell.header and bold else text


def _plain_grid(rows: Sequence[Sequence[Cell]]) -> list[list[str]]:
    """Lay out cells of one column and one row each."""
    width = max(map(len, rows))
    if width * len(rows) > _budget(rows):
        return _spanned_grid(rows)
    return [[cell.text for cell in row] + [""] * (width - len(row)) for row in rows]


def _spanned_grid(rows: Sequence[Sequence[Cell]]) -> list[list[str]]:
    """Lay cells out. A spanned text stands once; the other places it covers are empty."""
    budget = _budget(rows)
    placed: list[dict[int, str]] = []
    covered: dict[int, int] = {}
    for row in rows:
        columns: dict[int, str] = {}
        blocked = covered
        covered = {column: left - 1 for column, left in blocked.items() if left > 1}
        position = 0
        for cell in row:
            while position in blocked:
                position += 1
            columns[position] = cell.text
            width, height = _clamp(cell.columns), _clamp(cell.rows)
            budget -= width * height
            if budget < 0:
                width = height = 1
            columns.setdefault(position + width - 1, "")
            if height > 1:
                covered.update(dict.fromkeys(range(position, position + width), height - 1))
            position += width
        placed.append(columns)
    return _pad(placed, budget)


def _clamp(span: int) -> int:
    return min(max(span, 1), _MAX_SPAN)


def _budget(rows: Sequence[Sequence[Cell]]) -> int:
    return _SPARSE * sum(map(len, rows)) + 1000


def _pad(placed: Sequence[dict[int, str]], budget: int) -> list[list[str]]:
    """Give every row every column; a table that this would make too large keeps the cells it has."""
    width = max((column for columns in placed for column in columns), default=0) + 1
    if width * len(placed) > max(budget, 0) + 1000:
        return [list(columns.values()) for columns in placed]
    return [[columns.get(column, "") for column in range(width)] for columns in placed]
