"""Moves that may rely on each other, so that the failure of one does not concern the others."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import attrs

from ..models import SpaceId
from ..paths import collision_key, folders_above
from ._actions import MovePage

__all__ = ["MoveGroup", "group_moves"]


@attrs.frozen
class MoveGroup:
    """Moves in order, and the spaces whose files they are or lie among."""

    spaces: frozenset[SpaceId]
    moves: Sequence[MovePage]


def group_moves(moves: Sequence[MovePage], roots: Mapping[SpaceId, str]) -> list[MoveGroup]:
    """Keep moves together if their spaces share pages or folders, and in order; groups in order of their first move."""
    folders = {collision_key(root): space_id for space_id, root in roots.items()}
    above: dict[str, set[SpaceId]] = {}
    for root, space_id in folders.items():
        for folder in folders_above(root):
            above.setdefault(folder, set()).add(space_id)

    def met(move: MovePage) -> Iterator[SpaceId]:
        """Yield the spaces that a move concerns: its own, and those in whose folder or in whose way the file is."""
        yield move.space_id
        if move.from_space is not None:
            yield move.from_space
        source = collision_key(move.source)
        yield from above.get(source, ())
        for folder in (source, *folders_above(source)):
            if folder in folders:
                yield folders[folder]

    ties = _joined({frozenset(met(move)) for move in moves})
    groups: dict[frozenset[SpaceId], list[MovePage]] = {}
    for move in moves:
        groups.setdefault(ties[move.space_id], []).append(move)
    return [MoveGroup(spaces, group) for spaces, group in groups.items()]


def _joined(ties: set[frozenset[SpaceId]]) -> dict[SpaceId, frozenset[SpaceId]]:
    """Return, for each space, all spaces to which ties lead from it."""
    joined: dict[SpaceId, frozenset[SpaceId]] = {}
    for tie in ties:
        whole = tie.union(*(joined[space_id] for space_id in tie if space_id in joined))
        joined.update(dict.fromkeys(whole, whole))
    return joined
