"""Several processes, or several users, do something about one workspace at the same time."""

import asyncio

import httpx
import pytest
from sync_world import ACME, SESSION, mapping

from confluence_sync.adapters import MemoryStateStore
from confluence_sync.connections import ConnectionRegistry, MappingRegistry, SavedMappings
from confluence_sync.errors import AuthenticationError, ConnectionStateError, InvalidCallbackError, StorageError
from confluence_sync.models import Space
from confluence_sync.sync._host import Host
from confluence_sync.testing.fake_site import FakeConsent, FakeUser


class Interrupted(httpx.AsyncBaseTransport):
    """Something happens, once, before the answer to a request to a path comes."""

    def __init__(self, inner, path, deed) -> None:
        self.inner, self.path, self.deed = inner, path, deed

    async def handle_async_request(self, request):
        if self.path in request.url.path and (deed := self.deed):
            self.deed = None
            await deed()
        return await self.inner.handle_async_request(request)


def meanwhile(world, path, deed):
    """A process that is interrupted in the middle of a call."""
    http = httpx.AsyncClient(transport=Interrupted(world.site.transport(), path, deed))
    return world.process(http=http)


async def test_one_of_many_connects(world):
    """However many try, there is one connection and one secret; the others are told."""
    outcomes = await asyncio.gather(*(world.connect_by_token() for _ in range(6)), return_exceptions=True)
    assert len([outcome for outcome in outcomes if isinstance(outcome, ConnectionStateError)]) == 5
    assert len(await world.sync.connections()) == len(world.tokens._secrets) == 1


async def test_connected_by_somebody_else_during_the_exchange(world):
    """The first goes before; the tokens of the second are kept nowhere."""
    sync = meanwhile(world, "/oauth/token", world.connect_by_token)
    url = await world.sync.authorize(ACME, session=SESSION)
    with pytest.raises(ConnectionStateError, match="already"):
        await world.consent(url, sync=sync)
    (secret,) = world.tokens._secrets.values()
    assert b"api-token-1" in secret
    assert await world.status() == "active"


async def test_deleted_during_the_exchange(world):
    """Nothing is left of either."""
    sync = meanwhile(world, "/oauth/token", lambda: world.sync.delete(ACME))
    url = await world.sync.authorize(ACME, session=SESSION)
    with pytest.raises(ConnectionStateError, match="deleted while it was made"):
        await world.consent(url, sync=sync)
    assert world.kept() == {}
    assert world.tokens._secrets == {}


async def test_begun_anew_during_the_exchange(world):
    """Tokens are kept under the name of the consent that they came with, or nowhere."""

    async def begin_anew():
        await world.sync.delete(ACME)
        await world.consent(await world.sync.authorize(ACME, session="session-2"), session="session-2")

    sync = meanwhile(world, "/oauth/token", begin_anew)
    url = await world.sync.authorize(ACME, session=SESSION)
    with pytest.raises(ConnectionStateError, match="deleted while it was made"):
        await world.consent(url, sync=sync)
    assert list(world.tokens._secrets) == [(await world.sync.connection(ACME)).id]


async def test_deleted_while_a_site_is_chosen(world):
    """There is no connection to choose it for any more."""
    await world.consent(await world.sync.authorize(ACME, session=SESSION))
    sync = meanwhile(world, "/users-bulk", lambda: world.sync.delete(ACME))
    with pytest.raises(ConnectionStateError, match="deleted while its site was chosen"):
        await sync.choose_site(ACME, world.site.settings.cloud_id)
    assert world.kept() == {}


async def test_two_choose_a_site(world):
    """The first choice counts."""
    await world.consent(await world.sync.authorize(ACME, session=SESSION))
    sync = meanwhile(world, "/users-bulk", lambda: world.sync.choose_site(ACME, world.site.settings.cloud_id))
    with pytest.raises(ConnectionStateError, match="connected to Docs already"):
        await sync.choose_site(ACME, world.other.settings.cloud_id)
    assert (await world.sync.connection(ACME)).site_name == "Docs"


async def test_somebody_else_consents_while_a_site_is_chosen(world):
    """What was tried with one user's tokens is not said of another's: the choice is made again."""
    await world.consent(await world.sync.authorize(ACME, session=SESSION))

    async def other_user_consents():
        world.later(seconds=1)
        world.site.oauth.consent = FakeConsent(
            user=FakeUser(account_id="557058:somebody-else", display_name="Somebody else")
        )
        await world.consent(await world.sync.authorize(ACME, session="session-2"), session="session-2")

    sync = meanwhile(world, "/users-bulk", other_user_consents)
    with pytest.raises(ConnectionStateError, match="look at the sites again"):
        await sync.choose_site(ACME, world.site.settings.cloud_id)
    connection = await sync.choose_site(ACME, world.site.settings.cloud_id)
    assert connection.account_name == "Somebody else"


async def test_deleted_while_it_is_reauthorized(world):
    """The new tokens are kept nowhere."""
    await world.connect()
    url = await world.sync.reauthorize(ACME, session=SESSION)
    sync = meanwhile(world, "/users-bulk", lambda: world.sync.delete(ACME))
    with pytest.raises(InvalidCallbackError, match="deleted meanwhile"):
        await world.consent(url, sync=sync)
    assert world.tokens._secrets == {}


