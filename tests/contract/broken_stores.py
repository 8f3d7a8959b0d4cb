"""Stores that keep their promises over an SQLite file, and one for each promise that does not."""

import asyncio
import os
import sqlite3
import unicodedata
from collections import defaultdict
from contextlib import asynccontextmanager, closing, suppress
from datetime import UTC, timedelta
from functools import partial
from pathlib import Path

import attrs
import pytest
from dying import dying_database

from confluence_sync.adapters import MemoryLogSink, SQLiteDatabase
from confluence_sync.errors import StorageError
from confluence_sync.events import PageWritten, RunFinished
from confluence_sync.protocols import Clear, Put, Remove
from confluence_sync.testing import (
    LogSinkContract,
    ManualClock,
    PointsLedgerContract,
    RunLogContract,
    StateStoreContract,
    TokenStoreContract,
)
from confluence_sync.testing.contracts import (
    LogSinkPromise,
    PointsLedgerPromise,
    RunLogPromise,
    StateStorePromise,
    TokenStorePromise,
)


class OverFile:
    """The suites' hooks, for adapters over a file."""

    patience = 3.0
    histories = 10

    @pytest.fixture(autouse=True)
    async def _database(self, tmp_path):
        self.clock = ManualClock()
        self.opened = [SQLiteDatabase(tmp_path / "state.db", clock=self.clock)]
        self.path = self.opened[0].path
        await self.opened[0].state.load("pages", "1")
        yield
        for database in self.opened:
            await database.close()

    def sql(self, statement, *parameters):
        with closing(sqlite3.connect(self.path, isolation_level=None)) as connection:
            return connection.execute(statement, parameters).fetchone()

    @pytest.fixture
    def open_elsewhere(self):
        if not self.adapter.processes:
            pytest.skip("its promise is one for one process")
        return partial(open_elsewhere, self.adapter, self.path)

    async def break_writes(self, _):
        for table in ("document", "token", "points", "event"):
            self.sql(f"DROP TABLE {table}")

    async def open_dying(self, _, calls):
        self.opened.append(await dying_database(self.path, self.clock, calls))
        return self.adapter(self.opened[-1])


def open_elsewhere(adapter, path):
    return adapter(SQLiteDatabase(path))


class Sound:
    """An adapter that can be imported by other processes."""

    breaks = None
    also = frozenset()
    processes = False

    def __init__(self, database):
        self.database = database


# --- secrets


class SoundTokens(Sound):
    processes = True

    def __init__(self, database):
        super().__init__(database)
        self.tokens = database.tokens
        self.locks = defaultdict(asyncio.Lock)

    async def load(self, connection_id):
        return await self.tokens.load(connection_id)

    async def save(self, connection_id, secret):
        await self.tokens.save(connection_id, secret)

    async def delete(self, connection_id):
        await self.tokens.delete(connection_id)

    def lock(self, connection_id):
        return self.tokens.lock(connection_id)


class BrokenTokens(SoundTokens):
    processes = False


class TestSoundTokens(OverFile, TokenStoreContract):
    adapter = SoundTokens

    @pytest.fixture
    def token_store(self):
        return self.adapter(self.opened[0])

    async def raw_save(self, token_store, connection_id, secret):
        self.sql("INSERT OR REPLACE INTO token VALUES (?, ?)", connection_id, secret)

    async def raw_load(self, token_store, connection_id):
        return self.sql("SELECT max(secret) FROM token WHERE connection_id = ?", connection_id)[0]


class EmptyForNone(BrokenTokens):
    breaks = TokenStorePromise.EMPTY_AT_FIRST
    also = frozenset({TokenStorePromise.DELETED_IS_GONE, TokenStorePromise.CONNECTIONS_APART})

    async def load(self, connection_id):
        return await super().load(connection_id) or b""


class NoneForEmpty(BrokenTokens):
    breaks = TokenStorePromise.BYTES

    async def load(self, connection_id):
        return await super().load(connection_id) or None


class KeepsTheTailOfSecrets(BrokenTokens):
    breaks = TokenStorePromise.LAST_COUNTS
    also = frozenset({TokenStorePromise.ATOMIC})

    async def save(self, connection_id, secret):
        tail = (await self.load(connection_id) or b"")[len(secret) :]
        await super().save(connection_id, secret + tail)


