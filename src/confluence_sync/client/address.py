"""Addresses that people type, checked and completed; for other parts of this library. Pure."""

from __future__ import annotations

from ipaddress import ip_address

import httpx

from ..errors import ConfigurationError

__all__ = [
    "CLOUD_ONLY",
    "GATEWAY_URL",
    "checked_address",
    "gateway_base",
    "optional_site_base",
    "origin_base",
    "site_base",
]

GATEWAY_URL = "https://api.atlassian.com"
"""Where OAuth and scoped API tokens are accepted."""

CLOUD_ONLY = "only Confluence Cloud is supported, whose sites are https://your-site.atlassian.net/wiki"
"""What there is to say to an address of Data Center or Server, which have another API."""


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
            f"{origin}{path} looks like Confluence Data Center or Server, which have another API; {CLOUD_ONLY}"
        )
    return f"{origin}/wiki"


def gateway_base(url: str) -> str:
    """
    Return the origin of the gateway.

    Raises:
        ConfigurationError: Not an origin, `https://host`.
    """
    return origin_base(url, example=GATEWAY_URL)


def optional_site_base(url: str) -> str:
    """Return `site_base(url)`, "" for ""."""
    return site_base(url) if url else ""


def origin_base(url: str, *, example: str) -> str:
    """
    Return an address that is an origin, without a slash at its end.

    Raises:
        ConfigurationError: Not an origin, `https://host`.
    """
    origin, path = _origin_and_path(url, example=example)
    if path:
        raise ConfigurationError(f"give only the origin, {origin}, without a path")
    return origin


def checked_address(address: str, *, example: str) -> httpx.URL:
    """
    Return an address to which secrets may be sent: https, or http on this machine.

    Raises:
        ConfigurationError: No such address. The message does not repeat it: it may hold a password.
    """
    url = _parse(address, example)
    if url.scheme not in {"https", "http"} or not url.host:
        raise ConfigurationError(f"an address begins with https://, as in {example}")
    if url.userinfo:
        raise ConfigurationError(f"the address has a user name in it; write it as {example}")
    if url.scheme == "http" and not _is_loopback(url.host):
        raise ConfigurationError(f"http:// would send secrets in the clear; use https://{url.netloc.decode()}")
    return url


def _origin_and_path(address: str, *, example: str) -> tuple[str, str]:
    url = checked_address(address, example=example)
    if url.query or url.fragment:
        raise ConfigurationError(f"the address has more than host and path; write it as {example}")
    return f"{url.scheme}://{url.netloc.decode()}", url.path.rstrip("/")


def _parse(address: str, example: str) -> httpx.URL:
    try:
        return httpx.URL(address.strip())
    except httpx.InvalidURL:
        raise ConfigurationError(f"not an address; write it as {example}") from None  # it may quote a password


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
