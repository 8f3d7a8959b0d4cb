"""`FakeSite`: builds the content, answers requests, keeps the log."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta, timezone, tzinfo
from email.utils import format_datetime
from zoneinfo import ZoneInfo

import attrs
import httpx

from ...clock import SystemClock
from ...models import PageId
from ...protocols import Clock
from . import (
    _routes_attachments,
    _routes_oauth,
    _routes_pages,
    _routes_search,
    _routes_spaces,
    _routes_tree,
    _routes_users,
)
from ._content import FakeUser, SiteContent
from ._credentials import Credentials, Viewer
from ._faults import Fault, Faults
from ._http import ApiError, Reply, Request, Response, gateway_error
from ._limits import BurstLimit, Limits, PointsQuota
from ._nodes import FakePage, FakeSpace, Node
from ._oauth import FakeOAuth
from ._query import Query
from ._router import Call, Router
from ._server import Server
from ._settings import Settings
from ._transport import answering

__all__ = ["FakeSite", "RecordedRequest"]

ROUTES = Router(
    _routes_spaces.routes,
    _routes_pages.routes,
    _routes_tree.routes,
    _routes_users.routes,
    _routes_attachments.routes,
    _routes_search.routes,
    _routes_oauth.routes,
)
ANYBODY = Viewer(anonymous=True)
GATEWAY = re.compile(r"/ex/confluence/(?P<cloud_id>[^/]+)(?P<path>/.*)")
NEW_YORK_IN_WINTER = timezone(timedelta(hours=-5))


@attrs.frozen(kw_only=True)
class RecordedRequest:
    """
    A request that arrived.

    Attributes:
        path: Without the gateway's prefix.
        query: The last value of each parameter.
        status: Of the answer that was sent, or would have been if the connection had lived.
        points: Cost under the published rule.
    """

    method: str
    path: str
    query: Mapping[str, str]
    status: int
    points: int


class FakeSite:
    """
    Confluence Cloud in memory.

    Build it with `space` and what that returns, change it at any time, and reach it by `transport()` (no network), by
    `serve()` (HTTP on the loopback interface), or by `handle()` (values).

    ```python
    site = FakeSite()
    docs = site.space("DOCS", name="Documentation")
    runbook = docs.page("Runbook", parent=docs.homepage, storage="<p>Hello</p>")
    client = httpx.AsyncClient(base_url=site.url, auth=("reader@example.com", "token"), transport=site.transport())
    ```

    Args:
        clock: Time of the site, for timestamps, searches, limits and the `Date` header.
        url: Human address of the site, the base of links; it does not change when the site is served.
        time_zone: IANA name or zone in which searches read absolute dates. As on most sites it is not UTC.
        index_lag: Age a change, also to the trash or the archive, must have before a search knows of it.
        latency: Seconds before each answer.
        oauth: That of another site, to be behind one gateway with it: each of them answers for all behind it.

    Attributes:
        oauth: The authorization server: apps, consent, tokens.
        requests: All requests so far.
    """

    def __init__(
        self,
        *,
        clock: Clock | None = None,
        url: str = "https://example.atlassian.net",
        name: str = "example",
        cloud_id: str = "00000000-0000-4000-8000-000000000001",
        time_zone: str | tzinfo = NEW_YORK_IN_WINTER,
        index_lag: timedelta = timedelta(0),
        latency: float = 0.0,
        oauth: FakeOAuth | None = None,
    ) -> None:
        self.clock = clock or SystemClock()
        self.settings = Settings(
            url=url.rstrip("/"),
            name=name,
            cloud_id=cloud_id,
            time_zone=ZoneInfo(time_zone) if isinstance(time_zone, str) else time_zone,
            index_lag=index_lag,
        )
        self.latency = latency
        self._content = SiteContent(self.clock, FakeUser(account_id="557058:sync-reader", display_name="Sync Reader"))
        self.oauth = oauth or FakeOAuth(self.clock)
        self.oauth.sites[cloud_id] = self
        self._credentials = Credentials(self.clock, cloud_id, self.oauth.access)
        self._faults = Faults()
        self.requests: list[RecordedRequest] = []
        self._limits = Limits()

    @property
    def url(self) -> str:
        """Human address of the site, without `/wiki`."""
        return self.settings.url

    @property
    def gateway_path(self) -> str:
        """Path of the site behind the gateway, to be put before `/wiki`."""
        return f"/ex/confluence/{self.settings.cloud_id}"

    @property
    def me(self) -> FakeUser:
        """The user whose credentials the site accepts."""
        return self._content.me

    @property
    def spaces(self) -> list[FakeSpace]:
        """All spaces, in the order in which they were made."""
        return list(self._content.spaces.values())

    @property
    def nodes(self) -> list[Node]:
        """All pages, blog posts and containers of any status, in order of their ids."""
        return list(self._content.in_id_order())

    @property
    def users(self) -> list[FakeUser]:
        """All users, the syncing one first."""
        return list(self._content.users.values())

    @property
    def points(self) -> int:
        """Cost of all requests so far."""
        return sum(request.points for request in self.requests)

    def rename(self, *, url: str | None = None, name: str | None = None) -> None:
        """Give the site another address or name; its cloudid stays."""
        url = self.url if url is None else url.rstrip("/")
        self.settings = attrs.evolve(self.settings, url=url, name=name or self.settings.name)

    def space(
        self,
        key: str,
        *,
        name: str | None = None,
        type: str = "global",  # noqa: A002 - the field's name in the API
        status: str = "current",
        homepage: bool = True,
        at: datetime | None = None,
    ) -> FakeSpace:
        """
        Return the space with this key; it is made if there is none.

        Args:
            key: Key of the space, such as `DOCS`.
            name: By default the key.
            type: `global`, `personal` and the like.
            status: `current` or `archived`.
            homepage: Whether it is made with a page of the space's name.
            at: Creation time of the space and its homepage; by default the site's clock.
        """
        existing = self._content.space_by_key(key)
        if existing is not None:
            return existing
        space = FakeSpace(
            ledger=self._content,
            number=self._content.next_number(),
            key=key,
            name=name or key,
            type=type,
            status=status,
            created_at=at or self._content.now(),
        )
        self._content.spaces[space.number] = space
        if homepage:
            space.homepage = space.page(f"{space.name} Home", at=at)
        return space

    def page(self, title: str) -> FakePage:
        """
        Return the first page with this title.

        Raises:
            KeyError: There is none.
        """
        for node in self.nodes:
            if isinstance(node, FakePage) and node.title == title:
                return node
        raise KeyError(title)

    def user(self, account_id: str, display_name: str) -> FakeUser:
        """Make a user, or give an existing one another name."""
        user = FakeUser(account_id=account_id, display_name=display_name)
        self._content.users[account_id] = user
        return user

    def require(self, *, email: str, token: str, refuse: bool = False) -> None:
        """Accept one API token only. Any other is served as anonymous (200, nothing to see), or refused with 401."""
        self._credentials.require(email=email, token=token, refuse=refuse)

    def grant(
        self, token: str, *, scopes: Iterable[str], lifetime: timedelta | None = None, hides_expiry: bool = False
    ) -> None:
        """
        Accept a bearer token behind the gateway.

        Args:
            token: What comes after `Bearer`.
            scopes: Names such as `read:page:confluence`.
            lifetime: After which it has expired; None for never.
            hides_expiry: Answer it with 404 (v2) or 403 (v1) then, as gateways were seen to do, instead of 401.
        """
        self.oauth.accept(token, self, scopes, lifetime=lifetime, hides_expiry=hides_expiry)

    def revoke(self, token: str) -> None:
        """Stop to accept a bearer token."""
        self.oauth.reject(token)

    def fail(
        self,
        path: str | re.Pattern[str] = "",
        *,
        kind: str = "status",
        status: int = 503,
        body: str = "",
        headers: Mapping[str, str] | None = None,
        seconds: float = 0.0,
        rows: int = 0,
        query: Callable[[Mapping[str, str]], bool] | None = None,
        page_id: int | str | None = None,
        bodies_only: bool = True,
        times: int | None = 1,
        skip: int = 0,
    ) -> None:
        """
        Let the next matching requests go wrong.

        Args:
            path: Substring or regular expression to be found in the path; "" for any.
            kind: `status`, `timeout`, `reset`, `truncated`, `invalid_json`, `latency` or `ends_early`.
            status: Answered by the kind `status`.
            body: Answered by the kind `status`; HTML, JSON or nothing.
            headers: Answered by the kind `status`.
            seconds: Delay of the kind `latency`.
            rows: What a listing still shows by the kind `ends_early`.
            query: Takes the parameters and says whether the request is meant.
            page_id: Only answers that hold this page...
            bodies_only: ...with its body; False for also without.
            times: How often; None for ever.
            skip: Matching requests that go well before.
        """
        self._faults.add(
            Fault(
                kind=kind,
                path=path,
                query=query or (lambda _: True),
                page_id=None if page_id is None else PageId(str(int(page_id))),
                bodies_only=bodies_only,
                status=status,
                body=body,
                headers=headers or {},
                seconds=seconds,
                rows=rows,
                times=times,
                skip=skip,
            )
        )

    def heal(self) -> None:
        """Let everything go well again: no fault that was asked for strikes any more."""
        self._faults.clear()

    def limit_points(self, points: int) -> None:
        """Refuse everybody who asks once so many points are used in an hour. Confluence itself spares API tokens."""
        self._limits.quota = PointsQuota(points)

    def limit_burst(self, requests: int, seconds: float) -> None:
        """Refuse more than so many requests in a window."""
        self._limits.burst = BurstLimit(requests, seconds)

    def reset_log(self) -> None:
        """Forget the requests so far."""
        self.requests.clear()

    def transport(self) -> httpx.MockTransport:
        """Return a transport for `httpx.AsyncClient`, to which this site is all of the internet."""
        return answering(self.handle, self.clock)

    def serve(self, *, port: int = 0, latency: float = 0.0) -> Server:
        """
        Return a server on the loopback interface, to be entered for its URL, `http://127.0.0.1:port`.

        `async with` serves on the running event loop. `with` serves from a thread of its own; change the site then only
        while no request is under way.

        Args:
            port: 0 for any that is free.
            latency: Seconds before each answer, on top of the site's own.
        """
        return Server(self.handle, port=port, latency=latency)

    def handle(self, request: Request) -> Response:
        """Answer a request: at once, whatever delay the response asks for."""
        match = GATEWAY.fullmatch(request.path)
        site = self.oauth.sites.get(match["cloud_id"]) if match else None
        if match is None or site is None:
            return self._handle(request, request, gateway=False)
        if site is not self:
            return site.handle(request)
        return self._handle(request, attrs.evolve(request, path=match["path"]), gateway=True)

    def _handle(self, request: Request, inner: Request, *, gateway: bool) -> Response:
        reply = self._reply(inner, gateway=gateway)
        fault = self._faults.strike(request, reply)
        points = 1 if fault is not None and fault.kind == "status" else reply.points
        points = points if _metered(inner) else 0
        self._limits.charge(points)
        response = self._response(reply)
        if fault is not None:
            response = fault.spoil(response)
        self._record(inner, response.status, points)
        return attrs.evolve(response, delay=response.delay + self.latency)

    def _reply(self, request: Request, *, gateway: bool) -> Reply:
        try:
            return self._answer(request, gateway=gateway)
        except ApiError as error:
            return error.reply

    def _answer(self, request: Request, *, gateway: bool) -> Reply:
        if _metered(request):
            self._limits.check(self.clock.now())
        route, parameters = ROUTES.find(request.method, request.path)
        viewer = ANYBODY if route.public else self._credentials.identify(request, gateway=gateway)
        if not viewer.may(route.scopes):
            raise gateway_error(401, "Unauthorized; scope does not match")
        return route.handler(self._call(request, viewer, parameters))

    def _call(self, request: Request, viewer: Viewer, parameters: Mapping[str, str]) -> Call:
        return Call(
            settings=self.settings,
            content=self._content,
            credentials=self._credentials,
            oauth=self.oauth,
            viewer=viewer,
            request=request,
            path=request.path,
            parameters=parameters,
            query=Query(request.query),
        )

    def _response(self, reply: Reply) -> Response:
        now = self.clock.now()
        headers = {"Date": format_datetime(now, usegmt=True), **self._limits.headers(now)}
        body = reply.content
        if reply.payload is not None:
            headers["Content-Type"] = "application/json"
            body = json.dumps(reply.payload, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
        return Response(status=reply.status, headers={**headers, **reply.headers}, body=body)

    def _record(self, request: Request, status: int, points: int) -> None:
        self.requests.append(
            RecordedRequest(
                method=request.method, path=request.path, query=dict(request.query), status=status, points=points
            )
        )


def _metered(request: Request) -> bool:
    return request.path not in _routes_oauth.UNMETERED
