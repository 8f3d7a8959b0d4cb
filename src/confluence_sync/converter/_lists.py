"""Lists: `ul`, `ol`, and the task lists of Confluence, which are lists with a box before each item."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from ._finished import Item
from ._flow import Flow

__all__ = ["ListBuilder"]


_LAST = 999_999_999
"""The greatest number an item can have (CommonMark 5.2)."""


class _Item(NamedTuple):
    """An item under construction; its content is finished already if it is one line."""

    number: str
    box: str
    content: Flow | str


class ListBuilder:
    """
    A list under construction.

    Attributes:
        stray: The flow of what stands between the items; it goes to the item before.
        ordered: Whether the items are numbered.
        takes_lines: Whether an item that is one line can be added as it is.
    """

    def __init__(self, outer: Flow, stray: Flow, *, ordered: bool = False, start: int = 1, lead: str = "") -> None:
        self.stray = stray
        self.ordered = ordered
        self.takes_lines = type(outer) is Flow and not outer.has_marks()
        stray.owner = self
        self._outer = outer
        self._next = start
        self._lead = lead
        self._items: list[_Item] = []

    def item(self, box: str = "") -> Flow:
        """Begin an item, with an empty box (`[ ]`) if it is a task, and return its flow."""
        self._settle()
        return self._begin(box or self._lead)

    def add_line(self, text: str, box: str = "") -> None:
        """Add an item that is one line."""
        self._settle()
        self._add(box or self._lead, text)

    def check(self) -> None:
        """Check the box of the item begun last."""
        self._items[-1] = self._items[-1]._replace(box="[x]")

    def finish(self) -> list[Item]:
        """Return the items that have content, and those between that only count; the list is done with."""
        self._settle()
        self.stray.owner = None
        items = [Item(item.number, item.box, _blocks(item.content)) for item in self._items]
        filled = [index for index, item in enumerate(items) if item.blocks]
        if not self.ordered:
            return [items[index] for index in filled]
        return items[filled[0] : filled[-1] + 1] if filled else []

    def _begin(self, box: str = "") -> Flow:
        flow = self._outer.nested()
        self._add(box, flow)
        return flow

    def _add(self, box: str, content: Flow | str) -> None:
        self._items.append(_Item(str(self._next) if self.ordered else "", box, content))
        self._next = min(self._next + 1, _LAST)

    def _settle(self) -> None:
        """Hand what stands between the items to the one before."""
        if not self.stray.is_empty():
            target = self._last_flow() if self._items else self._begin()
            target.absorb(self.stray)
            self.stray.blocks = []

    def _last_flow(self) -> Flow:
        last = self._items[-1]
        if not isinstance(last.content, str):
            return last.content
        flow = self._outer.nested()
        if last.content:
            flow.blocks.append(last.content)
        self._items[-1] = last._replace(content=flow)
        return flow


def _blocks(content: Flow | str) -> Sequence[str]:
    if isinstance(content, str):
        return [content] if content else []
    content.end_paragraph()
    return content.blocks
