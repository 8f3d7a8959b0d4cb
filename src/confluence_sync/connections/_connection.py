"""What is known of a connection. Secrets are elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType

import attrs

from ..errors import ConnectionStateError
from ..models import AccountId, ConnectionId, ConnectionStatus, WorkspaceId

__all__ = ["Connection", "ConnectionKind", "require_free"]

_NOT_NOW: Mapping[ConnectionStatus, str] = MappingProxyType(
    {
        ConnectionStatus.CONNECTING: "it is not connected yet: choose a site first",
        ConnectionStatus.ACTIVE: "it is connected already",
        ConnectionStatus.DISABLED: "the connection is disabled: enable it first",
        ConnectionStatus.REAUTHORIZATION_REQUIRED: "Confluence has to be authorized again first",
    }
)


class ConnectionKind(StrEnum):
    """How a connection authenticates: by the grant of a user, or by an API token."""

    OAUTH = "oauth"
    API_TOKEN = "api_token"  # noqa: S105 - no secret, the name of a kind


@attrs.frozen(kw_only=True)
class Connection:
    """
    The one connection of a workspace.

    Attributes:
        cloud_id: Of the site, by which it is known whatever it is called; "" for an API token on the site itself, and
            as long as no site is chosen.
        site_url: Base of human addresses, ending in `/wiki`.
        account_id: Whose rights it has, as `GET /user/current` gives it.
        scopes: What the grant may do on the site; empty for API tokens, of which it is not told.
        sync_every: Seconds between scheduled runs, None for runs by hand only.
        connected_at: When access was given last: by a consent, by the choice of the site, or anew, UTC.
        message: Why it needs the user, in a sentence; "" if it does not.
        warnings: What the user should know, though nothing is broken.
    """

    id: ConnectionId
    workspace: WorkspaceId
    kind: ConnectionKind
    status: ConnectionStatus
    created_at: datetime
    cloud_id: str = ""
    site_url: str = ""
    site_name: str = ""
    account_id: AccountId | None = None
    account_name: str = ""
    scopes: tuple[str, ...] = ()
    sync_every: float | None = None
    connected_at: datetime | None = None
    message: str = ""
    warnings: tuple[str, ...] = ()

    def require(self, *statuses: ConnectionStatus) -> None:
        """
        Check that the connection is in one of some states.

        Raises:
            ConnectionStateError: It is not; the message says what to do first.
        """
        if self.status not in statuses:
            waits = self.status is ConnectionStatus.REAUTHORIZATION_REQUIRED
            why = (self.message if waits else "") or _NOT_NOW[self.status]
            raise ConnectionStateError(f"workspace {self.workspace!r}: {why}", status=self.status)

    def require_connecting(self) -> None:
        """
        Check that a site is still to be chosen.

        Raises:
            ConnectionStateError: One is.
        """
        if self.status is not ConnectionStatus.CONNECTING:
            raise ConnectionStateError(
                f"workspace {self.workspace!r} is connected to {self.site_name} already; delete the connection to "
                "choose another site",
                status=self.status,
            )

    def lost(self, message: str) -> Connection:
        """Return it as it is once access is gone: it waits for the user, or stays disabled until then."""
        waits = ConnectionStatus.REAUTHORIZATION_REQUIRED
        running = self.status is ConnectionStatus.ACTIVE
        return attrs.evolve(self, status=waits if running else self.status, message=message)

    def disabled(self) -> Connection:
        """Return it as it is while somebody pauses it; one without a site has nothing to pause."""
        connecting = self.status is ConnectionStatus.CONNECTING
        return self if connecting else attrs.evolve(self, status=ConnectionStatus.DISABLED)

    def enabled(self) -> Connection:
        """Return it as it is when nobody pauses it any more; access that was lost is not back by that."""
        if self.status is not ConnectionStatus.DISABLED:
            return self
        status = ConnectionStatus.REAUTHORIZATION_REQUIRED if self.message else ConnectionStatus.ACTIVE
        return attrs.evolve(self, status=status)


def require_free(connection: Connection | None, workspace: WorkspaceId) -> None:
    """
    Check that a workspace may be connected; one of which only the site is missing may be connected anew.

    Raises:
        ConnectionStateError: It has a connection.
    """
    if connection is not None and connection.status is not ConnectionStatus.CONNECTING:
        raise ConnectionStateError(
            f"workspace {workspace!r} has a connection already; delete it first, or reauthorize it",
            status=connection.status,
        )
