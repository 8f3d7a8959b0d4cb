"""API tokens as documents of a `TokenStore`."""

from __future__ import annotations

from typing import TypeAlias

import attrs

from ..client import GatewayApiToken, SiteApiToken
from ..documents import dump, load
from ..errors import DocumentVersionError, StorageError
from ..models import ConnectionId
from ..protocols import TokenStore

__all__ = ["ApiToken", "load_api_token", "save_api_token"]

ApiToken: TypeAlias = SiteApiToken | GatewayApiToken
"""What a connection without OAuth authenticates with."""


@attrs.frozen(kw_only=True)
class _Secret:
    """One document for both kinds: a token without a cloudid is used on the site itself."""

    email: str = attrs.field(repr=False)
    token: str = attrs.field(repr=False)
    site_url: str = ""
    cloud_id: str = ""
    gateway_url: str = ""


async def save_api_token(store: TokenStore, connection_id: ConnectionId, auth: ApiToken) -> None:
    """Keep an API token as the secret of a connection."""
    async with store.lock(connection_id):
        await store.save(connection_id, dump(_secret_of(auth)))


async def load_api_token(store: TokenStore, connection_id: ConnectionId) -> ApiToken:
    """
    Return the API token of a connection.

    Raises:
        StorageError: There is none, or the secret is something else; the message does not repeat it.
    """
    data = await store.load(connection_id)
    if data is None:
        raise StorageError(f"the token store has no secret for connection {connection_id!r}; give the API token again")
    secret = _readable(data)
    if secret is None:
        raise StorageError(f"the secret of connection {connection_id!r} is no API token; give the API token again")
    if not secret.cloud_id:
        return SiteApiToken(secret.site_url, secret.email, secret.token)
    return GatewayApiToken(
        secret.cloud_id, secret.email, secret.token, site_url=secret.site_url, gateway_url=secret.gateway_url
    )


def _readable(data: bytes) -> _Secret | None:
    try:
        return load(_Secret, data)
    except DocumentVersionError:
        raise
    except StorageError:  # which quotes what it read, and so must go no further
        return None


def _secret_of(auth: ApiToken) -> _Secret:
    match auth:
        case SiteApiToken():
            return _Secret(email=auth.email, token=auth.token, site_url=auth.site_url)
        case GatewayApiToken():
            return _Secret(
                email=auth.email,
                token=auth.token,
                site_url=auth.site_url,
                cloud_id=auth.cloud_id,
                gateway_url=auth.gateway_url,
            )
