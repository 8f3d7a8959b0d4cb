"""Watches over the runs of a connection: whether they may go on, and what follows from how they end."""

from __future__ import annotations

import attrs

from ..client import ConfluenceClient
from ..connections import Connection, ConnectionKind
from ..engine import Phase, RunRecord, RunState
from ..models import ConnectionStatus, SpaceId
from ._host import Host
from ._reach import Reach, is_loss
from ._sites import human_base, require_site

__all__ = ["Watch"]


class Watch:
    """
    A `RunGuard` by what the stores say.

    So it does not matter in which process somebody disables or deletes the connection of a run.
    """

    def __init__(self, host: Host, reach: Reach, connection: Connection, client: ConfluenceClient) -> None:
        self._host = host
        self._reach = reach
        self._connection = connection
        self._client = client
        self._spaces: set[SpaceId] = set()

    async def objection(self, state: RunState) -> str:
        """Return why a run must not go on; at its beginning, look whether the site is still there."""
        self._spaces.update(mapping.space_id for mapping in state.mappings)
        connection = await self._current()
        if connection is None:
            return "the connection was deleted"
        if connection.status is ConnectionStatus.DISABLED:
            return "the connection was disabled"
        if not await self._host.is_enabled(connection.workspace):
            return "the feature was switched off for the workspace"
        if state.phase is Phase.PREPARE:
            saved = await self._host.mappings.get(connection.id)
            if set(saved.mappings) != set(state.mappings):
                return "the mappings were changed just now; run again"
            await self._look_at_site(connection)
        return ""

    async def ended(self, record: RunRecord, error: BaseException | None) -> None:
        """Note lost access, set the time of the next run; forget a connection that was deleted meanwhile."""
        if error is not None and is_loss(error):
            await self._reach.note_loss(self._connection, error)
        workspace, now = self._connection.workspace, self._host.clock.now()
        async with self._host.connections.exclusively(workspace):
            connection = await self._current()
            if connection is not None:
                schedule = await self._host.schedules.get(connection)
                await self._host.schedules.put(connection, schedule.after(record, connection, now))
        if connection is None:
            await self._host.memory(self._connection.id).forget(spaces=self._spaces)

    async def _current(self) -> Connection | None:
        connection = await self._host.connections.find(self._connection.workspace)
        return connection if connection is not None and connection.id == self._connection.id else None

    async def _look_at_site(self, connection: Connection) -> None:
        """Check that the grant still reaches the site, and take over its address if it was renamed."""
        if connection.kind is not ConnectionKind.OAUTH:
            return
        site = require_site(await self._client.accessible_resources(), connection)
        url, name, scopes = human_base(site.url) or connection.site_url, site.name, site.scopes
        await self._host.connections.change(
            connection.workspace,
            connection.id,
            lambda now: attrs.evolve(now, site_url=url, site_name=name, scopes=scopes),
        )
