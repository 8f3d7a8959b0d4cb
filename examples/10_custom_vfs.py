"""A VFS of your own, over one table of a database, synced and tested: `pytest examples/10_custom_vfs.py`."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Mapping

import pytest

from confluence_sync import ConfluenceClient, SiteApiToken, SpaceMapping, SyncEngine
from confluence_sync.adapters import MemoryStateStore
from confluence_sync.errors import DocumentNotFoundError, StorageError
from confluence_sync.paths import check_path
from confluence_sync.protocols import VFSEntry
from confluence_sync.testing import VFSContract, demo_site


class TableVFS:
    """Documents as rows: each call is one statement, so nobody sees half of anything."""

    def __init__(self, file: str) -> None:
        self.database = sqlite3.connect(file, isolation_level=None)
        self._ask("CREATE TABLE IF NOT EXISTS page (path TEXT PRIMARY KEY, data BLOB, title TEXT)")

    def _ask(self, statement: str, *values: object) -> list[tuple[str, bytes]]:
        try:
            return self.database.execute(statement, values).fetchall()  # another driver would be awaited
        except sqlite3.Error as error:
            raise StorageError(str(error)) from error

    async def read(self, path: str) -> bytes:
        for _, data in self._ask("SELECT path, data FROM page WHERE path = ?", check_path(path)):
            return data
        raise DocumentNotFoundError(f"there is no document {path!r}")

    async def write(self, path: str, data: bytes, metadata: Mapping[str, object]) -> None:
        self._ask("REPLACE INTO page VALUES (?, ?, ?)", check_path(path), data, metadata.get("title"))

    async def move(self, source: str, target: str) -> None:
        await self.read(source)  # raises if there is none
        self._ask("UPDATE OR REPLACE page SET path = ? WHERE path = ?", check_path(target), source)

    async def delete(self, path: str) -> None:
        self._ask("DELETE FROM page WHERE path = ?", check_path(path))

    async def stat(self, path: str) -> VFSEntry | None:
        rows = self._ask("SELECT path, data FROM page WHERE path = ?", check_path(path))
        return VFSEntry(path, len(rows[0][1])) if rows else None

    async def scan(self, prefix: str = "") -> AsyncIterator[VFSEntry]:
        folder = f"{check_path(prefix)}/" if prefix else ""
        for path, data in self._ask("SELECT path, data FROM page WHERE instr(path, ?) = 1 ORDER BY path", folder):
            yield VFSEntry(path, len(data))


class TestTableVFS(VFSContract):  # the whole test: every promise of `VFS`
    @pytest.fixture
    def vfs(self) -> TableVFS:
        return TableVFS(":memory:")


async def main() -> None:
    """Sync the demo site into the table."""
    async with demo_site().serve() as url, ConfluenceClient(SiteApiToken(url, "you@example.com", "token")) as client:
        mappings = [SpaceMapping(space_id=space.id) async for batch in client.space_batches() for space in batch.items]
        print((await SyncEngine(client, TableVFS("pages.db"), MemoryStateStore()).sync(mappings)).summary())


if __name__ == "__main__":
    asyncio.run(main())
