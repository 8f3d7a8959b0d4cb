"""The contract of `StateStore`."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from contextlib import suppress
from itertools import count
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ...protocols import Change, Clear, Put, Remove, StateStore
from ._contract import PROPERTY, Contract, no_side_door
from ._elsewhere import Report, elsewhere

__all__ = ["StateStoreContract"]

# UTF-16 would put the emoji before U+FFEE; code points do not.
_ODD_KEYS = ["", "a", "A", "a/b", "ä", "a\u0308", "%_", "'; --", "\uffee", "\U0001f600", "x" * 512]
_ODD_KEYS = sorted(key for key in _ODD_KEYS if key)
_BATCH = 50

_collections = st.sampled_from(["pages", "Pages"])
_keys = st.sampled_from(["1", "10", "2", "é"])
_changes = st.lists(
    st.one_of(
        st.builds(Put, _collections, _keys, st.binary(max_size=4)),
        st.builds(Remove, _collections, _keys),
        st.builds(Clear, _collections),
    ),
    max_size=6,
)


class StateStoreContract(Contract):
    """
    Every promise of `StateStore`.

    Give the fixture `state_store`, an empty store; if its clock can be turned, `advance`; and if processes can share
    it, `open_elsewhere`: a picklable function without arguments that opens the same store in another process.
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

    async def test_there_is_nothing_at_first(self, state_store: StateStore) -> None:
        """A collection that nobody wrote to is empty, and no error."""
        assert await state_store.load("pages", "1") is None, "load: None if there is none"
        assert await state_store.load_many("pages", ["1", "2"]) == {}, "load_many: those that exist"
        assert await _scan(state_store, "pages") == [], "scan: collections need no creation"

    @pytest.mark.parametrize("data", [b"document", b"", bytes(range(256)), b"x" * 3_000_000])
    async def test_a_document_comes_back(self, state_store: StateStore, data: bytes) -> None:
        """Documents are opaque bytes, none or some megabytes."""
        await state_store.apply([Put("pages", "1", data)])
        assert await state_store.load("pages", "1") == data, "load: the document that was put"
        assert await state_store.load_many("pages", ["1"]) == {"1": data}, "load_many: the document that was put"
        assert await _scan(state_store, "pages") == [("1", data)], "scan: the document that was put"

    async def test_keys_are_opaque_and_in_order(self, state_store: StateStore) -> None:
        """Case, script, normal form and length tell keys apart; scans are in code-point order."""
        await state_store.apply([Put("pages", key, key.encode()) for key in reversed(_ODD_KEYS)])
        found = await _scan(state_store, "pages")
        assert found == [(key, key.encode()) for key in _ODD_KEYS], "scan: all pairs, in code-point order of key"
        many = await state_store.load_many("pages", [*_ODD_KEYS, "missing"])
        assert many == dict(found), "load_many: those that exist, by key"

    async def test_collections_do_not_mix(self, state_store: StateStore) -> None:
        """The same key is another document in another collection."""
        await state_store.apply([Put(name, "1", name.encode()) for name in _ODD_KEYS])
        await state_store.apply([Clear(_ODD_KEYS[0])])
        found = [await state_store.load(name, "1") for name in _ODD_KEYS]
        assert found == [None, *(name.encode() for name in _ODD_KEYS[1:])], "each collection is on its own"

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

    async def test_no_changes_are_fine(self, state_store: StateStore) -> None:
        """Nothing happens if there is nothing to change, remove or clear."""
        await state_store.apply([])
        await state_store.apply([Remove("pages", "1"), Clear("pages")])
        assert await state_store.load_many("pages", []) == {}, "load_many: no keys, no documents"

    async def test_many_documents(self, state_store: StateStore) -> None:
        """A scan has every document once, and a thousand come at once."""
        documents = {f"{number:05}": str(number).encode() * 20 for number in range(5000)}
        await state_store.apply([Put("pages", key, data) for key, data in documents.items()])
        assert await _scan(state_store, "pages") == list(documents.items()), "scan: every document once, in order"
        keys = list(documents)[:1000]
        assert list((await state_store.load_many("pages", keys)).keys() ^ keys) == [], (
            "load_many: up to 1,000 documents"
        )

    async def test_a_scan_stands_changes(self, state_store: StateStore) -> None:
        """What is changed during a scan may or may not be seen; everything else is seen once."""
        keys = [f"{number:05}" for number in range(3000)]
        await state_store.apply([Put("pages", key, b"x") for key in keys])
        seen: list[str] = []
        async for key, _ in state_store.scan("pages"):
            if not seen:
                await state_store.apply([Remove("pages", "02500"), Put("pages", "00000a", b"new")])
            seen.append(key)
        kept = [key for key in seen if key not in {"02500", "00000a"}]
        assert kept == [key for key in keys if key != "02500"], "scan: what is not changed is seen once, in order"

    async def test_an_abandoned_scan_holds_nothing_up(self, state_store: StateStore) -> None:
        """A scan that is left in the middle stands in nobody's way."""
        await state_store.apply([Put("pages", str(number), b"x" * 1000) for number in range(3000)])
        scan = state_store.scan("pages")
        await anext(scan)
        await state_store.apply([Clear("pages")])
        assert await _scan(state_store, "pages") == [], "scan: changes go on meanwhile"

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

    async def test_all_changes_or_none(self, state_store: StateStore) -> None:
        """One change that cannot be made undoes those before it."""
        unwritable = cast("bytes", object())
        with suppress(Exception):
            await state_store.apply([Put("pages", "1", b"x"), Put("pages", "2", unwritable)])
            pytest.skip("this store keeps anything")
        assert await state_store.load("pages", "1") is None, "apply: all changes or none of them"

    @given(batches=st.lists(_changes, max_size=8))
    @PROPERTY
    async def test_like_a_dict(self, state_store: StateStore, batches: list[list[Change]]) -> None:
        """Whatever is changed, the store has what dicts would have."""
        model: dict[str, dict[str, bytes]] = {"pages": {}, "Pages": {}}
        await state_store.apply([Clear(name) for name in model])
        for changes in batches:
            await state_store.apply(changes)
            _apply(model, changes)
            for name, documents in model.items():
                assert await _scan(state_store, name) == sorted(documents.items()), f"after {changes}"

    async def test_a_lease_has_one_holder(self, state_store: StateStore) -> None:
        """Nobody else gets a lease that is held; its holder may renew it."""
        assert await state_store.acquire_lease("run", "me", seconds=60), "acquire_lease: a free lease is given"
        assert not await state_store.acquire_lease("run", "you", seconds=60), "acquire_lease: False if another has it"
        assert await state_store.acquire_lease("run", "me", seconds=60), "acquire_lease: the holder renews"
        assert await state_store.acquire_lease("other", "you", seconds=60), "acquire_lease: other names are free"

    async def test_a_lease_is_given_back(self, state_store: StateStore) -> None:
        """Only its holder can give a lease back."""
        await state_store.acquire_lease("run", "me", seconds=60)
        await state_store.release_lease("run", "you")
        await state_store.release_lease("missing", "you")
        assert not await state_store.acquire_lease("run", "you", seconds=60), "release_lease: by its holder only"
        await state_store.release_lease("run", "me")
        assert await state_store.acquire_lease("run", "you", seconds=60), "release_lease: then it is free"

    async def test_one_of_many_gets_a_lease(self, state_store: StateStore) -> None:
        """Of many that ask at once exactly one gets it."""
        asked = (state_store.acquire_lease("run", str(number), seconds=60) for number in range(20))
        assert sum(await asyncio.gather(*asked)) == 1, "acquire_lease: exact among tasks"

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

    async def test_one_process_gets_a_lease(
        self, state_store: StateStore, open_elsewhere: Callable[[], StateStore]
    ) -> None:
        """Leases are exact among processes."""
        async with (
            elsewhere(_leases_elsewhere, open_elsewhere, "first") as first,
            elsewhere(_leases_elsewhere, open_elsewhere, "second") as second,
        ):
            got = [cast("list[str]", await other.report()) for other in (first, second)]
        assert sorted(got[0] + got[1]) == [f"{number:03}" for number in range(200)], "acquire_lease: one holder each"
        refused = [name for name in got[0] if await state_store.acquire_lease(name, "second", seconds=60)]
        assert refused == [], "acquire_lease: seen by all processes"


async def _scan(store: StateStore, collection: str) -> list[tuple[str, bytes]]:
    return [item async for item in store.scan(collection)]


def _apply(model: dict[str, dict[str, bytes]], changes: Iterable[Change]) -> None:
    for change in changes:
        documents = model[change.collection]
        match change:
            case Put(key=key, data=data):
                documents[key] = data
            case Remove(key=key):
                documents.pop(key, None)
            case Clear():
                documents.clear()


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
    names = [f"{number:03}" for number in range(200)]
    report([name for name in names if await store.acquire_lease(name, holder, seconds=600)])
