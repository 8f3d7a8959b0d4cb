"""Files as a reader sees them, read with nothing of the library."""

from __future__ import annotations

import re
from posixpath import dirname, normpath
from urllib.parse import unquote

import yaml

LINKS = re.compile(r"(?<!\\)\]\((?!https?:|#)([^)\s]+)\)")


def front_matter(data):
    """Return what the head of a file says; it begins and ends with its fence."""
    start, head, _ = data.decode().split("---\n", 2)
    assert not start
    return yaml.safe_load(head)


def led_to(path, data):
    """Return where the relative links of a file lead."""
    body = data.decode().split("---\n", 2)[2]
    return [normpath(f"{dirname(path)}/{unquote(href)}") for href in LINKS.findall(body)]