class CannotDeleteNoSecret(BrokenTokens):
    breaks = TokenStorePromise.DELETED_IS_GONE

    async def delete(self, connection_id):
        if await self.load(connection_id) is None:
            raise StorageError("there is no secret")
        await super().delete(connection_id)


class IgnoresCase(BrokenTokens):
    breaks = TokenStorePromise.CONNECTIONS_APART

    async def load(self, connection_id):
        return await super().load(connection_id.lower())

    async def save(self, connection_id, secret):
        await super().save(connection_id.lower(), secret)


class SavesAtTheNextLoad(BrokenTokens):
    breaks = TokenStorePromise.REACHES_BACKEND
    also = frozenset({TokenStorePromise.FAILURES_TOLD, TokenStorePromise.DISCREET, TokenStorePromise.ATOMIC})

    def __init__(self, database):
        super().__init__(database)
        self.waiting = {}

    async def load(self, connection_id):
        if (secret := self.waiting.pop(connection_id, None)) is not None:
            await super().save(connection_id, secret)
        return await super().load(connection_id)

    async def save(self, connection_id, secret):
        self.waiting[connection_id] = secret

    async def delete(self, connection_id):
        self.waiting.pop(connection_id, None)
        await super().delete(connection_id)


class CachesSecrets(BrokenTokens):
    breaks = TokenStorePromise.FRESH
    also = frozenset({TokenStorePromise.ATOMIC})

    def __init__(self, database):
        super().__init__(database)
        self.cache = {}

    async def load(self, connection_id):
        if connection_id not in self.cache:
            self.cache[connection_id] = await super().load(connection_id)
        return self.cache[connection_id]

    async def save(self, connection_id, secret):
        await super().save(connection_id, secret)
        self.cache.pop(connection_id, None)

    async def delete(self, connection_id):
        await super().delete(connection_id)
        self.cache.pop(connection_id, None)


class NeverLocks(BrokenTokens):
    breaks = TokenStorePromise.LOCK_AMONG_TASKS
    also = frozenset({TokenStorePromise.LOCK_CANCELLED})

    @asynccontextmanager
    async def lock(self, connection_id):
        yield


class OneLockForAll(BrokenTokens):
    breaks = TokenStorePromise.LOCK_PER_CONNECTION

    def lock(self, connection_id):
        return super().lock("all")


class LocksItself(BrokenTokens):
    breaks = TokenStorePromise.LOCK_GUARDS_NO_CALL
    also = frozenset({TokenStorePromise.LOCK_AMONG_TASKS})

    async def save(self, connection_id, secret):
        async with self.lock(connection_id):
            await super().save(connection_id, secret)


class LocksForEverAfterAnError(BrokenTokens):
    breaks = TokenStorePromise.LOCK_ENDS

    @asynccontextmanager
    async def lock(self, connection_id):
        lock = self.locks[connection_id]
        await lock.acquire()
        yield
        lock.release()


class FreesWhenCancelled(BrokenTokens):
    breaks = TokenStorePromise.LOCK_CANCELLED

    @asynccontextmanager
    async def lock(self, connection_id):
        lock = self.locks[connection_id]
        try:
            await lock.acquire()
            yield
        finally:
            if lock.locked():
                lock.release()


class SavesNowAndThen(BrokenTokens):
    breaks = TokenStorePromise.DURABLE
    also = frozenset(
        {
            TokenStorePromise.REACHES_BACKEND,
            TokenStorePromise.FAILURES_TOLD,
            TokenStorePromise.DISCREET,
            TokenStorePromise.FRESH,
            TokenStorePromise.LOCK_AMONG_PROCESSES,
            TokenStorePromise.ATOMIC,
        }
    )
    processes = True

    def __init__(self, database):
        super().__init__(database)
        self.memory = {}

    async def load(self, connection_id):
        return self.memory.get(connection_id) or await super().load(connection_id)

    async def save(self, connection_id, secret):
        self.memory[connection_id] = secret
        if secret in {b"", b"0"}:
            await super().save(connection_id, secret)

    async def delete(self, connection_id):
        self.memory.pop(connection_id, None)
        await super().delete(connection_id)


