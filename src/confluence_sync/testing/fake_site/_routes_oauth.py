"""Endpoints of the authorization server, and of the gateway itself: `/authorize`, tokens, sites, the own profile."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from ._http import ApiError, Reply, gateway_error
from ._router import Call, Router
from ._settings import Settings

__all__ = ["UNMETERED", "routes"]

UNMETERED = frozenset({"/authorize", "/oauth/token"})
"""What a host of its own answers, not Confluence: without points, without limits."""

routes = Router()


@routes.get("/authorize", public=True)
def authorize(call: Call) -> Reply:
    """Answer `GET /authorize`: the user decides at once."""
    return Reply(status=302, headers={"Location": call.oauth.authorize(dict(call.request.query))})


@routes.post("/oauth/token", public=True)
def give_tokens(call: Call) -> Reply:
    """Answer `POST /oauth/token`."""
    try:
        form = json.loads(call.request.body)
    except ValueError:
        form = None
    if not isinstance(form, Mapping):
        payload = {"error": "invalid_request", "error_description": "The request needs a body in JSON"}
        raise ApiError(Reply(status=400, payload=payload))
    return Reply(payload=call.oauth.token(form), headers={"Cache-Control": "no-store"})


@routes.get("/oauth/token/accessible-resources", public=True)
def list_accessible_resources(call: Call) -> Reply:
    """Answer `GET /oauth/token/accessible-resources`: for each site one entry per product with scopes."""
    access = call.credentials.bearer(call.request)
    sites = [site.settings for id_, site in call.oauth.sites.items() if id_ in access.grant.cloud_ids]
    return Reply(
        payload=[
            *call.oauth.extra_resources,
            *(_resource(site, scopes) for site in sites for scopes in _by_product(access.scopes)),
        ]
    )


@routes.get("/me", public=True)
def get_profile(call: Call) -> Reply:
    """Answer `GET /me` of the User Identity API."""
    access = call.credentials.bearer(call.request)
    if "read:me" not in access.scopes:
        raise gateway_error(401, "Unauthorized; scope does not match")
    user = access.grant.user or call.content.me
    return Reply(
        payload={
            "account_type": "atlassian",
            "account_id": user.account_id,
            "name": user.display_name,
            "email": "reader@example.com",
            "zoneinfo": "Australia/Sydney",
            "locale": "en-US",
            "account_status": "active",
        }
    )


def _resource(site: Settings, scopes: list[str]) -> dict[str, Any]:
    return {
        "id": site.cloud_id,
        "name": site.name,
        "url": site.url,
        "scopes": scopes,
        "avatarUrl": f"{site.url}/avatar.png",
    }


def _by_product(scopes: frozenset[str]) -> list[list[str]]:
    """Return the scopes of each product that has any; a site with two products is listed twice, under one id."""
    found = [sorted(scope for scope in scopes if product in scope) for product in ("confluence", "jira")]
    return [scopes for scopes in found if scopes]
