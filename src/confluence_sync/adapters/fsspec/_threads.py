"""Blocking calls off the event loop, a few at once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

__all__ = ["Threads"]

P = ParamSpec("P")
T = TypeVar("T")


class Threads:
    """A bounded pool of threads; they end when it is no longer referenced."""

    def __init__(self, limit: int) -> None:
        self._pool = ThreadPoolExecutor(max_workers=limit, thread_name_prefix="confluence-sync-vfs")

    async def run(self, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """
        Make a call in a thread.

        A call that has begun cannot be stopped. So if the task is cancelled meanwhile, the cancellation waits for the
        call: otherwise its effect could come after that of a later call.
        """
        call_future = self._pool.submit(call, *args, **kwargs)
        future = asyncio.wrap_future(call_future)
        try:
            return await asyncio.shield(future)
        except asyncio.CancelledError:
            if not call_future.cancel():
                await asyncio.gather(future, return_exceptions=True)
            raise
