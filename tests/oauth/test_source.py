"""Tokens that stay fresh, told as stories over a site that rotates, expires and revokes them as Atlassian does."""

import asyncio
from datetime import timedelta

import attrs
import httpx
import pytest

from confluence_sync.adapters import MemoryTokenStore, SQLiteDatabase
from confluence_sync.client import ConfluenceClient, GatewayBearer
from confluence_sync.errors import (
    ClientError,
    OAuthAppError,
    ReauthorizationRequiredError,
    ServerError,
    StorageError,
    TransportError,
)
from confluence_sync.oauth import OAuthApp, OAuthTokens, OAuthTokenSource, TokenEndpoint

CALLBACK = "http://127.0.0.1:8000/callback"
ONE = "one"


def another(source, *, store=None, **options):
    """A source of the same connection, as another process has it."""
    return OAuthTokenSource(ONE, source._endpoint, store or source._store, clock=source._clock, **options)


def token_requests(site):
    return [request.status for request in site.requests if request.path == "/oauth/token"]


async def consent(site, endpoint):
    callback = site.oauth.visit(endpoint.app.authorization_url("state"))
    return await endpoint.exchange(str(httpx.URL(callback).params["code"]))


async def test_token_is_used_until_it_nears_its_end(source, tokens, clock, site):
    """Up to five minutes before the end nobody is asked; then there is a new one."""
    clock.advance(3299)
    assert await source.access_token() == tokens.access_token
    clock.advance(1)
    assert await source.access_token() != tokens.access_token
    assert site.oauth.refreshes == 1


async def test_margin_is_the_hosts(source, tokens, clock):
    """A host may refresh earlier."""
    clock.advance(2000)
    assert await another(source, margin=1700).access_token() != tokens.access_token


@pytest.mark.parametrize("lifetime", [1, 60, 500])
async def test_short_lived_tokens_are_not_refreshed_at_once(site, clock, source, real_endpoint, lifetime):
    """A token that lives shorter than the margin is used for half of its life."""
    site.oauth.app(redirect_uris=[CALLBACK], token_lifetime=timedelta(seconds=lifetime))
    await source.adopt(await consent(site, real_endpoint))
    first = await source.access_token()
    clock.advance(lifetime / 2 - 0.1)
    assert await source.access_token() == first
    clock.advance(0.1)
    assert await source.access_token() != first


@pytest.mark.parametrize("ahead", [30, 5 * 3600])
async def test_clock_that_went_back(source, tokens, clock, site, ahead):
    """A token got by a clock that was hours ahead may be over long before it seems to be; some seconds mean nothing."""
    by = timedelta(seconds=ahead)
    await source.adopt(attrs.evolve(tokens, obtained_at=clock.now() + by, expires_at=tokens.expires_at + by))
    await source.access_token()
    assert site.oauth.refreshes == (ahead > 60)


async def test_lifetime_that_was_not_told(source, tokens, store, clock, site):
    """A token of unknown life is refreshed when it is as old as the margin."""
    await source.adopt(attrs.evolve(tokens, expires_at=None))
    clock.advance(299)
    assert await source.access_token() == tokens.access_token
    clock.advance(1)
    assert await source.access_token() != tokens.access_token


async def test_new_tokens_are_saved_before_they_are_used(source, store, clock):
    """When a token is handed out, another process finds it in the store."""
    clock.advance(3400)
    fresh = await source.access_token()
    assert await another(source).access_token() == fresh
    assert store.saves == 2


async def test_one_refresh_for_many_tasks(source, clock, site):
    """Of a hundred tasks that find the token worn, one refreshes."""
    clock.advance(3400)
    assert len(set(await asyncio.gather(*(source.access_token() for _ in range(100))))) == 1
    assert site.oauth.refreshes == 1


async def test_one_refresh_for_many_processes(tmp_path, tokens, clock, site, real_endpoint):
    """Of several processes that share a store, one refreshes."""
    async with SQLiteDatabase(tmp_path / "a.db") as one, SQLiteDatabase(tmp_path / "a.db") as two:
        sources = [OAuthTokenSource(ONE, real_endpoint, store.tokens, clock=clock) for store in (one, two)]
        await sources[0].adopt(tokens)
        clock.advance(3400)
        found = await asyncio.gather(*(source.access_token() for source in sources * 10))
    assert len(set(found)) == 1
    assert site.oauth.refreshes == 1


