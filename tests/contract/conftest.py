"""S3 seen from the side."""

import uuid

import pytest


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
