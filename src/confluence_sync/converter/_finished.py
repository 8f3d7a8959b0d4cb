"""Finished blocks of Markdown, and how they are written together: items, lists behind lists, rows of tables."""

from __future__ import annotations

import re
from collections.abc import Sequence

import attrs

__all__ = ["Block", "HtmlBlock", "ListBlock", "ListItem", "behind", "holds_fence", "interrupts", "item_text", "marker"]
__all__ += ["table_row"]

_ITEM_MARKER = re.compile(r"^(\d*+)([-*.)])(?= |$)", re.MULTILINE)
"""All else in a list is indented."""
_OTHER_MARKER = {"-": "*", "*": "-", ".": ")", ")": "."}


class Block(str):
    """A finished block of Markdown that is no paragraph."""

    __slots__ = ()


class ListBlock(Block):
    """A finished list."""

    __slots__ = ()


class HtmlBlock(Block):
    """A finished block of HTML: it goes on to the next empty line."""

    __slots__ = ()


@attrs.define(eq=False)
class ListItem:
    """An item of a list: its number or "", what goes before its text (the box of a task) or "", its blocks."""

    number: str
    box: str
    blocks: Sequence[str]


def item_text(item: ListItem, mark: str) -> str:
    """Return an item behind its mark (`-`, `1.`), its further lines indented."""
    lead = f"{mark} {item.box}" if item.box else mark
    blocks = item.blocks
    if len(blocks) == 1 and type(line := blocks[0]) is str and "\n" not in line:
        return f"{lead} {line}"
    parts = [lead]
    glue, before = " ", ""
    for block in blocks:
        if glue == " " and item.box and isinstance(block, Block):
            glue = "\n\n"
        elif glue != " ":
            glue = "\n" if interrupts(block) and not isinstance(before, HtmlBlock) else "\n\n"
        parts += (glue, block)
        glue, before = "", block
    pad = " " * (len(mark) + 1)
    first, *rest = "".join(parts).split("\n")
    return "\n".join([first, *[pad + line if line else "" for line in rest]]) if rest else first


def holds_fence(markdown: str) -> bool:
    """Tell whether there may be code in several lines, which would not be code in one."""
    return "\n" in markdown and ("```" in markdown or "~~~" in markdown)


def behind(before: str, block: str) -> str:
    """Return a block as it stands behind another: a list needs another marker than a list before it."""
    if isinstance(before, ListBlock) and isinstance(block, ListBlock) and marker(before) == marker(block):
        return ListBlock(_ITEM_MARKER.sub(lambda match: match[1] + _OTHER_MARKER[match[2]], block))
    return block


def marker(block: ListBlock) -> str:
    """Return what follows the numbers of a list, or its bullet."""
    return block.split(" ", 1)[0][-1:]


def interrupts(block: str) -> bool:
    """Tell whether a block can follow a paragraph without an empty line between: a list that starts with `-` or 1."""
    return isinstance(block, ListBlock) and block[:2] in {"- ", "* ", "1."}


def table_row(cells: Sequence[str]) -> str:
    """Return a row of a table."""
    row = " | ".join(cells)
    if row.count("|") >= len(cells):
        row = " | ".join([cell.replace("|", r"\|") for cell in cells])
    return f"| {row} |"
