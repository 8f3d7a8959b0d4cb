"""Ways to authenticate. Each knows where the API is, and gives its secret to that origin only."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Awaitable, Callable
from ipaddress import ip_address
from typing import Protocol

import attrs
import httpx

from ..errors import ConfigurationError

__all__ = ["Authentication", "GatewayApiToken", "GatewayBearer", "SiteApiToken"]

GATEWAY_URL = "https://api.atlassian.com"


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


def site_base(url: str) -> str:
    """
    Return the base address of a Cloud site, completed to end in `/wiki`.

    Raises:
        ConfigurationError: Not an address of a Confluence Cloud site; the message says what to write instead.
    """
    origin, path = _origin_and_path(url, example="https://your-site.atlassian.net/wiki")
    if path.startswith("/ex/confluence/"):
        raise ConfigurationError(f"{origin} is the API gateway: give the cloudid and a gateway token instead")
    if path.startswith("/wiki/"):
        raise ConfigurationError(f"give the address of the site, {origin}/wiki, without what follows it")
    if path not in {"", "/wiki"}:
        raise ConfigurationError(
            f"{origin}{path} looks like Confluence Data Center or Server, which have another API; only Confluence "
            f"Cloud is supported, whose sites are https://your-site.atlassian.net/wiki"
        )
    return f"{origin}/wiki"


def gateway_base(url: str) -> str:
    """
    Return the origin of the gateway.

    Raises:
        ConfigurationError: Not an origin, `https://host`.
    """
    origin, path = _origin_and_path(url, example=GATEWAY_URL)
    if path:
        raise ConfigurationError(f"give the gateway as {origin}, without a path")
    return origin


def optional_site_base(url: str) -> str:
    """Return `site_base(url)`, "" for ""."""
    return site_base(url) if url else ""


def secret(value: str) -> str:
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
            f"{value!r} is no cloudid; it looks like 1324a887-45db-1bf4-1e99-ef0ff456d421 and is shown at "
            f"https://your-site.atlassian.net/_edge/tenant_info"
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
    token: str = attrs.field(converter=secret, repr=False)

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
    token: str = attrs.field(converter=secret, repr=False)
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


@attrs.frozen
class GatewayBearer:
    """
    OAuth 2.0 access token on Atlassian's gateway.

    Attributes:
        cloud_id: Of the site, one of the accessible resources.
        access_token: Asked before every request for a token that is still good; refreshing is its business.
        site_url: Base of human addresses, if known.
        gateway_url: Overridable for tests over loopback.
    """

    cloud_id: str = attrs.field(converter=_cloud_id)
    access_token: Callable[[], Awaitable[str]] = attrs.field(repr=False)
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
        return f"Bearer {secret(await self.access_token())}"


def _gateway_api(gateway_url: str, cloud_id: str) -> str:
    return f"{gateway_url}/ex/confluence/{cloud_id}/wiki"


def _basic(email: str, token: str) -> str:
    return "Basic " + b64encode(f"{email}:{token}".encode()).decode()


def _require_origin(url: httpx.URL, base: str) -> None:
    allowed = httpx.URL(base)
    if (url.scheme, url.host, url.port) != (allowed.scheme, allowed.host, allowed.port):
        raise ConfigurationError(f"the credentials are for {allowed.host} and are not sent to {url.host}")


def _origin_and_path(address: str, *, example: str) -> tuple[str, str]:
    url = _parse(address, example)
    if url.scheme not in {"https", "http"} or not url.host:
        raise ConfigurationError(f"an address begins with https://, as in {example}")
    if url.userinfo or url.query or url.fragment:
        raise ConfigurationError(f"the address has more than host and path; write it as {example}")
    if url.scheme == "http" and not _is_loopback(url.host):
        raise ConfigurationError(f"http:// would send the token in the clear; use https://{url.netloc.decode()}")
    return f"{url.scheme}://{url.netloc.decode()}", url.path.rstrip("/")


def _parse(address: str, example: str) -> httpx.URL:
    try:
        return httpx.URL(address.strip())
    except httpx.InvalidURL as error:
        raise ConfigurationError(f"not an address; write it as {example}") from error


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
