"""Which scopes a sync needs, and what for. Pure."""

from __future__ import annotations

from collections.abc import Collection

import attrs

__all__ = ["OFFLINE_ACCESS", "SCOPE_NEEDS", "SYNC_SCOPES", "ScopeNeed", "missing_scopes"]

OFFLINE_ACCESS = "offline_access"
"""What brings a refresh token; it stands in no list of scopes that a site or an endpoint asks for."""


@attrs.frozen
class ScopeNeed:
    """
    Something a sync does, and the scopes that allow it.

    Attributes:
        purpose: What it is, as a user would say it.
        scopes: Any one of them is enough; the first is the one that `SYNC_SCOPES` asks for.
    """

    purpose: str
    scopes: tuple[str, ...]


SCOPE_NEEDS = (
    ScopeNeed("list the spaces", ("read:space:confluence",)),
    ScopeNeed("list and read pages", ("read:page:confluence",)),
    ScopeNeed("name the folders above pages", ("read:folder:confluence",)),
    ScopeNeed("name the whiteboards above pages", ("read:whiteboard:confluence",)),
    ScopeNeed("name the databases above pages", ("read:database:confluence",)),
    ScopeNeed("name the smart links above pages", ("read:embed:confluence",)),
    ScopeNeed("name authors and people mentioned", ("read:user:confluence",)),
    ScopeNeed("find what changed by search", ("search:confluence", "read:content-details:confluence")),
    ScopeNeed("know whose account it is", ("read:content-details:confluence", "read:confluence-user")),
)
"""
Everything a sync calls. v2 takes granular scopes only; search and the current user are of v1, which takes a classic
scope or a granular one. Source: security sections of the OpenAPI documents of both.
"""

SYNC_SCOPES = (OFFLINE_ACCESS, *dict.fromkeys(need.scopes[0] for need in SCOPE_NEEDS))
"""What an app asks for by default. All but `offline_access` have to be added to the app in the developer console."""


def missing_scopes(granted: Collection[str]) -> tuple[str, ...]:
    """
    Return the scopes a sync lacks, as they would be asked for; empty if it has what it needs.

    `offline_access` is not among them: without it there is no refresh token, which `TokenEndpoint.exchange` refuses.

    >>> missing_scopes(SYNC_SCOPES)
    ()
    >>> missing_scopes({*SYNC_SCOPES} - {"search:confluence"})
    ()
    >>> missing_scopes({*SYNC_SCOPES} - {"read:page:confluence", "read:embed:confluence"})
    ('read:page:confluence', 'read:embed:confluence')

    Args:
        granted: `OAuthTokens.scopes` or `AccessibleResource.scopes`.
    """
    lacking = (need.scopes[0] for need in SCOPE_NEEDS if not set(need.scopes) & set(granted))
    return tuple(dict.fromkeys(lacking))
