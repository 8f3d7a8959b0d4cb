"""Who asks: API tokens in Basic headers, OAuth bearer tokens with scopes, or nobody."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable
from datetime import datetime, timedelta

import attrs

from ...protocols import Clock
from ._http import ApiError, Request, gateway_error, v2_error

__all__ = ["Credentials", "Grant", "Viewer"]


@attrs.frozen
class Viewer:
    """
    Who a request comes from.

    Attributes:
        anonymous: Sees nothing, but gets 200, as on a site with anonymous access and no public space.
        scopes: Of a bearer token; None where scopes do not apply.
    """

    anonymous: bool = False
    scopes: frozenset[str] | None = None

    def may(self, scopes: frozenset[str]) -> bool:
        """Whether any of the scopes was granted."""
        return self.scopes is None or not scopes or bool(self.scopes & scopes)


@attrs.frozen
class Grant:
    """What a bearer token may do, and until when."""

    scopes: frozenset[str]
    expires_at: datetime | None = None
    hides_expiry: bool = False


class Credentials:
    """The credentials a site accepts. At first: any Basic header with a token that is not empty."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._required: tuple[str, str] | None = None
        self._refuse = False
        self._grants: dict[str, Grant] = {}

    def require(self, *, email: str, token: str, refuse: bool = False) -> None:
        """Accept one API token only. Others are served as anonymous, or refused with 401."""
        self._required, self._refuse = (email, token), refuse

    def grant(
        self, token: str, scopes: Iterable[str], *, lifetime: timedelta | None = None, hides_expiry: bool = False
    ) -> None:
        """Accept a bearer token on the gateway, for a time or for ever."""
        expires_at = None if lifetime is None else self._clock.now() + lifetime
        self._grants[token] = Grant(frozenset(scopes), expires_at, hides_expiry)

    def revoke(self, token: str) -> None:
        """Stop to accept a bearer token."""
        self._grants.pop(token, None)

    def identify(self, request: Request, *, gateway: bool) -> Viewer:
        """
        Return who asks.

        Raises:
            ApiError: 401.
        """
        scheme, _, value = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer":
            # The site's own host takes no OAuth token, whatever its scopes.
            if not gateway:
                raise gateway_error(401, "Unauthorized")
            return Viewer(scopes=self.grant_of(request).scopes)
        if self._accepts(*_basic(scheme, value)):
            return Viewer()
        if self._refuse:
            raise gateway_error(401, "Unauthorized")
        return Viewer(anonymous=True)

    def grant_of(self, request: Request) -> Grant:
        """
        Return the grant of a request's bearer token.

        Raises:
            ApiError: 401, unknown or expired; 403 or 404 if an expired one hides that.
        """
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        grant = self._grants.get(token.strip()) if scheme.lower() == "bearer" else None
        if grant is None:
            raise gateway_error(401, "Unauthorized")
        if grant.expires_at is not None and grant.expires_at <= self._clock.now():
            raise _expired(grant, request.path)
        return grant

    def _accepts(self, email: str, token: str) -> bool:
        return bool(token) if self._required is None else (email, token) == self._required


def _expired(grant: Grant, path: str) -> ApiError:
    if not grant.hides_expiry:
        return gateway_error(401, "Unauthorized")
    return gateway_error(403, "Forbidden") if "/rest/api/" in path else v2_error(404, "NOT_FOUND", "Not Found")


def _basic(scheme: str, value: str) -> tuple[str, str]:
    if scheme.lower() != "basic":
        return "", ""
    try:
        email, _, token = base64.b64decode(value.strip(), validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return "", ""
    return email, token
