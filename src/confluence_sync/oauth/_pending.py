"""Authorizations that wait for their callback, which may reach another process than the one that began."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from datetime import datetime, timedelta

import attrs

from ..clock import SystemClock
from ..documents import dump, load
from ..errors import InvalidCallbackError, StorageError
from ..models import ConnectionId, WorkspaceId
from ..protocols import Clock, Put, Remove, StateStore

__all__ = ["AwaitedCallback", "PendingAuthorization", "PendingAuthorizations"]

_COLLECTION = "oauth pending authorizations"
_STATE_BYTES = 32


@attrs.frozen(kw_only=True)
class PendingAuthorization:
    """
    What a user was sent to Atlassian for.

    Attributes:
        workspace: That is to be connected.
        reauthorizes: The connection that gets a new grant; None for a first one.
        started_at: UTC.
    """

    workspace: WorkspaceId
    reauthorizes: ConnectionId | None = None
    started_at: datetime


@attrs.frozen(kw_only=True)
class AwaitedCallback:
    """A pending authorization as it is kept, under the digest of its state; `session` is a digest too."""

    authorization: PendingAuthorization
    session: str


class PendingAuthorizations:
    """
    Binds a callback to the workspace and the session that asked for it, so that nobody can slip in another's.

    Neither the state nor the session can be read from the store: it has digests only.

    Args:
        state: Shared by all processes that a callback may reach.
        clock: Says when an authorization is too old; tests give one.
        lifetime: Seconds a user has on the consent screen.
    """

    def __init__(self, state: StateStore, *, clock: Clock | None = None, lifetime: float = 600.0) -> None:
        self._store = state
        self._clock = clock or SystemClock()
        self._lifetime = lifetime

    async def begin(self, workspace: WorkspaceId, session: str, *, reauthorizes: ConnectionId | None = None) -> str:
        """
        Return a `state` that nobody can guess (256 bits), for `OAuthApp.authorization_url`.

        Args:
            workspace: That is to be connected.
            session: What tells this user's browser from any other: the host's session id.
            reauthorizes: The connection that is to get a new grant.
        """
        state = secrets.token_urlsafe(_STATE_BYTES)
        authorization = PendingAuthorization(
            workspace=workspace, reauthorizes=reauthorizes, started_at=self._clock.now()
        )
        awaited = AwaitedCallback(authorization=authorization, session=_bound(session, state))
        expired = [Remove(_COLLECTION, key) for key in await self._expired()]
        await self._store.apply([*expired, Put(_COLLECTION, _digest(state), dump(awaited))])
        return state

    async def complete(self, state: str, session: str) -> PendingAuthorization:
        """
        Return what a callback is the answer to. Each state counts once, among all processes, and also if this fails.

        Args:
            state: `Callback.state`.
            session: That of the browser that brings the callback.

        Raises:
            InvalidCallbackError: Nobody waits for it: unknown, used, expired, or of another session.
        """
        awaited = await self._taken(_digest(state))
        if awaited is None:
            raise InvalidCallbackError("nobody waits for this callback, or it was used already: connect to begin anew")
        if not hmac.compare_digest(awaited.session, _bound(session, state)):
            raise InvalidCallbackError(
                "the callback came in another session than the one that asked: connect, and consent in one browser"
            )
        if self._too_old(awaited):
            raise InvalidCallbackError(
                f"the consent took longer than {self._lifetime / 60:.0f} minutes: connect to begin anew"
            )
        return awaited.authorization

    async def _taken(self, key: str) -> AwaitedCallback | None:
        """Return what is kept under a key and remove it, for one caller only."""
        lease, holder = f"{_COLLECTION}/{key}", secrets.token_hex(8)
        # As long as an authorization lives: once a lease expired there is nothing left that could be taken twice.
        if not await self._store.acquire_lease(lease, holder, seconds=self._lifetime):
            return None
        try:
            document = await self._store.load(_COLLECTION, key)
            await self._store.apply([Remove(_COLLECTION, key)])
        finally:
            await self._store.release_lease(lease, holder)
        return None if document is None else load(AwaitedCallback, document)

    async def _expired(self) -> list[str]:
        return [key async for key, document in self._store.scan(_COLLECTION) if self._is_expired(document)]

    def _is_expired(self, document: bytes) -> bool:
        try:
            return self._too_old(load(AwaitedCallback, document))
        except StorageError:  # of a newer version of this library, which sweeps it
            return False

    def _too_old(self, awaited: AwaitedCallback) -> bool:
        return self._clock.now() >= awaited.authorization.started_at + timedelta(seconds=self._lifetime)


def _digest(state: str) -> str:
    return hashlib.sha256(state.encode("utf-8", "replace")).hexdigest()


def _bound(session: str, state: str) -> str:
    """Return a digest of a session that only who knows the state can check, however easy the session is to guess."""
    return hmac.digest(state.encode("utf-8", "replace"), session.encode("utf-8", "replace"), "sha256").hex()
