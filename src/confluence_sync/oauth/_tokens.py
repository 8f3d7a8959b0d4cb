"""The tokens of a connection: a value, and a document in the `TokenStore`."""

from __future__ import annotations

from datetime import datetime, timedelta

import attrs

from ..documents import dump, load
from ..errors import DocumentVersionError, StorageError

__all__ = ["OAuthTokens", "dump_tokens", "load_tokens"]

_CLOCKS_DIFFER = timedelta(minutes=1)
"""By so much, at most, are the clocks of the machines of one host apart."""


@attrs.frozen(kw_only=True)
class OAuthTokens:
    """
    What a consent, or a refresh, gave.

    Attributes:
        access_token: Opaque, kilobytes long; goes to the gateway only.
        refresh_token: Good for one refresh; None if there was none, so that the grant ends with the access token.
        obtained_at: When they were asked for, UTC, by this machine's clock.
        expires_at: When the access token ends (`expires_in`), UTC, by this machine's clock; None if that was not told.
        scopes: Granted (`scope`).
    """

    access_token: str = attrs.field(repr=False)
    refresh_token: str | None = attrs.field(default=None, repr=False)
    obtained_at: datetime
    expires_at: datetime | None = None
    scopes: tuple[str, ...] = ()

    def seconds_left(self, now: datetime) -> float | None:
        """Return how long the access token is still good, negative if it is not; None if that was not told."""
        return None if self.expires_at is None else (self.expires_at - now).total_seconds()

    def nears_expiry(self, now: datetime, *, within: float) -> bool:
        """
        Tell whether the access token ends within so many seconds, or has ended.

        Never so in the first half of its life, however short it is. One whose life is not known is taken for one that
        ends when it is as old as that. Of one that was got in the future nobody knows how old it is: the clock went
        back, and the token may be over by now.
        """
        if now < self.obtained_at - _CLOCKS_DIFFER:
            return True
        if self.expires_at is None:
            return now >= self.obtained_at + timedelta(seconds=within)
        life = self.expires_at - self.obtained_at
        return now >= self.expires_at - min(timedelta(seconds=within), life / 2)


def dump_tokens(tokens: OAuthTokens) -> bytes:
    """Return tokens as a secret for a `TokenStore`."""
    return dump(tokens)


def load_tokens(secret: bytes) -> OAuthTokens:
    """
    Return the tokens of a secret.

    Raises:
        DocumentVersionError: A newer version of this library wrote it.
        StorageError: It is something else. Neither the message nor its chain repeats it.
    """
    try:
        return load(OAuthTokens, secret)
    except DocumentVersionError:
        raise
    except StorageError:
        pass  # quotes what it read
    raise StorageError("what is stored as the tokens of a connection is something else: connect again")
