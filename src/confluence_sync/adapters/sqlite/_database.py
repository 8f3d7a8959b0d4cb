"""One file for everything that the library and its host remember."""

from __future__ import annotations

import os
from pathlib import Path
from types import TracebackType
from typing import Self

from ...clock import SystemClock
from ...protocols import Clock
from ._connection import Connection
from ._log import SQLiteLogSink
from ._points import SQLitePointsLedger
from ._state import SQLiteStateStore
from ._tokens import SQLiteTokenStore

__all__ = ["SQLiteDatabase"]


class SQLiteDatabase:
    """
    State, secrets, run log and points in one SQLite file of mode 0600, for all processes of one machine.

    ```python
    async with SQLiteDatabase("confluence.db") as database:
        await database.tokens.save(connection_id, secret)
    ```

    The file is made if there is none; its folder has to be there. A wider mode of an existing file is narrowed. It
    is opened on entering the block, or else at the first use. Every failure is a `StorageError`; a file of a newer
    version of this library is a `DocumentVersionError`.

    On Windows, which has no modes, the rights of the folder protect the file.

    Beside it are `-wal` and `-shm` (SQLite's, while it is open) and the folder `.locks` (for `tokens.lock`).

    Attributes:
        path: The file: absolute, links resolved.
        state: The `StateStore`.
        tokens: The `TokenStore`.
        log: The `LogSink`, with queries for the host.
        points: The `PointsLedger`.
    """

    def __init__(self, path: str | os.PathLike[str], *, clock: Clock | None = None) -> None:
        # The end of a link, so that a file that is made there is made private.
        self.path = Path(os.path.realpath(path))
        self._connection = Connection(self.path)
        self.state = SQLiteStateStore(self._connection, clock or SystemClock())
        self.tokens = SQLiteTokenStore(self._connection)
        self.log = SQLiteLogSink(self._connection)
        self.points = SQLitePointsLedger(self._connection)

    async def __aenter__(self) -> Self:
        await self._connection.open()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Finish what was begun and close the file. May be called twice."""
        await self._connection.close()
