"""
Tables as HTML with Markdown in their cells, for those that lose structure as tables of Markdown.

Tags and content are parted by empty lines, at which CommonMark ends a block of HTML (4.6) and reads Markdown again.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from ._escape import begins_block
from ._finished import HtmlBlock
from ._flow import MAX_DEPTH, Flow
from ._lines import strong

__all__ = ["HtmlCell", "HtmlCellFlow", "html_table"]


class HtmlCellFlow(Flow):
    """The content of a cell of an HTML table: blocks, but no headings, lest a passage begin within the table."""

    __slots__ = ()
    has_headings = False

    def nested(self) -> Flow:
        return HtmlCellFlow(self.depth + 1, self.marks) if self.depth < MAX_DEPTH else self

    def heading(self, level: int, text: str) -> None:
        del level
        self.end_paragraph()
        line = strong(text)
        self.blocks.append(f"<strong>{line}</strong>" if begins_block(line) else line)


class HtmlCell(NamedTuple):
    """A cell: `th` or `td`, its Markdown, how many columns and rows it covers."""

    name: str
    markdown: str
    columns: int = 1
    rows: int = 1

    def __str__(self) -> str:
        columns = f' colspan="{self.columns}"' if self.columns > 1 else ""
        rows = f' rowspan="{self.rows}"' if self.rows > 1 else ""
        content = f"\n{self.markdown}\n\n" if self.markdown else ""
        return f"<{self.name}{columns}{rows}>\n{content}</{self.name}>"


def html_table(rows: Iterable[Iterable[HtmlCell]]) -> HtmlBlock:
    """Return a table, tags on lines of their own."""
    lines = ["<table>"]
    for row in rows:
        lines += ["<tr>", *map(str, row), "</tr>"]
    lines.append("</table>")
    return HtmlBlock("\n".join(lines))
