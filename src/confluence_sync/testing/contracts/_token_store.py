"""The contract of `TokenStore`."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack

import pytest

from ...models import ConnectionId
from ...protocols import TokenStore
from ._contract import Contract, no_side_door
from ._elsewhere import Report, elsewhere

__all__ = ["TokenStoreContract"]

_ONE = ConnectionId("one")
_OTHER = ConnectionId("other")
_GRACE = 0.3


class TokenStoreContract(Contract):
    """
    Every promise of `TokenStore`.

    Give the fixture `token_store`, an empty store; and, if processes can share it, `open_elsewhere`: a picklable
    function without arguments that opens the same store in another process.
    """

    @pytest.fixture
    def token_store(self) -> TokenStore:
        """Return an empty store."""
        raise NotImplementedError("a test class for a TokenStore gives the fixture `token_store`")

    @pytest.fixture
    def open_elsewhere(self) -> Callable[[], TokenStore]:
        """Return a picklable function that opens the same store in another process."""
        no_side_door("open_elsewhere")

    async def test_there_is_nothing_at_first(self, token_store: TokenStore) -> None:
        """A connection without a secret has None."""
        assert await token_store.load(_ONE) is None, "load: None if there is none"

    @pytest.mark.parametrize("secret", [b"token", b"", bytes(range(256)), b"x" * 65536])
    async def test_a_secret_comes_back(self, token_store: TokenStore, secret: bytes) -> None:
        """Secrets are opaque bytes, also none at all."""
        await token_store.save(_ONE, secret)
        assert await token_store.load(_ONE) == secret, "load: the secret saved last"

    async def test_the_last_secret_counts(self, token_store: TokenStore) -> None:
        """A secret takes the place of the one before."""
        await token_store.save(_ONE, b"a long first secret")
        await token_store.save(_ONE, b"second")
        assert await token_store.load(_ONE) == b"second", "save: in place of the one before"

    async def test_a_deleted_secret_is_gone(self, token_store: TokenStore) -> None:
        """Deleting forgets, and does nothing the second time."""
        await token_store.save(_ONE, b"secret")
        await token_store.delete(_ONE)
        await token_store.delete(_ONE)
        assert await token_store.load(_ONE) is None, "delete: forget a secret"

    async def test_connections_do_not_mix(self, token_store: TokenStore) -> None:
        """Ids are opaque: case, spaces, separators and scripts tell them apart."""
        ids = [ConnectionId(name) for name in ("a", "A", "a ", "a/b", "../a", "a:b", "ä", "%", "a" * 200)]
        for connection_id in ids:
            await token_store.save(connection_id, connection_id.encode())
        await token_store.delete(ids[0])
        found = [await token_store.load(connection_id) for connection_id in ids]
        assert found == [None, *(name.encode() for name in ids[1:])], "each connection has its own secret"

    async def test_the_lock_excludes_tasks(self, token_store: TokenStore) -> None:
        """Of many tasks that rotate a secret, each sees the result of the one before."""
        await token_store.save(_ONE, b"0")
        await asyncio.gather(*(_rotate(token_store) for _ in range(10)))
        assert await token_store.load(_ONE) == b"10", "lock: one holder at a time among tasks"

    async def test_other_connections_are_not_held_up(self, token_store: TokenStore) -> None:
        """The lock of one connection is free while that of another is held."""
        async with token_store.lock(_ONE), asyncio.timeout(30), token_store.lock(_OTHER):
            pass

    async def test_the_store_works_under_and_beside_the_lock(self, token_store: TokenStore) -> None:
        """Loading, saving and deleting need no lock, and do not wait for one."""
        async with token_store.lock(_ONE), asyncio.timeout(30):
            await token_store.save(_ONE, b"secret")
            assert await token_store.load(_ONE) == b"secret", "load is called with and without the lock"
            await token_store.delete(_ONE)

    async def test_an_error_frees_the_lock(self, token_store: TokenStore) -> None:
        """The lock ends with its block, however the block ends."""
        with pytest.raises(ZeroDivisionError):
            async with token_store.lock(_ONE):
                raise ZeroDivisionError
        async with asyncio.timeout(30), token_store.lock(_ONE):
            pass

    async def test_a_cancelled_waiter_leaves_the_lock_alone(self, token_store: TokenStore) -> None:
        """Who gives up waiting neither frees nor takes the lock."""
        async with token_store.lock(_ONE):
            for _ in range(2):
                with pytest.raises(TimeoutError):
                    async with asyncio.timeout(0.05), token_store.lock(_ONE):
                        pytest.fail("lock: one holder at a time, also after a waiter was cancelled")
        async with asyncio.timeout(30), token_store.lock(_ONE):
            pass

    async def test_processes_see_what_was_saved(
        self, token_store: TokenStore, open_elsewhere: Callable[[], TokenStore]
    ) -> None:
        """A secret outlives the process that saved it, and all processes see the last one."""
        await token_store.save(_ONE, b"0")
        async with elsewhere(_rotate_elsewhere, open_elsewhere, 1) as other:
            await other.report()
            await other.kill()
        assert await token_store.load(_ONE) == b"1", "save: on return it survives the death of the process"

    async def test_the_lock_excludes_processes(
        self, token_store: TokenStore, open_elsewhere: Callable[[], TokenStore]
    ) -> None:
        """Of two processes that rotate a secret, none overwrites what the other did."""
        await token_store.save(_ONE, b"0")
        async with (
            elsewhere(_rotate_elsewhere, open_elsewhere, 20) as first,
            elsewhere(_rotate_elsewhere, open_elsewhere, 20) as second,
        ):
            await first.report()
            await second.report()
        assert await token_store.load(_ONE) == b"40", "lock: one holder at a time among processes"

    async def test_a_process_waits_for_the_lock(
        self, token_store: TokenStore, open_elsewhere: Callable[[], TokenStore]
    ) -> None:
        """Another process gets the lock when it is free, not before."""
        async with AsyncExitStack() as processes:
            async with token_store.lock(_ONE):
                other = await processes.enter_async_context(elsewhere(_hold_elsewhere, open_elsewhere))
                assert await other.report() == "waiting"
                assert not await other.has_reported(_GRACE), "lock: held alone among processes"
            assert await other.report() == "held", "lock: waits until free"

    async def test_the_death_of_the_holder_frees_the_lock(
        self, token_store: TokenStore, open_elsewhere: Callable[[], TokenStore]
    ) -> None:
        """A process that is killed while it holds the lock holds nobody up."""
        async with elsewhere(_hold_elsewhere, open_elsewhere) as other:
            assert [await other.report(), await other.report()] == ["waiting", "held"]
            await other.kill()
            async with asyncio.timeout(30), token_store.lock(_ONE):
                pass


async def _rotate(store: TokenStore) -> None:
    """Use up a secret as a refresh does: read it, go away for a while, save the next one."""
    async with store.lock(_ONE):
        secret = await store.load(_ONE)
        await asyncio.sleep(0.002)
        await store.save(_ONE, str(int(secret or b"0") + 1).encode())


async def _rotate_elsewhere(report: Report, open_store: Callable[[], TokenStore], times: int) -> None:
    store = open_store()
    for _ in range(times):
        await _rotate(store)
    report("done")
    await asyncio.Event().wait()  # until killed: what was saved does not need a proper end


async def _hold_elsewhere(report: Report, open_store: Callable[[], TokenStore]) -> None:
    store = open_store()
    report("waiting")
    async with store.lock(_ONE):
        report("held")
        await asyncio.Event().wait()