class LocksTasksOnly(BrokenTokens):
    breaks = TokenStorePromise.LOCK_AMONG_PROCESSES
    processes = True

    def lock(self, connection_id):
        return self.locks[connection_id]


class LeavesLockFiles(BrokenTokens):
    breaks = TokenStorePromise.LOCK_FREED_BY_DEATH
    processes = True

    @asynccontextmanager
    async def lock(self, connection_id):
        file = Path(f"{self.database.path}.{connection_id}")
        while True:
            with suppress(FileExistsError):
                os.close(os.open(file, os.O_CREAT | os.O_EXCL))
                break
            await asyncio.sleep(0.002)
        try:
            yield
        finally:
            os.unlink(file)  # noqa: PTH108 - as plain as the lock


class SavesInTwoSteps(BrokenTokens):
    breaks = TokenStorePromise.ATOMIC

    async def save(self, connection_id, secret):
        await super().save(connection_id, secret[:1])
        await super().save(connection_id, secret)


class SwallowsErrorsOfSecrets(BrokenTokens):
    breaks = TokenStorePromise.FAILURES_TOLD
    also = frozenset({TokenStorePromise.DISCREET, TokenStorePromise.ATOMIC})

    async def save(self, connection_id, secret):
        with suppress(StorageError):
            await super().save(connection_id, secret)


class ShowsSecrets(BrokenTokens):
    breaks = TokenStorePromise.DISCREET

    async def save(self, connection_id, secret):
        try:
            await super().save(connection_id, secret)
        except StorageError as error:
            raise StorageError(f"cannot save {secret!r}") from error


# --- the library's memory


class SoundState(Sound):
    processes = True

    def __init__(self, database):
        super().__init__(database)
        self.state = database.state

    async def load(self, collection, key):
        return await self.state.load(collection, key)

    async def load_many(self, collection, keys):
        return await self.state.load_many(collection, keys)

    async def scan(self, collection):
        async for item in self.state.scan(collection):
            yield item

    async def apply(self, changes):
        await self.state.apply(changes)

    async def acquire_lease(self, name, holder, *, seconds):
        return await self.state.acquire_lease(name, holder, seconds=seconds)

    async def release_lease(self, name, holder):
        await self.state.release_lease(name, holder)


class BrokenState(SoundState):
    processes = False


class TestSoundState(OverFile, StateStoreContract):
    adapter = SoundState

    @pytest.fixture
    def state_store(self):
        return self.adapter(self.opened[0])

    @pytest.fixture
    def advance(self):
        return self.clock.advance

    async def raw_put(self, state_store, collection, key, data):
        self.sql("INSERT OR REPLACE INTO document VALUES (?, ?, ?)", collection, key, data)

    async def raw_load(self, state_store, collection, key):
        return self.sql("SELECT max(data) FROM document WHERE collection = ? AND key = ?", collection, key)[0]


class EmptyForNoDocument(BrokenState):
    breaks = StateStorePromise.EMPTY_AT_FIRST
    also = frozenset(
        {StateStorePromise.COLLECTIONS_APART, StateStorePromise.ALL_OR_NONE, StateStorePromise.LIKE_A_DICT}
    )

    async def load(self, collection, key):
        return await super().load(collection, key) or b""


class CutsLongDocuments(BrokenState):
    breaks = StateStorePromise.BYTES

    async def apply(self, changes):
        await super().apply([put_with(change, lambda data: data[:1_000_000]) for change in changes])


def put_with(change, edit):
    data = getattr(change, "data", None)
    return attrs.evolve(change, data=edit(data)) if isinstance(data, bytes) else change


class NormalisesKeys(BrokenState):
    breaks = StateStorePromise.KEYS_APART

    async def load(self, collection, key):
        return await super().load(collection, unicodedata.normalize("NFC", key))

    async def apply(self, changes):
        await super().apply([self.normal(change) for change in changes])

    def normal(self, change):
        return (
            change if isinstance(change, Clear) else attrs.evolve(change, key=unicodedata.normalize("NFC", change.key))
        )


