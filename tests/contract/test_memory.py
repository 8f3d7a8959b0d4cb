"""The reference adapters keep the contracts."""

import pytest

from confluence_sync.adapters import (
    MemoryLogSink,
    MemoryPointsLedger,
    MemoryStateStore,
    MemoryTokenStore,
    MemoryVFS,
)
from confluence_sync.testing import (
    LogSinkContract,
    ManualClock,
    PointsLedgerContract,
    StateStoreContract,
    TokenStoreContract,
    VFSContract,
)


class TestMemoryVFS(VFSContract):
    @pytest.fixture
    def vfs(self):
        return MemoryVFS()

    async def raw_write(self, vfs, path, data):
        vfs.documents[path] = data

    async def raw_read(self, vfs, path):
        return vfs.documents[path]


class TestMemoryTokenStore(TokenStoreContract):
    @pytest.fixture
    def token_store(self):
        return MemoryTokenStore()


class TestMemoryLogSink(LogSinkContract):
    @pytest.fixture
    def log_sink(self):
        return MemoryLogSink()

    async def recorded(self, log_sink, run_id):
        return [event for event in log_sink.events if event.run_id == run_id]


class TestMemoryStateStore(StateStoreContract):
    @pytest.fixture
    def clock(self):
        return ManualClock()

    @pytest.fixture
    def state_store(self, clock):
        return MemoryStateStore(clock)

    @pytest.fixture
    def advance(self, clock):
        return clock.advance


class TestMemoryPointsLedger(PointsLedgerContract):
    @pytest.fixture
    def points_ledger(self):
        return MemoryPointsLedger()


async def test_metadata_move_with_their_document():
    """A test can ask MemoryVFS what metadata a document was written with."""
    vfs = MemoryVFS()
    await vfs.write("a.md", b"text", {"title": "A"})
    await vfs.move("a.md", "b.md")
    assert vfs.metadata == {"b.md": {"title": "A"}}
