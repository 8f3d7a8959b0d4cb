"""The small interfaces a host can implement. Nobody has to inherit from them.

Each docstring is the contract; the classes in `confluence_sync.testing` test it. Stores keep bytes: what is in them,
and in which version, is the library's business (`documents.py`), so an adapter never has to follow a change of schema.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Protocol

import attrs

from .events import AnyEvent
from .models import AccountId, AttachmentLink, ConnectionId, PageLink, ResolvedLink, RunId

__all__ = [
    "VFS",
    "Change",
    "Clear",
    "Clock",
    "LinkResolver",
    "LogSink",
    "PointsLedger",
    "Put",
    "Remove",
    "RunLog",
    "StateStore",
    "TokenStore",
    "VFSEntry",
]


class Clock(Protocol):
    """Time, injectable so that tests never wait."""

    def now(self) -> datetime:
        """Return the current time, aware, in UTC."""

    async def sleep(self, seconds: float) -> None:
        """Wait; zero or less returns at once."""


@attrs.frozen
class VFSEntry:
    """
    One document of a VFS.

    Attributes:
        path: Relative POSIX path.
        size: Bytes.
    """

    path: str
    size: int


class VFS(Protocol):
    """
    Documents of bytes under relative POSIX paths.

    A path is `docs/setup.md`: no leading slash, no empty, `.` or `..` segment, no backslash, no control character, in
    Unicode NFC, at most 1,024 bytes of UTF-8, and 255 in one segment. Any other path raises `InvalidPathError` and has
    no effect: `confluence_sync.paths.check_path` does just that. There are no folders: parents appear and vanish with
    their documents. Calls for different paths may run at the same time. Every failure of the backend is a
    `StorageError`; a failed call may be repeated.
    """

    async def read(self, path: str) -> bytes:
        """
        Return one document whole.

        Raises:
            DocumentNotFoundError: There is none.
        """

    async def write(self, path: str, data: bytes, metadata: Mapping[str, object]) -> None:
        """
        Create or replace one document whole.

        Readers see the old document or the new one, never half of either, even if the process dies. `metadata` are
        the values of the front matter (JSON types), for backends with columns for them; others ignore it.
        """

    async def move(self, source: str, target: str) -> None:
        """
        Rename one document, replacing the target if there is one.

        At no time is the content under neither name. A change of case only (`a.md` to `A.md`) works, also of a folder
        (`b/a.md` to `B/a.md`): a backend that takes both for one need not show the new spelling, but answers to it.

        Raises:
            DocumentNotFoundError: There is no source; the target is untouched.
        """

    async def delete(self, path: str) -> None:
        """Delete one document; parents that become empty vanish. Nothing happens if there is none."""

    async def stat(self, path: str) -> VFSEntry | None:
        """Return the entry of one document, None if there is none."""

    def scan(self, prefix: str = "") -> AsyncIterator[VFSEntry]:
        """Yield every document in the folder `prefix` and below (`""`: everything), in code-point order of path."""


class TokenStore(Protocol):
    """
    The secrets of connections, opaque bytes. The only place where secrets rest.

    Refresh tokens rotate: each use replaces the one before, so a lost write loses the connection. Hence `lock`.
    """

    async def load(self, connection_id: ConnectionId) -> bytes | None:
        """Return the secret saved last by any process, None if there is none."""

    async def save(self, connection_id: ConnectionId, secret: bytes) -> None:
        """Keep a secret in place of the one before. On return it survives the death of the process."""

    async def delete(self, connection_id: ConnectionId) -> None:
        """Forget a secret. Nothing happens if there is none."""

    def lock(self, connection_id: ConnectionId) -> AbstractAsyncContextManager[None]:
        """
        Hold one connection's secret alone, among all tasks and processes that share the store.

        Waits until free. Not reentrant. Other connections are not held up. The death of the holder frees it.
        `load`, `save` and `delete` are called with and without the lock.
        """


class LogSink(Protocol):
    """Where the events of runs go: a log, a table, a queue."""

    async def emit(self, event: AnyEvent) -> None:
        """
        Take one event. Events of one run come one at a time, in order of `seq`.

        May be slow and may raise: the run goes on, and its report says so.
        """


class RunLog(LogSink, Protocol):
    """A sink that can be read back, so that a host can show a run page by page."""

    def events(self, run_id: RunId, *, failed_first: bool = False) -> AsyncIterator[AnyEvent]:
        """
        Yield the events of a run in order of `seq`; nothing for a run that is not known.

        With `failed_first`, failures (`PageFailed`, `SpaceFailed`) come before all others.
        """

    async def delete_runs(self, before: datetime) -> int:
        """Forget the runs whose last event is older; return how many events that were."""


@attrs.frozen
class Put:
    """Create or replace one document."""

    collection: str
    key: str
    data: bytes


@attrs.frozen
class Remove:
    """Remove one document; nothing happens if there is none."""

    collection: str
    key: str


@attrs.frozen
class Clear:
    """Remove all documents of a collection."""

    collection: str


Change = Put | Remove | Clear


class StateStore(Protocol):
    """
    The library's own memory: small documents of bytes under a collection and a key, and leases.

    Collections and keys are non-empty strings of at most 512 characters. Collections need no creation; one may hold
    a hundred thousand documents of up to some megabytes each. Every failure of the backend is a `StorageError`.
    """

    async def load(self, collection: str, key: str) -> bytes | None:
        """Return one document, None if there is none."""

    async def load_many(self, collection: str, keys: Collection[str]) -> Mapping[str, bytes]:
        """Return those of at most 1,000 documents that exist, by key."""

    def scan(self, collection: str) -> AsyncIterator[tuple[str, bytes]]:
        """
        Yield all (key, document) pairs in code-point order of key, without holding them all in memory.

        What is changed during the scan may or may not be seen; everything else is seen once.
        """

    async def apply(self, changes: Sequence[Change]) -> None:
        """
        Make all changes, in order, or none of them.

        On return they survive the death of the process. No reader sees a part of them.
        """

    async def acquire_lease(self, name: str, holder: str, *, seconds: float) -> bool:
        """
        Take or renew a lease for some time from now; False if another holder has one that has not expired.

        Exact among all tasks and processes that share the store.
        """

    async def release_lease(self, name: str, holder: str) -> None:
        """Give a lease back; nothing happens if this holder does not have it."""


class PointsLedger(Protocol):
    """
    How many points of hourly quotas are used, counted in one place by all processes that share a quota.

    An OAuth app has one quota for all its customers, which begins anew with each hour of UTC. Names are non-empty
    strings of at most 512 characters. Every failure of the backend is a `StorageError`.
    """

    async def add(self, name: str, hour: datetime, points: int, *, at_least: int = 0) -> int:
        """
        Add points (0 or more) to those of an hour, raise them to `at_least` if that is more, and return the result.

        `hour` is its beginning, aware. Exact among all tasks and processes that share the ledger. Counts survive the
        death of the process; hours that began more than a day before this one may be forgotten.
        """


class LinkResolver(Protocol):
    """What the converter asks about things outside of the page, for one page."""

    def page(self, link: PageLink) -> ResolvedLink | None:
        """Return where a page is: its file, else its absolute URL; None if not even that can be told."""

    def attachment(self, link: AttachmentLink) -> ResolvedLink | None:
        """Return where an attachment is, None if that cannot be told."""

    def user(self, account_id: AccountId) -> str | None:
        """Return a user's display name, None if unknown."""

    def children(self, link: PageLink | None) -> Sequence[ResolvedLink] | None:
        """Return the child pages of a page (None: this page), in order; None if unknown."""