class IgnoresCaseOfCollections(BrokenState):
    breaks = StateStorePromise.COLLECTIONS_APART

    async def load(self, collection, key):
        return await super().load(collection.lower(), key)

    async def apply(self, changes):
        await super().apply([attrs.evolve(change, collection=change.collection.lower()) for change in changes])


class ScansInUTF16(BrokenState):
    breaks = StateStorePromise.SCAN_ORDER

    async def scan(self, collection):
        found = [item async for item in super().scan(collection)]
        for item in sorted(found, key=lambda item: item[0].encode("utf-16-be")):
            yield item


class LoadsHundreds(BrokenState):
    breaks = StateStorePromise.SCAN_COMPLETE

    async def load_many(self, collection, keys):
        return await super().load_many(collection, list(keys)[:999])


class ScansByOffset(BrokenState):
    breaks = StateStorePromise.SCAN_STANDS_CHANGES

    async def scan(self, collection):
        offset = 0
        while chunk := [item async for item in self.state.scan(collection)][offset : offset + 1000]:
            for item in chunk:
                yield item
            offset += 1000


class LocksWhileScanning(BrokenState):
    breaks = StateStorePromise.SCAN_HOLDS_NOTHING_UP
    also = frozenset({StateStorePromise.SCAN_STANDS_CHANGES})

    def __init__(self, database):
        super().__init__(database)
        self.lock = asyncio.Lock()

    async def scan(self, collection):
        async with self.lock:
            async for item in super().scan(collection):
                yield item

    async def apply(self, changes):
        async with self.lock:
            await super().apply(changes)


class AppliesAtTheNextCall(BrokenState):
    breaks = StateStorePromise.REACHES_BACKEND
    also = frozenset({StateStorePromise.FAILURES_TOLD, StateStorePromise.ALL_OR_NONE})
    waiting = ()

    async def flush(self):
        waiting, self.waiting = self.waiting, ()
        await super().apply(waiting)

    async def apply(self, changes):
        await self.flush()
        self.waiting = changes

    async def load(self, collection, key):
        await self.flush()
        return await super().load(collection, key)

    async def load_many(self, collection, keys):
        await self.flush()
        return await super().load_many(collection, keys)

    async def scan(self, collection):
        await self.flush()
        async for item in super().scan(collection):
            yield item


class CachesDocuments(BrokenState):
    breaks = StateStorePromise.FRESH

    def __init__(self, database):
        super().__init__(database)
        self.cache = {}

    async def load(self, collection, key):
        if (collection, key) not in self.cache:
            self.cache[collection, key] = await super().load(collection, key)
        return self.cache[collection, key]

    async def apply(self, changes):
        self.cache.clear()
        await super().apply(changes)


class ClearsLast(BrokenState):
    breaks = StateStorePromise.IN_ORDER
    also = frozenset({StateStorePromise.LIKE_A_DICT})

    async def apply(self, changes):
        await super().apply(sorted(changes, key=lambda change: isinstance(change, Clear)))


class WantsSomethingToDo(BrokenState):
    breaks = StateStorePromise.NOTHING_TO_DO
    also = frozenset({StateStorePromise.LIKE_A_DICT})

    async def apply(self, changes):
        if not changes:
            raise StorageError("nothing to change")
        await super().apply(changes)


class LoadsOneByOne(BrokenState):
    breaks = StateStorePromise.ISOLATED

    async def load_many(self, collection, keys):
        found = {}
        for key in keys:
            if (data := await self.load(collection, key)) is not None:
                found[key] = data
        return found


class StopsHalfway(BrokenState):
    breaks = StateStorePromise.ALL_OR_NONE

    async def apply(self, changes):
        try:
            await super().apply(changes)
        except StorageError:
            for change in changes:
                await super().apply([change])


class AppliesByThousands(BrokenState):
    breaks = StateStorePromise.DURABLE
    also = frozenset({StateStorePromise.SCAN_COMPLETE})
    processes = True
    writing = ()

    async def apply(self, changes):
        if not all(isinstance(change, Put) and change.key.isdigit() and change.data.isdigit() for change in changes):
            await super().apply(changes)
        elif len(self.writing) < 50_000:
            self.writing = (*self.writing, *changes)
        else:
            await super().apply(self.writing)


