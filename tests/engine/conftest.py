"""Gives each test a world of its own."""

import pytest
from engine_world import World


@pytest.fixture
def world():
    return World()
