"""Stories of a site in memory: what its pages look like through the API while people work on them."""

from __future__ import annotations

from datetime import UTC, datetime

import httpx
import pytest

from confluence_sync.testing import FakeSite, ManualClock

V2 = "/wiki/api/v2"


@pytest.fixture
def clock():
    return ManualClock(datetime(2026, 3, 2, 9, 0, tzinfo=UTC))


@pytest.fixture
def site(clock):
    return FakeSite(clock=clock)


@pytest.fixture
async def client(site):
    async with httpx.AsyncClient(
        base_url=site.url, auth=("reader@example.com", "token"), transport=site.transport()
    ) as client:
        yield client


async def titles(client, target):
    """Walk a listing to its end and return the titles."""
    found = []
    while target is not None:
        payload = (await client.get(target)).json()
        found += [row["title"] for row in payload["results"]]
        target = payload["_links"].get("next")
    return found


async def test_a_new_space_has_a_homepage(site, client):
    """The space names its homepage, which is a page of its listing."""
    docs = site.space("DOCS", name="Documentation")
    [space] = (await client.get(f"{V2}/spaces?keys=DOCS")).json()["results"]
    assert (space["id"], space["name"], space["homepageId"]) == (str(docs.id), "Documentation", str(docs.homepage.id))
    assert await titles(client, f"{V2}/spaces/{docs.id}/pages") == ["Documentation Home"]
    assert site.space("DOCS") is docs
