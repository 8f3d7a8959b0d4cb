"""What the tests of the adapters share."""

import pytest
from postgresql import postgresql_server


@pytest.fixture(scope="session")
def postgresql_url():
    """Run a PostgreSQL server for the tests that ask for it."""
    with postgresql_server() as url:
        yield url
