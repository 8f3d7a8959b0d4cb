"""All that is on the site, and the ways to find it."""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterator
from datetime import datetime

import attrs

from ...protocols import Clock
from ._nodes import FakeSpace, Node, NodeT

__all__ = ["FakeUser", "SiteContent"]

FIRST_NUMBER = 65_537


@attrs.frozen(kw_only=True)
class FakeUser:
    """An account of the site; `account_id` is what pages carry as author."""

    account_id: str
    display_name: str


class SiteContent:
    """
    Spaces and nodes by number, users by account; the `Ledger` of all nodes.

    The numbers of nodes are kept in order, so a walk over a large site costs as much per page as over a small one.
    """

    def __init__(self, clock: Clock, me: FakeUser) -> None:
        self.clock = clock
        self.me = me
        self.spaces: dict[int, FakeSpace] = {}
        self.nodes: dict[int, Node] = {}
        self.users: dict[str, FakeUser] = {me.account_id: me}
        self._ordered: list[int] = []
        self._last_number = FIRST_NUMBER - 1
        self._last_position = 0

    def now(self) -> datetime:
        """Return the site's time, in milliseconds like all of its timestamps."""
        now = self.clock.now()
        return now.replace(microsecond=now.microsecond // 1000 * 1000)

    def next_number(self) -> int:
        """Return a number that was never the id of anything."""
        self._last_number += 1
        return self._last_number

    def next_position(self) -> int:
        """Return a position behind all others."""
        self._last_position += 1
        return self._last_position

    def default_author(self) -> str:
        """Return the account of the syncing user."""
        return self.me.account_id

    def add(self, node: NodeT) -> NodeT:
        """
        Put new content on the site.

        Raises:
            ValueError: The id is taken.
        """
        if node.number in self.nodes:
            raise ValueError(f"the id {node.id} is taken")
        self._last_number = max(self._last_number, node.number)
        node.position = self.next_position()
        self.nodes[node.number] = node
        insort(self._ordered, node.number)
        return node

    def remove(self, node: Node) -> None:
        """Forget content; what hangs below it keeps pointing at it."""
        del self.nodes[node.number]
        del self._ordered[bisect_left(self._ordered, node.number)]

    def remove_space(self, space: FakeSpace) -> None:
        """Forget a space and its content."""
        for node in [node for node in self.nodes.values() if node.space is space]:
            self.remove(node)
        del self.spaces[space.number]

    def space_by_key(self, key: str) -> FakeSpace | None:
        """Return a space by its key."""
        return next((space for space in self.spaces.values() if space.key == key), None)

    def in_id_order(self, *, after: int | None = None, descending: bool = False) -> Iterator[Node]:
        """Yield nodes by number, from the one behind a number on."""
        numbers = self._ordered
        if descending:
            stop = len(numbers) if after is None else bisect_left(numbers, after)
            return (self.nodes[number] for number in reversed(numbers[:stop]))
        start = 0 if after is None else bisect_right(numbers, after)
        return (self.nodes[number] for number in numbers[start:])

    def children(self, node: Node) -> list[Node]:
        """Return what hangs directly below, in order of position."""
        found = [child for child in self.nodes.values() if child.parent is node]
        return sorted(found, key=lambda child: child.position)