async def test_months_of_refreshes(source, clock, site):
    """Each refresh builds on the one before; no refresh token is ever sent twice."""
    for _ in range(200):
        clock.advance(12 * 3600)
        await source.access_token()
    assert (site.oauth.refreshes, site.oauth.reuses) == (200, 0)


@pytest.mark.parametrize("kind", ["reset", "timeout", "truncated"])
async def test_answer_that_got_lost_after_the_rotation(source, clock, site, kind):
    """The old refresh token is sent again at once, within the leeway, and the grant lives on."""
    site.fail("/oauth/token", kind=kind, times=2)
    clock.advance(3400)
    await source.access_token()
    assert site.oauth.reuses == 2
    clock.advance(3400)
    await source.access_token()
    assert site.oauth.reuses == 2


async def test_process_that_died_between_refresh_and_save(source, store, tokens, clock, site):
    """What was rotated and not saved is refreshed again with the old token, within ten minutes."""
    store.broken = StorageError("the disk is gone")
    clock.advance(3400)
    with pytest.raises(StorageError, match="the disk is gone"):
        await source.access_token()
    store.broken = None
    clock.advance(500)
    survivor = another(source)
    assert await survivor.access_token() != tokens.access_token
    assert (site.oauth.refreshes, site.oauth.reuses) == (2, 1)


async def test_tokens_that_could_not_be_saved_are_saved_later(source, store, clock, site):
    """A store that fails for longer than the leeway costs nothing, as long as the process lives."""
    store.broken = StorageError("the disk is full")
    clock.advance(3400)
    for _ in range(3):
        with pytest.raises(StorageError):
            await source.access_token()
        clock.advance(900)
    store.broken = None
    fresh = await source.access_token()
    assert (site.oauth.refreshes, site.oauth.reuses) == (1, 0)
    assert await another(source).access_token() == fresh


async def test_store_that_fails_for_some_seconds(source, store, clock, site, monkeypatch):
    """Rotated tokens are good to nobody but this process: it insists before it gives up."""
    save = store.save

    async def save_after_some_tries(*secret):
        if clock.now() < recovered_at:
            raise OSError("the database changes over to another server")
        await save(*secret)

    clock.advance(3400)
    recovered_at = clock.now() + timedelta(seconds=10)
    monkeypatch.setattr(store, "save", save_after_some_tries)
    fresh = await source.access_token()
    assert (site.oauth.refreshes, site.oauth.reuses) == (1, 0)
    assert await another(source).access_token() == fresh


async def test_unsaved_tokens_outlive_their_source(source, store, clock, site):
    """A source of the same process saves what another one got and could not save, however late."""
    unsaved = {}
    first, second = another(source, unsaved=unsaved), another(source, unsaved=unsaved)
    store.broken = StorageError("the disk is full")
    clock.advance(3400)
    with pytest.raises(StorageError):
        await first.access_token()
    clock.advance(3600)
    store.broken = None
    await second.access_token()
    assert (site.oauth.refreshes, site.oauth.reuses, unsaved) == (1, 0, {})


async def test_endpoint_is_down_and_the_token_is_good(source, tokens, clock, site):
    """The last token is used to its end, and the endpoint is left alone for half a minute at a time."""
    site.fail("/oauth/token", status=503, times=None)
    clock.advance(3400)
    assert await source.access_token() == tokens.access_token
    asked = len(token_requests(site))
    clock.advance(5)
    assert await source.access_token() == tokens.access_token
    assert len(token_requests(site)) == asked
    clock.advance(30)
    assert await source.access_token() == tokens.access_token
    assert len(token_requests(site)) > asked
    site.heal()
    clock.advance(30)
    assert await source.access_token() != tokens.access_token


async def test_endpoint_that_asks_to_wait(source, tokens, clock, site):
    """A limit that names its end is kept to, while the last token is good."""
    site.fail("/oauth/token", status=429, headers={"Retry-After": "120"})
    clock.advance(3400)
    for _ in range(3):
        assert await source.access_token() == tokens.access_token
        clock.advance(39)
    clock.advance(5)
    assert await source.access_token() != tokens.access_token


async def test_endpoint_is_down_and_the_token_is_over(source, clock, site):
    """Without a good token the failure is told, as one that will pass, and it does."""
    site.fail("/oauth/token", status=503, times=None)
    clock.advance(3595)
    with pytest.raises(ServerError) as error:
        await source.access_token()
    assert error.value.retryable
    site.heal()
    await source.access_token()


