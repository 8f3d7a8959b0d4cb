"""Endpoints of users, and of the current user."""

from __future__ import annotations

import json

from ._http import Reply, Request, v2_error
from ._router import Call, Router
from ._shapes import user_json

__all__ = ["routes"]

routes = Router()


@routes.post("/wiki/api/v2/users-bulk", "read:user:confluence")
def list_users(call: Call) -> Reply:
    """Answer `POST /users-bulk`; accounts that do not exist any more are missing."""
    wanted = _account_ids(call.request)
    users = [] if call.viewer.anonymous else [call.content.users[id_] for id_ in wanted if id_ in call.content.users]
    payload = {"results": [user_json(user) for user in users], "_links": {"base": call.base}}
    return Reply(payload=payload, identities=len(users))


@routes.get("/wiki/rest/api/user/current", "read:content-details:confluence", "read:confluence-user")
def get_current_user(call: Call) -> Reply:
    """Answer v1 `GET /user/current`."""
    if call.viewer.anonymous:
        return Reply(payload={"type": "anonymous", "displayName": "Anonymous", "_links": {"base": call.base}})
    user = user_json(call.viewer.user or call.content.me)
    payload = {"type": "known", **user, "_links": {"base": call.base, "context": "/wiki"}}
    return Reply(payload=payload, identities=1)


def _account_ids(request: Request) -> list[str]:
    try:
        account_ids = json.loads(request.body)["accountIds"]
    except (ValueError, KeyError, TypeError):
        raise _bad_request("The request needs a body with 'accountIds'.") from None
    if not isinstance(account_ids, list) or not all(isinstance(id_, str) for id_ in account_ids):
        raise _bad_request("Provided value for 'accountIds' is not a list of strings.")
    if not 1 <= len(account_ids) <= 250:
        raise _bad_request("Provided value for 'accountIds' must have 1 to 250 items.")
    return list(dict.fromkeys(account_ids))


def _bad_request(title: str) -> Exception:
    return v2_error(400, "INVALID_REQUEST_PARAMETER", title)
