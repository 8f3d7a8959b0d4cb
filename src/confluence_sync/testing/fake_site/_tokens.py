"""Grants and their tokens: what was consented to, and how refresh tokens rotate."""

from __future__ import annotations

from datetime import datetime, timedelta
from secrets import token_urlsafe

import attrs

from ._content import FakeUser

__all__ = ["Access", "Grant", "InvalidTokenError", "Tokens"]

INACTIVITY = timedelta(days=90)


class InvalidTokenError(Exception):
    """A refresh token that leads nowhere: unknown, idle for too long, rotated out, of a grant that is gone."""


@attrs.define(kw_only=True, eq=False)
class Grant:
    """
    What one account lets one app do; a later consent changes it, so that there is never a second one.

    Attributes:
        client_id: Of the app; "" for a bearer token that a test made up.
        cloud_ids: Of the sites it reaches; tokens given out earlier reach a site that is added later.
    """

    client_id: str = ""
    user: FakeUser | None = None
    scopes: frozenset[str]
    cloud_ids: set[str]
    revoked: bool = False


@attrs.frozen(kw_only=True)
class Access:
    """What an access token may do, and until when."""

    grant: Grant
    scopes: frozenset[str]
    expires_at: datetime | None
    hides_expiry: bool

    def expired(self, now: datetime) -> bool:
        """Whether its time is over."""
        return self.expires_at is not None and self.expires_at <= now


@attrs.define(eq=False)
class Family:
    """All refresh tokens that go back to one consent; one that is dead stays so."""

    grant: Grant
    current: Refresh | None = None
    dead: bool = False


@attrs.define(eq=False)
class Refresh:
    """One refresh token; `retired_at` is when another took its place."""

    family: Family
    issued_at: datetime
    retired_at: datetime | None = None


class Tokens:
    """
    The tokens that were given out.

    Attributes:
        issued: Every token, so that a test can look for them where no secret belongs.
        refreshes: How often a refresh token was exchanged...
        reuses: ...and how often one was that had been rotated out, within the leeway.
    """

    def __init__(self) -> None:
        self.issued: list[str] = []
        self.refreshes = 0
        self.reuses = 0
        self.grants: list[Grant] = []
        self._access: dict[str, Access] = {}
        self._refresh: dict[str, Refresh] = {}

    def grant(self, client_id: str, user: FakeUser, scopes: frozenset[str], cloud_ids: set[str]) -> Grant:
        """Return the one grant of an account to an app: its scopes are replaced, its sites added to."""
        for grant in self.grants:
            if (grant.client_id, grant.user, grant.revoked) == (client_id, user, False):
                grant.scopes, grant.cloud_ids = scopes, grant.cloud_ids | cloud_ids
                return grant
        grant = Grant(client_id=client_id, user=user, scopes=scopes, cloud_ids=set(cloud_ids))
        self.grants.append(grant)
        return grant

    def give_access(
        self, grant: Grant, *, expires_at: datetime | None, hides_expiry: bool, token: str | None = None
    ) -> str:
        """Return an access token; those of Atlassian are long."""
        token = token or self.secret(900)
        self._access[token] = Access(grant=grant, scopes=grant.scopes, expires_at=expires_at, hides_expiry=hides_expiry)
        return token

    def access(self, token: str) -> Access | None:
        """Return what a bearer token may do, also if it has expired; None if it never was, or is revoked."""
        access = self._access.get(token)
        return None if access is None or access.grant.revoked else access

    def forget_access(self, token: str) -> None:
        """Stop to accept a bearer token."""
        self._access.pop(token, None)

    def begin_family(self, grant: Grant, now: datetime) -> str:
        """Return the first refresh token of a consent."""
        return self._next(Family(grant), now)

    def rotate(self, token: str, client_id: str, now: datetime, *, leeway: timedelta) -> tuple[Grant, str]:
        """
        Return the grant of a refresh token, and the token that takes its place.

        One that was rotated out may come again within the leeway; after that it ends the whole family, since somebody
        else may have it.

        Raises:
            InvalidTokenError: It is not accepted.
        """
        refresh = self._refresh.get(token)
        if refresh is None or refresh.family.grant.client_id != client_id or not self._lives(refresh, now):
            raise InvalidTokenError
        if refresh.retired_at is not None:
            if refresh.retired_at + leeway <= now:
                refresh.family.dead = True
                raise InvalidTokenError
            self.reuses += 1
        self.refreshes += 1
        return refresh.family.grant, self._next(refresh.family, now)

    def end_families(self, grant: Grant) -> None:
        """Stop to accept the refresh tokens of a grant."""
        for refresh in self._refresh.values():
            if refresh.family.grant is grant:
                refresh.family.dead = True

    def secret(self, size: int) -> str:
        """Return something nobody can guess, of so many bytes."""
        self.issued.append(token_urlsafe(size))
        return self.issued[-1]

    def _next(self, family: Family, now: datetime) -> str:
        if family.current is not None:
            family.current.retired_at = now
        family.current = Refresh(family, now)
        token = self.secret(200)
        self._refresh[token] = family.current
        return token

    def _lives(self, refresh: Refresh, now: datetime) -> bool:
        family = refresh.family
        return not family.dead and not family.grant.revoked and now < refresh.issued_at + INACTIVITY
