"""Endpoints of spaces."""

from __future__ import annotations

from ._http import Reply
from ._nodes import FakeSpace
from ._paging import Key, order_of, take
from ._router import Call, Router
from ._shapes import space_json

__all__ = ["routes"]

routes = Router()

ORDERS: dict[str, Key[FakeSpace]] = {
    "id": lambda space: (space.number,),
    "key": lambda space: (space.key, space.number),
    "name": lambda space: (space.name, space.number),
}
TYPES = ("collaboration", "global", "knowledge_base", "onboarding", "personal", "system", "xflow_sample_space")


@routes.get("/wiki/api/v2/spaces", "read:space:confluence")
def list_spaces(call: Call) -> Reply:
    """Answer `GET /spaces`."""
    ids, keys = call.query.ids("ids"), call.query.values("keys")
    type_, status = call.query.choice("type", TYPES), call.query.choice("status", ("archived", "current"))
    wanted = (
        space
        for space in call.content.spaces.values()
        if call.sees_space(space)
        and (ids is None or space.number in ids)
        and (keys is None or space.key in keys)
        and type_ in {None, space.type}
        and status in {None, space.status}
    )
    order = order_of(call.query, ORDERS, "id")
    found = take(wanted, order, cursor=call.query.get("cursor"), limit=call.query.limit())
    return call.listing(found, [space_json(space) for space in found.rows])


@routes.get("/wiki/api/v2/spaces/{id}", "read:space:confluence")
def get_space(call: Call) -> Reply:
    """Answer `GET /spaces/{id}`."""
    payload = space_json(call.space())
    payload["_links"]["base"] = call.base
    return Reply(payload=payload, objects=1)