async def test_deleted_during_a_refresh(world):
    """The refresh is finished first, so that what it saves goes as well."""
    await world.connect()
    world.later(hours=2)
    deletions = []

    async def delete():
        deletions.append(asyncio.create_task(world.sync.delete(ACME)))
        for _ in range(100):
            await asyncio.sleep(0)

    await meanwhile(world, "/oauth/token", delete).sites(ACME)
    await asyncio.gather(*deletions)
    assert (world.kept(), world.tokens._secrets) == ({}, {})


async def test_reauthorized_while_it_is_deleted(world, monkeypatch):
    """Tokens that come after the secret was removed are removed, too."""
    await world.connect()
    url = await world.sync.reauthorize(ACME, session=SESSION)
    forget = Host.forget_secret

    async def forget_too_early(host, connection_id):
        await forget(host, connection_id)
        await world.consent(url, sync=world.process())

    monkeypatch.setattr(Host, "forget_secret", forget_too_early)
    await world.sync.delete(ACME)
    assert (world.kept(), world.tokens._secrets) == ({}, {})


async def test_loss_that_was_found_out_before_access_was_given_again(world):
    """What an old client has to say of old tokens does not concern a connection with new ones."""
    docs = world.space()
    await world.connect()
    await world.map(docs)
    pages = f"/spaces/{docs.id}/pages"
    world.site.fail(pages, status=401, body='{"code": 401, "message": "Unauthorized"}', times=None)

    async def reauthorized():
        world.later(minutes=1)
        await world.consent(await world.sync.reauthorize(ACME, session=SESSION), sync=world.process())

    sync = meanwhile(world, pages, reauthorized)
    async with sync.sync_now(ACME) as run:
        report = await run.wait()
    assert isinstance(report.error, AuthenticationError)
    assert await world.status() == "active"


async def test_connected_anew_while_it_is_disabled(world, monkeypatch):
    """What is disabled is the connection that is there, whichever that is by then."""
    await world.connect_by_token()
    change = ConnectionRegistry.change

    async def change_late(registry, *what):
        monkeypatch.setattr(ConnectionRegistry, "change", change)
        await world.sync.delete(ACME)
        await world.connect_by_token()
        return await change(registry, *what)

    monkeypatch.setattr(ConnectionRegistry, "change", change_late)
    disabled = await world.process().disable(ACME)
    assert disabled.status == await world.status() == "disabled"


async def test_disabled_while_a_run_finds_out_that_access_is_gone(world):
    """It stays disabled, and waits for its user once it is enabled."""
    docs = world.space()
    await world.connect()
    await world.map(docs)
    pages = f"/spaces/{docs.id}/pages"
    world.site.fail(pages, status=401, body='{"code": 401, "message": "Unauthorized"}', times=None)
    async with meanwhile(world, pages, lambda: world.sync.disable(ACME)).sync_now(ACME) as run:
        assert isinstance((await run.wait()).error, AuthenticationError)
    assert await world.status() == "disabled"
    assert (await world.sync.enable(ACME)).status == "reauthorization_required"


async def test_workspace_that_is_kept_for_too_long(world, monkeypatch):
    """Whoever waits is told in the end."""
    monkeypatch.setattr("confluence_sync.connections._exclusive._LONGEST_WAIT", 0.05)
    registry = ConnectionRegistry(world.state)
    async with registry.exclusively(ACME):
        with pytest.raises(StorageError, match="held by somebody else"):
            await world.connect_by_token()


async def test_workspace_is_kept_as_long_as_it_takes(monkeypatch):
    """Longer than a lease lasts, since adopting tokens waits for a refresh of another process."""
    monkeypatch.setattr("confluence_sync.connections._exclusive._LEASE", 0.06)
    registry = ConnectionRegistry(state := MemoryStateStore())
    async with registry.exclusively(ACME):
        for _ in range(10):
            await asyncio.sleep(0.02)
            assert not await state.acquire_lease(f"connection/{ACME}", "somebody else", seconds=1)
    assert await state.acquire_lease(f"connection/{ACME}", "somebody else", seconds=1)


async def test_caller_who_leaves_while_a_workspace_is_taken(monkeypatch):
    """Does not leave the lease behind that it got at that moment."""
    registry = ConnectionRegistry(state := MemoryStateStore())
    acquire, acquired = state.acquire_lease, asyncio.Event()

    async def acquire_slowly(*lease, **details):
        await acquire(*lease, **details)
        acquired.set()
        await asyncio.Event().wait()

    monkeypatch.setattr(state, "acquire_lease", acquire_slowly)
    task = asyncio.create_task(registry.exclusively(ACME).__aenter__())
    await acquired.wait()
    task.cancel()
    await asyncio.wait([task])
    assert await acquire(f"connection/{ACME}", "somebody else", seconds=1)


async def test_deletion_needs_no_mappings_that_make_sense(world):
    """Whatever an older version let pass, a connection can be deleted."""
    docs = world.space()
    connection = await world.connect()
    odd = SavedMappings(mappings=(mapping(docs, "con"),), spaces=(Space(id=docs.id, key="DOCS", name="Docs"),))
    await MappingRegistry(world.state).put(connection.id, odd)
    assert (await world.sync.delete(ACME)).folders == ("con",)
