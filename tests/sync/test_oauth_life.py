"""The life of a connection over OAuth, from the button to its end."""

from datetime import timedelta

import pytest
from sync_world import ACME, OTHER_CLOUD, SESSION

from confluence_sync.client import SiteApiToken
from confluence_sync.errors import (
    AuthorizationDeclinedError,
    AuthorizationError,
    ConfigurationError,
    ConnectionStateError,
    InvalidCallbackError,
    MissingScopeError,
    OAuthAppError,
    ReauthorizationRequiredError,
    StorageError,
    TransportError,
)
from confluence_sync.models import ConnectionStatus, Outcome
from confluence_sync.oauth import SYNC_SCOPES, OAuthApp
from confluence_sync.testing.fake_site import FakeConsent, FakeUser

SCOPES = frozenset(SYNC_SCOPES)


async def test_from_the_button_to_the_files(world):
    """Consent, a site chosen by the user, a mapping, a run."""
    docs = world.space("DOCS")
    url = await world.sync.authorize(ACME, session=SESSION)
    assert await world.status() is None
    consent = await world.consent(url)
    assert [site.name for site in consent.sites] == ["Archive", "Docs"]
    assert consent.connection.status is ConnectionStatus.CONNECTING
    assert await world.sync.sites(ACME) == consent.sites
    connection = await world.sync.choose_site(ACME, world.site.settings.cloud_id)
    assert connection.status is ConnectionStatus.ACTIVE
    assert (connection.site_name, connection.site_url) == ("Docs", "https://example.atlassian.net/wiki")
    assert connection.account_name == "Sync Reader"
    assert "read:page:confluence" in connection.scopes
    assert connection.warnings == ()
    await world.map(docs, folder="confluence")
    report = await world.run()
    assert report.outcome is Outcome.SUCCEEDED
    assert len(await world.paths()) == 3
    assert world.other.requests == []


async def test_callback_may_reach_another_process(world):
    """The state that was sent along is known to every process, as query parameters or as an address."""
    url = await world.sync.authorize(ACME, session=SESSION)
    async with world.process() as other:
        consent = await world.consent(url, sync=other)
        await other.choose_site(ACME, consent.sites[1].id)
    assert await world.status() == "active"


async def test_no_site_is_ever_taken_for_being_the_first(world):
    """A site that the grant does not reach is refused, and the message names those that it does."""
    world.site.oauth.consent = FakeConsent(sites=(world.site,))
    await world.consent(await world.sync.authorize(ACME, session=SESSION))
    with pytest.raises(ConfigurationError, match=r"choose one of: Docs \(https://example.atlassian.net, 0000"):
        await world.sync.choose_site(ACME, OTHER_CLOUD)
    assert await world.status() == "connecting"
    await world.sync.choose_site(ACME, world.site.settings.cloud_id)
    with pytest.raises(ConnectionStateError, match="connected to Docs already"):
        await world.sync.choose_site(ACME, world.site.settings.cloud_id)


async def test_consent_without_any_site(world):
    """Nothing is left of it, and the user may try again."""
    world.site.oauth.consent = FakeConsent(sites=())
    with pytest.raises(AuthorizationError, match="no Confluence site"):
        await world.consent(await world.sync.authorize(ACME, session=SESSION))
    assert world.kept() == {}
    assert world.tokens._secrets == {}


async def test_declined(world):
    """The user pressed Cancel: nothing was changed, and the callback is used up."""
    world.site.oauth.consent = FakeConsent(accept=False)
    url = world.site.oauth.visit(await world.sync.authorize(ACME, session=SESSION))
    with pytest.raises(AuthorizationDeclinedError, match="declined"):
        await world.sync.finish_authorization(url, session=SESSION)
    with pytest.raises(InvalidCallbackError):
        await world.sync.finish_authorization(url, session=SESSION)
    assert world.kept() == {}


@pytest.mark.parametrize("session", ["session-2", ""])
async def test_callback_of_another_session(world, session):
    """Nobody can let somebody else's browser finish what theirs began."""
    with pytest.raises(InvalidCallbackError):
        await world.consent(await world.sync.authorize(ACME, session=SESSION), session=session)
    assert await world.status() is None


