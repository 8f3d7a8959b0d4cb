"""Lets the tests import `sync_world`, and gives each a world of its own."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from sync_world import SyncWorld


@pytest.fixture
async def world():
    async with SyncWorld() as world:
        yield world