class KeepsGravestones(BrokenState):
    breaks = StateStorePromise.LIKE_A_DICT
    also = frozenset({StateStorePromise.ALL_OR_NONE})

    def __init__(self, database):
        super().__init__(database)
        self.gravestones = set()

    async def apply(self, changes):
        buried = {(change.collection, change.key) for change in changes if isinstance(change, Remove)}
        await super().apply([change for change in changes if not self.is_buried(change)])
        self.gravestones |= buried

    def is_buried(self, change):
        return isinstance(change, Put) and (change.collection, change.key) in self.gravestones


class LeasesToAll(BrokenState):
    breaks = StateStorePromise.LEASE_HAS_ONE_HOLDER
    also = frozenset(
        {
            StateStorePromise.LEASE_GIVEN_BACK,
            StateStorePromise.LEASE_EXPIRES,
            StateStorePromise.LEASE_AMONG_TASKS,
        }
    )

    async def acquire_lease(self, name, holder, *, seconds):
        return True


class TakesBackFromAnybody(BrokenState):
    breaks = StateStorePromise.LEASE_GIVEN_BACK
    also = frozenset({StateStorePromise.LEASE_EXPIRES})

    async def acquire_lease(self, name, holder, *, seconds):
        self.holders = {**getattr(self, "holders", {}), name: holder}
        return await super().acquire_lease(name, holder, seconds=seconds)

    async def release_lease(self, name, holder):
        await super().release_lease(name, getattr(self, "holders", {}).get(name, holder))


class LeasesForEver(BrokenState):
    breaks = StateStorePromise.LEASE_EXPIRES

    async def acquire_lease(self, name, holder, *, seconds):
        return await super().acquire_lease(name, holder, seconds=1_000_000)


class AsksThenTakes(BrokenState):
    breaks = StateStorePromise.LEASE_AMONG_TASKS

    def __init__(self, database):
        super().__init__(database)
        self.asked = asyncio.Event()
        self.holders = {}

    async def acquire_lease(self, name, holder, *, seconds):
        now = self.state._clock.now()
        other, expires = self.holders.get(name, (holder, now))
        await asyncio.sleep(0)
        if other != holder and expires > now:
            return False
        self.holders[name] = (holder, now + timedelta(seconds=seconds))
        return True

    async def release_lease(self, name, holder):
        if self.holders.get(name, (None,))[0] == holder:
            del self.holders[name]


class LeasesInOneProcess(BrokenState):
    breaks = StateStorePromise.LEASE_AMONG_PROCESSES
    processes = True

    async def acquire_lease(self, name, holder, *, seconds):
        return await super().acquire_lease(f"{name} {os.getpid()}", holder, seconds=seconds)

    async def release_lease(self, name, holder):
        await super().release_lease(f"{name} {os.getpid()}", holder)


class SwallowsErrorsOfState(BrokenState):
    breaks = StateStorePromise.FAILURES_TOLD
    also = frozenset({StateStorePromise.ALL_OR_NONE})

    async def apply(self, changes):
        with suppress(StorageError):
            await super().apply(changes)


# --- points


class SoundPoints(Sound):
    processes = True

    def __init__(self, database):
        super().__init__(database)
        self.points = database.points

    async def add(self, name, hour, points, *, at_least=0):
        return await self.points.add(name, hour, points, at_least=at_least)


class BrokenPoints(SoundPoints):
    processes = False


class TestSoundPoints(OverFile, PointsLedgerContract):
    adapter = SoundPoints

    @pytest.fixture
    def points_ledger(self):
        return self.adapter(self.opened[0])

    async def raw_points(self, points_ledger, name, hour):
        return self.sql("SELECT max(points) FROM points WHERE name = ?", name)[0]


class TellsWhatWas(BrokenPoints):
    breaks = PointsLedgerPromise.ADDS_UP
    also = frozenset(
        set(PointsLedgerPromise) - {PointsLedgerPromise.REACHES_BACKEND, PointsLedgerPromise.FAILURES_TOLD}
    )

    async def add(self, name, hour, points, *, at_least=0):
        return await super().add(name, hour, points, at_least=at_least) - points