async def test_no_session_no_authorization(world):
    """Without a session a callback would be anybody's."""
    with pytest.raises(ConfigurationError, match="session"):
        await world.sync.authorize(ACME, session="")


async def test_late_callback(world):
    """After ten minutes nobody waits any more."""
    url = await world.sync.authorize(ACME, session=SESSION)
    world.later(minutes=11)
    with pytest.raises(InvalidCallbackError, match="10 minutes"):
        await world.consent(url)


async def test_wrong_client_secret(world):
    """No user can mend that; what was begun is taken back."""
    app = OAuthApp("client-1", "wrong", world.app.redirect_uri)
    async with world.process(app=app) as sync:
        url = await sync.authorize(ACME, session=SESSION)
        with pytest.raises(OAuthAppError):
            await world.consent(url, sync=sync)
    assert world.kept() == {}


async def test_one_connection_a_workspace(world):
    """A second is refused until the first is deleted, also to whoever consented in the meantime."""
    url = await world.sync.authorize(ACME, session="second tab")
    await world.connect()
    with pytest.raises(ConnectionStateError, match="delete it first"):
        await world.sync.authorize(ACME, session=SESSION)
    with pytest.raises(ConnectionStateError, match="delete it first"):
        await world.consent(url, session="second tab")
    with pytest.raises(ConnectionStateError, match="delete it first"):
        await world.connect_by_token()
    assert await world.status() == "active"
    assert len(world.tokens._secrets) == 1


async def test_closed_tab(world):
    """Whoever consented and never chose a site may begin anew; there is one connection and one secret."""
    await world.consent(await world.sync.authorize(ACME, session=SESSION))
    (first,) = world.tokens._secrets.values()
    await world.connect()
    (second,) = world.tokens._secrets.values()
    assert first != second
    assert len(await world.sync.connections()) == 1


async def test_missing_scopes_are_named_all_at_once(world):
    """The connection waits, since another consent is all it needs."""
    world.site.oauth.consent = FakeConsent(scopes=SCOPES - {"read:page:confluence", "read:user:confluence"})
    await world.consent(await world.sync.authorize(ACME, session=SESSION))
    with pytest.raises(MissingScopeError, match=r"read:page:confluence \(pages\), read:user:confluence"):
        await world.sync.choose_site(ACME, world.site.settings.cloud_id)
    assert await world.status() == "connecting"
    world.site.oauth.consent = FakeConsent()
    assert (await world.connect()).status is ConnectionStatus.ACTIVE


@pytest.mark.parametrize("what", ["pages", "folders", "whiteboards", "databases", "embeds"])
async def test_what_is_tried_may_be_forbidden(world, what):
    """Whether there is something by the id that is tried, and for whose eyes, says nothing about the scope."""
    world.site.fail(f"/{what}/1", status=403, body='{"message": "Forbidden"}', times=None)
    connection = await world.connect()
    assert connection.status is ConnectionStatus.ACTIVE
    assert not [warning for warning in connection.warnings if "scope" in warning]


async def test_scopes_that_matter_little_are_warnings(world):
    """A connection without them works."""
    world.site.oauth.consent = FakeConsent(scopes=SCOPES - {"read:embed:confluence"})
    connection = await world.connect()
    assert connection.status is ConnectionStatus.ACTIVE
    assert "the account sees no space of the site; ask its administrators for access" in connection.warnings
    assert any("read:embed:confluence" in warning for warning in connection.warnings)


async def test_grant_that_is_gone_waits_for_the_user(world):
    """A run finds out: it fails with the sentence, the connection waits, files and mappings stay."""
    docs = world.space()
    await world.connect()
    await world.map(docs)
    await world.sync.set_schedule(ACME, 3600)
    await world.run()
    paths = await world.paths()
    world.site.oauth.change_password(world.site.me)
    world.later(hours=2)
    assert await world.sync.due() != []
    report = await world.sync.run_due(ACME)
    assert report.outcome is Outcome.FAILED
    connection = await world.sync.connection(ACME)
    assert connection.status is ConnectionStatus.REAUTHORIZATION_REQUIRED
    assert connection.message == report.message != ""
    world.later(days=3)
    assert await world.sync.due() == []
    assert await world.sync.next_due() is None
    assert await world.sync.run_due(ACME) is None
    with pytest.raises(ConnectionStateError) as refused:
        await world.run()
    assert refused.value.status == "reauthorization_required"
    assert connection.message in str(refused.value)
    assert await world.paths() == paths
    assert len(await world.sync.mappings(ACME)) == 1