async def test_many_tasks_share_a_failure(source, clock, site):
    """Tasks that waited for a refresh that failed do not each try again, one after the other."""
    site.fail("/oauth/token", kind="timeout", times=None)
    clock.advance(3600)
    for times in (1, 2):
        outcomes = await asyncio.gather(*(source.access_token() for _ in range(20)), return_exceptions=True)
        assert {type(outcome) for outcome in outcomes} == {TransportError}
        assert len(token_requests(site)) - 1 == 4 * times  # one more was the exchange
    site.heal()
    assert len(set(await asyncio.gather(*(source.access_token() for _ in range(20))))) == 1


async def test_refresh_that_got_lost_is_made_up_for_at_once(source, tokens, clock, site):
    """A token that was refused early, and whose refresh got lost, does not wait for its end: the leeway is short."""
    site.fail("/oauth/token", kind="reset", times=4)
    with pytest.raises(TransportError):
        await source.refused(tokens.access_token, 401)
    clock.advance(60)
    assert await source.access_token() != tokens.access_token
    assert (site.oauth.refreshes, site.oauth.reuses) == (5, 4)


async def test_wrong_app_is_told_at_once(source, clock, site):
    """A secret that was changed in the console is an error of configuration, never one of the user's grant."""
    lost = []

    async def on_lost(message):
        lost.append(message)

    site.oauth.app(redirect_uris=[CALLBACK], client_secret="another")
    clock.advance(3400)
    with pytest.raises(OAuthAppError, match="client secret"):
        await another(source, on_lost=on_lost).access_token()
    assert lost == []
    site.oauth.app(redirect_uris=[CALLBACK])
    await source.access_token()


@pytest.mark.parametrize("dead_token_error", ["invalid_grant", "unauthorized_client"])
@pytest.mark.parametrize("deed", ["revoke", "change_password", "ninety_days"])
async def test_grant_that_is_gone(source, clock, site, deed, dead_token_error):
    """However a grant ends, the host is told once, and Atlassian is asked once."""
    lost = []

    async def on_lost(message):
        lost.append(message)

    site.oauth.app(redirect_uris=[CALLBACK], dead_token_error=dead_token_error)
    if deed == "ninety_days":
        clock.advance(90 * 86_400)
    else:
        getattr(site.oauth, deed)()
        clock.advance(3400)
    source = another(source, on_lost=on_lost)
    site.reset_log()
    for _ in range(3):
        with pytest.raises(ReauthorizationRequiredError, match="Reauthorize the connection") as error:
            await source.access_token()
        assert error.value.status == 403
        with pytest.raises(ReauthorizationRequiredError):
            await source.refused("some token", 401)
    assert token_requests(site) == [403]
    assert len(lost) == 1
    assert "files and mappings stay" in lost[0]


async def test_lost_grant_is_given_anew(source, clock, site, real_endpoint):
    """Once another consent is saved, in whatever process, tokens flow again."""
    site.oauth.revoke()
    clock.advance(3400)
    with pytest.raises(ReauthorizationRequiredError):
        await source.access_token()
    await another(source).adopt(await consent(site, real_endpoint))
    await source.access_token()
    clock.advance(3400)
    await source.access_token()


async def test_second_loss_is_told_as_well(source, clock, site, real_endpoint):
    """A grant that was given anew can be lost anew."""
    lost = []

    async def on_lost(message):
        lost.append(message)

    source = another(source, on_lost=on_lost)
    for times in (1, 2):
        site.oauth.revoke()
        clock.advance(3400)
        with pytest.raises(ReauthorizationRequiredError):
            await source.access_token()
        assert len(lost) == times
        await source.adopt(await consent(site, real_endpoint))


async def test_host_that_cannot_be_told(source, clock, site):
    """If the host fails to take note of a loss it is told again at the next call."""
    told = []

    async def on_lost(message):
        told.append(message)
        if len(told) == 1:
            raise StorageError("not now")

    source = another(source, on_lost=on_lost)
    site.oauth.revoke()
    clock.advance(3400)
    with pytest.raises(StorageError):
        await source.access_token()
    for _ in range(2):
        with pytest.raises(ReauthorizationRequiredError):
            await source.access_token()
    assert len(told) == 2