class RaisesThenAdds(BrokenPoints):
    breaks = PointsLedgerPromise.AT_LEAST
    also = frozenset({PointsLedgerPromise.LIKE_A_DICT})

    async def add(self, name, hour, points, *, at_least=0):
        await super().add(name, hour, 0, at_least=at_least)
        return await super().add(name, hour, points)


class IgnoresCaseOfNames(BrokenPoints):
    breaks = PointsLedgerPromise.NAMES_APART

    async def add(self, name, hour, points, *, at_least=0):
        return await super().add(name.lower(), hour, points, at_least=at_least)


class CountsDays(BrokenPoints):
    breaks = PointsLedgerPromise.HOURS_APART
    also = frozenset({PointsLedgerPromise.LIKE_A_DICT})

    async def add(self, name, hour, points, *, at_least=0):
        return await super().add(name, hour.astimezone(UTC).replace(hour=0), points, at_least=at_least)


class CountsByTheClockOnTheWall(BrokenPoints):
    breaks = PointsLedgerPromise.HOURS_APART

    async def add(self, name, hour, points, *, at_least=0):
        return await super().add(name, hour.replace(tzinfo=UTC), points, at_least=at_least)


class ReadsThenCounts(BrokenPoints):
    breaks = PointsLedgerPromise.EXACT_AMONG_TASKS

    async def add(self, name, hour, points, *, at_least=0):
        before = await super().add(name, hour, 0)
        await super().add(name, hour, points, at_least=at_least)
        return max(before + points, at_least)


class CountsExactlyInOneProcess(BrokenPoints):
    breaks = PointsLedgerPromise.EXACT_AMONG_PROCESSES
    processes = True

    def __init__(self, database):
        super().__init__(database)
        self.lock = asyncio.Lock()

    async def add(self, name, hour, points, *, at_least=0):
        async with self.lock:
            before = await super().add(name, hour, 0)
            await asyncio.sleep(0.02)  # long enough for the other process to count, too
            await super().add(name, hour, points, at_least=at_least)
            return max(before + points, at_least)


class CountsByItself(BrokenPoints):
    breaks = PointsLedgerPromise.REACHES_BACKEND
    also = frozenset({PointsLedgerPromise.FAILURES_TOLD})

    def __init__(self, database):
        super().__init__(database)
        self.sums = defaultdict(int)

    async def add(self, name, hour, points, *, at_least=0):
        self.sums[name, hour] = max(self.sums[name, hour] + points, at_least)
        return self.sums[name, hour]


class WantsPoints(BrokenPoints):
    breaks = PointsLedgerPromise.LIKE_A_DICT

    async def add(self, name, hour, points, *, at_least=0):
        return await super().add(name, hour, points, at_least=at_least if points else 0)


class SwallowsErrorsOfPoints(BrokenPoints):
    breaks = PointsLedgerPromise.FAILURES_TOLD

    async def add(self, name, hour, points, *, at_least=0):
        with suppress(StorageError):
            return await super().add(name, hour, points, at_least=at_least)
        return points


# --- events


class SoundLog(MemoryLogSink):
    breaks = None
    also = frozenset()
    full = False

    async def emit(self, event):
        if self.full:
            raise StorageError("no space left")
        await super().emit(event)


class TestSoundLog(LogSinkContract):
    adapter = SoundLog

    @pytest.fixture
    def log_sink(self):
        return self.adapter()

    async def recorded(self, log_sink, run_id):
        return [event for event in log_sink.events if event.run_id == run_id]

    async def break_writes(self, log_sink):
        log_sink.full = True


class RefusesLongMessages(SoundLog):
    breaks = LogSinkPromise.EVERY_EVENT
    also = frozenset({LogSinkPromise.LOSSLESS, LogSinkPromise.RUNS_APART})

    async def emit(self, event):
        if len(getattr(event, "message", None) or "") > 4096:
            raise StorageError("too long")
        await super().emit(event)


