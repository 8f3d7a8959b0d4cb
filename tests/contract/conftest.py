"""What the tests of the adapters share."""

import sys
from pathlib import Path

import pytest

# Lets other processes import what the tests hand to them: a pickled function is found by the name of its module.
sys.path.insert(0, str(Path(__file__).parent))

from servers import postgresql_server


@pytest.fixture(scope="session")
def postgresql_url():
    """Run a PostgreSQL server for the tests that ask for it."""
    with postgresql_server() as url:
        yield url
