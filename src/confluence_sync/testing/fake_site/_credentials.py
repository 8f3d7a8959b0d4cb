"""Who asks: API tokens in Basic headers, OAuth bearer tokens with scopes, or nobody."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable

import attrs

from ...protocols import Clock
from ._content import FakeUser
from ._http import ApiError, Request, gateway_error, v2_error
from ._tokens import Access

__all__ = ["Credentials", "Viewer"]


@attrs.frozen
class Viewer:
    """
    Who a request comes from.

    Attributes:
        anonymous: Sees nothing, but gets 200, as on a site with anonymous access and no public space.
        scopes: Of a bearer token; None where scopes do not apply.
        user: Who gave the bearer token; None for the site's own user.
    """

    anonymous: bool = False
    scopes: frozenset[str] | None = None
    user: FakeUser | None = None

    def may(self, scopes: frozenset[str]) -> bool:
        """Whether any of the scopes was granted."""
        return self.scopes is None or not scopes or bool(self.scopes & scopes)


class Credentials:
    """
    The credentials a site accepts. At first: any Basic header with a token that is not empty.

    Bearer tokens are known to the authorization server, which is asked by `access`.
    """

    def __init__(self, clock: Clock, cloud_id: str, access: Callable[[str], Access | None]) -> None:
        self._clock = clock
        self._cloud_id = cloud_id
        self._access = access
        self._required: tuple[str, str] | None = None
        self._refuse = False

    def require(self, *, email: str, token: str, refuse: bool = False) -> None:
        """Accept one API token only. Others are served as anonymous, or refused with 401."""
        self._required, self._refuse = (email, token), refuse

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
            return self._granted(request)
        if self._accepts(*_basic(scheme, value)):
            return Viewer()
        if self._refuse:
            raise gateway_error(401, "Unauthorized")
        return Viewer(anonymous=True)

    def bearer(self, request: Request) -> Access:
        """
        Return what a request's bearer token may do, on any site.

        Raises:
            ApiError: 401, unknown or expired; 403 or 404 if an expired one hides that.
        """
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        access = self._access(token.strip()) if scheme.lower() == "bearer" else None
        if access is None:
            raise gateway_error(401, "Unauthorized")
        if access.expired(self._clock.now()):
            raise _expired(access, request.path)
        return access

    def _granted(self, request: Request) -> Viewer:
        access = self.bearer(request)
        if self._cloud_id not in access.grant.cloud_ids:
            raise v2_error(404, "NOT_FOUND", "Not Found")
        return Viewer(scopes=access.scopes, user=access.grant.user)

    def _accepts(self, email: str, token: str) -> bool:
        return bool(token) if self._required is None else (email, token) == self._required


def _expired(access: Access, path: str) -> ApiError:
    if not access.hides_expiry:
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
