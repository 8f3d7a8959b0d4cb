"""From a connection to its site: credentials, client, engine."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from ..client import Authentication, ConfluenceClient, GatewayBearer
from ..connections import Connection, ConnectionKind, load_api_token
from ..engine import RunGuard, SyncEngine
from ..errors import AuthenticationError, ConfigurationError, MissingScopeError, ReauthorizationRequiredError
from ..oauth import OAuthApp, OAuthTokenSource, TokenEndpoint, UnsavedTokens
from ..protocols import Clock
from ._host import Host

__all__ = ["Reach", "is_loss"]

_NO_SITE = "0"
"""For a grant of which no site is chosen yet: with it only the list of sites can be read."""


class Reach:
    """The way to the sites. Clients share one pool of HTTP connections, which is the facade's."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._unsaved: UnsavedTokens = {}
        self._endpoint = None if host.app is None else TokenEndpoint(host.app, http=host.http, clock=self._clock)

    @property
    def app(self) -> OAuthApp:
        """
        The host's OAuth app.

        Raises:
            ConfigurationError: There is none.
        """
        return self._oauth[0]

    @property
    def token_endpoint(self) -> TokenEndpoint:
        """
        The token endpoint for the host's app.

        Raises:
            ConfigurationError: There is none.
        """
        return self._oauth[1]

    def source(self, connection: Connection) -> OAuthTokenSource:
        """Return where the access tokens of a connection come from."""
        return OAuthTokenSource(
            connection.id, self.token_endpoint, self._host.tokens, clock=self._clock, unsaved=self._unsaved
        )

    def client_of(self, auth: Authentication, connection: Connection | None = None) -> ConfluenceClient:
        """Return a client; it needs no closing."""
        budget = None if connection is None else self._host.budget(connection)
        return ConfluenceClient(auth, http=self._host.http, clock=self._clock, budget=budget)

    async def open(self, connection: Connection, *, cloud_id: str = "") -> ConfluenceClient:
        """Return a client of a connection, by default for its chosen site; it needs no closing."""
        if connection.kind is ConnectionKind.API_TOKEN:
            return self.client_of(await load_api_token(self._host.tokens, connection.id), connection)
        source = self.source(connection)
        auth = GatewayBearer(
            cloud_id or connection.cloud_id or _NO_SITE,
            source.access_token,
            refused=source.refused,
            site_url=connection.site_url,
            gateway_url=self.app.gateway_url,
        )
        return self.client_of(auth, connection)

    @asynccontextmanager
    async def client(self, connection: Connection, *, cloud_id: str = "") -> AsyncIterator[ConfluenceClient]:
        """Yield a client for some calls. If they find that access is gone, the connection waits for its user."""
        try:
            yield await self.open(connection, cloud_id=cloud_id)
        except AuthenticationError as error:
            if is_loss(error):
                await self.note_loss(connection, error)
            raise

    def engine(self, connection: Connection, client: ConfluenceClient, guard: RunGuard | None = None) -> SyncEngine:
        """Return the engine of a connection."""
        host = self._host
        return SyncEngine(
            client,
            host.vfs(connection),
            host.state,
            connection_id=connection.id,
            sink=host.sink,
            clock=host.clock,
            options=host.options,
            guard=guard,
        )

    async def note_loss(self, connection: Connection, error: BaseException) -> None:
        """Let a connection wait for its user, unless it was deleted or given other credentials meanwhile."""
        message = _sentence(connection, error)
        await self._host.connections.change(
            connection.workspace,
            connection.id,
            lambda now: now if now.connected_at != connection.connected_at else now.lost(message),
        )

    @property
    def _oauth(self) -> tuple[OAuthApp, TokenEndpoint]:
        if self._host.app is None or self._endpoint is None:
            raise ConfigurationError("there is no OAuth app: give `app=OAuthApp(...)` to ConfluenceSync")
        return self._host.app, self._endpoint

    @property
    def _clock(self) -> Clock | None:
        """The host's own clock; without one, clients share the limiter of their site."""
        return self._host.clock if self._host.own_clock else None


def is_loss(error: BaseException | None) -> bool:
    """Whether an error says that access is gone for good, so that only the user can give it back."""
    return isinstance(error, AuthenticationError) and not isinstance(error, MissingScopeError)


def _sentence(connection: Connection, error: BaseException) -> str:
    if isinstance(error, ReauthorizationRequiredError):
        return str(error)
    if connection.kind is ConnectionKind.API_TOKEN:
        return f"Atlassian does not accept the API token any more; give another one ({error})"
    return f"Atlassian does not accept the authorization any more; reauthorize the connection ({error})"
