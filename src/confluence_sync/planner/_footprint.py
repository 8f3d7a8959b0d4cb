"""What paths take up in a folder, as the pickiest file system would see it: their files, and the folders above them."""

from __future__ import annotations

from collections.abc import Iterable

from ..paths import collision_key, folders_above

__all__ = ["Footprint"]


class Footprint:
    """The collision keys of some files and of all folders above them."""

    def __init__(self, paths: Iterable[str] = ()) -> None:
        self.files: set[str] = set()
        self.folders: set[str] = set()
        for path in paths:
            self.add(path)

    def add(self, path: str) -> None:
        """Count in one more file."""
        key = collision_key(path)
        self.files.add(key)
        for folder in folders_above(key):
            if folder in self.folders:
                break
            self.folders.add(folder)

    def clashes(self, path: str) -> bool:
        """Whether a file at `path` is one of the files, or cannot exist beside them."""
        key = collision_key(path)
        return key in self.folders or self.blocks(key)

    def blocks(self, key: str) -> bool:
        """Whether one of the files is at a key, or where a folder above it has to be."""
        return key in self.files or any(folder in self.files for folder in folders_above(key))
