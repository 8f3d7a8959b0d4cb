"""The order in which files can be moved so that none is overwritten or in the way while it is needed."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping

import attrs

from ..models import PageId, SpaceId
from ..paths import MAX_SEGMENT_BYTES, collision_key, folders_above
from ._actions import MovePage
from ._footprint import Footprint
from ._layout import EXTENSION
from ._names import fit

__all__ = ["SpareNames", "order_moves"]


class SpareNames:
    """
    Names that nobody has, in the folders of spaces: for files that are between two places or in the way.

    Args:
        roots: Folder of each space.
        taken: Every path in use before, during and after the run.
    """

    def __init__(self, roots: Mapping[SpaceId, str], taken: Iterable[str]) -> None:
        self._roots = roots
        self._taken = Footprint(taken)

    def take(self, name: str, page_id: PageId, purpose: str, space_id: SpaceId) -> str:
        """Return the path of a new name in a space's folder, such as `Setup (7) old.md`."""
        number = 1
        while True:
            suffix = f" ({page_id}) {purpose}" if number == 1 else f" ({page_id}) {purpose} {number}"
            path = f"{self._roots[space_id]}/{fit(name, suffix, MAX_SEGMENT_BYTES - len(EXTENSION))}{EXTENSION}"
            key = collision_key(path)
            if key not in self._taken.files and key not in self._taken.folders:
                self._taken.add(path)
                return path
            number += 1


def order_moves(moves: Collection[MovePage], spare: SpareNames) -> list[MovePage]:
    """
    Order moves so that each target is free of other moving files when its turn comes.

    A file waits for those that lie on its target, on a folder above it, or in a folder of its name. Rings are opened
    by parking one file under a spare name.
    """
    return list(_Sorter(moves, spare).run())


class _Sorter:
    """Moves by the collision key of their source, and which of those places are still in use."""

    def __init__(self, moves: Collection[MovePage], spare: SpareNames) -> None:
        self._spare = spare
        self._pending = {collision_key(move.source): move for move in moves}
        self._in_place = set(self._pending)
        self._inside: dict[str, list[str]] = {collision_key(move.target): [] for move in moves}
        for source in self._pending:
            for folder in folders_above(source):
                if folder in self._inside:
                    self._inside[folder].append(source)

    def run(self) -> Iterator[MovePage]:
        for first in list(self._pending):
            trail = {first: None} if first in self._pending else {}
            while trail:
                file = next(reversed(trail))
                blocker = self._blocker(file)
                if blocker is None:
                    del trail[file]
                    self._in_place.discard(file)
                    yield self._pending.pop(file)
                elif blocker in trail:
                    yield self._park(blocker)
                else:
                    trail[blocker] = None

    def _blocker(self, file: str) -> str | None:
        """Return a file that has to leave before this one can move; that may be itself, below or above its target."""
        target = collision_key(self._pending[file].target)
        if target != file and target in self._in_place:
            return target
        for folder in folders_above(target):
            if folder in self._in_place:
                return folder
        inside = self._inside[target]
        while inside and inside[-1] not in self._in_place:
            inside.pop()
        return inside[-1] if inside else None

    def _park(self, file: str) -> MovePage:
        move = self._pending[file]
        parked = self._spare.take("_moving", move.page_id, "parked", move.space_id)
        self._pending[file] = attrs.evolve(move, source=parked, from_space=None)
        self._in_place.discard(file)
        return attrs.evolve(move, target=parked)
