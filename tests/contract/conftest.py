"""Lets other processes import what the tests hand to them: a pickled function is found by the name of its module."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import uuid

import pytest
from servers import require, s3_server


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


@pytest.fixture
def s3_options(s3_url):
    """What s3fs needs to reach that server."""
    return {"key": "key", "secret": "secret", "endpoint_url": s3_url, "client_kwargs": {"region_name": "us-east-1"}}


@pytest.fixture
def s3(s3_options):
    """The side door: a filesystem of its own, without a cache of listings."""
    import s3fs

    return s3fs.S3FileSystem(**s3_options, use_listings_cache=False, skip_instance_cache=True)


@pytest.fixture
def bucket(s3):
    """A bucket for one test."""
    name = f"bucket-{uuid.uuid4()}"
    s3.call_s3("create_bucket", Bucket=name)
    return name
