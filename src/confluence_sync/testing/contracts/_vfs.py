"""The contract of `VFS`."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from copy import deepcopy
from itertools import pairwise
from typing import Any

import pytest

from ...errors import DocumentNotFoundError, InvalidPathError, StorageError
from ...protocols import VFS, VFSEntry
from ._contract import Contract, no_side_door
from ._dying import Death, at_every_death
from ._elsewhere import Report, elsewhere
from ._machines import VFSMachine, run_machine
from ._promises import Promise, keeps

__all__ = ["VFSContract", "VFSPromise"]

_INVALID_PATHS = {
    "empty": "",
    "absolute": "/a.md",
    "trailing slash": "a/",
    "empty segment": "a//b.md",
    "dot": "./a.md",
    "parent": "../a.md",
    "parent inside": "a/../b.md",
    "only a dot": ".",
    "only a parent": "..",
    "backslash": "a\\b.md",
    "null": "a\0b.md",
    "newline": "a\nb.md",
    "escape": "a\x1b.md",
    "C1 control": "a\x85.md",
    "not NFC": "a\u0308.md",
    "lone surrogate": "a\ud800.md",
    "long segment": "a" * 256,
    "long path": "/".join(["a" * 200] * 6),
}
_ODD_PATHS = {
    "space": "with space/ and one before.md",
    "brackets": "[draft] {a} (b)/50% off #1 & more; $HOME ~ ^ ' + = ! @ , `.md",
    "leading dots": ".hidden/..name/...md",
    "trailing dash": "-/--flag",
    "composed": "Ünïcode/й Ёлка/한국어.md",
    "emoji": "🗺️/👩‍👩‍👧.md",
    "ligature": "ﬁ ß ø.md",
    "long segment": "a" * 252 + ".md",
    "long segment of few letters": "я" * 126 + ".md",
    "long path": "/".join(["a" * 200] * 5) + "/" + "b" * 19,
}
_METADATA = {
    "title": "Ä \"title\": 'x'",
    "version": 7,
    "labels": ["a", "b"],
    "author": None,
    "nested": {"deep": [1.5, True]},
}


class VFSPromise(Promise):
    """What a `VFS` promises."""

    BYTES = "bytes", "A document comes back byte for byte, whether it has none or some megabytes."
    REPLACED_WHOLE = "replaced-whole", "Nothing of the document before is left."
    REACHES_BACKEND = "reaches-backend", "What is written is in the backend when the call returns."
    FRESH = "fresh", "What others write is seen by the next call."
    METADATA_APART = "metadata-apart", "Metadata of all JSON types are taken, are not changed, and change no document."
    MISSING = "missing", "Reading what is not there is a `DocumentNotFoundError`, its `stat` None."
    DELETED_IS_GONE = "deleted-is-gone", "A deleted document is gone; deleting none does nothing."
    DELETES_ONE = "deletes-one", "Only the one document goes."
    ODD_PATHS = "odd-paths", "Every valid path is a name: nothing in it is expanded, cut or translated."
    INVALID_PATHS = "invalid-paths", "Any other path raises `InvalidPathError` and has no effect."
    NO_FOLDERS = "no-folders", "Folders are no documents; they can be neither read, moved nor deleted."
    PARENTS_VANISH = "parents-vanish", "With its last document a folder is gone, and its name free."
    MOVES = "moves", "A move takes the content to the new name, which may be in new folders, and leaves nothing."
    MOVE_REPLACES = "move-replaces", "A document that has the target's name gives way."
    MOVE_NEEDS_SOURCE = "move-needs-source", "Without a source, `DocumentNotFoundError`, and the target is untouched."
    MOVE_TO_ITSELF = "move-to-itself", "A document that moves to its own name is still there."
    MOVE_OF_CASE = "move-of-case", "A move may change case only, of a document or of a folder."
    NEVER_GONE = "never-gone", "Whoever looks during a move finds the content under one of the names."
    SCAN_ORDER = "scan-order", "A scan is in code-point order of whole paths."
    SCAN_PREFIX = "scan-prefix", "A prefix means what is in the folder and below."
    SCAN_COMPLETE = "scan-complete", "A scan has every document once, however many there are."
    WHOLE_DOCUMENTS = "whole-documents", "Readers see the old document or the new one, never half of either."
    INDEPENDENT = "independent", "Calls for different paths may run at the same time."
    CANCELLED = "cancelled", "A write that is cancelled is done or not, and has no effect afterwards."
    FAILURES_TOLD = "failures-told", "What the backend refuses is a `StorageError`, and has no effect."
    SURVIVES_DEATH = (
        "survives-death",
        "If the process or the backend dies, documents are whole and no litter is seen.",
    )
    LIKE_A_DICT = "like-a-dict", "Whatever is written, moved and deleted, the VFS has what a dict would have."


class VFSContract(Contract):
    """
    Every promise of `VFS`.

    Give the fixture `vfs`, an empty one; the side doors `raw_write` and `raw_read`, which do the same without the
    adapter; `break_writes`, after which the backend refuses to write; `open_dying`, the same documents over a backend
    that dies; and, if processes can share it, `open_elsewhere`: a picklable function without arguments that opens the
    same VFS in another process.
    """

    @pytest.fixture
    def vfs(self) -> VFS:
        """Return an empty VFS."""
        raise NotImplementedError("a test class for a VFS gives the fixture `vfs`")

    @pytest.fixture
    def open_elsewhere(self) -> Callable[[], VFS]:
        """Return a picklable function that opens the same VFS in another process."""
        no_side_door("open_elsewhere")

    async def raw_write(self, vfs: Any, path: str, data: bytes) -> None:  # noqa: ARG002 - for adapters
        """Put a document into the backend without the adapter."""
        no_side_door("raw_write")

    async def raw_read(self, vfs: Any, path: str) -> bytes:  # noqa: ARG002 - for adapters
        """Return a document of the backend without the adapter."""
        no_side_door("raw_read")

    async def break_writes(self, vfs: Any) -> None:  # noqa: ARG002 - for adapters
        """Let the backend refuse to write from now on: no space, no permission, no connection."""
        no_side_door("break_writes")

    async def open_dying(self, vfs: Any, calls: int) -> VFS:  # noqa: ARG002 - for adapters
        """Return another VFS over the same backend, which fails at the `calls`-th call (from 1) and ever after."""
        no_side_door("open_dying")

    # --- reading and writing

    @pytest.mark.parametrize("data", [b"text", b"", bytes(range(256)), b"\r\n\xef\xbb\xbf\r", b"x" * 3_000_000])
    @keeps(VFSPromise.BYTES)
    async def test_a_document_comes_back(self, vfs: VFS, data: bytes) -> None:
        """Documents are bytes, none or some megabytes, and nothing is translated."""
        await vfs.write("docs/a.md", data, {})
        assert await vfs.read("docs/a.md") == data, "read: the document whole"
        assert await vfs.stat("docs/a.md") == VFSEntry("docs/a.md", len(data)), "stat: path and size in bytes"

    @keeps(VFSPromise.REACHES_BACKEND)
    async def test_writing_reaches_the_backend(self, vfs: VFS) -> None:
        """What is written is there for others."""
        await vfs.write("docs/a.md", b"text", {})
        assert await self.raw_read(vfs, "docs/a.md") == b"text", "write: create one document"

    @keeps(VFSPromise.FRESH)
    async def test_reading_asks_the_backend(self, vfs: VFS) -> None:
        """What others write is seen, at the first time and later."""
        for data in (b"first", b"the second"):
            await self.raw_write(vfs, "docs/a.md", data)
            assert await vfs.read("docs/a.md") == data, "read: what is there now"
            assert await vfs.stat("docs/a.md") == VFSEntry("docs/a.md", len(data)), "stat: what is there now"
            assert await _scan(vfs) == {"docs/a.md": len(data)}, "scan: what is there now"

    @keeps(VFSPromise.REPLACED_WHOLE)
    async def test_a_document_is_replaced_whole(self, vfs: VFS) -> None:
        """Nothing of a longer document is left."""
        await vfs.write("a.md", b"a long document", {})
        await vfs.write("a.md", b"short", {})
        assert await vfs.read("a.md") == b"short", "write: replace one document whole"

    @keeps(VFSPromise.METADATA_APART)
    async def test_metadata_are_taken(self, vfs: VFS) -> None:
        """All JSON types may be among the metadata, and the document is as without."""
        metadata = deepcopy(_METADATA)
        await vfs.write("a.md", b"text", metadata)
        assert metadata == _METADATA, "write: the metadata are the caller's, and stay as they are"
        assert await vfs.read("a.md") == b"text", "write: the document does not depend on its metadata"
        await vfs.write("a.md", b"text 2", {})
        assert await vfs.read("a.md") == b"text 2", "write: the document does not depend on its metadata"

    @keeps(VFSPromise.MISSING)
    async def test_a_missing_document(self, vfs: VFS) -> None:
        """What is not there cannot be read and has no entry."""
        for path in ("a.md", "docs/deep/a.md"):
            with pytest.raises(DocumentNotFoundError):
                await vfs.read(path)
            assert await vfs.stat(path) is None, "stat: None if there is none"
        assert await _scan(vfs) == {}, "nothing of that leaves a trace"

    @keeps(VFSPromise.DELETED_IS_GONE)
    async def test_a_deleted_document_is_gone(self, vfs: VFS) -> None:
        """What was deleted is missing, and is deleted once more without ado, as what never was."""
        await vfs.write("docs/deep/a.md", b"text", {})
        for path in ("docs/deep/a.md", "docs/deep/a.md", "docs/b.md", "c.md"):
            await vfs.delete(path)
            assert await vfs.stat(path) is None, "delete: the document is gone"
        assert await _scan(vfs) == {}, "delete: nothing happens if there is none"

    @pytest.mark.parametrize("path", _ODD_PATHS.values(), ids=_ODD_PATHS)
    @keeps(VFSPromise.ODD_PATHS)
    async def test_an_odd_path_is_a_path(self, vfs: VFS, path: str) -> None:
        """Names are names: nothing in them is expanded, cut or translated."""
        await vfs.write(path, b"text", {})
        assert await _scan(vfs) == {path: 4}, "scan: the path that was written"
        assert await vfs.read(path) == b"text", "read: under the path that was written"
        await vfs.move(path, "plain.md")
        await vfs.move("plain.md", path)
        assert await vfs.stat(path) == VFSEntry(path, 4), "move: to any valid path"
        await vfs.delete(path)
        assert await _scan(vfs) == {}, "delete: the document and no other"

    @keeps(VFSPromise.ODD_PATHS)
    async def test_patterns_are_names(self, vfs: VFS) -> None:
        """What is a pattern elsewhere is a name here."""
        paths = ["*.md", "?.md", "a.md", "docs/**"]
        for path in paths:
            await vfs.write(path, path.encode(), {})
        await vfs.move("?.md", "b?.md")
        await vfs.delete("*.md")
        await vfs.delete("docs/**")
        assert list(await _scan(vfs)) == ["a.md", "b?.md"], "paths are not patterns"

    @pytest.mark.parametrize("path", _INVALID_PATHS.values(), ids=_INVALID_PATHS)
    @keeps(VFSPromise.INVALID_PATHS)
    async def test_an_invalid_path_is_refused(self, vfs: VFS, path: str) -> None:
        """What is no path raises InvalidPathError everywhere, and has no effect."""
        await vfs.write("a.md", b"text", {})
        calls: dict[str, Callable[[], Awaitable[object]]] = {
            "read": lambda: vfs.read(path),
            "write": lambda: vfs.write(path, b"bad", {}),
            "stat": lambda: vfs.stat(path),
            "delete": lambda: vfs.delete(path),
            "move from": lambda: vfs.move(path, "b.md"),
            "move to": lambda: vfs.move("a.md", path),
        }
        if path:  # the empty prefix means everything
            calls["scan"] = lambda: _scan(vfs, path)
        for name, call in calls.items():
            try:
                await call()
            except InvalidPathError:
                continue
            pytest.fail(f"{name}: {path!r} is not a path, so InvalidPathError")
        assert await _scan(vfs) == {"a.md": 4}, "an invalid path has no effect"

    # --- folders

    @keeps(VFSPromise.NO_FOLDERS)
    async def test_there_are_no_folders(self, vfs: VFS) -> None:
        """Parents appear with their documents and are none themselves."""
        await vfs.write("docs/deep/a.md", b"text", {})
        for folder in ("docs", "docs/deep"):
            assert await vfs.stat(folder) is None, "stat: a folder is no document"
            with pytest.raises(DocumentNotFoundError):
                await vfs.read(folder)
            with pytest.raises(DocumentNotFoundError):
                await vfs.move(folder, "elsewhere")
            await vfs.delete(folder)
        assert await vfs.stat("docs/deep/a.md/b.md") is None, "stat: there is nothing below a document"
        assert await _scan(vfs) == {"docs/deep/a.md": 4}, "folders can be neither moved nor deleted"

    @keeps(VFSPromise.PARENTS_VANISH)
    async def test_parents_vanish(self, vfs: VFS) -> None:
        """With the last document of a folder its name is free again."""
        await vfs.write("docs/deep/a.md", b"text", {})
        await vfs.delete("docs/deep/a.md")
        await vfs.write("docs", b"text", {})
        assert await _scan(vfs) == {"docs": 4}, "delete: parents that become empty vanish"
        await vfs.delete("docs")
        await vfs.write("more/deep/a.md", b"text", {})
        await vfs.move("more/deep/a.md", "a.md")
        await vfs.write("more", b"text", {})
        assert await _scan(vfs) == {"a.md": 4, "more": 4}, "move: parents that become empty vanish"

    @keeps(VFSPromise.DELETES_ONE)
    async def test_deleting_spares_neighbours(self, vfs: VFS) -> None:
        """Only the one document goes."""
        for path in ("a.md", "a.md.bak", "docs/a.md", "docs/deep/a.md"):
            await vfs.write(path, b"text", {})
        await vfs.delete("docs/a.md")
        await vfs.delete("a.md")
        assert list(await _scan(vfs)) == ["a.md.bak", "docs/deep/a.md"], "delete: one document"

    # --- moving

    @keeps(VFSPromise.MOVES)
    async def test_a_document_moves(self, vfs: VFS) -> None:
        """The content is under the new name, which may be in new folders, and no longer under the old."""
        await vfs.write("a.md", b"text", {})
        await vfs.move("a.md", "new/folder/b.md")
        assert await vfs.read("new/folder/b.md") == b"text", "move: the content is under the target"
        assert await _scan(vfs) == {"new/folder/b.md": 4}, "move: nothing is under the source"

    @keeps(VFSPromise.MOVE_REPLACES)
    async def test_a_move_replaces_the_target(self, vfs: VFS) -> None:
        """A document that has the target's name gives way."""
        await vfs.write("a.md", b"new", {})
        await vfs.write("b.md", b"old and longer", {})
        await vfs.move("a.md", "b.md")
        assert await vfs.read("b.md") == b"new", "move: replacing the target if there is one"
        assert await _scan(vfs) == {"b.md": 3}, "move: one document is left"

    @keeps(VFSPromise.MOVE_NEEDS_SOURCE)
    async def test_moving_nothing(self, vfs: VFS) -> None:
        """Without a source the target stays as it is, or is not there."""
        await vfs.write("b.md", b"text", {})
        for target in ("b.md", "new/c.md"):
            with pytest.raises(DocumentNotFoundError):
                await vfs.move("missing.md", target)
        assert await vfs.read("b.md") == b"text", "move: without a source the target is untouched"
        await vfs.write("new", b"text", {})
        assert list(await _scan(vfs)) == ["b.md", "new"], "move: a failed move leaves no folder"

    @keeps(VFSPromise.MOVE_TO_ITSELF)
    async def test_a_move_to_itself(self, vfs: VFS) -> None:
        """The document is still there."""
        await vfs.write("docs/a.md", b"text", {})
        await vfs.move("docs/a.md", "docs/a.md")
        assert await vfs.read("docs/a.md") == b"text", "move: at no time is the content under neither name"

    @keeps(VFSPromise.MOVE_OF_CASE)
    async def test_a_move_may_change_case_only(self, vfs: VFS) -> None:
        """A title that is only capitalised otherwise renames its file."""
        await vfs.write("docs/readme.md", b"text", {})
        await vfs.move("docs/readme.md", "docs/README.md")
        assert await _scan(vfs) == {"docs/README.md": 4}, "move: a change of case only works"

    @keeps(VFSPromise.MOVE_OF_CASE)
    async def test_a_move_may_change_case_of_a_folder(self, vfs: VFS) -> None:
        """Where two spellings are one folder, its documents have the new one from then on, or answer to both."""
        for name in ("a.md", "b.md"):
            await vfs.write(f"docs/Guide/{name}", b"text", {})
        for name in ("a.md", "b.md"):
            await vfs.move(f"docs/Guide/{name}", f"docs/GUIDE/{name}")
        assert {path.lower() for path in await _scan(vfs)} == {"docs/guide/a.md", "docs/guide/b.md"}, "move: no doubles"
        for name in ("a.md", "b.md"):
            assert await vfs.read(f"docs/GUIDE/{name}") == b"text", "move: a change of case only works"

    @keeps(VFSPromise.NEVER_GONE)
    async def test_a_moving_document_is_never_gone(self, vfs: VFS) -> None:
        """Whoever looks during a move finds the content under one of the names."""
        paths = [f"{number}/a.md" for number in range(40)]
        await vfs.write(paths[0], b"text", {})
        moving = asyncio.create_task(_move_along(vfs, paths))
        while not moving.done():
            # Who looks in the order of the moves cannot be overtaken.
            looks = [await vfs.stat(path) for path in paths]
            assert any(looks), "move: at no time is the content under neither name"
            await asyncio.sleep(0)
        await moving

    # --- scanning

    @keeps(VFSPromise.SCAN_ORDER)
    async def test_a_scan_is_in_code_point_order(self, vfs: VFS) -> None:
        """The order is that of whole paths, so `a-b.md` and `a.md` come before `a/b.md`."""
        paths = [
            "B.md",
            "a b.md",
            "a-b.md",
            "a.md",
            "a/b.md",
            "a/b/c.md",
            "a0.md",
            "b.md",
            "é.md",
            "\uffee.md",
            "😀.md",
        ]
        assert paths == sorted(paths)
        for path in reversed(paths):
            await vfs.write(path, b"text", {})
        assert list(await _scan(vfs)) == paths, "scan: every document, in code-point order of path"

    @keeps(VFSPromise.SCAN_PREFIX)
    async def test_a_prefix_is_a_folder(self, vfs: VFS) -> None:
        """A prefix means what is in the folder and below, not what begins with the same letters."""
        for path in ("a.md", "a/b.md", "a/c/d.md", "ab/c.md", "b/a/b.md"):
            await vfs.write(path, b"text", {})
        assert list(await _scan(vfs, "a")) == ["a/b.md", "a/c/d.md"], "scan: the folder `prefix` and below"
        assert list(await _scan(vfs, "a/c")) == ["a/c/d.md"], "scan: the folder `prefix` and below"
        assert list(await _scan(vfs, "a.md")) == [], "scan: a document is no folder"
        assert list(await _scan(vfs, "missing")) == [], "scan: a folder that is not there is empty"

    @keeps(VFSPromise.SCAN_COMPLETE)
    async def test_a_scan_has_everything_once(self, vfs: VFS) -> None:
        """Many documents in many folders are all seen, each once."""
        paths = [f"f{number % 7}/{number:04}.md" for number in range(1200)]
        await asyncio.gather(*(vfs.write(path, b"x", {}) for path in paths))
        found = [entry.path async for entry in vfs.scan()]
        assert found == sorted(paths), "scan: every document, once"

    # --- at the same time, and when things go wrong

    @keeps(VFSPromise.WHOLE_DOCUMENTS)
    async def test_readers_see_whole_documents(self, vfs: VFS) -> None:
        """While a document is replaced, readers see the old one or the new one."""
        documents = [letter * 200_000 for letter in (b"a", b"b")]
        await vfs.write("a.md", documents[0], {})
        writing = asyncio.create_task(_overwrite(vfs, "a.md", documents, times=20))
        while not writing.done():
            assert await vfs.read("a.md") in documents, "write: readers see the old document or the new one"
            entry = await vfs.stat("a.md")
            assert entry == VFSEntry("a.md", 200_000), "write: the document is there and whole at any time"
            assert await _scan(vfs) == {"a.md": 200_000}, "write: nothing else is to be seen meanwhile"
            await asyncio.sleep(0)
        await writing

    @keeps(VFSPromise.INDEPENDENT)
    async def test_folders_come_and_go_at_the_same_time(self, vfs: VFS) -> None:
        """Calls for different paths do not disturb each other, though they share folders that vanish and appear."""

        async def come_and_go(number: int) -> None:
            path = f"a/b/{number}.md"
            for _ in range(5):
                await vfs.write(path, b"first", {})
                await vfs.delete(path)
                await vfs.write(f"c/{number}.md", str(number).encode(), {})
                await vfs.move(f"c/{number}.md", path)
            if number % 2:
                await vfs.delete(path)

        await asyncio.gather(*(come_and_go(number) for number in range(10)))
        expected = {f"a/b/{number}.md": str(number).encode() for number in range(0, 10, 2)}
        found = {path: await vfs.read(path) for path in await _scan(vfs)}
        assert found == expected, "calls for different paths may run at the same time"

    @keeps(VFSPromise.WHOLE_DOCUMENTS)
    async def test_the_last_of_many_writers_wins(self, vfs: VFS) -> None:
        """Whatever order writes to one path take, one of them is there whole."""
        documents = [str(number).encode() * 10_000 for number in range(10)]
        await asyncio.gather(*(vfs.write("a.md", data, {}) for data in documents))
        assert await vfs.read("a.md") in documents, "write: one document whole"

    @keeps(VFSPromise.CANCELLED)
    async def test_a_cancelled_write_is_done_or_not(self, vfs: VFS) -> None:
        """A write that is cancelled leaves the old document or the new one, and does not come back later."""
        documents = [b"old" * 50_000, b"new" * 50_000]
        for steps in range(8):
            await vfs.write("a.md", documents[0], {})
            writing = asyncio.create_task(vfs.write("a.md", documents[1], {}))
            for _ in range(steps):
                await asyncio.sleep(0)
            writing.cancel()
            await asyncio.wait([writing])
            assert await vfs.read("a.md") in documents, "write: the old document or the new one"
            await vfs.write("a.md", b"last", {})
            await asyncio.sleep(0.005)
            assert await vfs.read("a.md") == b"last", "write: a cancelled one has no effect afterwards"

    @keeps(VFSPromise.FAILURES_TOLD)
    async def test_a_failure_is_told(self, vfs: VFS) -> None:
        """What the backend refuses is a StorageError, never passed over in silence."""
        await self.break_writes(vfs)
        with pytest.raises(StorageError):
            await vfs.write("new/a.md", b"text", {})
        assert await vfs.stat("new/a.md") is None, "a failed call has no effect"

    @keeps(VFSPromise.SURVIVES_DEATH)
    async def test_a_killed_process_leaves_whole_documents(self, vfs: VFS, open_elsewhere: Callable[[], VFS]) -> None:
        """A process that is killed while it writes leaves the old document or the new one, and no litter."""
        async with elsewhere(_overwrite_elsewhere, open_elsewhere) as other:
            await other.report()
            await other.kill()
        data = await vfs.read("docs/a.md")
        assert data in _BIG_DOCUMENTS, "write: never half of a document, even if the process dies"
        assert await _scan(vfs) == {"docs/a.md": len(data)}, "write: nothing else is to be seen"

    @keeps(VFSPromise.SURVIVES_DEATH)
    async def test_a_backend_that_dies_while_it_writes(self, vfs: VFS) -> None:
        """Wherever it dies, the old document or the new one is there; writing again mends it."""
        old, new = b"old" * 1000, b"new" * 50_000
        async for death in at_every_death():
            await vfs.write("docs/a.md", old, {})
            dying = await self.open_dying(vfs, death.calls)
            async with death:
                await dying.write("docs/a.md", new, {})
            await _expect(vfs, death, {"docs/a.md": old}, {"docs/a.md": new})
            await vfs.write("docs/a.md", new, {})
            assert await vfs.read("docs/a.md") == new, f"write: a failed call may be repeated, {death}"

    @keeps(VFSPromise.SURVIVES_DEATH)
    async def test_a_backend_that_dies_while_it_creates(self, vfs: VFS) -> None:
        """Wherever it dies, the document is there whole, or is not."""
        async for death in at_every_death():
            dying = await self.open_dying(vfs, death.calls)
            async with death:
                await dying.write("new/deep/a.md", b"text", {})
            await _expect(vfs, death, {}, {"new/deep/a.md": b"text"})
            await vfs.delete("new/deep/a.md")

    @keeps(VFSPromise.SURVIVES_DEATH)
    async def test_a_backend_that_dies_while_it_moves(self, vfs: VFS) -> None:
        """Wherever it dies, the content is under one of the names at least, and the target is whole."""
        before = {"a.md": b"moving", "docs/b.md": b"in the way"}
        after = {"docs/b.md": b"moving"}
        async for death in at_every_death():
            for path, data in before.items():
                await vfs.write(path, data, {})
            dying = await self.open_dying(vfs, death.calls)
            async with death:
                await dying.move("a.md", "docs/b.md")
            await _expect(vfs, death, before, after, before | after)
            await vfs.write("a.md", b"moving", {})
            await vfs.move("a.md", "docs/b.md")
            await _expect(vfs, Death(0), after)

    @keeps(VFSPromise.SURVIVES_DEATH)
    async def test_a_backend_that_dies_while_it_deletes(self, vfs: VFS) -> None:
        """Wherever it dies, the document is there whole, or is not; deleting again mends it."""
        async for death in at_every_death():
            await vfs.write("docs/a.md", b"text", {})
            dying = await self.open_dying(vfs, death.calls)
            async with death:
                await dying.delete("docs/a.md")
            await _expect(vfs, death, {"docs/a.md": b"text"}, {})
            await vfs.delete("docs/a.md")
            await _expect(vfs, Death(0), {})

    @keeps(VFSPromise.LIKE_A_DICT)
    async def test_like_a_dict(self, vfs: VFS) -> None:
        """A state machine writes, moves and deletes; after each step the VFS has what a dict would have."""
        await run_machine(VFSMachine, vfs, self.histories)


