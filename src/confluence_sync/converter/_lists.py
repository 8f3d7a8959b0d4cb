"""Lists: `ul`, `ol`, and the task lists of Confluence, which are lists with a box before each item."""

from __future__ import annotations

from collections.abc import Sequence

from ._finished import ListItem
from ._flow import Flow

__all__ = ["ListBuilder"]


_LAST = 999_999_999
"""The greatest number an item can have (CommonMark 5.2)."""


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
        self.takes_lines = type(outer) is Flow and not outer.marks
        stray.owner = self
        self._outer = outer
        self._next = start
        self._lead = lead
        self._items: list[ListItem] = []
        self._last: Flow | None = None
        """The flow of the last item, if that is not one line; its blocks are those of the item."""

    def item(self, box: str = "") -> Flow:
        """Begin an item, with an empty box (`[ ]`) if it is a task, and return its flow."""
        self._settle()
        return self._begin(box or self._lead)

    def add_line(self, text: str, box: str = "") -> None:
        """Add an item that is one line."""
        self._settle()
        self._add(box or self._lead, [text] if text else [], None)

    def check(self) -> None:
        """Check the box of the item begun last."""
        self._items[-1].box = "[x]"

    def finish(self) -> Sequence[ListItem]:
        """Return the items that have content, and those between that only count; the list is done with."""
        self._settle()
        self.stray.owner = None
        filled = [index for index, item in enumerate(self._items) if item.blocks]
        if self.ordered and filled:
            return self._items[filled[0] : filled[-1] + 1]
        return [self._items[index] for index in filled]

    def _begin(self, box: str = "") -> Flow:
        flow = self._outer.nested()
        self._add(box, flow.blocks, flow)
        return flow

    def _add(self, box: str, blocks: Sequence[str], flow: Flow | None) -> None:
        number = ""
        if self.ordered:
            number = str(self._next)
            self._next = min(self._next + 1, _LAST)
        self._items.append(ListItem(number, box, blocks))
        self._last = flow

    def _settle(self) -> None:
        """Hand what stands between the items to the one before."""
        stray = self.stray
        if (stray.pieces or stray.blocks) and not stray.is_empty():
            target = self._last_flow() if self._items else self._begin()
            target.absorb(stray)
            stray.blocks = []

    def _last_flow(self) -> Flow:
        """Return the flow of the last item; one that is a line gets a flow."""
        if self._last is None:
            self._last = self._outer.nested()
            self._last.blocks += self._items[-1].blocks
            self._items[-1].blocks = self._last.blocks
        return self._last
