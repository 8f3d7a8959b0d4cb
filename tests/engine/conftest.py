"""Lets the tests import `engine_world`, and gives each a world of its own."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from engine_world import World


@pytest.fixture
def world():
    return World()
