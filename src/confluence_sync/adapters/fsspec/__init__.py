"""Files on any fsspec filesystem: a local folder, S3, GCS, Azure, SFTP, memory..."""

from __future__ import annotations

from ._vfs import FsspecVFS

__all__ = ["FsspecVFS"]