async def test_reauthorized_connection_goes_on(world):
    """Mappings, files and memory stay; what was due meanwhile is run."""
    docs = world.space()
    first = await world.connect()
    await world.map(docs)
    await world.sync.set_schedule(ACME, 3600)
    await world.run()
    world.site.oauth.revoke(world.site.me)
    world.later(hours=2)
    await world.sync.run_due(ACME)
    world.later(hours=2)
    consent = await world.consent(await world.sync.reauthorize(ACME, session=SESSION))
    assert consent.connection.status is ConnectionStatus.ACTIVE
    assert (consent.connection.id, consent.connection.message) == (first.id, "")
    report = await world.sync.run_due(ACME)
    assert report.outcome is Outcome.SUCCEEDED
    assert report.counts.written == 0
    assert report.counts.unchanged == 3


async def test_reauthorized_by_another_account(world):
    """It is refused with the reason, and the tokens that are there stay."""
    world.space()
    await world.connect()
    tokens = dict(world.tokens._secrets)
    somebody = FakeUser(account_id="557058:somebody-else", display_name="Somebody Else")
    world.site.oauth.consent = FakeConsent(user=somebody)
    with pytest.raises(AuthorizationError, match="that of Sync Reader, and Somebody Else consented"):
        await world.consent(await world.sync.reauthorize(ACME, session=SESSION))
    assert world.tokens._secrets == tokens
    assert await world.status() == "active"


async def test_reauthorized_for_another_site(world):
    """The same goes for the site."""
    await world.connect()
    tokens = dict(world.tokens._secrets)
    world.site.oauth.revoke(world.site.me)
    world.site.oauth.consent = FakeConsent(sites=(world.other,))
    with pytest.raises(AuthorizationError, match="of the site Docs, and the consent reaches Archive"):
        await world.consent(await world.sync.reauthorize(ACME, session=SESSION))
    assert world.tokens._secrets == tokens


async def test_reauthorized_with_fewer_scopes(world):
    """What a sync needs is asked for again."""
    await world.connect()
    world.site.oauth.consent = FakeConsent(scopes=SCOPES - {"read:space:confluence"})
    with pytest.raises(MissingScopeError, match="read:space:confluence"):
        await world.consent(await world.sync.reauthorize(ACME, session=SESSION))


async def test_reauthorization_of_a_connection_that_was_deleted(world):
    """The callback came too late."""
    await world.connect()
    url = await world.sync.reauthorize(ACME, session=SESSION)
    await world.sync.delete(ACME)
    with pytest.raises(InvalidCallbackError, match="deleted"):
        await world.consent(url)
    assert world.tokens._secrets == {}


async def test_disabled_connection_stays_disabled_when_it_is_reauthorized(world):
    """Two people may have two reasons."""
    await world.connect()
    await world.sync.disable(ACME)
    consent = await world.consent(await world.sync.reauthorize(ACME, session=SESSION))
    assert consent.connection.status is ConnectionStatus.DISABLED
    assert (await world.sync.enable(ACME)).status is ConnectionStatus.ACTIVE


async def test_grant_lost_while_disabled(world):
    """Enabling does not bring back what only the user can give."""
    docs = world.space()
    await world.connect()
    await world.map(docs)
    world.site.oauth.revoke(world.site.me)
    with pytest.raises(ReauthorizationRequiredError):
        await world.sync.spaces(ACME)
    assert await world.status() == "reauthorization_required"
    await world.sync.disable(ACME)
    assert await world.status() == "disabled"
    await world.sync.enable(ACME)
    assert await world.status() == "reauthorization_required"


async def test_site_that_the_grant_does_not_reach_any_more(world):
    """The run touches no file and says what to do."""
    docs = world.space()
    await world.connect()
    await world.map(docs)
    await world.run()
    world.site.oauth.withdraw(world.site)
    report = await world.run()
    assert report.outcome is Outcome.FAILED
    assert "does not reach the site Docs any more" in report.message
    assert await world.status() == "reauthorization_required"
    assert len(await world.paths()) == 3


