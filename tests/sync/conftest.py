"""Gives each test a world of its own."""

import pytest
from sync_world import SyncWorld


@pytest.fixture
async def world():
    async with SyncWorld() as world:
        yield world