class InsertsAtTheTop(SoundLog):
    breaks = LogSinkPromise.LOSSLESS
    also = frozenset({LogSinkPromise.RUNS_APART})

    async def emit(self, event):
        self.events.insert(0, event)
        await asyncio.sleep(0)
        if self.full:
            raise StorageError("no space left")


class KnowsOneRunAtATime(SoundLog):
    breaks = LogSinkPromise.RUNS_APART
    run = None

    async def emit(self, event):
        self.run = self.run or event.run_id
        await super().emit(attrs.evolve(event, run_id=self.run))
        await asyncio.sleep(0)
        if isinstance(event, RunFinished):
            self.run = None


class DropsWhatItCannotKeep(SoundLog):
    breaks = LogSinkPromise.FAILURES_TOLD

    async def emit(self, event):
        with suppress(StorageError):
            await super().emit(event)


# --- logs that are read back


class SoundRunLog(Sound):
    processes = True

    def __init__(self, database):
        super().__init__(database)
        self.log = database.log

    async def emit(self, event):
        await self.log.emit(event)

    async def events(self, run_id, *, failed_first=False):
        async for event in self.log.events(run_id, failed_first=failed_first):
            yield event

    async def delete_runs(self, before):
        return await self.log.delete_runs(before)


class BrokenRunLog(SoundRunLog):
    processes = False


class TestSoundRunLog(OverFile, RunLogContract):
    adapter = SoundRunLog

    @pytest.fixture
    def run_log(self):
        return self.adapter(self.opened[0])


class RaisesForUnknown(BrokenRunLog):
    breaks = RunLogPromise.NOTHING_AT_FIRST
    also = frozenset({RunLogPromise.OLD_FORGOTTEN})

    async def events(self, run_id, *, failed_first=False):
        known = False
        async for event in super().events(run_id, failed_first=failed_first):
            known = True
            yield event
        if not known:
            raise StorageError(f"there is no run {run_id}")


class ShowsAtTheEnd(BrokenRunLog):
    breaks = RunLogPromise.READ_AT_ONCE

    async def events(self, run_id, *, failed_first=False):
        events = [event async for event in super().events(run_id, failed_first=failed_first)]
        if any(isinstance(event, RunFinished) for event in events):
            for event in events:
                yield event


class SortsByDigits(BrokenRunLog):
    breaks = RunLogPromise.IN_ORDER
    also = frozenset({RunLogPromise.READ_AT_ONCE, LogSinkPromise.LOSSLESS, LogSinkPromise.RUNS_APART})
    also |= {RunLogPromise.OLD_FORGOTTEN}

    async def events(self, run_id, *, failed_first=False):
        events = [event async for event in super().events(run_id, failed_first=failed_first)]
        for event in events if failed_first else sorted(events, key=lambda event: str(event.seq)):
            yield event


class KnowsNoFailures(BrokenRunLog):
    breaks = RunLogPromise.FAILURES_FIRST

    async def events(self, run_id, *, failed_first=False):
        async for event in super().events(run_id):
            yield event


class TellsTwice(BrokenRunLog):
    breaks = RunLogPromise.ONCE_EACH

    def __init__(self, database):
        super().__init__(database)
        self.again = []

    async def emit(self, event):
        if any(event.seq <= known.seq for known in self.again if known.run_id == event.run_id):
            self.again.append(event)
        elif isinstance(event, PageWritten):
            self.again = [event]
        await super().emit(event)

    async def events(self, run_id, *, failed_first=False):
        async for event in super().events(run_id, failed_first=failed_first):
            yield event
            if event in self.again[1:]:
                yield event


class ForgetsTooMuch(BrokenRunLog):
    breaks = RunLogPromise.OLD_FORGOTTEN

    async def delete_runs(self, before):
        return await super().delete_runs(before + timedelta(days=1))


class KeepsToItself(SoundRunLog):
    breaks = RunLogPromise.SHARED

    def __init__(self, database):
        super().__init__(database)
        self.log = SQLiteDatabase(database.path.with_name(f"{os.getpid()}.db")).log

    async def emit(self, event):
        await self.database.log.emit(event)  # what is not there cannot be written
        await self.log.emit(event)
