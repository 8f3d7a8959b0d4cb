"""OAuth: from the button to the chosen site, and once more when the grant is gone."""

from __future__ import annotations

import attrs

from ..client import AccessibleResource, GatewayBearer
from ..connections import Connection, ConnectionKind, require_free
from ..errors import AuthorizationError, ConfigurationError, ConnectionStateError, InvalidCallbackError
from ..models import ConnectionId, ConnectionStatus, WorkspaceId
from ..oauth import Callback, OAuthTokens, PendingAuthorizations
from ._access import Access
from ._host import Host
from ._reach import Reach
from ._sites import chosen_site, human_base, sorted_sites
from ._values import Authorization

__all__ = ["Consent"]


class Consent:
    """
    Takes users to Atlassian and back.

    The secret of a connection never rests under a name that nothing refers to: the connection is there before its
    tokens are, and both go together.
    """

    def __init__(self, host: Host, reach: Reach) -> None:
        self._host = host
        self._reach = reach
        self._pending = PendingAuthorizations(host.state, clock=host.clock)

    async def authorize(self, workspace: WorkspaceId, session: str) -> str:
        """Return where to send the user for a first consent."""
        await self._host.require_enabled(workspace)
        require_free(await self._host.connections.find(workspace), workspace)
        return await self._send(workspace, session, None)

    async def reauthorize(self, workspace: WorkspaceId, session: str) -> str:
        """Return where to send the user for another consent."""
        await self._host.require_enabled(workspace)
        connection = await self._host.connections.get(workspace)
        connection.require(
            ConnectionStatus.REAUTHORIZATION_REQUIRED, ConnectionStatus.ACTIVE, ConnectionStatus.DISABLED
        )
        if connection.kind is not ConnectionKind.OAUTH:
            raise ConfigurationError("the connection has an API token; give another by `replace_api_token`")
        return await self._send(workspace, session, connection.id)

    async def finish(self, callback: Callback, session: str) -> Authorization:
        """Take a callback, whichever of the two it is for."""
        pending = await self._pending.complete(callback.state, session)
        await self._host.require_enabled(pending.workspace)
        code = callback.consented_code()
        if pending.reauthorizes is None:
            return await self._connect(pending.workspace, code)
        return await self._renew(pending.workspace, pending.reauthorizes, code)

    async def sites(self, workspace: WorkspaceId) -> tuple[AccessibleResource, ...]:
        """Return the sites that a grant reaches now."""
        await self._host.require_enabled(workspace)
        connection = await self._host.connections.get(workspace)
        return await self._sites(connection)

    async def choose_site(self, workspace: WorkspaceId, cloud_id: str) -> Connection:
        """Make a site the connection's, if everything that a sync reads can be read there."""
        await self._host.require_enabled(workspace)
        connection = await self._host.connections.get(workspace)
        connection.require_connecting()
        site = chosen_site(await self._sites(connection), cloud_id)
        async with self._reach.client(connection, cloud_id=site.id) as client:
            access = await self._host.check_access(client)

        def connect(now: Connection) -> Connection:
            now.require_connecting()
            if now.connected_at != connection.connected_at:
                raise ConnectionStateError(
                    "somebody consented anew meanwhile: look at the sites again", status=now.status
                )
            return self._connected(now, site, access)

        chosen = await self._host.connections.change(workspace, connection.id, connect)
        if chosen is None:
            raise ConnectionStateError("the connection was deleted while its site was chosen", status=None)
        return chosen

    async def _send(self, workspace: WorkspaceId, session: str, reauthorizes: ConnectionId | None) -> str:
        if not session:
            raise ConfigurationError("give the `session` of the user's browser, so that no other one can answer for it")
        app = self._reach.app
        return app.authorization_url(await self._pending.begin(workspace, session, reauthorizes=reauthorizes))

    async def _connect(self, workspace: WorkspaceId, code: str) -> Authorization:
        connection, is_new = await self._reserve(workspace)
        try:
            tokens = await self._reach.token_endpoint.exchange(code)
            connection = await self._keep(connection, tokens)
        except BaseException:
            if is_new:
                await self._host.discard(connection)
            raise
        if not (sites := await self._sites(connection)):
            await self._host.discard(connection)
            raise AuthorizationError(
                "the consent reaches no Confluence site; connect again, as a user of one, and choose it on the screen"
            )
        return Authorization(workspace=workspace, sites=sites, connection=connection)

    async def _reserve(self, workspace: WorkspaceId) -> tuple[Connection, bool]:
        """Return the connection that gets the tokens, and whether it is new; only one is ever made."""
        async with self._host.connections.exclusively(workspace):
            before = await self._host.connections.find(workspace)
            require_free(before, workspace)
            connection = before or self._host.new_connection(workspace, ConnectionKind.OAUTH)
            connection = attrs.evolve(connection, kind=ConnectionKind.OAUTH, message="")
            await self._host.connections.put(connection)
        return connection, before is None

    async def _keep(self, connection: Connection, tokens: OAuthTokens) -> Connection:
        """Give a connection the tokens of a consent, and return it as it is with them."""
        async with self._host.connections.exclusively(connection.workspace):
            now = await self._host.connections.find(connection.workspace)
            if now is None or now.id != connection.id:
                raise ConnectionStateError("the connection was deleted while it was made", status=None)
            now.require_connecting()
            await self._reach.source(connection).adopt(tokens)
            consented = attrs.evolve(now, connected_at=self._host.clock.now())
            await self._host.connections.put(consented)
        return consented

    async def _renew(self, workspace: WorkspaceId, connection_id: ConnectionId, code: str) -> Authorization:
        """Give a connection another grant of the same account for the same site. Until then it keeps the one it has."""
        connection = await self._host.connections.find(workspace)
        if connection is None or connection.id != connection_id:
            raise InvalidCallbackError("the connection was deleted before the callback came: connect to begin anew")
        tokens = await self._reach.token_endpoint.exchange(code)

        async def access_token() -> str:
            return tokens.access_token

        auth = GatewayBearer(connection.cloud_id, access_token, gateway_url=self._reach.app.gateway_url)
        client = self._reach.client_of(auth, connection)
        sites = sorted_sites(await client.accessible_resources())
        site = next((site for site in sites if site.id == connection.cloud_id), None)
        if site is None:
            raise AuthorizationError(_other_site(connection, sites))
        access = await self._host.check_access(client)
        if connection.account_id not in {None, access.account.account_id}:
            raise AuthorizationError(
                f"the connection is that of {connection.account_name or 'another user'}, and "
                f"{access.account.display_name or 'somebody else'} consented; consent as the same user, or delete the "
                "connection and connect anew"
            )
        async with self._host.connections.exclusively(workspace):
            now = await self._host.connections.find(workspace)
            if now is None or now.id != connection_id:
                raise InvalidCallbackError("the connection was deleted meanwhile: connect to begin anew")
            await self._reach.source(now).adopt(tokens)
            renewed = self._connected(now, site, access)
            await self._host.connections.put(renewed)
        return Authorization(workspace=workspace, sites=sites, connection=renewed)

    async def _sites(self, connection: Connection) -> tuple[AccessibleResource, ...]:
        async with self._reach.client(connection) as client:
            return sorted_sites(await client.accessible_resources())

    def _connected(self, connection: Connection, site: AccessibleResource, access: Access) -> Connection:
        """Return a connection as it is once its site is known to be readable; one that is disabled stays so."""
        return attrs.evolve(
            self._host.connected(connection, access),
            cloud_id=site.id,
            site_url=human_base(site.url) or access.site_url,
            site_name=site.name,
            scopes=site.scopes,
        )


def _other_site(connection: Connection, sites: tuple[AccessibleResource, ...]) -> str:
    reached = ", ".join(site.name for site in sites) or "no Confluence site"
    return (
        f"the connection is of the site {connection.site_name}, and the consent reaches {reached}; choose that site on "
        "the consent screen, or delete the connection and connect anew"
    )
