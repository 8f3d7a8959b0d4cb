"""The app as it stands in Atlassian's developer console."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import quote, urlencode

import attrs

from ..client.address import GATEWAY_URL, checked_address, gateway_base, origin_base
from ..errors import ConfigurationError
from ._scopes import OFFLINE_ACCESS, SYNC_SCOPES

__all__ = ["OAuthApp"]

AUTH_URL = "https://auth.atlassian.com"
_CALLBACK = "https://app.example.com/callback"


def _client_id(value: str) -> str:
    return _copied(value, "client id")


def _client_secret(value: str) -> str:
    return _copied(value, "client secret")


def _copied(value: str, what: str) -> str:
    value = value.strip()
    if not value or not value.isascii() or not value.isprintable() or " " in value:
        raise ConfigurationError(
            f"that is no {what}: copy it from Settings of the app at https://developer.atlassian.com/console/myapps/"
        )
    return value


def _redirect_uri(value: str) -> str:
    """Return the address as it was given: Atlassian compares it character by character."""
    if checked_address(value, example=_CALLBACK).fragment or value != value.strip():
        raise ConfigurationError(f"give the callback URL just as it stands in the developer console, as {_CALLBACK}")
    return value


def _scopes(values: Iterable[str]) -> tuple[str, ...]:
    if isinstance(values, str):
        values = values.split()
    return tuple(dict.fromkeys((OFFLINE_ACCESS, *values)))


def _auth_base(url: str) -> str:
    return origin_base(url, example=AUTH_URL)


@attrs.frozen
class OAuthApp:
    """
    An app that users let read their sites (OAuth 2.0, authorization code with a client secret).

    Attributes:
        client_id: From Settings of the app in the developer console.
        client_secret: From there as well. It stays on the server; it is neither printed nor put into an address.
        redirect_uri: The callback URL, character by character as in the console (Authorization). https, or http on
            loopback for trying things out.
        scopes: What users are asked for; `offline_access` is always among them. Atlassian refuses those that are not
            added to the app in the console (Permissions).
        auth_url: Overridable for tests over loopback.
        gateway_url: Overridable for tests over loopback.

    Raises:
        ConfigurationError: One of them cannot be right; the message says what to write instead.
    """

    client_id: str = attrs.field(converter=_client_id)
    client_secret: str = attrs.field(converter=_client_secret, repr=False)
    redirect_uri: str = attrs.field(converter=_redirect_uri)
    scopes: tuple[str, ...] = attrs.field(default=SYNC_SCOPES, converter=_scopes, kw_only=True)
    auth_url: str = attrs.field(default=AUTH_URL, converter=_auth_base, kw_only=True)
    gateway_url: str = attrs.field(default=GATEWAY_URL, converter=gateway_base, kw_only=True)

    def authorization_url(self, state: str) -> str:
        """
        Return the address of the consent screen, to send the user's browser to.

        `GET /authorize` with the parameters that Atlassian documents. PKCE is not among them: the secret takes its
        place.

        Args:
            state: Comes back with the callback; from `PendingAuthorizations.begin`.
        """
        query = {
            "audience": "api.atlassian.com",
            "client_id": self.client_id,
            "scope": " ".join(self.scopes),
            "redirect_uri": self.redirect_uri,
            "state": state,
            "response_type": "code",
            "prompt": "consent",
        }
        return f"{self.auth_url}/authorize?{urlencode(query, quote_via=quote)}"
