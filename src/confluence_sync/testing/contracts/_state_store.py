"""The contract of `StateStore`."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from contextlib import suppress
from itertools import count
from typing import Any, cast

import pytest

from ...errors import StorageError
from ...protocols import Change, Clear, Put, Remove, StateStore
from ._contract import Contract, no_side_door
from ._dying import at_every_death
from ._elsewhere import Report, elsewhere
from ._machines import StateStoreMachine, run_machine
from ._promises import Promise, keeps

__all__ = ["StateStoreContract", "StateStorePromise"]

# UTF-16 would put the emoji before U+FFEE; code points do not.
_ODD_KEYS = ["", "a", "A", "a/b", "ä", "a\u0308", "%_", "'; --", "\uffee", "\U0001f600", "x" * 512]
_ODD_KEYS = sorted(key for key in _ODD_KEYS if key)
_BATCH = 50
_LEASES = [f"{number:03}" for number in range(200)]


class StateStorePromise(Promise):
    """What a `StateStore` promises."""

    EMPTY_AT_FIRST = "empty-at-first", "Collections need no creation; one that nobody wrote to is empty."
    BYTES = "bytes", "A document comes back byte for byte, whether it has none or some megabytes."
    KEYS_APART = "keys-apart", "Keys are opaque: case, script, normal form and length tell them apart."
    COLLECTIONS_APART = "collections-apart", "The same key is another document in another collection."
    SCAN_ORDER = "scan-order", "A scan is in code-point order of key."
    SCAN_COMPLETE = "scan-complete", "A scan has every document once, and `load_many` takes a thousand keys."
    SCAN_STANDS_CHANGES = "scan-stands-changes", "What is not changed during a scan is seen, once."
    SCAN_HOLDS_NOTHING_UP = "scan-holds-nothing-up", "A scan that is left in the middle stands in nobody's way."
    REACHES_BACKEND = "reaches-backend", "A change is in the backend when the call returns."
    FRESH = "fresh", "What others changed is seen by the next call."
    IN_ORDER = "in-order", "Changes are made in the order in which they are given."
    NOTHING_TO_DO = "nothing-to-do", "No changes, no keys, and removing what is not there are fine."
    ISOLATED = "isolated", "No reader sees a part of the changes of one call."
    ALL_OR_NONE = "all-or-none", "One change that cannot be made undoes those before it; so does a backend that dies."
    DURABLE = "durable", "Changes survive the death of the process once the call has returned, whole batches only."
    LIKE_A_DICT = "like-a-dict", "Whatever is changed, the store has what dicts would have."
    LEASE_HAS_ONE_HOLDER = "lease-has-one-holder", "A lease that is held is refused to others; its holder may renew it."
    LEASE_GIVEN_BACK = "lease-given-back", "Its holder can give a lease back, and nobody else."
    LEASE_EXPIRES = "lease-expires", "A lease ends so many seconds after it was taken or renewed last, not before."
    LEASE_AMONG_TASKS = "lease-among-tasks", "Of many tasks that ask at once exactly one gets a lease."
    LEASE_AMONG_PROCESSES = "lease-among-processes", "The same of processes; a lease outlives its holder's death."
    FAILURES_TOLD = "failures-told", "What the backend refuses is a `StorageError`."


class StateStoreContract(Contract):
    """
    Every promise of `StateStore`.

    Give the fixture `state_store`, an empty store; the side doors `raw_put` and `raw_load`, which do the same without
    the adapter; `break_writes`, after which the backend refuses to write; `open_dying`, the same store over a backend
    that dies; if its clock can be turned, `advance`; and if processes can share it, `open_elsewhere`: a picklable
    function without arguments that opens the same store in another process.
    """

    @pytest.fixture
    def state_store(self) -> StateStore:
        """Return an empty store."""
        raise NotImplementedError("a test class for a StateStore gives the fixture `state_store`")

    @pytest.fixture
    def advance(self) -> Callable[[float], None]:
        """Return a function that lets seconds pass on the clock of the store."""
        no_side_door("advance")

    @pytest.fixture
    def open_elsewhere(self) -> Callable[[], StateStore]:
        """Return a picklable function that opens the same store in another process."""
        no_side_door("open_elsewhere")

    async def raw_put(self, state_store: Any, collection: str, key: str, data: bytes) -> None:  # noqa: ARG002 - for adapters
        """Put a document into the backend without the adapter."""
        no_side_door("raw_put")

    async def raw_load(self, state_store: Any, collection: str, key: str) -> bytes:  # noqa: ARG002 - for adapters
        """Return a document of the backend without the adapter."""
        no_side_door("raw_load")

    async def break_writes(self, state_store: Any) -> None:  # noqa: ARG002 - for adapters
        """Let the backend refuse to write from now on."""
        no_side_door("break_writes")

    async def open_dying(self, state_store: Any, calls: int) -> StateStore:  # noqa: ARG002 - for adapters
        """Return another store over the same backend, which fails at the `calls`-th call (from 1) and ever after."""
        no_side_door("open_dying")

    @keeps(StateStorePromise.EMPTY_AT_FIRST)
    async def test_there_is_nothing_at_first(self, state_store: StateStore) -> None:
        """A collection that nobody wrote to is empty, and no error."""
        assert await state_store.load("pages", "1") is None, "load: None if there is none"
        assert await state_store.load_many("pages", ["1", "2"]) == {}, "load_many: those that exist"
        assert await _scan(state_store, "pages") == [], "scan: collections need no creation"

    @pytest.mark.parametrize("data", [b"document", b"", bytes(range(256)), b"x" * 3_000_000])
    @keeps(StateStorePromise.BYTES)
    async def test_a_document_comes_back(self, state_store: StateStore, data: bytes) -> None:
        """Documents are opaque bytes, none or some megabytes."""
        await state_store.apply([Put("pages", "1", data)])
        assert await state_store.load("pages", "1") == data, "load: the document that was put"
        assert await state_store.load_many("pages", ["1"]) == {"1": data}, "load_many: the document that was put"
        assert await _scan(state_store, "pages") == [("1", data)], "scan: the document that was put"

    @keeps(StateStorePromise.KEYS_APART)
    async def test_keys_are_opaque(self, state_store: StateStore) -> None:
        """Case, script, normal form and length tell keys apart."""
        documents = {key: key.encode() for key in _ODD_KEYS}
        await state_store.apply([Put("pages", key, data) for key, data in documents.items()])
        many = await state_store.load_many("pages", [*_ODD_KEYS, "missing"])
        assert many == documents, "load_many: those that exist, by key"
        assert {key: await state_store.load("pages", key) for key in _ODD_KEYS} == documents, "load: by key"
        assert dict(await _scan(state_store, "pages")) == documents, "scan: all pairs"

    @keeps(StateStorePromise.SCAN_ORDER)
    async def test_a_scan_is_in_code_point_order(self, state_store: StateStore) -> None:
        """The order is that of code points: not of UTF-16, of a language, or of writing."""
        await state_store.apply([Put("pages", key, b"x") for key in reversed(_ODD_KEYS)])
        found = [key for key, _ in await _scan(state_store, "pages")]
        assert found == sorted(found), "scan: in code-point order of key"

    @keeps(StateStorePromise.COLLECTIONS_APART)
    async def test_collections_do_not_mix(self, state_store: StateStore) -> None:
        """The same key is another document in another collection."""
        await state_store.apply([Put(name, "1", name.encode()) for name in _ODD_KEYS])
        await state_store.apply([Clear(_ODD_KEYS[0])])
        found = [await state_store.load(name, "1") for name in _ODD_KEYS]
        assert found == [None, *(name.encode() for name in _ODD_KEYS[1:])], "each collection is on its own"

    @keeps(StateStorePromise.IN_ORDER)
    async def test_changes_are_made_in_order(self, state_store: StateStore) -> None:
        """Of several changes to one key the last one counts."""
        await state_store.apply([Put("pages", "1", b"old"), Put("pages", "2", b"old")])
        await state_store.apply(
            [
                Remove("pages", "1"),
                Put("pages", "1", b"a"),
                Clear("pages"),
                Put("pages", "3", b"b"),
                Put("pages", "3", b"c"),
            ]
        )
        assert await _scan(state_store, "pages") == [("3", b"c")], "apply: all changes, in order"

    @keeps(StateStorePromise.NOTHING_TO_DO)
    async def test_no_changes_are_fine(self, state_store: StateStore) -> None:
        """Nothing happens if there is nothing to change, remove or clear."""
        await state_store.apply([])
        await state_store.apply([Remove("pages", "1"), Clear("pages")])
        assert await state_store.load_many("pages", []) == {}, "load_many: no keys, no documents"

    @keeps(StateStorePromise.SCAN_COMPLETE)
    async def test_many_documents(self, state_store: StateStore) -> None:
        """A scan has every document once, and a thousand come at once."""
        documents = {f"{number:05}": str(number).encode() * 20 for number in range(5000)}
        await state_store.apply([Put("pages", key, data) for key, data in documents.items()])
        assert await _scan(state_store, "pages") == list(documents.items()), "scan: every document once, in order"
        keys = list(documents)[:1000]
        assert list((await state_store.load_many("pages", keys)).keys() ^ keys) == [], (
            "load_many: up to 1,000 documents"
        )

    @keeps(StateStorePromise.SCAN_STANDS_CHANGES)
    async def test_a_scan_stands_changes(self, state_store: StateStore) -> None:
        """What is changed during a scan may or may not be seen; everything else is seen once."""
        keys = [f"{number:05}" for number in range(3000)]
        await state_store.apply([Put("pages", key, b"x") for key in keys])
        seen: list[str] = []
        async for key, _ in state_store.scan("pages"):
            if not seen:
                async with asyncio.timeout(self.patience):
                    await state_store.apply([Remove("pages", "02500"), Put("pages", "00000a", b"new")])
            seen.append(key)
        kept = [key for key in seen if key not in {"02500", "00000a"}]
        assert kept == [key for key in keys if key != "02500"], "scan: what is not changed is seen once, in order"

    @keeps(StateStorePromise.SCAN_HOLDS_NOTHING_UP)
    async def test_an_abandoned_scan_holds_nothing_up(self, state_store: StateStore) -> None:
        """A scan that is left in the middle stands in nobody's way."""
        await state_store.apply([Put("pages", str(number), b"x" * 1000) for number in range(3000)])
        scan = state_store.scan("pages")
        await anext(scan)
        async with asyncio.timeout(self.patience):
            await state_store.apply([Clear("pages")])
        assert await _scan(state_store, "pages") == [], "scan: changes go on meanwhile"

    @keeps(StateStorePromise.ISOLATED)
    async def test_no_reader_sees_a_part(self, state_store: StateStore) -> None:
        """Documents that change together are seen together."""
        keys = ["left", "right"]
        await state_store.apply([Put("pages", key, b"0") for key in keys])
        writing = asyncio.create_task(_count_up(state_store, keys, range(1, 100)))
        while not writing.done():
            found = await state_store.load_many("pages", keys)
            assert len(set(found.values())) == 1, f"apply: no reader sees a part of the changes, but saw {found}"
            await asyncio.sleep(0)
        await writing

    @keeps(StateStorePromise.ALL_OR_NONE)
    async def test_all_changes_or_none(self, state_store: StateStore) -> None:
        """One change that cannot be made undoes those before it."""
        unwritable = cast("bytes", object())
        with suppress(Exception):
            await state_store.apply([Put("pages", "1", b"x"), Put("pages", "2", unwritable)])
            pytest.skip("this store keeps anything")
        assert await state_store.load("pages", "1") is None, "apply: all changes or none of them"

    @keeps(StateStorePromise.ALL_OR_NONE)
    async def test_a_backend_that_dies_leaves_all_or_none(self, state_store: StateStore) -> None:
        """Wherever it dies, all changes are made or none; making them again mends it."""
        old = {"1": b"old", "2": b"old", "3": b"old"}
        new = {"1": b"new", "3": b"old", "4": b"new" * 1000}
        async for death in at_every_death():
            await state_store.apply([Clear("pages")])
            await state_store.apply([Put("pages", key, data) for key, data in old.items()])
            changes: list[Change] = [Put("pages", "1", new["1"]), Remove("pages", "2"), Put("pages", "4", new["4"])]
            dying = await self.open_dying(state_store, death.calls)
            async with death:
                await dying.apply(changes)
            found = dict(await _scan(state_store, "pages"))
            assert found in death.either(old, new), f"apply: all changes or none of them, {death}"
            await state_store.apply(changes)
            assert dict(await _scan(state_store, "pages")) == new, f"apply: may be repeated, {death}"

    @keeps(StateStorePromise.LIKE_A_DICT)
    async def test_like_a_dict(self, state_store: StateStore) -> None:
        """A state machine makes changes of all kinds; after each step the store has what dicts would have."""
        await run_machine(StateStoreMachine, state_store, self.histories)

    @keeps(StateStorePromise.REACHES_BACKEND)
    async def test_a_change_reaches_the_backend(self, state_store: StateStore) -> None:
        """What is put is there for others."""
        await state_store.apply([Put("pages", "1", b"document")])
        assert await self.raw_load(state_store, "pages", "1") == b"document", "apply: create one document"

    @keeps(StateStorePromise.FRESH)
    async def test_loading_asks_the_backend(self, state_store: StateStore) -> None:
        """What others change is seen, at the first time and later."""
        for data in (b"first", b"the second"):
            await self.raw_put(state_store, "pages", "1", data)
            assert await state_store.load("pages", "1") == data, "load: what is there now"
            assert await state_store.load_many("pages", ["1"]) == {"1": data}, "load_many: what is there now"
            assert await _scan(state_store, "pages") == [("1", data)], "scan: what is there now"

    @keeps(StateStorePromise.FAILURES_TOLD)
    async def test_a_failure_is_told(self, state_store: StateStore) -> None:
        """What the backend refuses is a StorageError, never passed over in silence."""
        await self.break_writes(state_store)
        with pytest.raises(StorageError):
            await state_store.apply([Put("pages", "1", b"document")])

    @keeps(StateStorePromise.LEASE_HAS_ONE_HOLDER)
    async def test_a_lease_has_one_holder(self, state_store: StateStore) -> None:
        """Nobody else gets a lease that is held; its holder may renew it."""
        assert await state_store.acquire_lease("run", "me", seconds=60), "acquire_lease: a free lease is given"
        assert not await state_store.acquire_lease("run", "you", seconds=60), "acquire_lease: False if another has it"
        assert await state_store.acquire_lease("run", "me", seconds=60), "acquire_lease: the holder renews"
        assert await state_store.acquire_lease("other", "you", seconds=60), "acquire_lease: other names are free"

    @keeps(StateStorePromise.LEASE_GIVEN_BACK)
    async def test_a_lease_is_given_back(self, state_store: StateStore) -> None:
        """Only its holder can give a lease back."""
        await state_store.acquire_lease("run", "me", seconds=60)
        await state_store.release_lease("run", "you")
        await state_store.release_lease("missing", "you")
        assert not await state_store.acquire_lease("run", "you", seconds=60), "release_lease: by its holder only"
        await state_store.release_lease("run", "me")
        assert await state_store.acquire_lease("run", "you", seconds=60), "release_lease: then it is free"

    @keeps(StateStorePromise.LEASE_AMONG_TASKS)
    async def test_one_of_many_gets_a_lease(self, state_store: StateStore) -> None:
        """Of many that ask at once exactly one gets it."""
        asked = (state_store.acquire_lease("run", str(number), seconds=60) for number in range(20))
        assert sum(await asyncio.gather(*asked)) == 1, "acquire_lease: exact among tasks"

    @keeps(StateStorePromise.LEASE_EXPIRES)
    async def test_a_lease_expires(self, state_store: StateStore, advance: Callable[[float], None]) -> None:
        """A lease ends so many seconds after it was taken or renewed last."""
        await state_store.acquire_lease("run", "me", seconds=60)
        advance(59)
        assert not await state_store.acquire_lease("run", "you", seconds=60), "acquire_lease: not before it expires"
        assert await state_store.acquire_lease("run", "me", seconds=30), "acquire_lease: the holder renews"
        advance(29)
        assert not await state_store.acquire_lease("run", "you", seconds=60), "acquire_lease: from the renewal on"
        advance(2)
        assert await state_store.acquire_lease("run", "you", seconds=60), "acquire_lease: free once it has expired"
        await state_store.release_lease("run", "me")
        assert not await state_store.acquire_lease("run", "me", seconds=60), "release_lease: not by a former holder"

    @keeps(StateStorePromise.DURABLE)
    async def test_changes_outlive_their_process(
        self, state_store: StateStore, open_elsewhere: Callable[[], StateStore]
    ) -> None:
        """A process that is killed leaves whole batches, all of those whose call had returned."""
        async with elsewhere(_batches_elsewhere, open_elsewhere) as other:
            finished = max([cast("int", await other.report()) for _ in range(5)])
            await other.kill()
        found = await _scan(state_store, "pages")
        assert len(found) == _BATCH, "apply: all changes or none of them, though the process dies"
        assert len({data for _, data in found}) == 1, "apply: no part of a batch survives alone"
        assert int(found[0][1]) >= finished, "apply: on return the changes survive the death of the process"

    @keeps(StateStorePromise.LEASE_AMONG_PROCESSES)
    async def test_one_process_gets_a_lease(
        self, state_store: StateStore, open_elsewhere: Callable[[], StateStore]
    ) -> None:
        """Leases are exact among processes, and death does not give them back: they expire."""
        async with (
            elsewhere(_leases_elsewhere, open_elsewhere, "first") as first,
            elsewhere(_leases_elsewhere, open_elsewhere, "second") as second,
        ):
            got = {"first": cast("list[str]", await first.report()), "second": cast("list[str]", await second.report())}
            await first.kill()
            await second.kill()
        assert sorted(got["first"] + got["second"]) == _LEASES, "acquire_lease: one holder each"
        for holder, others in (("first", got["second"]), ("second", got["first"])):
            taken = [name for name in others if await state_store.acquire_lease(name, holder, seconds=60)]
            assert taken == [], "acquire_lease: seen by all processes, until it expires"


async def _scan(store: StateStore, collection: str) -> list[tuple[str, bytes]]:
    return [item async for item in store.scan(collection)]


async def _count_up(store: StateStore, keys: list[str], numbers: Iterable[int]) -> None:
    for number in numbers:
        await store.apply([Put("pages", key, str(number).encode()) for key in keys])
        await asyncio.sleep(0)


async def _batches_elsewhere(report: Report, open_store: Callable[[], StateStore]) -> None:
    store = open_store()
    for number in count():
        await _count_up(store, [str(key) for key in range(_BATCH)], [number])
        report(number)


async def _leases_elsewhere(report: Report, open_store: Callable[[], StateStore], holder: str) -> None:
    store = open_store()
    report([name for name in _LEASES if await store.acquire_lease(name, holder, seconds=600)])
