"""Spaces to choose from, and the mappings that come of the choice."""

from __future__ import annotations

from collections.abc import Sequence

from ..client import ConfluenceClient
from ..connections import Connection, MovedFiles, SavedMappings
from ..errors import ConfigurationError, RemoteNotFoundError
from ..models import ConnectionStatus, Space, SpaceId, SpaceMapping, WorkspaceId
from ._host import Host
from ._reach import Reach
from ._values import SpaceChoice

__all__ = ["Spaces"]


class Spaces:
    """Lists spaces and saves mappings."""

    def __init__(self, host: Host, reach: Reach) -> None:
        self._host = host
        self._reach = reach

    async def choices(self, workspace: WorkspaceId) -> list[SpaceChoice]:
        """Return all spaces that the connection may see, by name."""
        await self._host.require_enabled(workspace)
        connection = await self._host.connections.get(workspace)
        connection.require(ConnectionStatus.ACTIVE)
        mapped = (await self._host.mappings.get(connection.id)).by_space
        async with self._reach.client(connection) as client:
            spaces = [
                space
                for status in ("current", "archived")
                async for batch in client.space_batches(status=status)
                for space in batch.items
            ]
        choices = [_choice(space, mapped.get(space.id)) for space in spaces]
        return sorted(choices, key=lambda choice: (choice.space.name.casefold(), choice.space.key))

    async def save(self, workspace: WorkspaceId, mappings: Sequence[SpaceMapping], files: MovedFiles) -> None:
        """Save mappings in place of those before."""
        await self._host.require_enabled(workspace)
        connection = await self._host.connections.get(workspace)
        connection.require(
            ConnectionStatus.ACTIVE, ConnectionStatus.DISABLED, ConnectionStatus.REAUTHORIZATION_REQUIRED
        )
        memory = self._host.memory(connection.id)
        before = await self._host.mappings.get(connection.id)
        after = SavedMappings(mappings=tuple(mappings), spaces=await self._spaces(connection, before, mappings))
        after.check()
        async with memory.between_runs():
            before = await self._host.mappings.get(connection.id)
            for space_id in before.without(mappings):
                await memory.forget_space(space_id, keep_files=True)
            if files is MovedFiles.LEAVE:
                for space_id in before.elsewhere(mappings):
                    await memory.forget_space(space_id)
            await self._host.mappings.put(connection.id, after)

    async def _spaces(
        self, connection: Connection, before: SavedMappings, mappings: Sequence[SpaceMapping]
    ) -> tuple[Space, ...]:
        """Return the mapped spaces; Confluence is asked only if there are new ones, so that the rest works without."""
        known = {space.id: space for space in before.spaces}
        wanted = list(dict.fromkeys(mapping.space_id for mapping in mappings))
        if new := [space_id for space_id in wanted if space_id not in known]:
            async with self._reach.client(connection) as client:
                known.update((space.id, space) for space in await _look_up(client, new))
        return tuple(known[space_id] for space_id in wanted)


async def _look_up(client: ConfluenceClient, space_ids: Sequence[SpaceId]) -> list[Space]:
    """
    Return spaces by id.

    Raises:
        ConfigurationError: Some are not there, or the account may not see them.
    """
    found = {space.id: space for space in await client.spaces(space_ids)}
    for space_id in space_ids:
        if space_id not in found:  # a list may leave out what can be read
            try:
                found[space_id] = await client.space(space_id)
            except RemoteNotFoundError as error:
                raise ConfigurationError(
                    f"there is no space {space_id}, or the account may not see it; choose from `spaces()`"
                ) from error
    return list(found.values())


def _choice(space: Space, mapping: SpaceMapping | None) -> SpaceChoice:
    return SpaceChoice(
        space=space,
        personal=space.type == "personal" or space.key.startswith("~"),
        archived=space.status == "archived",
        mapped_to=None if mapping is None else mapping.folder,
    )
