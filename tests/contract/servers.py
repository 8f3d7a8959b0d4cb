"""Real servers that tests start on the loopback interface, each in a process of its own."""

import os
import re
import subprocess
import sys
from contextlib import contextmanager
from threading import Thread

import pytest


def require(name, reason):
    """Skip for want of a server; fail if the environment variable CONFLUENCE_SYNC_REQUIRE names it."""
    if name in os.environ.get("CONFLUENCE_SYNC_REQUIRE", "").replace(",", " ").split():
        pytest.fail(f"{name} is required: {reason}")
    pytest.skip(f"{name}: {reason}", allow_module_level=True)


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
