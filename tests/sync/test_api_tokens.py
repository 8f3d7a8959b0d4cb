"""Connections by API token: the same object, without a consent screen."""

import pytest
from sync_world import ACME, SESSION

from confluence_sync.client import GatewayApiToken, SiteApiToken
from confluence_sync.connections import load_api_token
from confluence_sync.errors import (
    AuthenticationError,
    ConfigurationError,
    ConnectionStateError,
    StorageError,
)
from confluence_sync.models import ConnectionId, ConnectionStatus, Outcome
from confluence_sync.testing.fake_site import FakeUser

EMAIL = "reader@example.com"


def site_token(world, token="api-token-1"):
    return SiteApiToken(world.site.url, EMAIL, token)


def gateway_token(world, token="api-token-1"):
    return GatewayApiToken(world.site.settings.cloud_id, EMAIL, token)


@pytest.mark.parametrize("kind", [site_token, gateway_token])
async def test_connected_at_once(world, kind):
    """There is no site to choose; the address is what the site itself says."""
    docs = world.space()
    connection = await world.sync.connect_with_api_token(ACME, kind(world))
    assert connection.status is ConnectionStatus.ACTIVE
    assert (connection.site_url, connection.site_name) == (f"{world.site.url}/wiki", "example.atlassian.net")
    assert (connection.account_name, connection.scopes) == ("Sync Reader", ())
    await world.map(docs)
    assert (await world.run()).outcome is Outcome.SUCCEEDED
    assert await load_api_token(world.tokens, connection.id) == kind(world)


async def test_token_that_is_not_accepted(world):
    """Nothing is kept of it."""
    world.site.require(email=EMAIL, token="another", refuse=True)
    with pytest.raises(AuthenticationError):
        await world.connect_by_token()
    assert world.kept() == {}
    assert world.tokens._secrets == {}


async def test_token_that_sees_a_visitors_view_only(world):
    """A site with anonymous access answers wrong credentials with 200, and nothing in it."""
    world.site.require(email=EMAIL, token="another")
    with pytest.raises(AuthenticationError, match="visitor"):
        await world.connect_by_token()


async def test_expired_token_waits_for_the_user(world):
    """It is replaced by another of the same account, and everything goes on."""
    docs = world.space()
    await world.connect_by_token()
    await world.map(docs)
    await world.run()
    world.site.require(email=EMAIL, token="api-token-2", refuse=True)
    report = await world.run()
    assert report.outcome is Outcome.FAILED
    connection = await world.sync.connection(ACME)
    assert connection.status is ConnectionStatus.REAUTHORIZATION_REQUIRED
    assert "does not accept the API token any more" in connection.message
    with pytest.raises(AuthenticationError):
        await world.sync.replace_api_token(ACME, site_token(world))
    connection = await world.sync.replace_api_token(ACME, site_token(world, "api-token-2"))
    assert (connection.status, connection.message) == (ConnectionStatus.ACTIVE, "")
    assert (await world.run()).counts.unchanged == 3


async def test_replaced_while_disabled(world):
    """It stays disabled."""
    await world.connect_by_token()
    await world.sync.disable(ACME)
    connection = await world.sync.replace_api_token(ACME, gateway_token(world))
    assert connection.status is ConnectionStatus.DISABLED


async def test_token_of_another_site_or_account(world):
    """Each is refused with the reason."""
    await world.connect_by_token()
    with pytest.raises(ConfigurationError, match="of the site example"):
        await world.sync.replace_api_token(ACME, GatewayApiToken(world.other.settings.cloud_id, EMAIL, "t"))
    world.site._content.me = FakeUser(account_id="557058:somebody-else", display_name="Somebody Else")
    with pytest.raises(ConfigurationError, match="that of Sync Reader"):
        await world.sync.replace_api_token(ACME, site_token(world))


async def test_takes_the_place_of_a_consent_without_a_site(world):
    """The tokens of the consent are gone."""
    await world.consent(await world.sync.authorize(ACME, session=SESSION))
    await world.connect_by_token()
    (secret,) = world.tokens._secrets.values()
    assert b"api-token-1" in secret
    with pytest.raises(ConfigurationError, match="replace_api_token"):
        await world.sync.reauthorize(ACME, session=SESSION)


async def test_no_token_without_connection(world):
    """There is nothing to replace."""
    with pytest.raises(ConnectionStateError, match="no connection"):
        await world.sync.replace_api_token(ACME, site_token(world))


@pytest.mark.parametrize("secret", [None, b"something-else", b'{"version": 1, "Secret": {"token": "something-else"}}'])
async def test_secret_that_is_none(world, secret):
    """The message says what to do and does not repeat what was read; neither does what led to it."""
    if secret is not None:
        await world.tokens.save(ConnectionId("c1"), secret)
    with pytest.raises(StorageError, match="give the API token again") as caught:
        await load_api_token(world.tokens, ConnectionId("c1"))
    assert "something-else" not in str(caught.value)
    assert caught.value.__context__ is None
