"""API tokens: the way in without a consent screen."""

from __future__ import annotations

import attrs
import httpx

from ..client import GatewayApiToken
from ..connections import ApiToken, Connection, ConnectionKind, require_free, save_api_token
from ..errors import ConfigurationError
from ..models import ConnectionStatus, WorkspaceId
from ._access import Access
from ._host import Host
from ._reach import Reach

__all__ = ["ApiTokens"]


class ApiTokens:
    """Connects workspaces by API tokens, which are tried before they are kept."""

    def __init__(self, host: Host, reach: Reach) -> None:
        self._host = host
        self._reach = reach

    async def connect(self, workspace: WorkspaceId, auth: ApiToken) -> Connection:
        """Connect a workspace that has no connection, or none of which a site was chosen."""
        await self._host.require_enabled(workspace)
        require_free(await self._host.connections.find(workspace), workspace)
        access = await self._host.check_access(self._reach.client_of(auth))
        async with self._host.connections.exclusively(workspace):
            before = await self._host.connections.find(workspace)
            require_free(before, workspace)
            connection = before or self._host.new_connection(workspace, ConnectionKind.API_TOKEN)
            connection = attrs.evolve(connection, kind=ConnectionKind.API_TOKEN)
            await self._host.connections.put(connection)  # before its secret, which would be nobody's
            return await self._keep(connection, auth, access)

    async def replace(self, workspace: WorkspaceId, auth: ApiToken) -> Connection:
        """Give a connection another token of the same account for the same site."""
        await self._host.require_enabled(workspace)
        access = await self._host.check_access(self._reach.client_of(auth))
        async with self._host.connections.exclusively(workspace):
            connection = await self._host.connections.get(workspace)
            _require_same(connection, auth, access)
            return await self._keep(connection, auth, access)

    async def _keep(self, connection: Connection, auth: ApiToken, access: Access) -> Connection:
        await save_api_token(self._host.tokens, connection.id, auth)
        connected = attrs.evolve(
            self._host.connected(connection, access),
            cloud_id=_cloud_id(auth),
            site_url=_site_url(auth, access),
            site_name=httpx.URL(_site_url(auth, access)).host,
        )
        await self._host.connections.put(connected)
        return connected


def _require_same(connection: Connection, auth: ApiToken, access: Access) -> None:
    """
    Check that a token is of the same kind of connection, site and account.

    Raises:
        ConfigurationError: It is not; the message says in what.
    """
    connection.require(ConnectionStatus.REAUTHORIZATION_REQUIRED, ConnectionStatus.ACTIVE, ConnectionStatus.DISABLED)
    if connection.kind is not ConnectionKind.API_TOKEN:
        raise ConfigurationError("the connection is one of OAuth; give it another grant by `reauthorize`")
    same_cloud = bool(connection.cloud_id) and _cloud_id(auth) == connection.cloud_id
    if not same_cloud and _site_url(auth, access) != connection.site_url:
        raise ConfigurationError(
            f"the connection is of the site {connection.site_name}, and the token is not; delete the connection to "
            "choose another site"
        )
    if access.account.account_id != connection.account_id:
        raise ConfigurationError(
            f"the connection is that of {connection.account_name or 'another user'}, and the token is not; delete the "
            "connection to change its account"
        )


def _site_url(auth: ApiToken, access: Access) -> str:
    """Return the base of human addresses: the site's own word goes before that of who gave the token."""
    return access.site_url or auth.site_url


def _cloud_id(auth: ApiToken) -> str:
    return auth.cloud_id if isinstance(auth, GatewayApiToken) else ""
