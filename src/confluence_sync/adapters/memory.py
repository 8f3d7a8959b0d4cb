"""Everything in memory: the reference implementations of the protocols, for tests and for trying things out."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime, timedelta

from ..clock import SystemClock
from ..errors import DocumentNotFoundError
from ..events import AnyEvent
from ..models import ConnectionId
from ..paths import check_path
from ..protocols import Change, Clear, Clock, Put, Remove, VFSEntry

__all__ = ["MemoryLogSink", "MemoryPointsLedger", "MemoryStateStore", "MemoryTokenStore", "MemoryVFS"]


class MemoryVFS:
    """
    A `VFS` in a dict.

    Attributes:
        documents: Path to content.
        metadata: Path to the metadata of the last write; it moves with its document.
    """

    def __init__(self) -> None:
        self.documents: dict[str, bytes] = {}
        self.metadata: dict[str, Mapping[str, object]] = {}

    async def read(self, path: str) -> bytes:
        """Return one document whole."""
        try:
            return self.documents[check_path(path)]
        except KeyError:
            raise DocumentNotFoundError(f"there is no document {path!r}") from None

    async def write(self, path: str, data: bytes, metadata: Mapping[str, object]) -> None:
        """Create or replace one document whole."""
        self.documents[check_path(path)] = data
        self.metadata[path] = dict(metadata)

    async def move(self, source: str, target: str) -> None:
        """Rename one document, replacing the target if there is one."""
        check_path(target)
        data = await self.read(source)
        metadata = self.metadata.get(source, {})
        await self.delete(source)
        await self.write(target, data, metadata)

    async def delete(self, path: str) -> None:
        """Delete one document, if it is there."""
        self.documents.pop(check_path(path), None)
        self.metadata.pop(path, None)

    async def stat(self, path: str) -> VFSEntry | None:
        """Return the entry of one document, None if there is none."""
        data = self.documents.get(check_path(path))
        return None if data is None else VFSEntry(path, len(data))

    async def scan(self, prefix: str = "") -> AsyncIterator[VFSEntry]:
        """Yield every document in the folder `prefix` and below, in code-point order of path."""
        folder = f"{check_path(prefix)}/" if prefix else ""
        for path in sorted(path for path in self.documents if path.startswith(folder)):
            if entry := await self.stat(path):
                yield entry


class MemoryTokenStore:
    """A `TokenStore` in a dict. Its lock holds within one event loop; its secrets end with the process."""

    def __init__(self) -> None:
        self._secrets: dict[ConnectionId, bytes] = {}
        self._locks: defaultdict[ConnectionId, asyncio.Lock] = defaultdict(asyncio.Lock)

    async def load(self, connection_id: ConnectionId) -> bytes | None:
        """Return the secret saved last, None if there is none."""
        return self._secrets.get(connection_id)

    async def save(self, connection_id: ConnectionId, secret: bytes) -> None:
        """Keep a secret in place of the one before."""
        self._secrets[connection_id] = secret

    async def delete(self, connection_id: ConnectionId) -> None:
        """Forget a secret, if there is one."""
        self._secrets.pop(connection_id, None)

    def lock(self, connection_id: ConnectionId) -> AbstractAsyncContextManager[None]:
        """Hold one connection's secret alone among all tasks."""
        return self._locks[connection_id]


class MemoryLogSink:
    """
    A `LogSink` that keeps the events.

    Attributes:
        events: All events so far, oldest first.
    """

    def __init__(self) -> None:
        self.events: list[AnyEvent] = []

    async def emit(self, event: AnyEvent) -> None:
        """Take one event."""
        self.events.append(event)


class MemoryPointsLedger:
    """A `PointsLedger` in a dict, for all clients of one process."""

    def __init__(self) -> None:
        self._points: dict[tuple[str, datetime], int] = {}

    async def add(self, name: str, hour: datetime, points: int, *, at_least: int = 0) -> int:
        """Add points to those of an hour, raise them to `at_least`, and return how many the hour has now."""
        recent = hour - timedelta(days=1)
        self._points = {key: used for key, used in self._points.items() if key[1] >= recent}
        total = self._points[name, hour] = max(self._points.get((name, hour), 0) + points, at_least)
        return total


class MemoryStateStore:
    """A `StateStore` in dicts."""

    def __init__(self, clock: Clock | None = None) -> None:
        self._clock = clock or SystemClock()
        self._collections: defaultdict[str, dict[str, bytes]] = defaultdict(dict)
        self._leases: dict[str, tuple[str, datetime]] = {}

    async def load(self, collection: str, key: str) -> bytes | None:
        """Return one document, None if there is none."""
        return self._collections[collection].get(key)

    async def load_many(self, collection: str, keys: Collection[str]) -> Mapping[str, bytes]:
        """Return those documents that exist, by key."""
        documents = self._collections[collection]
        return {key: documents[key] for key in keys if key in documents}

    async def scan(self, collection: str) -> AsyncIterator[tuple[str, bytes]]:
        """Yield all (key, document) pairs in code-point order of key."""
        for item in sorted(self._collections[collection].items()):
            yield item

    async def apply(self, changes: Sequence[Change]) -> None:
        """Make all changes, in order."""
        for change in changes:
            documents = self._collections[change.collection]
            match change:
                case Put(key=key, data=data):
                    documents[key] = data
                case Remove(key=key):
                    documents.pop(key, None)
                case Clear():
                    documents.clear()

    async def acquire_lease(self, name: str, holder: str, *, seconds: float) -> bool:
        """Take or renew a lease for some time from now; False if another holder has one that has not expired."""
        now = self._clock.now()
        owner, expires = self._leases.get(name, (holder, now))
        if owner != holder and now < expires:
            return False
        self._leases[name] = (holder, now + timedelta(seconds=seconds))
        return True

    async def release_lease(self, name: str, holder: str) -> None:
        """Give a lease back, if this holder has it."""
        owner, _ = self._leases.get(name, (None, None))
        if owner == holder:
            del self._leases[name]
