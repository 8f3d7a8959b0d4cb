"""What the token endpoint answers, as tokens or as errors. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import httpx

from ..client.http import error_of, parse_json, provider_message
from ..errors import (
    AuthorizationError,
    ClientError,
    ConfluenceSyncError,
    OAuthAppError,
    RateLimitedError,
    ReauthorizationRequiredError,
    ServerError,
    TransportError,
    UnexpectedResponseError,
)
from ._app import OAuthApp
from ._tokens import OAuthTokens

__all__ = ["read_tokens", "refused_code", "refused_refresh"]

_LONGEST_LIFE = 366 * 86_400.0
"""Seconds. Atlassian's tokens live an hour; a number beyond all reason must not overflow a date."""

_WRONG_APP = frozenset({"access_denied", "invalid_client"})
_DEAD_GRANT = frozenset({"invalid_grant", "unauthorized_client"})
"""`unauthorized_client` was seen with "refresh_token is invalid", where the documentation says `invalid_grant`."""

_WRONG_APP_SENTENCE = (
    "Atlassian does not accept the app {client_id!r}: compare client id and client secret with Settings of the app at "
    "https://developer.atlassian.com/console/myapps/; connecting again does not help ({said})"
)
_WRONG_REDIRECT_SENTENCE = (
    "Atlassian does not accept the app {client_id!r} with the callback URL {redirect_uri!r}: it has to stand in the "
    "developer console, character by character; connecting again does not help ({said})"
)
_DEAD_GRANT_SENTENCE = (
    "Atlassian no longer accepts this connection's grant: it expired or was revoked, or the account's password was "
    "changed. Reauthorize the connection; files and mappings stay ({said})"
)
_DEAD_CODE_SENTENCE = (
    "Atlassian does not accept the code of this consent: it was used or expired; connect again ({said})"
)


def read_tokens(
    response: httpx.Response, *, endpoint: str, asked_at: datetime, app: OAuthApp, before: OAuthTokens | None
) -> OAuthTokens:
    """
    Return the tokens of a success.

    What may be missing falls back: the refresh token and scopes to those `before`, scopes of a first answer to those
    that were asked for (RFC 6749, 5.1 and 6). `expires_in` that is missing or senseless is not known.

    Raises:
        TransportError: The answer was cut off, or is no JSON.
        UnexpectedResponseError: There is no access token in it.
    """
    body = _object(response, endpoint)
    access_token = _token(body.get("access_token"))
    if access_token is None:
        raise UnexpectedResponseError(f"{endpoint} answered without an access token", status=response.status_code)
    life = _seconds(body.get("expires_in"))
    scope = body.get("scope")
    scopes = tuple(scope.split()) if isinstance(scope, str) else ()
    return OAuthTokens(
        access_token=access_token,
        refresh_token=_token(body.get("refresh_token")) or (before.refresh_token if before else None),
        obtained_at=asked_at,
        expires_at=None if life is None else asked_at + timedelta(seconds=life),
        scopes=scopes or (before.scopes if before else app.scopes),
    )


def refused_code(response: httpx.Response, *, app: OAuthApp, endpoint: str, now: datetime) -> ConfluenceSyncError:
    """Return what it means that a code was not accepted."""
    error, said = _oauth_error(response)
    if error == "unauthorized_client" or "redirect" in said.lower():
        return OAuthAppError(
            _WRONG_REDIRECT_SENTENCE.format(client_id=app.client_id, redirect_uri=app.redirect_uri, said=said)
        )
    if error in _WRONG_APP or response.status_code == 401:
        return _wrong_app(app, response, said)
    if error == "invalid_grant":
        return AuthorizationError(_DEAD_CODE_SENTENCE.format(said=said))
    return _neutral(response, endpoint, now)


def refused_refresh(response: httpx.Response, *, app: OAuthApp, endpoint: str, now: datetime) -> ConfluenceSyncError:
    """Return what it means that a refresh token was not accepted."""
    error, said = _oauth_error(response)
    if error in _DEAD_GRANT:
        sentence = _DEAD_GRANT_SENTENCE.format(said=said)
        return ReauthorizationRequiredError(sentence, status=response.status_code, provider_message=said)
    if error in _WRONG_APP or response.status_code == 401:
        return _wrong_app(app, response, said)
    return _neutral(response, endpoint, now)


def _wrong_app(app: OAuthApp, response: httpx.Response, said: str) -> OAuthAppError:
    said = said or f"status {response.status_code}"
    return OAuthAppError(_WRONG_APP_SENTENCE.format(client_id=app.client_id, said=said))


def _neutral(response: httpx.Response, endpoint: str, now: datetime) -> ClientError:
    """Return an error that says nothing of the grant, nor of any page: a 404 here is not one of a page."""
    error = error_of(response, endpoint, now=now)
    if isinstance(error, RateLimitedError | ServerError):
        return error
    return UnexpectedResponseError(str(error), status=error.status, provider_message=error.provider_message)


def _oauth_error(response: httpx.Response) -> tuple[str, str]:
    """Return `error`, and what is said in one line; no `error` if the body is none of OAuth, such as a web page."""
    body = _body(response)
    error = body.get("error") if isinstance(body, dict) else None
    return error if isinstance(error, str) else "", provider_message(response)


def _object(response: httpx.Response, endpoint: str) -> Mapping[str, Any]:
    body = _body(response)
    if body is None:  # cut off on its way; not a byte is quoted, for it may be half of a token
        raise TransportError(f"{endpoint} answered with {len(response.content)} bytes, which are no whole JSON")
    if isinstance(body, dict):
        return body
    raise UnexpectedResponseError(f"{endpoint} answered with no object", status=response.status_code)


def _body(response: httpx.Response) -> Any:
    try:
        return parse_json(response.content.decode("utf-8-sig", "replace"))
    except ValueError:
        return None


def _token(value: object) -> str | None:
    """Return a token that can stand in a header."""
    if not isinstance(value, str) or not (token := value.strip()):
        return None
    return token if token.isascii() and token.isprintable() and " " not in token else None


def _seconds(value: object) -> float | None:
    try:
        seconds = float(value) if isinstance(value, int | float | str) and not isinstance(value, bool) else math.nan
    except (ValueError, OverflowError):
        return None
    return min(seconds, _LONGEST_LIFE) if seconds > 0 else None
