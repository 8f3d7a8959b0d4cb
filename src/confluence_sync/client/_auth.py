"""Ways to authenticate. Each knows where the API is, and gives its secret to that origin only."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Awaitable, Callable
from typing import Protocol

import attrs
import httpx

from ..errors import ConfigurationError
from .address import GATEWAY_URL, gateway_base, optional_site_base, site_base

__all__ = ["Authentication", "GatewayApiToken", "GatewayBearer", "SiteApiToken"]


class Authentication(Protocol):
    """
    How a client reaches one site.

    Implementations keep secrets out of their `repr`.
    """

    @property
    def api_url(self) -> str:
        """Base of all calls, ending in `/wiki`: the site itself, or the gateway with the cloudid."""

    @property
    def site_url(self) -> str:
        """Base of human addresses, ending in `/wiki`; "" if it is not known."""

    @property
    def grants_url(self) -> str | None:
        """Origin that lists the sites a grant reaches; None for credentials of one site."""

    async def authorization(self, url: httpx.URL) -> str:
        """
        Return the `Authorization` header for a request.

        Raises:
            ConfigurationError: The address is not of the origin that the credentials are for.
        """

    async def refused(self, authorization: str, status: int) -> bool:
        """
        Tell whether a request that was refused is worth repeating, once: other credentials are there by now.

        Args:
            authorization: The header that was refused.
            status: 401, which was not about a scope; or 403 or 404, behind which an expired token can hide.

        Raises:
            ClientError: It cannot be told, so that the answer must not be believed.
        """


def _secret(value: str) -> str:
    """
    Return a secret without surrounding white space.

    Raises:
        ConfigurationError: It cannot stand in a header. The message does not repeat it.
    """
    value = value.strip()
    if not value:
        raise ConfigurationError("the token is empty")
    if not (value.isascii() and value.isprintable()) or " " in value:
        raise ConfigurationError("the token has characters that no token has: was it copied whole, and only it?")
    return value


def _email(value: str) -> str:
    value = value.strip()
    if not value or ":" in value:
        raise ConfigurationError("give the e-mail address of the account that owns the API token")
    return value


def _cloud_id(value: str) -> str:
    if not value or not value.isascii() or not value.replace("-", "").isalnum():
        raise ConfigurationError(
            "that is no cloudid; one looks like 1324a887-45db-1bf4-1e99-ef0ff456d421 and is shown at "
            "https://your-site.atlassian.net/_edge/tenant_info"
        )
    return value


@attrs.frozen
class SiteApiToken:
    """
    Classic API token on the site's own host, with all rights of its user; no points quota.

    Attributes:
        site_url: `https://your-site.atlassian.net/wiki` (or a loopback http address); `/wiki` is completed.
        email: Of the account that owns the token.
    """

    site_url: str = attrs.field(converter=site_base)
    email: str = attrs.field(converter=_email, repr=False)
    token: str = attrs.field(converter=_secret, repr=False)

    @property
    def api_url(self) -> str:
        """The site itself."""
        return self.site_url

    @property
    def grants_url(self) -> None:
        """None: the token is of one site."""

    async def authorization(self, url: httpx.URL) -> str:
        """Return the Basic header for a request to the site."""
        _require_origin(url, self.api_url)
        return _basic(self.email, self.token)

    async def refused(self, authorization: str, status: int) -> bool:  # noqa: ARG002 - nothing depends on them
        """Return False: an API token does not change."""
        return False


@attrs.frozen
class GatewayApiToken:
    """
    Scoped API token, of a user or a service account, on Atlassian's gateway; no points quota.

    Attributes:
        cloud_id: Of the site.
        email: Of the account that owns the token.
        site_url: Base of human addresses, if known.
        gateway_url: Overridable for tests over loopback.
    """

    cloud_id: str = attrs.field(converter=_cloud_id)
    email: str = attrs.field(converter=_email, repr=False)
    token: str = attrs.field(converter=_secret, repr=False)
    site_url: str = attrs.field(default="", converter=optional_site_base, kw_only=True)
    gateway_url: str = attrs.field(default=GATEWAY_URL, converter=gateway_base, kw_only=True)

    @property
    def api_url(self) -> str:
        """The gateway's base for this site."""
        return _gateway_api(self.gateway_url, self.cloud_id)

    @property
    def grants_url(self) -> None:
        """None: the token is of one site."""

    async def authorization(self, url: httpx.URL) -> str:
        """Return the Basic header for a request to the gateway."""
        _require_origin(url, self.gateway_url)
        return _basic(self.email, self.token)

    async def refused(self, authorization: str, status: int) -> bool:  # noqa: ARG002 - nothing depends on them
        """Return False: an API token does not change."""
        return False


@attrs.frozen
class GatewayBearer:
    """
    OAuth 2.0 access token on Atlassian's gateway.

    Attributes:
        cloud_id: Of the site, one of the accessible resources.
        access_token: Asked before every request for a token that is still good; refreshing is its business.
        refused: Told of an access token and the status (401, 403, 404) with which it was refused; says whether to
            repeat the request, for which `access_token` is asked again. By default what was refused stays so.
        site_url: Base of human addresses, if known.
        gateway_url: Overridable for tests over loopback.
    """

    cloud_id: str = attrs.field(converter=_cloud_id)
    access_token: Callable[[], Awaitable[str]] = attrs.field(repr=False)
    _refused: Callable[[str, int], Awaitable[bool]] | None = attrs.field(default=None, repr=False, kw_only=True)
    site_url: str = attrs.field(default="", converter=optional_site_base, kw_only=True)
    gateway_url: str = attrs.field(default=GATEWAY_URL, converter=gateway_base, kw_only=True)

    @property
    def api_url(self) -> str:
        """The gateway's base for this site."""
        return _gateway_api(self.gateway_url, self.cloud_id)

    @property
    def grants_url(self) -> str:
        """The gateway, which lists the sites of the grant."""
        return self.gateway_url

    async def authorization(self, url: httpx.URL) -> str:
        """Return the Bearer header for a request to the gateway."""
        _require_origin(url, self.gateway_url)
        return f"Bearer {_secret(await self.access_token())}"

    async def refused(self, authorization: str, status: int) -> bool:
        """Ask who keeps the access token."""
        return self._refused is not None and await self._refused(authorization.removeprefix("Bearer "), status)


def _gateway_api(gateway_url: str, cloud_id: str) -> str:
    return f"{gateway_url}/ex/confluence/{cloud_id}/wiki"


def _basic(email: str, token: str) -> str:
    return "Basic " + b64encode(f"{email}:{token}".encode()).decode()


def _require_origin(url: httpx.URL, base: str) -> None:
    allowed = httpx.URL(base)
    if (url.scheme, url.host, url.port) != (allowed.scheme, allowed.host, allowed.port):
        raise ConfigurationError(f"the credentials are for {allowed.host} and are not sent to {url.host}")
