"""Endpoints of the v1 search, and what else is left of v1: mostly 410."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import attrs

from ...models import ContentId
from ._cql import CqlError, Query, parse
from ._http import ApiError, Reply, v1_error
from ._nodes import FakePage, Node
from ._paging import Slice, take
from ._router import Call, Router
from ._search import Hit, hits, order_of_hits, predicate
from ._shapes import timestamp, web_path

__all__ = ["routes"]

routes = Router()

SCOPES = ("search:confluence", "read:content-details:confluence")
MOST = 250
REMOVED = (
    "/content",
    "/content/{id}",
    "/content/{id}/child",
    "/content/{id}/child/{type}",
    "/content/{id}/history",
    "/content/{id}/label",
    "/content/{id}/property",
    "/content/{id}/property/{key}",
    "/content/{id}/version",
    "/content/{id}/version/{number}",
    "/space",
    "/space/{key}",
    "/space/{key}/content",
    "/space/{key}/content/{type}",
    "/space/{key}/property",
)


@attrs.frozen
class Found:
    """One page of hits, with what was asked."""

    hits: Slice[Hit]
    total: int
    limit: int
    expand: frozenset[str]


@routes.get("/wiki/rest/api/search", *SCOPES)
def search(call: Call) -> Reply:
    """Answer v1 `GET /search`: hits in an envelope."""
    found = _find(call)
    envelope = {"totalSize": found.total, "cqlQuery": call.query.get("cql"), "searchDuration": 7}
    return _reply(call, found, [_result_json(call, hit, found.expand) for hit in found.hits.rows], envelope)


@routes.get("/wiki/rest/api/content/search", *SCOPES)
def search_content(call: Call) -> Reply:
    """Answer v1 `GET /content/search`: content itself, and no total."""
    found = _find(call)
    return _reply(call, found, [_content_json(call, hit, found.expand) for hit in found.hits.rows], {})


def gone(_: Call) -> Reply:
    """Answer an endpoint of v1 that has been removed."""
    raise v1_error(410, "pagesmodes.GoneException", "This deprecated endpoint has been removed.")


for _path in REMOVED:
    routes.get(f"/wiki/rest/api{_path}")(gone)


def _find(call: Call) -> Found:
    text = call.query.get("cql")
    if text is None:
        raise _bad_request("CQL was not parseable: no 'cql' parameter")
    expand = frozenset(name.removeprefix("content.") for name in call.query.values("expand") or ())
    try:
        return _run(call, parse(text), expand)
    except CqlError as error:
        raise _bad_request(str(error)) from None


def _run(call: Call, query: Query, expand: frozenset[str]) -> Found:
    wanted = predicate(call, query.where)
    rows = [hit for hit in hits(call, archived_spaces=call.query.flag("includeArchivedSpaces")) if wanted(hit)]
    limit = _number(call.query.get("limit") or "25")
    # `start` is ignored, as it has been since cursors came: who pages by it gets the first page for ever.
    order, cursor = order_of_hits(query), call.query.get("cursor")
    try:
        found = take(rows, order, cursor=cursor, limit=min(limit, _most(expand)))
    except ApiError:
        raise _bad_request("The cursor is not one of this query") from None
    return Found(found, len(rows), limit, expand)


def _most(expand: frozenset[str]) -> int:
    """Return the cap on results that nothing in the answer tells of."""
    if expand & {"body.export_view", "body.styled_view"}:
        return 25
    return 50 if "body.storage" in expand else MOST


def _reply(call: Call, found: Found, results: list[dict[str, Any]], envelope: dict[str, Any]) -> Reply:
    links = {"base": call.base, "context": "/wiki"}
    if found.hits.next_cursor is not None:
        links["next"] = _next(call, found.hits.next_cursor)
    payload = {"results": results, "start": 0, "limit": found.limit, "size": len(results), **envelope, "_links": links}
    shown = frozenset(hit.node.id for hit in found.hits.rows)
    bodies = shown if "body.storage" in found.expand else frozenset[ContentId]()
    return Reply(payload=payload, objects=len(results), page_ids=shown, body_ids=bodies)


def _next(call: Call, cursor: str) -> str:
    """Return the address of the next page: without `/wiki`, unlike v2."""
    pairs = [(name, value) for name, value in call.query.pairs if name not in {"cursor", "next", "start"}]
    query = [("next", "true"), ("cursor", cursor), *pairs]
    return call.path.removeprefix("/wiki") + "?" + "&".join(f"{name}={quote(value, safe='')}" for name, value in query)


def _result_json(call: Call, hit: Hit, expand: frozenset[str]) -> dict[str, Any]:
    return {
        "content": _content_json(call, hit, expand),
        "title": hit.revision.title,
        "excerpt": "",
        "url": web_path(hit.node),
        "resultGlobalContainer": {"title": hit.node.space.name, "displayUrl": f"/spaces/{hit.node.space.key}"},
        "breadcrumbs": [],
        "entityType": "content",
        "iconCssClass": "aui-icon content-type-page",
        "lastModified": timestamp(hit.revision.at),
        "friendlyLastModified": f"{hit.revision.at:%b %d, %Y}",
        "score": 0.0,
    }


def _content_json(call: Call, hit: Hit, expand: frozenset[str]) -> dict[str, Any]:
    node = hit.node
    self_link = f"{call.base}/rest/api/content/{node.id}"
    content = {
        "id": node.id,
        "type": node.type,
        "status": hit.status,
        "title": hit.revision.title,
        "_links": {"self": self_link, "webui": web_path(node)},
    }
    return content | {name: shape(hit) for name, shape in EXPANSIONS.items() if _asked(name, expand)}


def _asked(name: str, expand: frozenset[str]) -> bool:
    return any(path == name or path.startswith(f"{name}.") for path in expand)


def _version_json(hit: Hit) -> dict[str, Any]:
    revision = hit.revision
    return {
        "by": {"type": "known", "accountId": revision.author_id},
        "when": timestamp(revision.at),
        "number": revision.number,
        "minorEdit": False,
        "message": revision.message,
    }


def _space_json(hit: Hit) -> dict[str, Any]:
    space = hit.node.space
    return {"id": space.number, "key": space.key, "name": space.name, "type": space.type, "status": space.status}


def _metadata_json(hit: Hit) -> dict[str, Any]:
    names = sorted(set(hit.node.labels)) if isinstance(hit.node, FakePage) else []
    labels = [{"prefix": "global", "name": name, "label": name} for name in names]
    return {"labels": {"results": labels, "start": 0, "limit": 200, "size": len(labels)}}


def _ancestor_json(node: Node) -> dict[str, Any]:
    return {"id": node.id, "type": node.type, "status": node.status, "title": node.title}


EXPANSIONS: dict[str, Callable[[Hit], Any]] = {
    "version": _version_json,
    "space": _space_json,
    "ancestors": lambda hit: [_ancestor_json(node) for node in reversed(list(hit.node.lineage()))],
    "history": lambda hit: {"createdDate": timestamp(hit.node.created_at), "lastUpdated": _version_json(hit)},
    "metadata": _metadata_json,
    "body": lambda hit: {"storage": {"representation": "storage", "value": hit.revision.storage}},
}


def _number(text: str) -> int:
    if not text.isdigit() or int(text) == 0:
        raise _bad_request(f"limit must be a positive number, not '{text}'")
    return int(text)


def _bad_request(message: str) -> ApiError:
    return v1_error(400, "BadRequestException", message)
