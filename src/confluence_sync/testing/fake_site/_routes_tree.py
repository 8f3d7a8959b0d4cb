"""Endpoints of the tree: containers, children, descendants, ancestors."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable
from typing import Any

import attrs

from ._http import Reply, v2_error
from ._nodes import FakeContainer, Node
from ._paging import Key, Order, order_of, take
from ._router import Call, Router
from ._shapes import child_json, container_json, timestamp

__all__ = ["routes"]

routes = Router()

TYPES = {"pages": "page", "folders": "folder", "whiteboards": "whiteboard", "databases": "database", "embeds": "embed"}
ORDERS: dict[str, Key[Node]] = {
    "child-position": lambda node: (node.position, node.number),
    "created-date": lambda node: (timestamp(node.created_at), node.number),
    "id": lambda node: (node.number,),
    "modified-date": lambda node: (timestamp(node.updated_at), node.number),
}


@attrs.frozen
class Descendant:
    """A node below another, with its distance."""

    node: Node
    depth: int


def get_container(call: Call) -> Reply:
    """Answer `GET /folders/{id}` and the other containers."""
    node = call.node(_type(call))
    assert isinstance(node, FakeContainer)
    payload = container_json(node)
    payload["_links"]["base"] = call.base
    return Reply(payload=payload, objects=1)


def list_direct_children(call: Call) -> Reply:
    """Answer `GET .../{id}/direct-children`."""
    return _children(call, lambda _: True)


def list_descendants(call: Call) -> Reply:
    """Answer `GET .../{id}/descendants`, the nearest first."""
    depth = call.query.number("depth", default=2, most=10)
    order = Order[Descendant]("depth", lambda found: (found.depth, found.node.position, found.node.number))
    below = _below(call, call.node(_type(call)), depth)
    found = take(below, order, cursor=call.query.get("cursor"), limit=call.query.limit())
    return call.listing(found, [_descendant_json(row) for row in found.rows])


def list_ancestors(call: Call) -> Reply:
    """Answer `GET .../{id}/ancestors`, the highest first; there is no cursor."""
    nearest = list(call.node(_type(call)).lineage())[: call.query.limit()]
    results = [{"id": node.id, "type": node.type} for node in reversed(nearest)]
    return Reply(payload={"results": results, "_links": {"base": call.base}}, objects=len(results))


@routes.get("/wiki/api/v2/pages/{id}/children", "read:page:confluence")
def list_child_pages(call: Call) -> Reply:
    """Answer the deprecated `GET /pages/{id}/children`: pages only."""
    return _children(call, lambda node: node.type == "page")


@routes.post("/wiki/api/v2/content/convert-ids-to-types", "read:content.metadata:confluence")
def convert_ids_to_types(call: Call) -> Reply:
    """Answer `POST /content/convert-ids-to-types`; null for what is not there."""
    try:
        numbers = [int(id_) for id_ in json.loads(call.request.body)["contentIds"]]
    except (ValueError, KeyError, TypeError):
        raise v2_error(400, "INVALID_REQUEST_PARAMETER", "The request needs a body with 'contentIds'.") from None
    types = {str(number): _visible_type(call, number) for number in numbers}
    return Reply(payload={"results": types}, objects=len(numbers))


for _plural, _name in TYPES.items():
    _path = f"/wiki/api/v2/{_plural}/{{id}}"
    if _name != "page":
        routes.get(_path, f"read:{_name}:confluence")(get_container)
    routes.get(f"{_path}/direct-children", "read:hierarchical-content:confluence")(list_direct_children)
    routes.get(f"{_path}/descendants", "read:hierarchical-content:confluence")(list_descendants)
    routes.get(f"{_path}/ancestors", "read:content.metadata:confluence")(list_ancestors)


def _type(call: Call) -> str:
    return TYPES[call.path.split("/")[4]]


def _children(call: Call, keep: Callable[[Node], bool]) -> Reply:
    children = [node for node in call.content.children(call.node(_type(call))) if _listed(call, node) and keep(node)]
    order = order_of(call.query, ORDERS, "child-position")
    found = take(children, order, cursor=call.query.get("cursor"), limit=call.query.limit())
    return call.listing(found, [child_json(node) for node in found.rows])


def _below(call: Call, top: Node, depth: int) -> list[Descendant]:
    children: dict[int, list[Node]] = defaultdict(list)
    for node in call.content.nodes.values():
        if node.parent is not None and _listed(call, node):
            children[node.parent.number].append(node)
    found, level, seen = list[Descendant](), [top], {top.number}
    for distance in range(1, depth + 1):
        level = [child for node in level for child in children[node.number] if child.number not in seen]
        seen.update(node.number for node in level)
        found += (Descendant(node, distance) for node in level)
    return found


def _listed(call: Call, node: Node) -> bool:
    return node.status in {"current", "archived"} and call.sees(node)


def _descendant_json(found: Descendant) -> dict[str, Any]:
    node = found.node
    return {name: value for name, value in child_json(node).items() if name != "spaceId"} | {
        "parentId": node.parent_id,
        "depth": found.depth,
    }


def _visible_type(call: Call, number: int) -> str | None:
    node = call.content.nodes.get(number)
    return node.type if node is not None and call.sees(node) else None
