"""Short work that one task of one process does at a time, by a lease of the state store."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
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
    Wait for a lease and hold it; what is done meanwhile asks no network.

    Waits in real time, whatever clock the store is on.

    Raises:
        StorageError: Somebody else kept it for a minute.
    """
    holder, loop = uuid4().hex, asyncio.get_running_loop()
    give_up = loop.time() + _LONGEST_WAIT
    while not await state.acquire_lease(name, holder, seconds=_LEASE):
        if loop.time() > give_up:
            raise StorageError(f"the lease {name!r} is held by somebody else for too long; try again")
        await asyncio.sleep(_INTERVAL)
    try:
        yield
    finally:
        await state.release_lease(name, holder)
