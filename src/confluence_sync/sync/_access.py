"""What a connection is asked before it is called connected: cheap calls, one for each thing that a sync reads.

Atlassian answers a missing scope only when it is used, so a run would find out in the middle. All that is missing is
named at once: each change of an app's scopes costs the user another consent.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable
from contextlib import suppress
from typing import TypeVar

import attrs

from ..client import Batch, ConfluenceClient
from ..errors import MissingScopeError, PermissionDeniedError, RemoteNotFoundError, UnexpectedResponseError
from ..models import AccountId, Container, ContentId, PageId, User
from ._sites import human_base

__all__ = ["Access", "check_access"]

T = TypeVar("T")

_NO_SPACE = "the account sees no space of the site; ask its administrators for access"
_SEARCH = 'type = page and lastmodified >= now("-1m")'


@attrs.frozen(kw_only=True)
class Access:
    """
    What a connection may read.

    Attributes:
        account: Whose rights it has.
        site_url: Base of human addresses, as the listing of spaces gives it; "" if it does not.
        warnings: What is odd, though it works.
    """

    account: User
    site_url: str
    warnings: tuple[str, ...]


async def check_access(client: ConfluenceClient, *, search: bool) -> Access:
    """
    Read a little of everything that a sync will read: 9 requests, about 12 points.

    Args:
        client: Of the site.
        search: Whether runs will search for changes.

    Raises:
        MissingScopeError: Naming every scope that is missing.
        ClientError: The site cannot be read at all.
    """
    missing: list[str] = []
    account = await _ask(client.current_user(), "read:content-details:confluence (who the user is)", missing)
    spaces = await _ask(_first(client.space_batches(limit=1)), "read:space:confluence (spaces)", missing)
    await _probe(client.page(PageId("1")), "read:page:confluence (pages)", missing)
    await _probe(_container(client, "folder"), "read:folder:confluence (folders)", missing)
    someone = account.account_id if account else AccountId("unknown")
    await _ask(client.users([someone]), "read:user:confluence (names of authors)", missing)
    if search:
        hits = _first(client.search_batches(_SEARCH, limit=1))
        await _ask(hits, "search:confluence (what changed)", missing)
    if missing or account is None:
        raise MissingScopeError(_sentence(missing), status=401)
    warnings = [] if spaces is not None and spaces.items else [_NO_SPACE]
    unnamed: list[str] = []
    for kind in ("whiteboard", "database", "embed"):
        await _probe(_container(client, kind), f"read:{kind}:confluence", unnamed)
    warnings += [f"without the scope {scope}, folders above some pages have no name" for scope in unnamed]
    return Access(account=account, site_url=human_base(spaces.base_url) if spaces else "", warnings=tuple(warnings))


async def _ask(answer: Awaitable[T], scope: str, missing: list[str]) -> T | None:
    """Return an answer; None if there is none, and if that is for want of a scope, note it."""
    try:
        return await answer
    except MissingScopeError:
        missing.append(scope)
    except (RemoteNotFoundError, UnexpectedResponseError):
        pass  # the scope is there: nobody knows whether there is a page 1
    return None


async def _probe(answer: Awaitable[object], scope: str, missing: list[str]) -> None:
    """Ask for something that need not be there, nor be for this user's eyes: only the scope counts."""
    with suppress(PermissionDeniedError):
        await _ask(answer, scope, missing)


def _container(client: ConfluenceClient, kind: str) -> Awaitable[Container]:
    return client.container(kind, ContentId("1"))


async def _first(batches: AsyncIterator[Batch[T]]) -> Batch[T] | None:
    async for batch in batches:
        return batch
    return None


def _sentence(missing: list[str]) -> str:
    return (
        f"the access lacks scopes that a sync needs: {', '.join(missing)}; add them to the app in Atlassian's "
        "developer console, or make an API token that has them, and connect again"
    )
