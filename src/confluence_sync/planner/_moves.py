"""The order in which files can be moved so that none is overwritten while it is needed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ..models import PageId
from ..paths import collision_key
from ._actions import MovePage

__all__ = ["order_moves", "parking_path"]


def parking_path(root: str, page_id: PageId) -> str:
    """Return the temporary name of a file whose place and target are both in use by others."""
    return f"{root}/_moving-{page_id}.md"


def order_moves(moves: Mapping[PageId, tuple[str, str]], *, root: str) -> list[MovePage]:
    """
    Order moves (page id -> source, target), each target free of other moving files when its turn comes.

    A file waits for those that lie on its target or on a folder above it. Rings are opened by parking one file.
    """
    return list(_Sorter(moves, root).run())


class _Sorter:
    def __init__(self, moves: Mapping[PageId, tuple[str, str]], root: str) -> None:
        self._root = root
        self._pending = dict(moves)
        self._holders = {collision_key(source): page_id for page_id, (source, _) in moves.items()}

    def run(self) -> Iterator[MovePage]:
        for first in list(self._pending):
            trail = dict.fromkeys([first] if first in self._pending else [])
            while trail:
                page_id = next(reversed(trail))
                blocker = self._blocker(page_id)
                if blocker is None:
                    source, target = self._pending.pop(page_id)
                    self._vacate(source)
                    del trail[page_id]
                    yield MovePage(page_id, source, target)
                elif blocker in trail:
                    yield self._park(blocker)
                else:
                    trail[blocker] = None

    def _blocker(self, page_id: PageId) -> PageId | None:
        path = collision_key(self._pending[page_id][1])
        while path:
            holder = self._holders.get(path)
            if holder is not None and holder != page_id:
                return holder
            path = path.rpartition("/")[0]
        return None

    def _park(self, page_id: PageId) -> MovePage:
        source, target = self._pending[page_id]
        parked = parking_path(self._root, page_id)
        self._pending[page_id] = (parked, target)
        self._vacate(source)
        return MovePage(page_id, source, parked)

    def _vacate(self, source: str) -> None:
        self._holders.pop(collision_key(source), None)
