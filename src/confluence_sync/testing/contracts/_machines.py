"""State machines that do the same to an adapter and to a dict, and compare."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from functools import partial
from typing import Any, TypeVar

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from ...errors import DocumentNotFoundError
from ...protocols import VFS, Change, Clear, Put, Remove, StateStore, VFSEntry
from ._contract import PROPERTY

__all__ = ["StateStoreMachine", "VFSMachine", "run_machine"]

T = TypeVar("T")
Await = Callable[[Coroutine[Any, Any, T]], T]

_folders = st.sampled_from(["", "a/", "a/b/", "a-b/", "é/й/", "a b/"])
_names = st.sampled_from(["a.md", "b.md", "a-b.md", "й.md", "a.md.bak"])
_paths = st.builds(str.__add__, _folders, _names)
_numbers = st.integers(0, 1)
"""A document that is there, by its number; histories of one document are what an adapter most easily gets wrong."""
_collections = st.sampled_from(["pages", "spool"])
_keys = st.sampled_from(["1", "10", "2", "é", "a/b", "a"])
_changes = st.lists(
    st.one_of(
        st.builds(Put, _collections, _keys, st.binary(max_size=4)),
        st.builds(Remove, _collections, _keys),
        st.builds(Clear, _collections),
    ),
    max_size=6,
)


async def run_machine(
    machine: Callable[[Any, Await[Any]], RuleBasedStateMachine], adapter: object, histories: int
) -> None:
    """Run a machine in a thread; what it awaits is done in this event loop, to which the adapter may be bound."""
    loop = asyncio.get_running_loop()

    def wait_for(coroutine: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(coroutine, loop).result()

    chosen = settings(PROPERTY, max_examples=histories)
    run = partial(run_state_machine_as_test, partial(machine, adapter, wait_for), settings=chosen)  # type: ignore[arg-type] # a factory will do
    await asyncio.to_thread(run)


class VFSMachine(RuleBasedStateMachine):
    """A `VFS` beside a dict. No two paths differ in case only: some disks take them for one."""

    def __init__(self, vfs: VFS, wait_for: Await[Any]) -> None:
        super().__init__()
        self.vfs = vfs
        self.wait_for = wait_for
        self.model: dict[str, bytes] = {}

    @initialize()
    def empty(self) -> None:
        for path in self._documents():
            self.wait_for(self.vfs.delete(path))

    @rule(path=_paths, data=st.binary(max_size=6))
    def write(self, path: str, data: bytes) -> None:
        self._write(path, data)

    @precondition(lambda self: self.model)
    @rule(document=_numbers, data=st.binary(max_size=6))
    def write_again(self, document: int, data: bytes) -> None:
        self._write(self._path(document), data)

    @rule(source=_paths, goal=_paths)
    def move(self, source: str, goal: str) -> None:
        try:
            self.wait_for(self.vfs.move(source, goal))
        except DocumentNotFoundError:
            assert source not in self.model, f"move: {source!r} is there"
        else:
            assert source in self.model, f"move: {source!r} is not there"
            self.model[goal] = self.model.pop(source)

    @rule(path=_paths)
    def delete(self, path: str) -> None:
        self.wait_for(self.vfs.delete(path))
        self.model.pop(path, None)

    @precondition(lambda self: self.model)
    @rule(document=_numbers)
    def delete_what_is_there(self, document: int) -> None:
        self.delete(self._path(document))

    @rule(path=_paths)
    def look(self, path: str) -> None:
        expected = VFSEntry(path, len(self.model[path])) if path in self.model else None
        assert self.wait_for(self.vfs.stat(path)) == expected, f"stat: {path!r}"

    @rule(folder=_folders.filter(bool))
    def scan(self, folder: str) -> None:
        expected = sorted(path for path in self.model if path.startswith(folder))
        assert list(self._documents(folder.rstrip("/"))) == expected, f"scan: {folder!r}"

    @invariant()
    def same(self) -> None:
        assert list(self._documents().items()) == sorted(self.model.items()), "there is what a dict would have"

    def _write(self, path: str, data: bytes) -> None:
        self.wait_for(self.vfs.write(path, data, {}))
        self.model[path] = data

    def _path(self, document: int) -> str:
        return sorted(self.model)[document % len(self.model)]

    def _documents(self, prefix: str = "") -> dict[str, bytes]:
        async def documents() -> dict[str, bytes]:
            return {entry.path: await self.vfs.read(entry.path) async for entry in self.vfs.scan(prefix)}

        found: dict[str, bytes] = self.wait_for(documents())
        return found


class StateStoreMachine(RuleBasedStateMachine):
    """A `StateStore` beside dicts."""

    def __init__(self, store: StateStore, wait_for: Await[Any]) -> None:
        super().__init__()
        self.store = store
        self.wait_for = wait_for
        self.model: dict[str, dict[str, bytes]] = {"pages": {}, "spool": {}}

    @initialize()
    def empty(self) -> None:
        self.wait_for(self.store.apply([Clear(name) for name in self.model]))

    @rule(changes=_changes)
    def apply(self, changes: Sequence[Change]) -> None:
        self.wait_for(self.store.apply(changes))
        for change in changes:
            documents = self.model[change.collection]
            match change:
                case Put(key=key, data=data):
                    documents[key] = data
                case Remove(key=key):
                    documents.pop(key, None)
                case Clear():
                    documents.clear()

    @rule(collection=_collections, keys=st.lists(_keys, unique=True))
    def load(self, collection: str, keys: Sequence[str]) -> None:
        expected = {key: data for key, data in self.model[collection].items() if key in keys}
        assert self.wait_for(self.store.load_many(collection, keys)) == expected, "load_many: those that exist"
        for key in keys:
            assert self.wait_for(self.store.load(collection, key)) == expected.get(key), f"load: {key!r}"

    @invariant()
    def same(self) -> None:
        for name, documents in self.model.items():
            assert self._scan(name) == sorted(documents.items()), f"there is in {name!r} what a dict would have"

    def _scan(self, collection: str) -> Sequence[tuple[str, bytes]]:
        async def scan() -> Sequence[tuple[str, bytes]]:
            return [item async for item in self.store.scan(collection)]

        found: Sequence[tuple[str, bytes]] = self.wait_for(scan())
        return found
