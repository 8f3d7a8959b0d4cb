"""Lists: `ul`, `ol`, and the task lists of Confluence, which are lists with a box before each item."""

from __future__ import annotations

from ._flow import Flow, Item

__all__ = ["ListBuilder"]


class ListBuilder:
    """
    A list under construction.

    Attributes:
        stray: The flow of what stands between the items; it goes to the item before.
        ordered: Whether the items are numbered.
    """

    def __init__(self, outer: Flow, stray: Flow, *, ordered: bool = False, start: int = 1, lead: str = "") -> None:
        self.stray = stray
        self.ordered = ordered
        stray.owner = self
        self._outer = outer
        self._next = start
        self._lead = lead
        self._items: list[Item] = []

    def item(self, box: str = "") -> Flow:
        """Begin an item, with an empty box (`[ ]`) if it is a task, and return its flow."""
        self._settle()
        return self._begin(box or self._lead)

    def check(self) -> None:
        """Check the box of the item begun last."""
        self._items[-1] = self._items[-1]._replace(box="[x]")

    def finish(self) -> list[Item]:
        """Return the items that have content."""
        self._settle()
        return [item for item in self._items if not item.flow.is_empty()]

    def _begin(self, box: str = "") -> Flow:
        flow = self._outer.nested()
        self._items.append(Item(str(self._next) if self.ordered else "", box, flow))
        self._next += 1
        return flow

    def _settle(self) -> None:
        if not self.stray.is_empty():
            target = self._items[-1].flow if self._items else self._begin()
            target.absorb(self.stray)
            self.stray.blocks = []
