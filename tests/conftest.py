"""What holds for the whole suite: no timing, and the same examples every time; servers that are started once."""

import sys
from pathlib import Path

import pytest
from hypothesis import settings

# A function that is handed to another process is found there by the name of its module.
sys.path.insert(0, str(Path(__file__).parent / "contract"))

from postgresql import postgresql_server
from servers import require, s3_server

pytest_plugins = ["pytester"]

settings.register_profile("project", deadline=None, derandomize=True)
settings.load_profile("project")


@pytest.fixture(scope="session")
def s3_url():
    """The address of an S3 server in a process of its own."""
    for package in ("s3fs", "moto"):
        try:
            __import__(package)
        except ImportError:
            require("s3", f"the package {package} is not installed")
    with s3_server() as url:
        yield url


@pytest.fixture(scope="session")
def postgresql_url():
    """The address of a database in a PostgreSQL server of the tests' own."""
    with postgresql_server() as url:
        yield url
