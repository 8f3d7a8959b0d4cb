"""How far the trouble goes that an error tells of."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import TypeVar

from ..errors import AuthenticationError, ClientError, ConfluenceSyncError, MissingScopeError, RateLimitedError

__all__ = ["alone", "concerns_all"]

T = TypeVar("T")


def concerns_all(error: ConfluenceSyncError) -> bool:
    """Whether an error is the whole connection's: then there is no point in going on with other pages or spaces."""
    if isinstance(error, AuthenticationError):
        return not isinstance(error, MissingScopeError)
    return isinstance(error, RateLimitedError)


async def alone(call: Awaitable[T]) -> T | ClientError:
    """
    Return what a call gives, or the error that is its own.

    Raises:
        ClientError: The error is the whole connection's.
    """
    try:
        return await call
    except ClientError as error:
        if concerns_all(error):
            raise
        return error
