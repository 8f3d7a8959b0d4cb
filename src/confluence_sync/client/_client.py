"""`ConfluenceClient`: the calls of the REST API that a sync needs, as typed methods."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Sequence
from datetime import datetime
from itertools import islice
from random import Random, SystemRandom
from types import TracebackType
from typing import Self, TypeVar

import httpx

from ..errors import AuthenticationError, ConfigurationError, RemoteNotFoundError, UnexpectedResponseError
from ..models import AccountId, Container, ContentId, Page, PageBody, PageId, Space, SpaceId, User
from ..protocols import Clock
from . import _calls as calls
from ._auth import Authentication
from ._budget import PointsBudget
from ._decode import merged
from ._limiter import SiteLimiter
from ._retry import RetryPolicy
from ._transport import Transport
from ._values import AccessibleResource, Batch, SearchHit, Usage
from ._wire import Call
from .address import CLOUD_ONLY

__all__ = ["ConfluenceClient"]

T = TypeVar("T")


class ConfluenceClient:
    """
    Reads one Confluence Cloud site. Nothing is ever written there.

    All methods raise `ClientError` and its subclasses; the docstrings name only what is particular to a call.
    A failed call has been repeated as the policy says, unless repeating cannot help. What is called a scope below is
    what an OAuth or scoped token needs; points are those of the hourly quota of OAuth apps.

    Listings are async iterators over batches. They end at the end of the list and nowhere else: a cursor that comes
    again, or that is missing from a next link, raises `UnexpectedResponseError`. A walk that stopped is resumed by
    giving the last `next_cursor` and the same arguments; a 400 for an old cursor means to start over.

    Example:
        ```python
        auth = SiteApiToken("https://your-site.atlassian.net/wiki", email, token)
        async with ConfluenceClient(auth) as client:
            space = await client.space_by_key("DOCS")
            async for batch in client.page_batches(space.id):
                print([page.title for page in batch.items])
        ```

    Args:
        auth: Where the API is and how to authenticate.
        http: Used and never closed; by default the client has one of its own and closes it.
        limiter: By default `SiteLimiter.shared`; with a `clock`, one of the client's own.
        clock: For waiting, in tests.
        retry: When failed calls are repeated.
        random: Spreads the waits.
        budget: What may be used of the hourly quota; without one it ends when the site refuses.
    """

    def __init__(
        self,
        auth: Authentication,
        *,
        http: httpx.AsyncClient | None = None,
        limiter: SiteLimiter | None = None,
        clock: Clock | None = None,
        retry: RetryPolicy | None = None,
        random: Random | None = None,
        budget: PointsBudget | None = None,
    ) -> None:
        self._auth = auth
        self._transport = Transport(
            auth,
            http=http,
            limiter=limiter,
            clock=clock,
            retry=retry or RetryPolicy(),
            random=random or SystemRandom(),
            budget=budget,
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self._transport.aclose()

    @property
    def site_url(self) -> str:
        """Base of human addresses, ending in `/wiki`; "" if the credentials do not say (see `Batch.base_url`)."""
        return self._auth.site_url

    @property
    def usage(self) -> Usage:
        """Requests and points so far."""
        return self._transport.usage

    @property
    def server_time(self) -> datetime | None:
        """The provider's clock at the latest answer (`Date`), UTC; None before the first. Watermarks go by it."""
        return self._transport.server_time

    async def current_user(self) -> User:
        """
        Return the user whose credentials these are.

        `GET /rest/api/user/current` (v1). Scope `read:content-details:confluence` or `read:confluence-user`.
        3 points.

        Raises:
            AuthenticationError: Also if Confluence answers as to an anonymous visitor, as it does to wrong Basic
                credentials on sites that allow anonymous access.
            ConfigurationError: The address is not of a Cloud site.
        """
        call = calls.current_user()
        try:
            user = await self._one(call)
        except RemoteNotFoundError as error:
            if self._auth.api_url != self.site_url:
                raise  # the gateway answers so if the cloudid is wrong, or the token
            raise ConfigurationError(
                f"{error}; there is no Confluence at this address, or no Cloud: {CLOUD_ONLY}"
            ) from error
        if user is None:
            raise AuthenticationError(f"{call.endpoint}: the credentials are not accepted, the site sees a visitor")
        return user

    async def accessible_resources(self) -> tuple[AccessibleResource, ...]:
        """
        Return the Confluence sites that the grant reaches, each once, in the order of the answer, which means nothing.

        `GET /oauth/token/accessible-resources` on the gateway. No scope. Counted as 1 point and 1 per entry.

        Raises:
            ConfigurationError: The credentials are an API token, which is of one site.
        """
        if self._auth.grants_url is None:
            raise ConfigurationError("an API token is of one site; only OAuth grants have a list of sites")
        batch = await self._transport.send(calls.accessible_resources(self._auth.grants_url))
        return merged(batch.items)

    def space_batches(
        self, *, status: str = "current", cursor: str | None = None, limit: int = calls.MAX_BATCH
    ) -> AsyncIterator[Batch[Space]]:
        """
        List the spaces the user may see, in order of id.

        `GET /spaces`. Scope `read:space:confluence`. 1 point a request and 1 a space.

        Args:
            status: `current` or `archived`.
            cursor: Where to go on.
            limit: Spaces a request, at most 250.
        """
        return self._walk(calls.spaces(status=status, limit=limit), cursor)

    async def space(self, space_id: SpaceId) -> Space:
        """
        Return a space.

        `GET /spaces/{id}`. Scope `read:space:confluence`. 2 points.

        Raises:
            RemoteNotFoundError: Not there, or not visible.
        """
        return await self._one(calls.space(space_id))

    async def spaces(self, ids: Iterable[SpaceId]) -> tuple[Space, ...]:
        """
        Return those of some spaces that are there and visible, in order of id.

        `GET /spaces?ids=`, 250 ids a request. Scope `read:space:confluence`. 1 point a request and 1 a space.
        """
        distinct = iter(dict.fromkeys(ids))
        found: list[Space] = []
        while some := tuple(islice(distinct, calls.MAX_BATCH)):
            found += await self._all(calls.spaces(ids=",".join(some)))
        return tuple(found)

    async def space_by_key(self, key: str) -> Space:
        """
        Return the space with a key, in any case of letters.

        `GET /spaces?keys=`. Scope `read:space:confluence`. 2 points; for a personal space (`~...`) that the filter
        does not find, a walk over all personal spaces.

        Raises:
            RemoteNotFoundError: No such space, or not visible.
        """
        personal = key.startswith("~")
        try:
            found = await self._find_space(calls.spaces(keys=key), key)
        except (RemoteNotFoundError, UnexpectedResponseError):  # one site's answer to a key with `~`
            if not personal:
                raise
            found = None
        if found is None and personal:
            found = await self._find_space(calls.spaces(type="personal"), key)
        if found is None:
            raise RemoteNotFoundError(f"there is no space {key!r}, or the user may not see it")
        return found

    def page_batches(
        self, space_id: SpaceId, *, cursor: str | None = None, limit: int = calls.MAX_BATCH
    ) -> AsyncIterator[Batch[Page]]:
        """
        List the current pages of a space, at any depth, in order of id: edits during the walk move no row.

        `GET /spaces/{id}/pages?status=current&sort=id`. Scope `read:page:confluence`. 1 point a request and 1 a page.

        Args:
            space_id: The space.
            cursor: Where to go on.
            limit: Pages a request, at most 250.

        Raises:
            RemoteNotFoundError: No such space, or not visible.
        """
        return self._walk(calls.space_pages(space_id, limit=limit), cursor)

    def body_batches(
        self, space_id: SpaceId, *, cursor: str | None = None, limit: int = 100, patient: bool = True
    ) -> AsyncIterator[Batch[PageBody]]:
        """
        List the current pages of a space with their bodies, in order of id.

        As `page_batches` with `body-format=storage`, for the same points. Heavy pages make the answer fail
        (`ServerError`, `ContentTooLargeError`, `TransportError`): `page_batches` goes on from the last cursor without.

        Args:
            space_id: The space.
            cursor: Where to go on.
            limit: Pages a request, at most 250.
            patient: See `page_bodies`.

        Raises:
            RemoteNotFoundError: No such space, or not visible.
        """
        return self._walk(calls.space_bodies(space_id, limit=limit, patient=patient), cursor)

    def recent_batches(
        self, space_ids: Sequence[SpaceId], *, cursor: str | None = None, limit: int = 25
    ) -> AsyncIterator[Batch[Page]]:
        """
        List the current pages of some spaces, those with the latest edit first (`version.createdAt`).

        `GET /pages?space-id=...&status=current&sort=-modified-date`. Scope `read:page:confluence`. 1 point a request
        and 1 a page. A page that is edited during the walk can come twice. Moves and deletions do not show.

        Args:
            space_ids: 1 to 100.
            cursor: Where to go on.
            limit: Pages a request, at most 250.

        Raises:
            ConfigurationError: No space (which would ask for every page of the site), or more than 100.
        """
        if not 1 <= len(space_ids) <= calls.MAX_SPACES:
            raise ConfigurationError(f"recent_batches takes 1 to {calls.MAX_SPACES} spaces, not {len(space_ids)}")
        return self._walk(calls.recent_pages(space_ids, limit=limit), cursor)

    async def page_bodies(self, ids: Sequence[PageId], *, patient: bool = True) -> tuple[PageBody, ...]:
        """
        Return the current pages among some ids, with their bodies, in the order of the answer.

        Ids that are not there, not visible, not current or no pages are missing from it without a word.
        `GET /pages?id=...&status=current&body-format=storage`. Scope `read:page:confluence`. 1 point and 1 a page.

        Args:
            ids: 1 to 250.
            patient: False raises at once what asking for fewer ids may mend: server errors, time-outs, broken
                connections. What an answer asks to wait for is waited for either way.

        Raises:
            ConfigurationError: No id (which would ask for every page of the site), or more than 250.
            ContentTooLargeError: Ask for fewer at once.
        """
        if not 1 <= len(ids) <= calls.MAX_BATCH:
            raise ConfigurationError(f"page_bodies takes 1 to {calls.MAX_BATCH} ids, not {len(ids)}")
        bodies = await self._all(calls.page_bodies(ids, patient=patient))
        return tuple(body for body in bodies if body.page.status == "current")  # whatever the site makes of the filter

    async def page(self, page_id: PageId) -> Page:
        """
        Return a page without its body, of any status: a trashed page is found as well, so check `status`.

        `GET /pages/{id}`. Scope `read:page:confluence`. 2 points.

        Raises:
            RemoteNotFoundError: Not there, not visible, or no page (a folder, say).
        """
        return await self._one(calls.page(page_id))

    async def container(self, type: str, id: ContentId) -> Container:  # noqa: A002 - the names of the fields
        """
        Return what is named as a parent: a folder, whiteboard, database, smart link, or page of any status.

        `GET /folders/{id}`, `/whiteboards/{id}`, `/databases/{id}`, `/embeds/{id}` or `/pages/{id}`. Scope
        `read:folder:confluence` and so on. 2 points.

        Args:
            type: `parentType` of the child.
            id: `parentId` of the child.

        Raises:
            RemoteNotFoundError: Not there, not visible, or of a type this library does not know (without a request).
        """
        if type not in calls.CONTAINER_PATHS:
            raise RemoteNotFoundError(f"nothing is known of content of type {type!r} ({id})")
        return await self._one(calls.container(type, id))

    async def users(self, account_ids: Iterable[AccountId]) -> tuple[User, ...]:
        """
        Return users by id; unknown ones are missing from the answer.

        `POST /users-bulk`, 250 ids a request. Scope `read:user:confluence`. 1 point a request and 2 a user. What
        cannot be an account id - bodies hold anything - is not asked for: one such id fails a whole request.
        """
        distinct = iter(dict.fromkeys(filter(calls.may_be_account_id, account_ids)))
        found: list[User] = []
        while ids := tuple(islice(distinct, calls.MAX_BATCH)):
            found += await self._all(calls.users(ids))
        return tuple(found)

    def search_batches(
        self, cql: str, *, cursor: str | None = None, limit: int = calls.MAX_BATCH
    ) -> AsyncIterator[Batch[SearchHit]]:
        """
        Search with CQL. The index lags, and a search can end early: never conclude from it that a page is gone.

        `GET /rest/api/content/search?expand=version,space` (v1). Scope `search:confluence` or
        `read:content-details:confluence`. 1 point a request and 1 a hit.

        Args:
            cql: Fixed for the whole walk; values in it are quoted by `cql_quote`.
            cursor: Where to go on.
            limit: Hits a request; Confluence may send fewer.

        Raises:
            MissingScopeError: Search is not available to this token; list by `recent_batches` instead.
            ContentTooLargeError: The cursor outgrew what an address holds; ask for a narrower window.
        """
        return self._walk(calls.search(cql, limit=limit), cursor)

    async def _one(self, call: Call[T]) -> T:
        (item,) = (await self._transport.send(call)).items
        return item

    async def _all(self, call: Call[T]) -> tuple[T, ...]:
        return tuple([item async for batch in self._walk(call, None) for item in batch.items])

    async def _walk(self, call: Call[T], cursor: str | None) -> AsyncIterator[Batch[T]]:
        seen = {cursor}
        while True:
            batch = await self._transport.send(call.at(cursor))
            cursor = batch.next_cursor
            if cursor is not None and cursor in seen:
                raise UnexpectedResponseError(
                    f"{call.endpoint}: the listing goes round in circles, a cursor came again"
                )
            yield batch
            if cursor is None:
                return
            seen.add(cursor)

    async def _find_space(self, call: Call[Space], key: str) -> Space | None:
        async for batch in self._walk(call, None):
            for space in batch.items:
                if space.key.casefold() == key.casefold():
                    return space
        return None
