"""Endpoints of pages and blog posts: lists and single reads."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from zlib import crc32

from ._http import Reply, v2_error
from ._nodes import FakePage, Node, Revision
from ._paging import Key, order_of, take, take_nodes
from ._query import Query, integer
from ._router import Call, Router, not_found
from ._shapes import page_json, timestamp, version_json

__all__ = ["routes"]

routes = Router()

SCOPE = "read:page:confluence"
Keep = Callable[[Node], bool]
ORDERS: dict[str, Key[Node]] = {
    "id": lambda node: (node.number,),
    "created-date": lambda node: (timestamp(node.created_at), node.number),
    "modified-date": lambda node: (timestamp(node.updated_at), node.number),
    "title": lambda node: (node.title, node.number),
}
STATUSES = ("archived", "current", "deleted", "trashed")
SINGLE_STATUSES = ("archived", "current", "deleted", "draft", "historical", "trashed")
REPRESENTATIONS = (
    "anonymous_export_view",
    "atlas_doc_format",
    "editor",
    "export_view",
    "storage",
    "styled_view",
    "view",
)


@routes.get("/wiki/api/v2/spaces/{id}/pages", SCOPE)
def list_pages_of_space(call: Call) -> Reply:
    """Answer `GET /spaces/{id}/pages`: every page wherever it hangs, or those at the top."""
    space = call.space()
    root = call.query.choice("depth", ("all", "root")) == "root"
    return _list(call, "page", lambda node: node.space is space and not (root and node.parent))


@routes.get("/wiki/api/v2/pages", SCOPE)
def list_pages(call: Call) -> Reply:
    """Answer `GET /pages`; ids that are not visible are silently missing."""
    return _list(call, "page", _selection(call.query))


@routes.get("/wiki/api/v2/spaces/{id}/blogposts", SCOPE)
def list_blog_posts_of_space(call: Call) -> Reply:
    """Answer `GET /spaces/{id}/blogposts`."""
    space = call.space()
    return _list(call, "blogpost", lambda node: node.space is space)


@routes.get("/wiki/api/v2/blogposts", SCOPE)
def list_blog_posts(call: Call) -> Reply:
    """Answer `GET /blogposts`."""
    return _list(call, "blogpost", _selection(call.query))


@routes.get("/wiki/api/v2/pages/{id}", SCOPE)
def get_page(call: Call) -> Reply:
    """Answer `GET /pages/{id}`; a page in the trash is answered with 200."""
    return _single(call, "page")


@routes.get("/wiki/api/v2/blogposts/{id}", SCOPE)
def get_blog_post(call: Call) -> Reply:
    """Answer `GET /blogposts/{id}`."""
    return _single(call, "blogpost")


@routes.get("/wiki/api/v2/pages/{id}/versions", SCOPE)
def list_versions(call: Call) -> Reply:
    """Answer `GET /pages/{id}/versions`."""
    page = call.node("page")
    keys: dict[str, Key[Revision]] = {"modified-date": lambda revision: (revision.number,)}
    order = order_of(call.query, keys, "-modified-date")
    found = take(page.revisions, order, cursor=call.query.get("cursor"), limit=call.query.limit())
    return call.listing(found, [version_json(revision) for revision in found.rows])


@routes.get("/wiki/api/v2/pages/{id}/labels", SCOPE)
def list_labels(call: Call) -> Reply:
    """Answer `GET /pages/{id}/labels`."""
    prefix = call.query.choice("prefix", ("global", "my", "system", "team"))
    labels = _labels(call.node("page")) if prefix in {None, "global"} else []
    keys: dict[str, Key[dict[str, str]]] = {
        "id": lambda label: (int(label["id"]), label["name"]),
        "name": lambda label: (label["name"],),
    }
    order = order_of(call.query, keys, "name")
    found = take(labels, order, cursor=call.query.get("cursor"), limit=call.query.limit())
    return call.listing(found, found.rows)


def _list(call: Call, type_: str, keep: Keep) -> Reply:
    query = call.query
    default = ("current", "archived") if type_ == "page" else ("current",)
    statuses, title = query.choices("status", STATUSES, default=default), query.get("title")
    body = _wants_body(query, ("atlas_doc_format", "storage"))

    def wanted(node: Node) -> bool:
        return (
            node.type == type_
            and node.status in statuses
            and (title is None or node.title == title)
            and keep(node)
            and call.sees(node)
        )

    order = order_of(query, ORDERS, "id")
    found = take_nodes(call.content, wanted, order, cursor=query.get("cursor"), limit=query.limit())
    shown = frozenset(node.id for node in found.rows)
    results = [page_json(node, body=body) for node in found.rows if isinstance(node, FakePage)]
    return call.listing(found, results, page_ids=shown, body_ids=shown if body else frozenset())


def _selection(query: Query) -> Keep:
    ids, space_ids = query.ids("id"), query.ids("space-id", most=100)
    subtype = query.choice("subtype", ("live", "page"))
    return lambda node: (
        (ids is None or node.number in ids)
        and (space_ids is None or node.space.number in space_ids)
        and (subtype is None or (isinstance(node, FakePage) and (node.subtype or "page") == subtype))
    )


def _single(call: Call, type_: str) -> Reply:
    page, query = call.node(type_), call.query
    statuses = query.choices("status", SINGLE_STATUSES, default=SINGLE_STATUSES)
    if not isinstance(page, FakePage) or page.status not in statuses:
        raise not_found(f"Cannot find a {type_} with id [{call.number()}]")
    body = _wants_body(query, REPRESENTATIONS)
    payload = page_json(page, body=body, revision=_asked_revision(page, query.get("version")))
    payload["_links"]["base"] = call.base
    if not query.flag("include-version", default=True):
        del payload["version"]
    if query.flag("include-labels"):
        payload["labels"] = _included_labels(page)
    shown = frozenset({page.id})
    return Reply(payload=payload, objects=1, page_ids=shown, body_ids=shown if body else frozenset())


def _asked_revision(page: FakePage, version: str | None) -> Revision | None:
    if version is None:
        return None
    number = integer("version", version)
    if not 1 <= number <= page.version:
        raise not_found()
    return page.revisions[number - 1]


def _included_labels(page: FakePage) -> dict[str, Any]:
    labels = _labels(page)
    return {
        "results": labels[:50],
        "meta": {"hasMore": len(labels) > 50, "cursor": ""},
        "_links": {"self": f"/wiki/api/v2/pages/{page.id}/labels"},
    }


def _labels(node: Node) -> list[dict[str, str]]:
    names = sorted(set(node.labels)) if isinstance(node, FakePage) else []
    return [{"id": str(_label_id(name)), "name": name, "prefix": "global"} for name in names]


def _label_id(name: str) -> int:
    """Return an id that the same label has on every page."""
    return crc32(name.encode())


def _wants_body(query: Query, representations: tuple[str, ...]) -> bool:
    asked = query.choice("body-format", representations)
    if asked not in {None, "storage"}:
        raise v2_error(400, "INVALID_REQUEST_PARAMETER", f"FakeSite keeps bodies in storage format only, not {asked}.")
    return asked is not None