_BIG_DOCUMENTS = [letter * 2_000_000 for letter in (b"a", b"b")]


async def _scan(vfs: VFS, prefix: str = "") -> dict[str, int]:
    """Return the sizes of documents by path, in the order of the scan."""
    return {entry.path: entry.size async for entry in vfs.scan(prefix)}


async def _expect(vfs: VFS, death: Death, old: dict[str, bytes], *new: dict[str, bytes]) -> None:
    """Check that one of the given states is there, and only the first new one if all was done."""
    found = {path: await vfs.read(path) for path in await _scan(vfs)}
    allowed = (old, *new) if death.came or not new else new[:1]
    assert found in allowed, f"documents are whole, and no litter is seen, {death}, but there is {found}"[:500]


async def _overwrite(vfs: VFS, path: str, documents: list[bytes], *, times: int) -> None:
    for number in range(times):
        await vfs.write(path, documents[number % len(documents)], {})
        await asyncio.sleep(0)


async def _move_along(vfs: VFS, paths: list[str]) -> None:
    for source, target in pairwise(paths):
        await vfs.move(source, target)
        await asyncio.sleep(0)


async def _overwrite_elsewhere(report: Report, open_vfs: Callable[[], VFS]) -> None:
    vfs = open_vfs()
    await _overwrite(vfs, "docs/a.md", _BIG_DOCUMENTS, times=10)
    report("writing")
    await _overwrite(vfs, "docs/a.md", _BIG_DOCUMENTS, times=1_000_000)
