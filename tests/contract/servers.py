"""What tests need besides the library: servers in processes of their own, and packages of the extras."""

import importlib
import os
import re
import subprocess
import sys
from contextlib import contextmanager
from threading import Thread
from typing import NoReturn

import pytest


def require(name: str, reason: str) -> NoReturn:
    """
    Skip the test that needs a server or package that is not there; fail where it has to be there.

    `CONFLUENCE_SYNC_REQUIRE` has the names that have to be there, parted by commas: CI sets it, so that no test is
    left out in silence.
    """
    if name in os.environ.get("CONFLUENCE_SYNC_REQUIRE", "").replace(",", " ").split():
        pytest.fail(f"{name} is required here: {reason}", pytrace=False)
    pytest.skip(f"{name}: {reason}", allow_module_level=True)


def require_package(module: str, extra: str) -> None:
    """Skip, or fail, where the package of an extra is not installed."""
    try:
        importlib.import_module(module)
    except ModuleNotFoundError as error:
        require(extra, f"{error.name} is not installed: the extra `{extra}`")


@contextmanager
def s3_server():
    """Serve the API of S3, from moto, in memory; yield its URL."""
    command = [sys.executable, "-W", "ignore", "-m", "moto.server", "-H", "127.0.0.1", "-p", "0"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        try:
            found = next(filter(None, (re.search(r"http://127\.0\.0\.1:\d+", line) for line in process.stderr)))
            Thread(target=process.stderr.read, daemon=True).start()  # a full pipe would stop the server
            yield found[0]
        finally:
            process.kill()
