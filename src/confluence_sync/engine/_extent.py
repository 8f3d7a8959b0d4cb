"""How far the trouble goes that an error tells of."""

from __future__ import annotations

from ..errors import AuthenticationError, ConfluenceSyncError, MissingScopeError, RateLimitedError

__all__ = ["concerns_all"]


def concerns_all(error: ConfluenceSyncError) -> bool:
    """Whether an error is the whole connection's: then there is no point in going on with other pages or spaces."""
    if isinstance(error, AuthenticationError):
        return not isinstance(error, MissingScopeError)
    return isinstance(error, RateLimitedError)
