"""The sites of a grant. None is ever taken for being the first."""

from __future__ import annotations

from collections.abc import Sequence

from ..client import AccessibleResource
from ..client.address import optional_site_base
from ..connections import Connection
from ..errors import ConfigurationError, ReauthorizationRequiredError

__all__ = ["chosen_site", "human_base", "require_site", "sorted_sites"]


def human_base(url: str) -> str:
    """Return the base of a site's human addresses, "" if what an answer says is no address of a site."""
    try:
        return optional_site_base(url)
    except ConfigurationError:
        return ""


def sorted_sites(sites: Sequence[AccessibleResource]) -> tuple[AccessibleResource, ...]:
    """Return sites by name, for people to choose from."""
    return tuple(sorted(sites, key=lambda site: (site.name.casefold(), site.id)))


def chosen_site(sites: Sequence[AccessibleResource], cloud_id: str) -> AccessibleResource:
    """
    Return the site that was chosen.

    Raises:
        ConfigurationError: The grant does not reach it; the message names those that it does.
    """
    for site in sites:
        if site.id == cloud_id:
            return site
    names = ", ".join(f"{site.name} ({site.url}, {site.id})" for site in sorted_sites(sites))
    raise ConfigurationError(f"the authorization does not reach a site {cloud_id!r}; choose one of: {names or 'none'}")


def require_site(sites: Sequence[AccessibleResource], connection: Connection) -> AccessibleResource:
    """
    Return the site of a connection.

    Raises:
        ReauthorizationRequiredError: The grant does not reach it any more.
    """
    for site in sites:
        if site.id == connection.cloud_id:
            return site
    raise ReauthorizationRequiredError(
        f"the authorization does not reach the site {connection.site_name} any more; reauthorize the connection as a "
        "user who may see it"
    )
