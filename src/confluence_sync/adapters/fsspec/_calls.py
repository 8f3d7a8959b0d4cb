"""Calls of an fsspec filesystem, awaited, with the failures of all filesystems told alike."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from fsspec import AbstractFileSystem

from ...errors import StorageError
from ._threads import Threads

__all__ = ["Calls", "NothingThereError"]

T = TypeVar("T")

_VERBS = {
    "cat_file": "read",
    "pipe_file": "write",
    "info": "look up",
    "find": "list",
    "cp_file": "move",
    "mv": "move",
    "rm_file": "delete",
    "makedirs": "make the folder",
    "rmdir": "remove the folder",
}
_EFFECTS = {"pipe_file", "cp_file", "mv", "rm_file"}


class NothingThereError(StorageError):
    """There is no file of this name, or no folder to put it into."""


class Calls:
    """
    Makes the calls of one filesystem.

    An asynchronous one is awaited: in this event loop if it was made with `asynchronous=True`, in fsspec's own
    otherwise. Any other is called in threads.
    """

    def __init__(self, filesystem: AbstractFileSystem, threads: Threads) -> None:
        self._filesystem = filesystem
        self._make = _way(filesystem, threads)

    async def __call__(self, name: str, location: str, *args: Any, **kwargs: Any) -> Any:
        """
        Make a call, named as in `AbstractFileSystem`.

        Raises:
            NothingThereError: There is no such file.
            StorageError: Anything else went wrong.
        """
        try:
            call = self._make(name, location, *args, **kwargs)
            return await (_to_the_end(call) if name in _EFFECTS else call)
        except Exception as error:
            missing = isinstance(error, FileNotFoundError | NotADirectoryError | IsADirectoryError)
            kind = NothingThereError if missing else StorageError
            raise kind(f"cannot {_VERBS[name]} {location!r}: {str(error) or type(error).__name__}") from error

    def has_rename(self) -> bool:
        """Whether the filesystem renames a file in one step, instead of copying it and deleting the original."""
        if self._filesystem.async_impl:
            return hasattr(type(self._filesystem), "_mv")
        return type(self._filesystem).mv is not AbstractFileSystem.mv


def _way(filesystem: AbstractFileSystem, threads: Threads) -> Callable[..., Coroutine[Any, Any, Any]]:
    async def in_a_thread(name: str, *args: Any, **kwargs: Any) -> Any:
        return await threads.run(getattr(filesystem, name), *args, **kwargs)

    async def in_this_loop(name: str, *args: Any, **kwargs: Any) -> Any:
        return await getattr(filesystem, f"_{name}")(*args, **kwargs)

    async def in_its_loop(name: str, *args: Any, **kwargs: Any) -> Any:
        call = getattr(filesystem, f"_{name}")(*args, **kwargs)
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(call, filesystem.loop))

    if not filesystem.async_impl:
        return in_a_thread
    return in_this_loop if filesystem.asynchronous else in_its_loop


async def _to_the_end(call: Coroutine[Any, Any, T]) -> T:
    """
    Await a call that changes something.

    A request that is on its way cannot be taken back. So if the task is cancelled meanwhile, the cancellation waits:
    otherwise the effect could come after that of a later call.
    """
    future = asyncio.ensure_future(call)
    try:
        return await asyncio.shield(future)
    except asyncio.CancelledError:
        await asyncio.gather(future, return_exceptions=True)
        raise
