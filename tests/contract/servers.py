"""What tests need besides the library: servers, and packages of the extras."""

import importlib
import os
from typing import NoReturn

import pytest


def require(name: str, reason: str) -> NoReturn:
    """
    Skip the test that needs a server or package that is not there; fail where it has to be there.

    `CONFLUENCE_SYNC_REQUIRE` has the names that have to be there, parted by commas: CI sets it, so that no test is
    left out in silence.
    """
    if name in os.environ.get("CONFLUENCE_SYNC_REQUIRE", "").split(","):
        pytest.fail(f"{name} is required here: {reason}", pytrace=False)
    pytest.skip(reason, allow_module_level=True)


def require_package(module: str, extra: str) -> None:
    """Skip, or fail, where the package of an extra is not installed."""
    try:
        importlib.import_module(module)
    except ModuleNotFoundError as error:
        require(extra, f"{error.name} is not installed: the extra `{extra}`")