async def test_another_process_won(source, clock, site):
    """With a store whose lock does not reach so far, a refusal may only mean that another process was faster."""

    class Unlocked(MemoryTokenStore):
        async def load(self, connection_id):
            secret = await super().load(connection_id)
            if winner is not None:
                await winner()
            return secret

    winner = None
    store = Unlocked()
    await another(source, store=store).adopt(source._tokens)
    lost = []

    async def win():
        nonlocal winner
        winner = None
        other = another(source, store=store)
        other._store = shared = MemoryTokenStore()  # a lock of its own
        await other.adopt(source._tokens)
        won.append(await other.access_token())
        await store.save(ONE, await shared.load(ONE))
        clock.advance(660)  # beyond the leeway

    async def on_lost(message):
        lost.append(message)

    won = []
    clock.advance(3400)
    loser = another(source, store=store, on_lost=on_lost)
    winner = win
    assert await loser.access_token() == won[0]
    assert lost == []


async def test_no_tokens_at_all(real_endpoint, store, clock):
    """A connection whose secret is gone has to be connected; nobody at Atlassian is asked."""
    with pytest.raises(ReauthorizationRequiredError, match="no tokens for this connection: connect it"):
        await OAuthTokenSource(ONE, real_endpoint, store, clock=clock).access_token()


@pytest.mark.parametrize(
    "secret", [b"", b"{}", b"top-secret", b'{"version":1,"OAuthTokens":{"access_token":"top-secret"}}']
)
async def test_secret_that_is_none_of_ours(real_endpoint, store, clock, secret):
    """What cannot be read is not quoted, not even in what caused the error."""
    await store.save(ONE, secret)
    with pytest.raises(StorageError, match="something else: connect again") as error:
        await OAuthTokenSource(ONE, real_endpoint, store, clock=clock).access_token()
    assert "top-secret" not in str(error.value)
    assert error.value.__context__ is None


async def test_caller_that_is_cancelled_during_a_refresh(source, clock, site):
    """A refresh that was begun is finished and saved: nothing that was rotated gets lost."""
    site.latency = 1.0
    begun, go_on = asyncio.Event(), asyncio.Event()
    sleep = clock.sleep

    async def slow(seconds):
        begun.set()
        await go_on.wait()
        await sleep(seconds)

    clock.advance(3400)
    clock.sleep = slow
    task = asyncio.create_task(source.access_token())
    await begun.wait()
    task.cancel()
    await asyncio.sleep(0)
    assert not task.done()
    go_on.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    fresh = await another(source).access_token()
    assert await source.access_token() == fresh
    assert (site.oauth.refreshes, site.oauth.reuses) == (1, 0)


async def test_caller_that_is_cancelled_twice(source, clock, site):
    """Who insists gets away; the connection recovers by the leeway."""
    site.latency = 1.0
    begun = asyncio.Event()
    sleep = clock.sleep

    async def stuck(seconds):
        begun.set()
        await asyncio.Event().wait()

    clock.advance(3400)
    clock.sleep = stuck
    task = asyncio.create_task(source.access_token())
    await begun.wait()
    task.cancel()
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    clock.sleep = sleep
    await source.access_token()
    assert (site.oauth.refreshes, site.oauth.reuses) == (2, 1)


async def test_caller_that_waits_for_its_turn_can_leave(source, store, clock):
    """Waiting for another process's refresh can be cancelled at once."""
    clock.advance(3400)
    async with store.lock(ONE):
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01):
                await source.access_token()
    await source.access_token()


async def test_401_refreshes_once(source, tokens, site):
    """A refused token is replaced, however long it should have been good; a second refusal finds the new one."""
    assert await source.refused(tokens.access_token, 401)
    fresh = await source.access_token()
    assert fresh != tokens.access_token
    assert await source.refused(tokens.access_token, 401)
    assert await source.access_token() == fresh
    assert site.oauth.refreshes == 1


async def test_401_finds_what_another_process_got(source, tokens, clock, site):
    """If the store has a newer token, that is the answer."""
    other = another(source)
    assert await other.refused(tokens.access_token, 401)
    assert await source.refused(tokens.access_token, 401)
    assert await source.access_token() == await other.access_token()
    assert site.oauth.refreshes == 1


async def test_many_401_at_once(source, tokens, site):
    """All requests that a revoked token stopped go on with one new token."""
    assert all(await asyncio.gather(*(source.refused(tokens.access_token, 401) for _ in range(20))))
    assert site.oauth.refreshes == 1


@pytest.mark.parametrize("status", [403, 404])
@pytest.mark.parametrize(("age", "doubted"), [(0, False), (2999, False), (3000, True), (3600, True), (5000, True)])
async def test_403_and_404_are_doubted_near_expiry(source, tokens, clock, site, status, age, doubted):
    """Far from the token's expiry they mean what they say; within ten minutes of it, or past it, they may hide it."""
    clock.advance(age)
    assert await source.refused(tokens.access_token, status) == doubted
    assert site.oauth.refreshes == doubted


