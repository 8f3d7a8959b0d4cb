"""Access tokens that are always good: refreshed in time, once for all tasks and processes, and saved before use."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, MutableMapping
from datetime import datetime, timedelta
from typing import Any, TypeAlias, TypeVar

import attrs
from tenacity import AsyncRetrying, stop_after_attempt, wait_exponential

from ..clock import SystemClock
from ..errors import AuthenticationError, ClientError, ReauthorizationRequiredError
from ..models import ConnectionId
from ..protocols import Clock, TokenStore
from ._endpoint import TokenEndpoint
from ._tokens import OAuthTokens, dump_tokens, load_tokens

__all__ = ["OAuthTokenSource", "UnsavedTokens"]

T = TypeVar("T")
Worn = Callable[[OAuthTokens], bool]
UnsavedTokens: TypeAlias = MutableMapping[ConnectionId, tuple[OAuthTokens, OAuthTokens]]
"""Of some connections, the tokens that a store did not take, after those that they replace."""

_DOUBT = 600.0
"""Seconds before expiry from which on a 403 or 404 is doubted: gateways were seen to answer so to expired tokens."""
_ENOUGH = 10.0
"""Seconds an access token has to be good for to be used while it cannot be refreshed."""
_REST = 30.0
"""Seconds without a refresh after one that failed, while the access token is still good."""
_SAVES = 6
"""Tries to save rotated tokens, within some 15 seconds: the old ones are good for ten minutes more, and for no more."""
_LAST_SECONDS = 10.0
"""Seconds that a refresh under way gets to be finished and saved when its caller is cancelled."""


@attrs.define
class _Loss:
    """A grant that is gone: `tokens` are those that were refused (None: there were none); `told` is for `on_lost`."""

    tokens: OAuthTokens | None
    error: ReauthorizationRequiredError
    told: bool = False


class OAuthTokenSource:
    """
    The access tokens of one connection, for `GatewayBearer(cloud_id, source.access_token, refused=source.refused)`.

    Tokens are refreshed by the clock. Of all tasks and processes that share the store one refreshes, under the store's
    lock; the others find the result there. New tokens are saved before they are used, for they replace the old ones. If
    a process dies in between, or the answer gets lost, the old refresh token is sent again, which Atlassian accepts for
    ten minutes. If the store fails, saving is tried for some seconds, and again whenever a token is asked for.

    Args:
        connection_id: Whose secret it is.
        endpoint: Refreshes.
        store: Keeps the tokens.
        clock: Time of this machine; tests give one.
        margin: Seconds before expiry at which tokens are refreshed, though never in the first half of their life.
        on_lost: Told once, in a sentence for the user, when the grant is gone.
        unsaved: Keeps what the store did not take; sources that come one after the other share it, so that tokens are
            not lost with the first of them.
    """

    def __init__(
        self,
        connection_id: ConnectionId,
        endpoint: TokenEndpoint,
        store: TokenStore,
        *,
        clock: Clock | None = None,
        margin: float = 300.0,
        on_lost: Callable[[str], Awaitable[None]] | None = None,
        unsaved: UnsavedTokens | None = None,
    ) -> None:
        self._connection_id = connection_id
        self._endpoint = endpoint
        self._store = store
        self._clock = clock or SystemClock()
        self._margin = margin
        self._on_lost = on_lost
        self._turn = asyncio.Lock()
        self._tokens: OAuthTokens | None = None
        self._rotating: OAuthTokens | None = None
        self._unsaved = {} if unsaved is None else unsaved
        self._loss: _Loss | None = None
        self._failure: ClientError | None = None
        self._rest_until: datetime | None = None

    async def adopt(self, tokens: OAuthTokens) -> None:
        """Save the tokens of a consent, in place of any there are."""
        async with self._turn, self._store.lock(self._connection_id):
            await _finished(self._save(tokens))

    async def access_token(self) -> str:
        """
        Return an access token that is good for a while.

        While the token endpoint fails, the last one is used to its end.

        Raises:
            ReauthorizationRequiredError: The grant is gone. Nobody is asked again until the store has other tokens.
            OAuthAppError: Atlassian does not accept the app.
            ClientError: There is no good token, and none to be had now.
            StorageError: The store failed.
        """
        tokens = self._tokens
        if tokens is None or (self._worn(tokens) and not self._rests(tokens)):
            tokens = await self._refreshed_or_last()
        return tokens.access_token

    async def refused(self, access_token: str, status: int) -> bool:
        """
        Tell whether a request that was refused is worth repeating: there is a newer access token by now.

        A 401 is a reason to refresh. A 403 or 404 is one only if the token was about to expire, or had expired.

        Args:
            access_token: That was sent.
            status: 401, 403 or 404.

        Raises:
            ReauthorizationRequiredError: The grant is gone.
            ClientError: It cannot be told, since there is no fresh token to be had now.
        """
        fresh = await self._fresh(lambda tokens: tokens.access_token == access_token and self._doubts(tokens, status))
        return fresh.access_token != access_token

    def _worn(self, tokens: OAuthTokens) -> bool:
        """Whether it is time to refresh; so it is at once if a refresh got lost, for the leeway is short."""
        return tokens == self._rotating or tokens.nears_expiry(self._clock.now(), within=self._margin)

    def _doubts(self, tokens: OAuthTokens, status: int) -> bool:
        return status == 401 or tokens.nears_expiry(self._clock.now(), within=_DOUBT)

    def _rests(self, tokens: OAuthTokens) -> bool:
        now = self._clock.now()
        return self._rest_until is not None and now < self._rest_until and _serves(tokens, now)

    async def _refreshed_or_last(self) -> OAuthTokens:
        try:
            return await self._fresh(self._worn)
        except AuthenticationError:
            raise
        except ClientError as error:
            now = self._clock.now()
            if self._tokens is None or not _serves(self._tokens, now):
                raise
            self._rest_until = now + timedelta(seconds=max(_REST, error.retry_after or 0.0))
            return self._tokens

    async def _fresh(self, worn: Worn) -> OAuthTokens:
        """Return tokens that are not worn: those another task or process got meanwhile, else new ones."""
        before = self._failure
        async with self._turn:
            if self._tokens is not None and not worn(self._tokens):
                return self._tokens
            if self._failure is not None and self._failure is not before:
                raise self._failure  # of the task we waited for; one after the other would wait for ever
            try:
                async with self._store.lock(self._connection_id):
                    return await self._replaced(await self._load(), worn)
            except ReauthorizationRequiredError:
                await self._tell()
                raise
            except ClientError as error:
                self._failure = error
                raise

    async def _replaced(self, tokens: OAuthTokens, worn: Worn) -> OAuthTokens:
        """Return the tokens of the store, or what takes their place if they are worn. Under the lock."""
        if not worn(tokens):
            return tokens
        try:
            return await _finished(self._renewed(tokens))
        except ReauthorizationRequiredError as error:
            stored = await self._load()
            if stored == tokens:
                raise self._lost(tokens, error) from None
            # Another process was faster, with a store whose lock does not reach so far.
            return await self._replaced(stored, worn)

    async def _renewed(self, tokens: OAuthTokens) -> OAuthTokens:
        """Refresh and save; tokens that could not be saved are kept for the next time."""
        replaced, fresh = self._unsaved.get(self._connection_id, (None, None))
        if fresh is None or replaced != tokens:
            self._rotating = tokens  # from here on Atlassian may have replaced them
            fresh = await self._endpoint.refresh(tokens)
            self._unsaved[self._connection_id] = (tokens, fresh)
        wait = wait_exponential(multiplier=0.5)
        saving = AsyncRetrying(sleep=self._clock.sleep, stop=stop_after_attempt(_SAVES), wait=wait, reraise=True)
        return await saving(self._save, fresh)

    async def _save(self, tokens: OAuthTokens) -> OAuthTokens:
        await self._store.save(self._connection_id, dump_tokens(tokens))
        self._unsaved.pop(self._connection_id, None)
        self._rotating = self._loss = self._failure = self._rest_until = None
        self._tokens = tokens
        return tokens

    async def _load(self) -> OAuthTokens:
        """Return the tokens of the store, and use them from now on."""
        secret = await self._store.load(self._connection_id)
        tokens = None if secret is None else load_tokens(secret)
        if self._loss is not None and self._loss.tokens == tokens:
            raise self._lost(tokens, self._loss.error)
        if tokens is None:
            raise self._lost(None, ReauthorizationRequiredError("there are no tokens for this connection: connect it"))
        self._tokens = tokens
        return tokens

    def _lost(self, tokens: OAuthTokens | None, error: ReauthorizationRequiredError) -> ReauthorizationRequiredError:
        """Remember that a grant is gone, and return the error that says so."""
        if self._loss is None or self._loss.tokens != tokens:
            self._loss = _Loss(tokens, error)
        self._tokens = None
        return ReauthorizationRequiredError(str(error), status=error.status, provider_message=error.provider_message)

    async def _tell(self) -> None:
        if self._on_lost is not None and self._loss is not None and not self._loss.told:
            await self._on_lost(str(self._loss.error))
            self._loss.told = True


def _serves(tokens: OAuthTokens, now: datetime) -> bool:
    left = tokens.seconds_left(now)
    return left is None or left > _ENOUGH


async def _finished(work: Coroutine[Any, Any, T]) -> T:
    """Await something that must not be left half done; a cancellation comes after it, or after some seconds."""
    task = asyncio.ensure_future(work)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        try:
            await asyncio.wait([task], timeout=_LAST_SECONDS)
        finally:
            task.cancel()
            task.add_done_callback(_looked_at)
        raise


def _looked_at(task: asyncio.Task[Any]) -> None:
    """Take note of an error that nobody waits for any more."""
    if not task.cancelled():
        task.exception()
