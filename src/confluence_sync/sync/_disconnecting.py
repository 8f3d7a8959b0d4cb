"""The end of a connection."""

from __future__ import annotations

from ..connections import Connection, ConnectionKind, SavedMappings
from ..errors import ConfigurationError
from ..models import WorkspaceId
from ._host import Host
from ._runs import Runs
from ._values import Disconnected

__all__ = ["disconnect"]

_STEPS = {
    ConnectionKind.OAUTH: (
        'To take the consent back at Atlassian as well, remove the app under "Connected apps" of your account: '
        "https://id.atlassian.com/manage-profile/apps"
    ),
    ConnectionKind.API_TOKEN: (
        "If the API token is used nowhere else, revoke it at Atlassian: "
        "https://id.atlassian.com/manage-profile/security/api-tokens"
    ),
}


async def disconnect(host: Host, runs: Runs, workspace: WorkspaceId) -> Disconnected:
    """
    Remove a connection with everything that is kept for it; the secret goes first, the connection itself last.

    So what is killed half-way can be done again, and nothing runs until then. A run in another process ends at its next
    step, and what it remembers until then is forgotten at its end.
    """
    connection = await host.connections.get(workspace)
    await host.connections.change(workspace, connection.id, Connection.disabled)
    await runs.cancel(connection)
    saved = await host.mappings.get(connection.id)
    await host.forget_secret(connection.id)
    async with host.connections.exclusively(workspace):
        await host.tokens.delete(connection.id)  # what a callback brought since
        await host.memory(connection.id).forget()
        await host.state.apply(
            [
                host.mappings.remove(connection.id),
                host.schedules.remove(connection),
                host.connections.remove(connection),
            ]
        )
    return Disconnected(folders=_folders(saved), steps=(_STEPS[connection.kind],))


def _folders(saved: SavedMappings) -> tuple[str, ...]:
    try:
        return tuple(sorted(saved.roots().values()))
    except ConfigurationError:  # a name of a space that this version would not take
        return tuple(sorted({mapping.folder for mapping in saved.mappings}))
