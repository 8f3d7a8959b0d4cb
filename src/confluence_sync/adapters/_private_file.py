"""Files that nobody else may read."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

__all__ = ["make_private"]


def make_private(path: Path) -> None:
    """
    Give the file mode 0600 before anything is in it; SQLite gives its companion files the mode of the file.

    A file that is there is never opened here: closing it would drop the locks of this process's other connections.
    """
    try:
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    except FileExistsError:
        if path.is_dir():
            raise IsADirectoryError(None, "it is a folder") from None
        for file in (path, Path(f"{path}-wal"), Path(f"{path}-shm")):
            with suppress(FileNotFoundError):
                _narrow(file)


def _narrow(file: Path) -> None:
    if os.name == "posix" and file.stat().st_mode & 0o077:
        file.chmod(0o600)
