"""Short work that one task of one process does at a time, by a lease of the state store."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from uuid import uuid4

from ..errors import StorageError
from ..protocols import StateStore

__all__ = ["exclusively"]

_LEASE = 30.0
"""Seconds after which the lease of a process that died is free."""
_LONGEST_WAIT = 60.0
_INTERVAL = 0.02


@asynccontextmanager
async def exclusively(state: StateStore, name: str) -> AsyncIterator[None]:
    """
    Wait for a lease and hold it, for as long as it takes: even short work may wait for another process's refresh.

    Waits in real time, whatever clock the store is on.

    Raises:
        StorageError: Somebody else kept it for a minute.
    """
    holder, loop = uuid4().hex, asyncio.get_running_loop()
    give_up = loop.time() + _LONGEST_WAIT
    keeping: asyncio.Task[None] | None = None
    try:
        while not await state.acquire_lease(name, holder, seconds=_LEASE):
            if loop.time() > give_up:
                raise StorageError(f"the lease {name!r} is held by somebody else for too long; try again")
            await asyncio.sleep(_INTERVAL)
        keeping = asyncio.create_task(_keep(state, name, holder), name=f"confluence-sync lease {name}")
        yield
    finally:  # also if the wait was cancelled: the lease may be had by then
        if keeping is not None:
            keeping.cancel()
            await asyncio.gather(keeping, return_exceptions=True)
        await state.release_lease(name, holder)


async def _keep(state: StateStore, name: str, holder: str) -> None:
    while True:
        await asyncio.sleep(_LEASE / 3)
        with suppress(StorageError):  # there is time for another try
            await state.acquire_lease(name, holder, seconds=_LEASE)
