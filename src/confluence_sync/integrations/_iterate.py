"""Asynchronous iterators for code that is not asynchronous."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

__all__ = ["iterate"]

T = TypeVar("T")


def iterate(begin: Callable[[], AsyncGenerator[T]]) -> Iterator[T]:
    """
    Yield what an asynchronous generator yields, one by one.

    It runs in an event loop and a thread of its own, so this works in a notebook, too, where a loop is running.
    """
    with ThreadPoolExecutor(1, thread_name_prefix="confluence-sync-reading") as thread:
        runner = asyncio.Runner()
        items = begin()

        async def step() -> tuple[T] | None:
            async for item in items:
                return (item,)
            return None

        try:
            while found := thread.submit(runner.run, step()).result():
                yield found[0]
        finally:
            thread.submit(runner.run, _close(items)).result()
            thread.submit(runner.close).result()


async def _close(items: AsyncGenerator[T]) -> None:
    await items.aclose()
