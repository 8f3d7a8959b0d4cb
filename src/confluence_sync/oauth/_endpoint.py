"""The token endpoint: a code, or a refresh token, for tokens."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from random import Random, SystemRandom
from types import TracebackType
from typing import Literal, Self

import attrs
import httpx

from ..client import RetryPolicy
from ..client.http import exchange, new_client, request_to
from ..clock import SystemClock
from ..errors import (
    AuthorizationError,
    ClientError,
    ConfigurationError,
    RateLimitedError,
    ReauthorizationRequiredError,
)
from ..protocols import Clock
from ._answers import read_tokens, refused_code, refused_refresh
from ._app import OAuthApp
from ._scopes import OFFLINE_ACCESS
from ._tokens import OAuthTokens

__all__ = ["TokenEndpoint"]

_log = logging.getLogger("confluence_sync.oauth")
_ENDPOINT = "POST /oauth/token"
_READ_TIMEOUT = 20.0
_LONGEST = 30.0
_AT_ONCE = RetryPolicy(tries=4, first_wait=0.25, highest_wait=4.0, longest_wait=10.0)
"""Well within the ten minutes in which Atlassian accepts a refresh token again whose answer was lost."""


@attrs.frozen
class _Grant:
    """What is given for tokens. Secrets are not lying about in the frames of errors, which some reports print."""

    type: Literal["authorization_code", "refresh_token"]
    secret: str = attrs.field(repr=False)


class TokenEndpoint:
    """
    `POST /oauth/token` of Atlassian's authorization server, for one app.

    Args:
        app: Whose tokens these are.
        http: Used and never closed; by default the endpoint has one of its own and closes it.
        clock: Time of the tokens, and for waiting; tests give one.
        retry: When a refresh is repeated whose answer was lost.
        random: Spreads the waits.
    """

    def __init__(
        self,
        app: OAuthApp,
        *,
        http: httpx.AsyncClient | None = None,
        clock: Clock | None = None,
        retry: RetryPolicy | None = None,
        random: Random | None = None,
    ) -> None:
        self.app = app
        self._http = http or new_client()
        self._owns_http = http is None
        self._clock = clock or SystemClock()
        self._retry = retry or _AT_ONCE
        self._random = random or SystemRandom()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close the HTTP client, unless it was passed in."""
        if self._owns_http:
            await self._http.aclose()

    async def exchange(self, code: str) -> OAuthTokens:
        """
        Return the tokens of a consent. A code is good for one request, so this one is never repeated.

        Args:
            code: `Callback.consented_code()`.

        Raises:
            AuthorizationError: The code is not accepted, or the answer got lost: the user has to consent again.
            OAuthAppError: Client id, client secret or callback URL are not those of the developer console.
            ConfigurationError: There is no refresh token: the app did not ask for `offline_access`.
            RateLimitedError: Too many requests.
        """
        try:
            tokens = await self._ask(_Grant("authorization_code", code))
        except RateLimitedError:
            raise
        except ClientError as error:
            raise AuthorizationError(f"the consent could not be completed, connect again ({error})") from error
        if tokens.refresh_token is None:
            raise ConfigurationError(
                f"Atlassian gave no refresh token: the app has to ask for the scope {OFFLINE_ACCESS!r}, "
                "and the user to consent again"
            )
        return tokens

    async def refresh(self, tokens: OAuthTokens) -> OAuthTokens:
        """
        Return new tokens for a refresh token, which is used up by that: save them before they are used.

        If the answer gets lost the same refresh token is sent again, which Atlassian accepts for ten minutes.

        Raises:
            ReauthorizationRequiredError: The grant is gone.
            OAuthAppError: Client id or client secret are not those of the developer console.
            ClientError: Any other failure, after some tries; the grant is still good.
        """
        if tokens.refresh_token is None:
            raise ReauthorizationRequiredError("there is no refresh token for this connection: reauthorize it")
        retrying = self._retry.retrying(clock=self._clock, random=self._random)
        return await retrying(self._ask, _Grant("refresh_token", tokens.refresh_token), before=tokens)

    async def _ask(self, grant: _Grant, *, before: OAuthTokens | None = None) -> OAuthTokens:
        asked_at = self._clock.now()  # before the request, so that the token ends no later than we think
        response = await self._send(self._request(grant), grant.type)
        if response.is_success:
            return read_tokens(response, endpoint=_ENDPOINT, asked_at=asked_at, app=self.app, before=before)
        refusal = refused_code if before is None else refused_refresh
        said = _without((grant.secret, self.app.client_secret), response)
        raise refusal(said, app=self.app, endpoint=_ENDPOINT, now=self._clock.now())

    def _request(self, grant: _Grant) -> httpx.Request:
        return request_to(
            self._http,
            "POST",
            f"{self.app.auth_url}/oauth/token",
            endpoint=_ENDPOINT,
            headers={},
            read_timeout=_READ_TIMEOUT,
            json=_payload(self.app, grant),
        )

    async def _send(self, request: httpx.Request, grant_type: str) -> httpx.Response:
        outcome: object = "no answer"
        try:
            response = await exchange(self._http, request, endpoint=_ENDPOINT, longest=_LONGEST)
            outcome = response.status_code
        except ClientError as error:
            outcome = type(error.__cause__ or error).__name__
            raise
        finally:
            _log.debug("%s (%s) -> %s", _ENDPOINT, grant_type, outcome)
        return response


def _payload(app: OAuthApp, grant: _Grant) -> Mapping[str, str]:
    shared = {"grant_type": grant.type, "client_id": app.client_id, "client_secret": app.client_secret}
    if grant.type == "refresh_token":
        return {**shared, "refresh_token": grant.secret}
    return {**shared, "code": grant.secret, "redirect_uri": app.redirect_uri}


def _without(secrets: tuple[str, ...], response: httpx.Response) -> httpx.Response:
    """Return an answer that repeats none of what was sent, for it is quoted in messages."""
    content = response.content
    for secret in filter(None, secrets):
        content = content.replace(secret.encode(), b"...")
    return httpx.Response(response.status_code, headers=response.headers, content=content)
