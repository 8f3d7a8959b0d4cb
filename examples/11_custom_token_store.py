"""A token store of your own: a private file a connection, and a lock that ends with its holder (POSIX)."""

import asyncio
import fcntl
import hashlib
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path

from confluence_sync.errors import StorageError
from confluence_sync.models import ConnectionId


class FolderTokenStore:
    """A `TokenStore` in a folder, for all processes of one machine."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    async def load(self, connection_id: ConnectionId) -> bytes | None:
        """Return the secret saved last by any process, None if there is none."""
        with self._file(connection_id) as file, suppress(FileNotFoundError):
            return file.read_bytes()
        return None

    async def save(self, connection_id: ConnectionId, secret: bytes) -> None:
        """Keep a secret in place of the one before: whoever loads meanwhile has one of them whole."""
        with self._file(connection_id) as file:
            await asyncio.to_thread(_replace, file, secret)

    async def delete(self, connection_id: ConnectionId) -> None:
        """Forget a secret, if there is one."""
        with self._file(connection_id) as file:
            file.unlink(missing_ok=True)

    @asynccontextmanager
    async def lock(self, connection_id: ConnectionId) -> AsyncIterator[None]:
        """Hold one connection's secret alone, among all tasks and processes."""
        with self._file(connection_id) as file:
            lock = file.with_suffix(".lock").open("wb")
        with lock:  # closing it frees the lock, and so does the death of the process
            while True:
                with suppress(BlockingIOError):
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                await asyncio.sleep(0.02)  # can be cancelled, unlike a wait in the system
            yield

    @contextmanager
    def _file(self, connection_id: ConnectionId) -> Iterator[Path]:
        try:
            yield self._folder / hashlib.sha256(connection_id.encode()).hexdigest()  # ids may have any characters
        except OSError as error:
            raise StorageError(f"cannot keep secrets: {error}") from error


def _replace(file: Path, secret: bytes) -> None:
    with tempfile.NamedTemporaryFile(dir=file.parent, delete=False) as new:  # of mode 0600
        new.write(secret)
    Path(new.name).replace(file)


if __name__ == "__main__":
    store = FolderTokenStore(Path("tokens"))
    asyncio.run(store.save(ConnectionId("one"), b"a secret"))
    print(asyncio.run(store.load(ConnectionId("one"))))
