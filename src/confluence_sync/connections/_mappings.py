"""The mappings of a connection, saved as a whole."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum

import attrs

from ..documents import dump, load
from ..models import ConnectionId, Space, SpaceId, SpaceMapping
from ..planner import refuse_overlaps, space_roots
from ..protocols import Change, Put, Remove, StateStore

__all__ = ["MappingRegistry", "MovedFiles", "SavedMappings"]

_COLLECTION = "mappings"


class MovedFiles(StrEnum):
    """
    What becomes of the files of a space that is given another folder.

    `MOVE`: the next run moves them. `LEAVE`: they stay where they are and are nobody's from now on; the next run
    writes others.
    """

    MOVE = "move"
    LEAVE = "leave"


@attrs.frozen(kw_only=True)
class SavedMappings:
    """
    Which spaces go where.

    Attributes:
        spaces: Those that are mapped, as they were when the mappings were saved.
    """

    mappings: tuple[SpaceMapping, ...] = ()
    spaces: tuple[Space, ...] = ()

    @property
    def by_space(self) -> Mapping[SpaceId, SpaceMapping]:
        """The mapping of each space."""
        return {mapping.space_id: mapping for mapping in self.mappings}

    def roots(self) -> Mapping[SpaceId, str]:
        """
        Return the folder of each space: `<folder of the mapping>/<name of the space>`.

        Raises:
            ConfigurationError: A space is mapped twice, or a folder is no valid path.
        """
        return space_roots(self._mapped)

    def check(self) -> None:
        """
        Refuse mappings that nobody should choose.

        Raises:
            ConfigurationError: A space is mapped twice, a folder is no valid path, or destinations overlap.
        """
        self.roots()
        refuse_overlaps(self._mapped)

    @property
    def _mapped(self) -> list[tuple[SpaceMapping, Space]]:
        spaces = {space.id: space for space in self.spaces}
        return [(mapping, spaces[mapping.space_id]) for mapping in self.mappings]

    def without(self, after: Sequence[SpaceMapping]) -> set[SpaceId]:
        """Return the spaces that are mapped here and not in others."""
        return {mapping.space_id for mapping in self.mappings} - {mapping.space_id for mapping in after}

    def elsewhere(self, after: Sequence[SpaceMapping]) -> set[SpaceId]:
        """Return the spaces that are mapped here and go somewhere else in others."""
        before = self.by_space
        return {
            mapping.space_id
            for mapping in after
            if mapping.space_id in before and before[mapping.space_id].folder != mapping.folder
        }


class MappingRegistry:
    """Keeps the mappings of connections in a `StateStore`."""

    def __init__(self, state: StateStore) -> None:
        self._state = state

    async def get(self, connection_id: ConnectionId) -> SavedMappings:
        """Return the mappings of a connection; at first there are none."""
        data = await self._state.load(_COLLECTION, connection_id)
        return SavedMappings() if data is None else load(SavedMappings, data)

    async def put(self, connection_id: ConnectionId, mappings: SavedMappings) -> None:
        """Keep mappings in place of those before."""
        await self._state.apply([Put(_COLLECTION, connection_id, dump(mappings))])

    def remove(self, connection_id: ConnectionId) -> Change:
        """Return the change that removes the mappings of a connection, to be made with others."""
        return Remove(_COLLECTION, connection_id)
