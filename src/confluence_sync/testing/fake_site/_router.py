"""From a method and a path to the function that answers."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote

import attrs

from ._content import SiteContent
from ._credentials import Credentials, Viewer
from ._http import ApiError, Reply, Request, v1_error, v2_error
from ._nodes import FakeSpace, Node
from ._oauth import FakeOAuth
from ._paging import Slice
from ._query import Query, integer
from ._settings import Settings

__all__ = ["Call", "Route", "Router", "not_found"]


@attrs.frozen(kw_only=True)
class Call:
    """One request, as the function that answers sees it."""

    settings: Settings
    content: SiteContent
    credentials: Credentials
    oauth: FakeOAuth
    viewer: Viewer
    request: Request
    path: str
    parameters: Mapping[str, str]
    query: Query

    @property
    def base(self) -> str:
        """`_links.base`: the site's address also behind the gateway."""
        return f"{self.settings.url}/wiki"

    def number(self) -> int:
        """Return the `{id}` of the path as the number it is."""
        return integer("id", self.parameters["id"])

    def sees_space(self, space: FakeSpace) -> bool:
        """Whether the caller may see a space."""
        return not self.viewer.anonymous and not space.restricted

    def sees(self, node: Node) -> bool:
        """Whether the caller may see content."""
        return not self.viewer.anonymous and node.visible

    def space(self) -> FakeSpace:
        """
        Return the space of the path's `{id}`.

        Raises:
            ApiError: 404, not there or not to be seen.
        """
        space = self.content.spaces.get(self.number())
        if space is None or not self.sees_space(space):
            raise not_found()
        return space

    def node(self, *types: str) -> Node:
        """
        Return the content of the path's `{id}`.

        Raises:
            ApiError: 404, not there, of another type, or not to be seen.
        """
        number = self.number()
        node = self.content.nodes.get(number)
        if node is None or node.type not in types or not self.sees(node):
            raise not_found(f"Cannot find a {types[0]} with id [{number}]")
        return node

    def listing(self, found: Slice[Any], results: list[dict[str, Any]], **counts: Any) -> Reply:
        """Wrap results as v2 does; `next` is relative to the host, as is the `Link` header."""
        links, headers = {"base": self.base}, {}
        if found.next_cursor is not None:
            links["next"] = self._next(found.next_cursor)
            headers["Link"] = f'<{links["next"]}>; rel="next", <{self.base}>; rel="base"'
        counts.setdefault("objects", len(results))
        return Reply(payload={"results": results, "_links": links}, headers=headers, **counts)

    def _next(self, cursor: str) -> str:
        pairs = [(name, value) for name, value in self.query.pairs if name != "cursor"]
        query = "&".join(f"{quote(name)}={quote(value, safe='')}" for name, value in [*pairs, ("cursor", cursor)])
        return f"{quote(self.path)}?{query}"


Handler = Callable[[Call], Reply]


@attrs.frozen
class Route:
    """One endpoint; a bearer token needs any one of the scopes, a public one takes anybody."""

    method: str
    pattern: re.Pattern[str]
    scopes: frozenset[str]
    handler: Handler
    public: bool = False


class Router:
    """A table of endpoints."""

    def __init__(self, *parts: Router) -> None:
        self.routes: list[Route] = [route for part in parts for route in part.routes]

    def get(self, path: str, *scopes: str, public: bool = False) -> Callable[[Handler], Handler]:
        """Register the answer to GET on a path such as `/wiki/api/v2/pages/{id}`."""
        return self._register("GET", path, scopes, public=public)

    def post(self, path: str, *scopes: str, public: bool = False) -> Callable[[Handler], Handler]:
        """Register the answer to POST."""
        return self._register("POST", path, scopes, public=public)

    def find(self, method: str, path: str) -> tuple[Route, Mapping[str, str]]:
        """
        Return the endpoint and the parameters of its path.

        Raises:
            ApiError: 404, no endpoint has this path; 405, none with this method.
        """
        matches = [(route, match) for route in self.routes if (match := route.pattern.fullmatch(path))]
        for route, match in matches:
            if route.method == method:
                return route, match.groupdict()
        raise _no_route(path, status=405 if matches else 404)

    def _register(
        self, method: str, path: str, scopes: tuple[str, ...], *, public: bool
    ) -> Callable[[Handler], Handler]:
        pattern = re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", path))

        def register(handler: Handler) -> Handler:
            self.routes.append(Route(method, pattern, frozenset(scopes), handler, public))
            return handler

        return register


def not_found(title: str = "Not Found") -> ApiError:
    """Return v2's answer for what is not there and for what may not be seen."""
    return v2_error(404, "NOT_FOUND", title)


def _no_route(path: str, *, status: int) -> ApiError:
    title = "Not Found" if status == 404 else "Method Not Allowed"
    if path.startswith("/wiki/rest/"):
        return v1_error(status, "NotFoundException", f"{title}: no endpoint {path}")
    return v2_error(status, title.upper().replace(" ", "_"), title)
