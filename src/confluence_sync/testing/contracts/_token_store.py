"""The contract of `TokenStore`."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack
from typing import Any

import pytest

from ...errors import StorageError
from ...models import ConnectionId
from ...protocols import TokenStore
from ._contract import Contract, no_side_door
from ._dying import at_every_death
from ._elsewhere import Report, elsewhere
from ._promises import Promise, keeps

__all__ = ["TokenStoreContract", "TokenStorePromise"]

_ONE = ConnectionId("one")
_OTHER = ConnectionId("other")
_GRACE = 0.3


class TokenStorePromise(Promise):
    """What a `TokenStore` promises."""

    EMPTY_AT_FIRST = "empty-at-first", "A connection without a secret has None."
    BYTES = "bytes", "A secret comes back byte for byte, also one of no bytes."
    LAST_COUNTS = "last-counts", "A secret takes the place of the one before."
    DELETED_IS_GONE = "deleted-is-gone", "A deleted secret is gone; deleting none does nothing."
    CONNECTIONS_APART = "connections-apart", "Ids are opaque; each connection has a secret of its own."
    REACHES_BACKEND = "reaches-backend", "A saved secret is in the backend when the call returns."
    FRESH = "fresh", "What others saved is seen by the next call."
    LOCK_AMONG_TASKS = "lock-among-tasks", "One task at a time holds the lock of a connection."
    LOCK_PER_CONNECTION = "lock-per-connection", "The lock of one connection does not hold up another."
    LOCK_GUARDS_NO_CALL = "lock-guards-no-call", "Loading, saving and deleting neither need the lock nor wait for it."
    LOCK_ENDS = "lock-ends", "The lock ends with its block, however the block ends."
    LOCK_CANCELLED = "lock-cancelled", "Who gives up waiting for the lock neither takes nor frees it."
    DURABLE = "durable", "A saved secret survives the death of the process, and all processes see it."
    LOCK_AMONG_PROCESSES = "lock-among-processes", "One process at a time holds the lock; others wait until it is free."
    LOCK_FREED_BY_DEATH = "lock-freed-by-death", "The death of the holder frees the lock."
    ATOMIC = "atomic", "If the backend dies in the middle, the old secret or the new one is there, whole."
    FAILURES_TOLD = "failures-told", "What the backend refuses is a `StorageError`."
    DISCREET = "discreet", "No `repr` and no error shows a secret."


class TokenStoreContract(Contract):
    """
    Every promise of `TokenStore`.

    Give the fixture `token_store`, an empty store; the side doors `raw_save` and `raw_load`, which do the same
    without the adapter; `break_writes`, after which the backend refuses to save; `open_dying`, the same store over a
    backend that dies; and, if processes can share it, `open_elsewhere`: a picklable function without arguments that
    opens the same store in another process.
    """

    @pytest.fixture
    def token_store(self) -> TokenStore:
        """Return an empty store."""
        raise NotImplementedError("a test class for a TokenStore gives the fixture `token_store`")

    @pytest.fixture
    def open_elsewhere(self) -> Callable[[], TokenStore]:
        """Return a picklable function that opens the same store in another process."""
        no_side_door("open_elsewhere")

    async def raw_save(self, token_store: Any, connection_id: ConnectionId, secret: bytes) -> None:  # noqa: ARG002 - for adapters
        """Put a secret into the backend without the adapter."""
        no_side_door("raw_save")

    async def raw_load(self, token_store: Any, connection_id: ConnectionId) -> bytes:  # noqa: ARG002 - for adapters
        """Return a secret of the backend without the adapter."""
        no_side_door("raw_load")

    async def break_writes(self, token_store: Any) -> None:  # noqa: ARG002 - for adapters
        """Let the backend refuse to save from now on."""
        no_side_door("break_writes")

    async def open_dying(self, token_store: Any, calls: int) -> TokenStore:  # noqa: ARG002 - for adapters
        """Return another store over the same backend, which fails at the `calls`-th call (from 1) and ever after."""
        no_side_door("open_dying")

    @keeps(TokenStorePromise.EMPTY_AT_FIRST)
    async def test_there_is_nothing_at_first(self, token_store: TokenStore) -> None:
        """A connection without a secret has None."""
        assert await token_store.load(_ONE) is None, "load: None if there is none"

    @pytest.mark.parametrize("secret", [b"token", b"", bytes(range(256)), b"x" * 65536])
    @keeps(TokenStorePromise.BYTES)
    async def test_a_secret_comes_back(self, token_store: TokenStore, secret: bytes) -> None:
        """Secrets are opaque bytes, also none at all."""
        await token_store.save(_ONE, secret)
        assert await token_store.load(_ONE) == secret, "load: the secret saved last"

    @keeps(TokenStorePromise.LAST_COUNTS)
    async def test_the_last_secret_counts(self, token_store: TokenStore) -> None:
        """A secret takes the place of the one before."""
        await token_store.save(_ONE, b"a long first secret")
        await token_store.save(_ONE, b"second")
        assert await token_store.load(_ONE) == b"second", "save: in place of the one before"

    @keeps(TokenStorePromise.DELETED_IS_GONE)
    async def test_a_deleted_secret_is_gone(self, token_store: TokenStore) -> None:
        """Deleting forgets, and does nothing the second time."""
        await token_store.save(_ONE, b"secret")
        await token_store.delete(_ONE)
        await token_store.delete(_ONE)
        assert await token_store.load(_ONE) is None, "delete: forget a secret"

    @keeps(TokenStorePromise.CONNECTIONS_APART)
    async def test_connections_do_not_mix(self, token_store: TokenStore) -> None:
        """Ids are opaque: case, spaces, separators and scripts tell them apart."""
        ids = [ConnectionId(name) for name in ("a", "A", "a ", "a/b", "../a", "a:b", "ä", "%", "a" * 200)]
        for connection_id in ids:
            await token_store.save(connection_id, connection_id.encode())
        await token_store.delete(ids[0])
        found = [await token_store.load(connection_id) for connection_id in ids]
        assert found == [None, *(name.encode() for name in ids[1:])], "each connection has its own secret"

    @keeps(TokenStorePromise.REACHES_BACKEND)
    async def test_saving_reaches_the_backend(self, token_store: TokenStore) -> None:
        """What is saved is there for others, under its connection."""
        await token_store.save(_ONE, b"secret")
        assert await self.raw_load(token_store, _ONE) == b"secret", "save: keep a secret"

    @keeps(TokenStorePromise.FRESH)
    async def test_loading_asks_the_backend(self, token_store: TokenStore) -> None:
        """A secret that another process rotated is seen at once: the one before is worth nothing."""
        for secret in (b"first", b"the second"):
            await self.raw_save(token_store, _ONE, secret)
            assert await token_store.load(_ONE) == secret, "load: the secret saved last by any process"

    @keeps(TokenStorePromise.FAILURES_TOLD)
    async def test_a_failure_is_told(self, token_store: TokenStore) -> None:
        """A rotated secret that is not saved is a lost connection: nothing may pass it over in silence."""
        await self.break_writes(token_store)
        with pytest.raises(StorageError):
            await token_store.save(_ONE, b"secret")

    @keeps(TokenStorePromise.DISCREET)
    async def test_a_secret_is_not_shown(self, token_store: TokenStore) -> None:
        """Neither the store nor what it raises shows what it keeps."""
        await token_store.save(_ONE, b"hunter2-first")
        assert "hunter2" not in repr(token_store), "no `repr` shows a secret"
        await self.break_writes(token_store)
        with pytest.raises(StorageError) as caught:
            await token_store.save(_ONE, b"hunter2-second")
        assert "hunter2" not in repr(caught.value), "no error shows a secret"

    @keeps(TokenStorePromise.ATOMIC)
    async def test_a_backend_that_dies_leaves_a_whole_secret(self, token_store: TokenStore) -> None:
        """Wherever it dies, the old secret or the new one is there; saving again mends it."""
        old, new = b"old" * 100, b"new" * 1000
        async for death in at_every_death():
            await token_store.save(_ONE, old)
            dying = await self.open_dying(token_store, death.calls)
            async with death:
                await dying.save(_ONE, new)
            found = await token_store.load(_ONE)
            assert found in death.either(old, new), f"save: the old secret or the new one, {death}"
            await token_store.save(_ONE, new)
            assert await token_store.load(_ONE) == new, f"save: may be repeated, {death}"

    @keeps(TokenStorePromise.LOCK_AMONG_TASKS)
    async def test_the_lock_excludes_tasks(self, token_store: TokenStore) -> None:
        """Of many tasks that rotate a secret, each sees the result of the one before."""
        await token_store.save(_ONE, b"0")
        async with asyncio.timeout(self.patience):
            await asyncio.gather(*(_rotate(token_store) for _ in range(10)))
        assert await token_store.load(_ONE) == b"10", "lock: one holder at a time among tasks"

    @keeps(TokenStorePromise.LOCK_PER_CONNECTION)
    async def test_other_connections_are_not_held_up(self, token_store: TokenStore) -> None:
        """The lock of one connection is free while that of another is held."""
        async with token_store.lock(_ONE), asyncio.timeout(self.patience), token_store.lock(_OTHER):
            pass

    @keeps(TokenStorePromise.LOCK_GUARDS_NO_CALL)
    async def test_the_store_works_under_and_beside_the_lock(self, token_store: TokenStore) -> None:
        """Loading, saving and deleting need no lock, and do not wait for one."""
        async with token_store.lock(_ONE), asyncio.timeout(self.patience):
            await token_store.save(_ONE, b"secret")
            assert await token_store.load(_ONE) == b"secret", "load is called with and without the lock"
            await token_store.delete(_ONE)

    @keeps(TokenStorePromise.LOCK_ENDS)
    async def test_an_error_frees_the_lock(self, token_store: TokenStore) -> None:
        """The lock ends with its block, however the block ends."""
        with pytest.raises(ZeroDivisionError):
            async with token_store.lock(_ONE):
                raise ZeroDivisionError
        async with asyncio.timeout(self.patience), token_store.lock(_ONE):
            pass

    @keeps(TokenStorePromise.LOCK_CANCELLED)
    async def test_a_cancelled_waiter_leaves_the_lock_alone(self, token_store: TokenStore) -> None:
        """Who gives up waiting neither frees nor takes the lock."""
        async with token_store.lock(_ONE):
            for _ in range(2):
                with pytest.raises(TimeoutError):
                    async with asyncio.timeout(0.05), token_store.lock(_ONE):
                        pytest.fail("lock: one holder at a time, also after a waiter was cancelled")
        async with asyncio.timeout(self.patience), token_store.lock(_ONE):
            pass

    @keeps(TokenStorePromise.DURABLE)
    async def test_processes_see_what_was_saved(
        self, token_store: TokenStore, open_elsewhere: Callable[[], TokenStore]
    ) -> None:
        """A secret outlives the process that saved it, and all processes see the last one."""
        await token_store.save(_ONE, b"0")
        async with elsewhere(_rotate_elsewhere, open_elsewhere, 1) as other:
            await other.report()
            await other.kill()
        assert await token_store.load(_ONE) == b"1", "save: on return it survives the death of the process"

    @keeps(TokenStorePromise.LOCK_AMONG_PROCESSES)
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

    @keeps(TokenStorePromise.LOCK_AMONG_PROCESSES)
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

    @keeps(TokenStorePromise.LOCK_FREED_BY_DEATH)
    async def test_the_death_of_the_holder_frees_the_lock(
        self, token_store: TokenStore, open_elsewhere: Callable[[], TokenStore]
    ) -> None:
        """A process that is killed while it holds the lock holds nobody up."""
        async with elsewhere(_hold_elsewhere, open_elsewhere) as other:
            assert [await other.report(), await other.report()] == ["waiting", "held"]
            await other.kill()
            async with asyncio.timeout(self.patience), token_store.lock(_ONE):
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
