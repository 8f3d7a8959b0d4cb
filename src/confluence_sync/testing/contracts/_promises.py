"""What adapters promise: each promise has a name, and each test keeps one of them."""

from __future__ import annotations

import functools
from collections.abc import Callable, Coroutine
from enum import StrEnum
from typing import Any, ParamSpec, Self

import pytest

__all__ = ["Promise", "keeps", "promise_of"]

P = ParamSpec("P")
Test = Callable[P, Coroutine[Any, Any, None]]


class Promise(StrEnum):
    """
    A promise of a protocol: `NAME = "name", "What is promised."`.

    Names are stable: deviations are declared by them, and failures begin with them.

    Attributes:
        statement: What is promised, in one sentence.
    """

    statement: str

    def __new__(cls, name: str, statement: str) -> Self:
        """Make the member a string that is its name."""
        member = str.__new__(cls, name)
        member._value_ = name
        member.statement = statement
        return member

    @property
    def label(self) -> str:
        """The name with its protocol: `VFS.whole-documents`."""
        return f"{type(self).__name__.removesuffix('Promise')}.{self.value}"


def keeps(promise: Promise) -> Callable[[Test[P]], Test[P]]:
    """Say which promise a test is about; whatever fails in it fails with the promise's name in front."""

    def mark(test: Test[P]) -> Test[P]:
        @functools.wraps(test)
        async def checked(*args: P.args, **kwargs: P.kwargs) -> None:
            __tracebackhide__ = True
            try:
                await test(*args, **kwargs)
            except (AssertionError, pytest.fail.Exception) as error:
                raise AssertionError(f"{promise.label}: {error}").with_traceback(error.__traceback__) from None
            except TimeoutError as error:
                raise AssertionError(f"{promise.label}: it takes for ever") from error
            except Exception as error:
                raise AssertionError(f"{promise.label}: raised {type(error).__name__}: {error}") from error

        checked.__dict__["promise"] = promise
        return checked

    return mark


def promise_of(test: object) -> Promise | None:
    """Return the promise that a test is about, None for a test of somebody else's."""
    promise: Promise | None = getattr(test, "promise", None)
    return promise
