"""Backends that die: at their first call, at their second, and so on."""

from __future__ import annotations

from collections.abc import AsyncIterator
from types import TracebackType
from typing import TypeVar

from ...errors import StorageError

__all__ = ["Death", "at_every_death"]

T = TypeVar("T")

_MOST_CALLS = 500


class Death:
    """
    One try: what is done in its block is done with a backend that dies.

    Attributes:
        calls: The call at which the backend fails, counted from 1.
        came: Whether it came to that; if not, all was done.
    """

    def __init__(self, calls: int) -> None:
        self.calls = calls
        self.came = False

    async def __aenter__(self) -> None:
        pass

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> bool:
        self.came = isinstance(error, StorageError)
        return self.came

    def either(self, old: T, new: T) -> tuple[T, ...]:
        """Return what may be there afterwards: only the new state if all was done."""
        return (old, new) if self.came else (new,)

    def __str__(self) -> str:
        return f"if the backend dies at call {self.calls}" if self.came else "if the backend lives"


async def at_every_death() -> AsyncIterator[Death]:
    """
    Yield one death after the other, up to the first that does not come.

    Raises:
        AssertionError: They do not end.
    """
    for calls in range(1, _MOST_CALLS):
        death = Death(calls)
        yield death
        if not death.came:
            return
    raise AssertionError(f"one call of the adapter makes more than {_MOST_CALLS} calls of its backend")
