"""What is required is never skipped in silence."""

import pytest
from servers import require, require_package


def test_what_is_not_there_is_skipped(monkeypatch):
    """On a machine without a server its tests are skipped, with the reason."""
    monkeypatch.setenv("CONFLUENCE_SYNC_REQUIRE", "s3")
    with pytest.raises(pytest.skip.Exception, match="not installed"):
        require("postgresql", "PostgreSQL is not installed")
    with pytest.raises(pytest.skip.Exception, match="the extra `nope`"):
        require_package("no_such_package", "nope")


def test_what_is_required_fails(monkeypatch):
    """Where it has to be there, as in CI, the test fails."""
    monkeypatch.setenv("CONFLUENCE_SYNC_REQUIRE", "s3,postgresql")
    with pytest.raises(pytest.fail.Exception, match="not installed"):
        require("postgresql", "PostgreSQL is not installed")


def test_what_is_there_is_used():
    """An installed package stops nothing."""
    require_package("pytest", "testing")