async def test_renamed_site(world):
    """The cloudid stays, the address is taken over at the next run."""
    docs = world.space()
    await world.connect()
    await world.map(docs)
    world.site.rename(url="https://renamed.atlassian.net", name="Renamed")
    await world.run()
    connection = await world.sync.connection(ACME)
    assert (connection.site_name, connection.site_url) == ("Renamed", "https://renamed.atlassian.net/wiki")


@pytest.mark.parametrize("url", ["http://evil.example", "javascript:alert(1)", "https://a@evil.example", ""])
async def test_address_of_a_site_that_is_none(world, url):
    """It is shown nowhere; calls go by the cloudid anyway."""
    world.site.rename(url=url)
    await world.consent(await world.sync.authorize(ACME, session=SESSION))
    connection = await world.sync.choose_site(ACME, world.site.settings.cloud_id)
    assert connection.site_url == ""


async def test_wrong_app_credentials_are_no_reason_to_consent_again(world):
    """The run fails with the sentence, the connection stays active, and the next run works again."""
    docs = world.space()
    await world.connect()
    await world.map(docs)
    world.later(hours=2)
    app = OAuthApp("client-1", "replaced-in-the-console", world.app.redirect_uri)
    async with world.process(app=app) as sync, sync.sync_now(ACME) as run:
        report = await run.wait()
    assert report.outcome is Outcome.FAILED
    assert isinstance(report.error, OAuthAppError)
    assert await world.status() == "active"
    assert (await world.run()).outcome is Outcome.SUCCEEDED


async def test_host_without_an_app(world):
    """The message says what to give."""
    async with world.process(app=None) as sync:
        with pytest.raises(ConfigurationError, match="app=OAuthApp"):
            await sync.authorize(ACME, session=SESSION)


async def test_tokens_of_one_second(world):
    """However short they live, runs go on; only one of the tokens is ever good."""
    docs = world.space(pages=30)
    world.site.oauth.app(
        client_id="client-1",
        client_secret="client-secret-1",
        redirect_uris=[world.app.redirect_uri],
        token_lifetime=timedelta(seconds=1),
    )
    await world.connect()
    await world.map(docs)
    assert (await world.run()).outcome is Outcome.SUCCEEDED


async def test_failed_exchange_of_a_code_leaves_an_earlier_consent_alone(world):
    """The answer of an exchange got lost: the user connects again, and what was there is still there."""
    await world.consent(await world.sync.authorize(ACME, session=SESSION))
    tokens = dict(world.tokens._secrets)
    world.site.fail("/oauth/token", kind="reset", times=None)
    with pytest.raises((AuthorizationError, TransportError)):
        await world.consent(await world.sync.authorize(ACME, session=SESSION))
    assert world.tokens._secrets == tokens
    assert await world.status() == "connecting"


async def test_choosing_after_deletion(world):
    """Without a connection there is no site to choose."""
    with pytest.raises(ConnectionStateError, match="no connection") as refused:
        await world.sync.choose_site(ACME, OTHER_CLOUD)
    assert refused.value.status is None


async def test_api_token_is_no_grant(world):
    """Each kind is renewed in its own way."""
    await world.connect()
    with pytest.raises(ConfigurationError, match="OAuth"):
        await world.sync.replace_api_token(ACME, SiteApiToken(world.site.url, "reader@example.com", "t"))


async def test_store_that_does_not_take_a_rotated_token(world, monkeypatch):
    """The run fails; a later one of the process saves the token, whose predecessor Atlassian takes no more by then."""
    docs = world.space()
    await world.connect()
    await world.map(docs)
    save = world.tokens.save

    async def refuse(*_):
        raise StorageError("the disk is full")

    monkeypatch.setattr(world.tokens, "save", refuse)
    world.later(hours=1)
    assert (await world.run()).message == "the disk is full"
    monkeypatch.setattr(world.tokens, "save", save)
    world.later(minutes=30)
    assert (await world.run()).outcome is Outcome.SUCCEEDED
    assert world.site.oauth.reuses == 0
