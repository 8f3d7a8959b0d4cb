"""A typed, read-only client for the parts of Confluence Cloud's REST API that a sync needs."""

from __future__ import annotations

from ._auth import Authentication, GatewayApiToken, GatewayBearer, SiteApiToken
from ._budget import PointsBudget
from ._calls import cql_quote
from ._client import ConfluenceClient
from ._limiter import SiteLimiter
from ._retry import RetryPolicy
from ._values import AccessibleResource, Batch, SearchHit, Usage

__all__ = [
    "AccessibleResource",
    "Authentication",
    "Batch",
    "ConfluenceClient",
    "GatewayApiToken",
    "GatewayBearer",
    "PointsBudget",
    "RetryPolicy",
    "SearchHit",
    "SiteApiToken",
    "SiteLimiter",
    "Usage",
    "cql_quote",
]
