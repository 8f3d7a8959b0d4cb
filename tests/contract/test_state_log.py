"""StateLog keeps the contract over any state store, and loses little when its process dies."""

import asyncio
from functools import partial

import attrs
import pytest
from stores_elsewhere import open_state_log

from confluence_sync.adapters import MemoryStateStore, SQLiteDatabase, StateLog
from confluence_sync.errors import StorageError
from confluence_sync.events import PageFailed, PageWritten, RunFinished
from confluence_sync.models import RunId
from confluence_sync.testing import RunLogContract
from confluence_sync.testing.contracts import sample_run

RUN = RunId("run")
EVENTS = {type(event): event for event in sample_run(RUN)}


class TestStateLogInMemory(RunLogContract):
    @pytest.fixture
    def run_log(self):
        return StateLog(MemoryStateStore())


class TestStateLogInSQLite(RunLogContract):
    @pytest.fixture
    async def database(self, tmp_path):
        async with SQLiteDatabase(tmp_path / "state.db") as database:
            yield database

    @pytest.fixture
    def run_log(self, database):
        return StateLog(database.state, batch=7)

    @pytest.fixture
    def open_elsewhere(self, database):
        return partial(open_state_log, database.path)


class Store(MemoryStateStore):
    """Counts what is written, and fails while it is told to."""

    writes = 0
    broken = False

    async def apply(self, changes):
        if self.broken:
            raise StorageError("no space left")
        self.writes += 1
        await asyncio.sleep(0)
        await super().apply(changes)


def written(seq, *, seconds=0.0):
    event = EVENTS[PageWritten]
    at = event.at.replace(second=0, microsecond=int(seconds * 1_000_000))
    return attrs.evolve(event, seq=seq, at=at)


async def seqs(store, **options):
    """Read as another process would: through a log of its own."""
    return [event.seq async for event in StateLog(store).events(RUN, **options)]


async def test_events_are_kept_in_batches():
    """A thousand pages cost ten writes."""
    store = Store()
    log = StateLog(store, batch=100)
    for seq in range(1, 1001):
        await log.emit(written(seq))
    assert store.writes == 10
    assert await seqs(store) == list(range(1, 1001))


async def test_a_failure_is_there_at_once():
    """And with it all that came before; so is the end of the run."""
    store = Store()
    log = StateLog(store)
    await log.emit(written(1))
    assert await seqs(store) == []
    await log.emit(attrs.evolve(EVENTS[PageFailed], seq=2))
    await log.emit(written(3))
    assert await seqs(store) == [1, 2]
    await log.emit(attrs.evolve(EVENTS[RunFinished], seq=4))
    assert await seqs(store) == [1, 2, 3, 4]
    assert await seqs(store, failed_first=True) == [2, 1, 3, 4]


async def test_a_slow_run_does_not_wait_for_a_full_batch():
    """What is older than some seconds is kept with the next event; `flush` does not wait for that."""
    store = Store()
    log = StateLog(store, seconds=0.5)
    await log.emit(written(1))
    await log.emit(written(2, seconds=0.4))
    assert await seqs(store) == []
    await log.emit(written(3, seconds=0.5))
    assert await seqs(store) == [1, 2, 3]
    await log.emit(written(4))
    await log.flush()
    assert await seqs(store) == [1, 2, 3, 4]


async def test_what_cannot_be_kept_is_tried_again():
    """A store that fails for a while costs no event."""
    store = Store()
    log = StateLog(store, batch=2)
    await log.emit(written(1))
    store.broken = True
    for seq in (2, 3):
        with pytest.raises(StorageError):
            await log.emit(written(seq))
    store.broken = False
    await log.emit(written(4))
    assert await seqs(store) == [1, 2, 3, 4]


async def test_reading_and_writing_at_the_same_time():
    """A host that shows a run while it goes on does not disturb its log."""
    store = Store()
    log = StateLog(store, batch=3)

    async def read():
        return [event.seq async for event in log.events(RUN)]

    async def write():
        for seq in range(1, 50):
            await log.emit(written(seq))
            await asyncio.sleep(0)

    await asyncio.gather(write(), *(read() for _ in range(20)))
    assert await seqs(store) == await read() == list(range(1, 50))
