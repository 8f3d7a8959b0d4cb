"""A site that answers from a script, and a client of it that never really waits."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from random import Random
from typing import Any

import httpx
import pytest

from confluence_sync.client import ConfluenceClient, SiteApiToken
from confluence_sync.testing.clock import ManualClock

BASE = "https://site.atlassian.net/wiki"


class RecordingClock(ManualClock):
    """A manual clock that keeps what it was asked to wait."""

    def __init__(self) -> None:
        super().__init__()
        self.slept: list[float] = []

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        await super().sleep(seconds)


class ScriptedSite:
    """Answers requests with the next line of its script, and keeps the requests."""

    def __init__(self) -> None:
        self.requests: list[httpx.Request] = []
        self._script: list[httpx.Response | Exception] = []

    def answers(self, *script: httpx.Response | Exception) -> None:
        self._script += script

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        answer = self._script.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    @property
    def asked(self) -> list[str]:
        """Method, path and query of each request, decoded."""
        return [f"{request.method} {request.url.path}?{query(request)}".rstrip("?") for request in self.requests]


def query(request: httpx.Request) -> str:
    return "&".join(f"{name}={value}" for name, value in request.url.params.items())


def listing(*items: Mapping[str, Any], cursor: str | None = None, path: str = "/wiki/api/v2/pages") -> httpx.Response:
    """An answer of a v2 listing; `cursor` as it stands in the address."""
    links = {"base": BASE}
    if cursor is not None:
        links["next"] = f"{path}?limit=2&cursor={cursor}"
    return httpx.Response(200, json={"results": list(items), "_links": links})


def page_item(page_id: str, **changes: Any) -> dict[str, Any]:
    """A `PageBulk`."""
    return {
        "id": page_id,
        "status": "current",
        "title": f"Page {page_id}",
        "spaceId": "65538",
        "parentId": "87654",
        "parentType": "folder",
        "position": 1024,
        "authorId": "557058:aaaa",
        "lastOwnerId": None,
        "subtype": None,
        "createdAt": "2024-02-01T10:00:00.000Z",
        "version": {"createdAt": "2026-10-30T16:05:44.123Z", "number": 17, "minorEdit": False, "authorId": "557058:b"},
        "_links": {"webui": f"/spaces/DOCS/pages/{page_id}/Page", "tinyui": "/x/zYEBAQ"},
        **changes,
    }


def body_item(page_id: str, storage: str) -> dict[str, Any]:
    return page_item(page_id, body={"storage": {"representation": "storage", "value": storage}})


def space_item(space_id: str, key: str) -> dict[str, Any]:
    """A `SpaceBulk`."""
    return {
        "id": space_id,
        "key": key,
        "name": f"Space {key}",
        "type": "global",
        "status": "current",
        "homepageId": "65793",
        "icon": None,
        "_links": {"webui": f"/spaces/{key}"},
    }


class Shapes:
    """The builders above, as one fixture."""

    base = BASE
    listing = staticmethod(listing)
    page = staticmethod(page_item)
    body = staticmethod(body_item)
    space = staticmethod(space_item)

    @staticmethod
    def posted(request: httpx.Request) -> Any:
        return json.loads(request.content)

    @staticmethod
    def ids(items: Sequence[Any]) -> list[str]:
        return [item.id for item in items]


@pytest.fixture
def shapes() -> type[Shapes]:
    return Shapes


@pytest.fixture
def site() -> ScriptedSite:
    return ScriptedSite()


@pytest.fixture
def clock() -> RecordingClock:
    return RecordingClock()


@pytest.fixture
async def client(site: ScriptedSite, clock: RecordingClock) -> AsyncIterator[ConfluenceClient]:
    auth = SiteApiToken(BASE, "bot@example.com", "top-secret")
    async with (
        httpx.AsyncClient(transport=httpx.MockTransport(site)) as http,
        ConfluenceClient(auth, http=http, clock=clock, random=Random(7)) as client,
    ):
        yield client
