"""A callback counts once, for the session that asked, for some minutes, in whatever process it arrives."""

import asyncio
from collections import Counter

import pytest

from confluence_sync.adapters import MemoryStateStore, SQLiteDatabase
from confluence_sync.errors import InvalidCallbackError
from confluence_sync.oauth import PendingAuthorizations
from confluence_sync.protocols import Put

COLLECTION = "oauth pending authorizations"


@pytest.fixture
def state_store(clock):
    return MemoryStateStore(clock)


@pytest.fixture
def pending(state_store, clock):
    return PendingAuthorizations(state_store, clock=clock)


async def kept(store):
    return [document async for _, document in store.scan(COLLECTION)]


async def test_callback_finds_what_it_answers(pending, clock):
    """Workspace, connection and time come back to who has the state and the session."""
    started_at = clock.now()
    state = await pending.begin("workspace", "session", reauthorizes="connection")
    clock.advance(599)
    found = await pending.complete(state, "session")
    assert (found.workspace, found.reauthorizes, found.started_at) == ("workspace", "connection", started_at)


async def test_first_connection_reauthorizes_nothing(pending):
    """Without a connection there is none to come back."""
    assert (await pending.complete(await pending.begin("w", "s"), "s")).reauthorizes is None


async def test_state_cannot_be_guessed(pending):
    """Each state has 256 bits of its own."""
    states = [await pending.begin("w", "s") for _ in range(50)]
    assert len(set(states)) == 50
    assert min(map(len, states)) >= 43  # 256 bits in Base64


async def test_store_knows_digests_only(pending, state_store):
    """Who reads the store can neither answer an authorization nor tell whose session it was."""
    state = await pending.begin("w", "session-id")
    (document,) = await kept(state_store)
    keys = [key async for key, _ in state_store.scan(COLLECTION)]
    assert state not in f"{document!r}{keys}"
    assert "session-id" not in f"{document!r}{keys}"
    other = await pending.begin("w", "session-id")
    assert other != state
    assert (
        len({document.split(b'"session"')[1] for document in await kept(state_store)}) == 2
    )  # nor that it is the same


async def test_state_is_good_once(pending, state_store):
    """A callback that comes again is refused."""
    state = await pending.begin("w", "s")
    await pending.complete(state, "s")
    assert await kept(state_store) == []
    with pytest.raises(InvalidCallbackError, match="used already: connect to begin anew"):
        await pending.complete(state, "s")


@pytest.mark.parametrize("state", ["", "made-up", "ä\ud800"])
async def test_unknown_state(pending, state):
    """A callback that nobody waits for is refused."""
    await pending.begin("w", "s")
    with pytest.raises(InvalidCallbackError, match="nobody waits"):
        await pending.complete(state, "s")


@pytest.mark.parametrize("session", ["", "another", "sessio"])
async def test_another_session(pending, session):
    """Nobody can make somebody else's browser finish an authorization, and the attempt uses it up."""
    state = await pending.begin("w", "session")
    with pytest.raises(InvalidCallbackError, match=r"another session.*consent in one browser"):
        await pending.complete(state, session)
    with pytest.raises(InvalidCallbackError, match="nobody waits"):
        await pending.complete(state, "session")


async def test_expired(pending, clock):
    """Whoever thinks it over for too long begins anew."""
    state = await pending.begin("w", "s")
    clock.advance(600)
    with pytest.raises(InvalidCallbackError, match="longer than 10 minutes"):
        await pending.complete(state, "s")


async def test_what_was_never_answered_is_swept(pending, state_store, clock):
    """Authorizations that users left do not pile up."""
    for _ in range(5):
        await pending.begin("w", "s")
    clock.advance(300)
    await pending.begin("w", "s")
    clock.advance(300)
    await pending.begin("w", "s")
    assert len(await kept(state_store)) == 2


async def test_pending_authorization_of_the_future(pending, state_store):
    """What a newer version of the library keeps is left to it, and keeps nobody from connecting."""
    await state_store.apply([Put("oauth pending authorizations", "digest", b'{"version": 99}')])
    state = await pending.begin("w", "s")
    assert (await pending.complete(state, "s")).workspace == "w"
    assert len(await kept(state_store)) == 1


async def test_two_callbacks_at_once_in_two_processes(tmp_path, clock):
    """Of the same callback in several processes one counts."""
    outcomes = Counter()

    async def complete(store, state):
        try:
            await PendingAuthorizations(store, clock=clock).complete(state, "s")
            outcomes["completed"] += 1
        except InvalidCallbackError:
            outcomes["refused"] += 1

    path = tmp_path / "state.db"
    async with SQLiteDatabase(path, clock=clock) as one, SQLiteDatabase(path, clock=clock) as two:
        for _ in range(10):
            state = await PendingAuthorizations(one.state, clock=clock).begin("w", "s")
            await asyncio.gather(*(complete(database.state, state) for database in (one, two) * 3))
    assert outcomes == {"completed": 10, "refused": 50}


async def test_holder_that_stalls(state_store, clock):
    """A process that hangs in the middle cannot be overtaken: by then the authorization is too old."""
    reached, go_on = asyncio.Event(), asyncio.Event()

    class Stalling(MemoryStateStore):
        async def load(self, collection, key):
            document = await state_store.load(collection, key)
            reached.set()
            await go_on.wait()
            return document

    stalling = Stalling(clock)
    stalling.acquire_lease = state_store.acquire_lease
    state = await PendingAuthorizations(state_store, clock=clock).begin("w", "s")
    slow = asyncio.create_task(PendingAuthorizations(stalling, clock=clock).complete(state, "s"))
    await reached.wait()
    pending = PendingAuthorizations(state_store, clock=clock)
    for seconds, reason in ((0, "nobody waits"), (599, "nobody waits"), (1, "longer than")):
        clock.advance(seconds)
        with pytest.raises(InvalidCallbackError, match=reason):
            await pending.complete(state, "s")
    go_on.set()
    with pytest.raises(InvalidCallbackError, match="longer than"):
        await slow
