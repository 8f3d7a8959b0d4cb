"""Paths of documents in a VFS: what is valid, and how one leads to another."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator

from .errors import InvalidPathError

__all__ = ["MAX_PATH_BYTES", "MAX_SEGMENT_BYTES", "beside", "check_path", "collision_key", "folders_above"]

MAX_PATH_BYTES = 1024
"""Of a whole relative path in UTF-8: the length of an object store's key."""
MAX_SEGMENT_BYTES = 255
"""Of one segment in UTF-8: the limit of common file systems."""


def check_path(path: str) -> str:
    """
    Return a valid path unchanged.

    Raises:
        InvalidPathError: Not a relative POSIX path in NFC within the limits, or with a segment `.`, `..` or "", a
            backslash or a control character.
    """
    if fault := _fault(path):
        raise InvalidPathError(f"{path!r} is not a valid document path: {fault}")
    return path


def collision_key(path: str) -> str:
    """Return what two paths have in common if a case-insensitive or normalising file system takes them for one."""
    if path.isascii():
        return path.lower()
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", path).casefold())


def _fault(path: str) -> str | None:
    if not path:
        return "it is empty"
    try:
        size = len(path.encode())
    except UnicodeEncodeError:
        return "it cannot be written in UTF-8"
    if size > MAX_PATH_BYTES:
        return f"it is longer than {MAX_PATH_BYTES} bytes"
    if "\\" in path or any(unicodedata.category(character) == "Cc" for character in path):
        return "it has a backslash or a control character"
    if not unicodedata.is_normalized("NFC", path):
        return "it is not in Unicode normal form C"
    segments = path.split("/")
    if any(segment in {"", ".", ".."} for segment in segments):
        return "it has an empty, '.' or '..' segment"
    if any(len(segment.encode()) > MAX_SEGMENT_BYTES for segment in segments):
        return f"it has a segment longer than {MAX_SEGMENT_BYTES} bytes"
    return None


def folders_above(path: str) -> Iterator[str]:
    """Yield the folders that a path lies in, from the inside out."""
    while "/" in path:
        path = path.rpartition("/")[0]
        yield path


def beside(path: str, suffix: str) -> str:
    """
    Return the path of a document beside another: `a/b.md` and ` (2)` give `a/b (2).md`.

    The name is shortened where the limits demand it, the suffix never.
    """
    folder, slash, name = path.rpartition("/")
    stem, dot, extension = name.rpartition(".")
    tail = f"{suffix}{dot}{extension}" if stem else suffix
    room = min(MAX_SEGMENT_BYTES, MAX_PATH_BYTES - len((folder + slash).encode())) - len(tail.encode())
    short = (stem or name).encode()[:room].decode(errors="ignore").rstrip(" .")
    return f"{folder}{slash}{short}{tail}"