@pytest.mark.parametrize("status", [403, 404])
async def test_refusal_of_a_token_that_was_replaced_meanwhile(source, tokens, clock, site, status):
    """What was sent just before a refresh is sent again after it."""
    clock.advance(3400)
    await source.access_token()
    assert await source.refused(tokens.access_token, status)
    assert site.oauth.refreshes == 1


async def test_doubt_that_cannot_be_settled(source, tokens, clock, site):
    """While no fresh token is to be had, a 404 near expiry is neither believed nor repeated."""
    site.fail("/oauth/token", kind="reset", times=None)
    clock.advance(3100)
    with pytest.raises(TransportError):
        await source.refused(tokens.access_token, 404)


async def test_doubts_about_a_page_that_is_not_there_end(source, clock, site):
    """A page that is really gone costs one refresh near expiry, and none after it."""
    clock.advance(3100)
    for _ in range(3):
        await source.refused(await source.access_token(), 404)
    assert site.oauth.refreshes == 1


@pytest.mark.parametrize("path", ["v2", "v1"])
async def test_expired_token_that_looks_like_something_else(source, clock, site, path):
    """An API that answers 404 or 403 to an expired token is asked again with a fresh one: no page is gone."""
    site.oauth.app(redirect_uris=[CALLBACK], hides_expiry=True)
    page = site.space("DOCS").page("Setup")
    await source.adopt(await consent(site, source._endpoint))
    auth = GatewayBearer(site.settings.cloud_id, source.access_token, refused=source.refused)
    fast = attrs.evolve(source._tokens, expires_at=clock.now() + timedelta(hours=2))  # this machine's clock is wrong
    async with (
        httpx.AsyncClient(transport=site.transport()) as http,
        ConfluenceClient(auth, http=http, clock=clock) as client,
    ):
        await client.page(page.id)
        await source.adopt(fast)
        clock.advance(6700)
        if path == "v2":
            assert (await client.page(page.id)).title == "Setup"
        else:
            assert (await client.current_user()).account_id == site.me.account_id
    assert [request.status for request in site.requests[-3:]] == [404 if path == "v2" else 403, 200, 200]


async def test_revoked_grant_stops_a_client(source, clock, site):
    """In the middle of a run the user revokes the app: the client says that only the user can help."""
    space = site.space("DOCS")
    auth = GatewayBearer(site.settings.cloud_id, source.access_token, refused=source.refused)
    async with (
        httpx.AsyncClient(transport=site.transport()) as http,
        ConfluenceClient(auth, http=http, clock=clock) as client,
    ):
        await client.space(str(space.number))
        site.oauth.revoke()
        with pytest.raises(ReauthorizationRequiredError):
            await client.space(str(space.number))


@pytest.mark.parametrize("status", [400, 403, 429, 500])
async def test_odd_answers_leave_the_grant_alone(source, tokens, clock, site, status):
    """No failure of the token endpoint but a dead grant asks the user for anything."""
    site.fail("/oauth/token", status=status, body="<html>blocked</html>", times=None)
    clock.advance(3400)
    assert await source.access_token() == tokens.access_token
    clock.advance(200)
    with pytest.raises(ClientError) as error:
        await source.access_token()
    assert not isinstance(error.value, ReauthorizationRequiredError)
    site.heal()
    await source.access_token()


async def test_tokens_without_a_refresh_token(real_endpoint, store, clock):
    """A grant without a refresh token lasts as long as its access token."""
    source = OAuthTokenSource(ONE, real_endpoint, store, clock=clock)
    now = clock.now()
    await source.adopt(OAuthTokens(access_token="a", obtained_at=now, expires_at=now + timedelta(hours=1)))
    assert await source.access_token() == "a"
    clock.advance(3600)
    with pytest.raises(ReauthorizationRequiredError, match="no refresh token"):
        await source.access_token()


async def test_source_works_without_options(site, tokens):
    """The real clock and no margin given: tokens of an hour are used as they are."""
    async with TokenEndpoint(OAuthApp("id", "secret", CALLBACK)) as endpoint:
        source = OAuthTokenSource(ONE, endpoint, MemoryTokenStore())
        fresh = endpoint._clock.now()
        tokens = attrs.evolve(tokens, obtained_at=fresh, expires_at=fresh + timedelta(hours=1))
        await source.adopt(tokens)
        assert await source.access_token() == tokens.access_token
