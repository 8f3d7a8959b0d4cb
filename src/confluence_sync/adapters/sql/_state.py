"""Documents and leases."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

import attrs
from sqlalchemy import ColumnElement, Double, bindparam, delete, literal, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from ...protocols import Change, Clear, Clock, Put, Remove
from ._access import Access
from ._schema import document, lease

__all__ = ["SQLStateStore"]

_clear = delete(document).where(document.c.collection == bindparam("collection"))
_remove = _clear.where(document.c.key == bindparam("key"))

_BATCH_BYTES = 64 * 1024
"""
Of the rows that are sent with one statement. asyncpg takes twice as much at once; more than that it sends bit by bit,
and if the connection is lost meanwhile, it waits for ever.
"""
_ROW_BYTES = 128


class SQLStateStore:
    """A `StateStore` in a database; made by `SQLDatabase`."""

    def __init__(self, access: Access, clock: Clock | None) -> None:
        self._access = access
        self._clock = clock

    async def load(self, collection: str, key: str) -> bytes | None:
        """Return one document, None if there is none."""
        return (await self.load_many(collection, [key])).get(key)

    async def load_many(self, collection: str, keys: Collection[str]) -> Mapping[str, bytes]:
        """Return those of at most 1,000 documents that exist, by key."""
        query = select(document.c.key, document.c.data)
        rows = await self._access.read(query.where(document.c.collection == collection, document.c.key.in_(keys)))
        return {row.key: row.data for row in rows}

    async def scan(self, collection: str) -> AsyncIterator[tuple[str, bytes]]:
        """Yield all (key, document) pairs in code-point order of key."""
        query = select(document.c.key, document.c.data).where(document.c.collection == collection)
        async for key, data in self._access.stream(query):
            yield key, data

    async def apply(self, changes: Sequence[Change]) -> None:
        """Make all changes, in order, or none of them."""
        statements = {Put: self._access.replace(document), Remove: _remove, Clear: _clear}

        async def apply(connection: AsyncConnection) -> None:
            for kind, group in groupby(changes, type):
                for rows in _batches(
                    sorted(group, key=_row)
                ):  # who takes rows in one order does not meet in a deadlock
                    await connection.execute(statements[kind], rows)

        if changes:
            await self._access.transaction(apply)

    async def acquire_lease(self, name: str, holder: str, *, seconds: float) -> bool:
        """Take or renew a lease for some time from now; False if another holder has one that has not expired."""
        now = self._now()
        insert = self._access.insert(lease).values(name=name, holder=holder, expires=now + seconds)
        free = or_(lease.c.holder == insert.excluded.holder, lease.c.expires <= now)
        taken = insert.on_conflict_do_update(
            index_elements=[lease.c.name],
            set_={"holder": insert.excluded.holder, "expires": insert.excluded.expires},
            where=free,
        )
        return bool(await self._access.returning(taken.returning(lease.c.name)))

    async def release_lease(self, name: str, holder: str) -> None:
        """Give a lease back, if this holder has it."""
        await self._access.write(delete(lease).where(lease.c.name == name, lease.c.holder == holder))

    def _now(self) -> ColumnElement[float]:
        return literal(self._clock.now().timestamp(), Double) if self._clock else self._access.now()


def _row(change: Change) -> tuple[str, str]:
    return change.collection, "" if isinstance(change, Clear) else change.key


def _batches(changes: Iterable[Change]) -> Iterator[list[dict[str, Any]]]:
    """Yield the rows of changes in lists of limited size; one that is larger comes alone."""
    rows: list[dict[str, Any]] = []
    room = _BATCH_BYTES
    for change in changes:
        row = attrs.asdict(change)
        size = _ROW_BYTES + sum(len(value.encode() if isinstance(value, str) else value) for value in row.values())
        if rows and size > room:
            yield rows
            rows, room = [], _BATCH_BYTES
        rows.append(row)
        room -= size
    if rows:
        yield rows
