"""A site whose time passes by hand, and a client that reaches it."""

from __future__ import annotations

from datetime import UTC, datetime

import httpx
import pytest

from confluence_sync.testing import FakeSite, ManualClock


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
