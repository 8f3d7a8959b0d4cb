"""Secrets that are encrypted before any store sees them (extra `crypto`)."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING

from ..errors import ConfigurationError, StorageError
from ..models import ConnectionId
from ..protocols import TokenStore

if TYPE_CHECKING:
    from cryptography.fernet import MultiFernet

__all__ = ["EncryptedTokenStore"]

_VERSION_OF_FERNET = b"gAAAA"
"""How every Fernet token begins: its version, 0x80, and the zeros of its time, in Base64."""


class EncryptedTokenStore:
    """
    A `TokenStore` that encrypts what another one keeps (Fernet: AES-128-CBC, authenticated by HMAC-SHA256).

    A secret is bound to its connection: under the id of another one it cannot be read. The time of the encryption is
    not encrypted.

    ```python
    tokens = EncryptedTokenStore(database.tokens, [os.environ["CONFLUENCE_TOKEN_KEY"]])
    ```

    To replace a key, put the new one in front, `rotate` every connection, and drop the old one.

    Args:
        inner: Keeps the encrypted secrets; its lock is used.
        keys: 32 bytes in URL-safe Base64 each, as `cryptography.fernet.Fernet.generate_key()` makes them. The first
            encrypts, all decrypt.

    Raises:
        ConfigurationError: There is no key, one is none, or the package `cryptography` is not installed.
    """

    def __init__(self, inner: TokenStore, keys: Sequence[str | bytes]) -> None:
        self._inner = inner
        self._cipher = _cipher(keys)

    async def load(self, connection_id: ConnectionId) -> bytes | None:
        """
        Return the secret saved last by any process, None if there is none.

        Raises:
            StorageError: It was encrypted with another key or for another connection, or is not encrypted.
        """
        encrypted = await self._inner.load(connection_id)
        return None if encrypted is None else self._decrypted(connection_id, encrypted)

    async def save(self, connection_id: ConnectionId, secret: bytes) -> None:
        """Keep a secret in place of the one before."""
        await self._inner.save(connection_id, self._cipher.encrypt(_mark(connection_id) + secret))

    async def delete(self, connection_id: ConnectionId) -> None:
        """Forget a secret, if there is one; no key is needed for that."""
        await self._inner.delete(connection_id)

    def lock(self, connection_id: ConnectionId) -> AbstractAsyncContextManager[None]:
        """Hold one connection's secret alone, as the inner store does."""
        return self._inner.lock(connection_id)

    async def rotate(self, connection_id: ConnectionId) -> None:
        """
        Encrypt a secret anew with the first key. Takes the lock; nothing happens if there is no secret.

        Raises:
            StorageError: It cannot be read with any of the keys.
        """
        async with self.lock(connection_id):
            secret = await self.load(connection_id)
            if secret is not None:
                await self.save(connection_id, secret)

    def _decrypted(self, connection_id: ConnectionId, encrypted: bytes) -> bytes:
        from cryptography.fernet import InvalidToken  # noqa: PLC0415 - of an extra

        if not encrypted.startswith(_VERSION_OF_FERNET):
            raise StorageError(
                f"the secret of connection {connection_id!r} is not encrypted: it was saved without "
                "EncryptedTokenStore; load it from the inner store and save it here once, or connect again"
            )
        try:
            marked = self._cipher.decrypt(encrypted)
        except InvalidToken:
            raise StorageError(
                f"the secret of connection {connection_id!r} was encrypted with another key, or damaged: "
                "add the key it was saved with to `keys`, or connect again"
            ) from None
        mark = _mark(connection_id)
        if not marked.startswith(mark):
            raise StorageError(
                f"what is stored for connection {connection_id!r} is the secret of another connection: connect again"
            )
        return marked[len(mark) :]


def _mark(connection_id: ConnectionId) -> bytes:
    """Return what binds a secret to its connection; of one length, so that no id is the beginning of another."""
    return hashlib.sha256(connection_id.encode("utf-8", "surrogatepass")).digest()


def _cipher(keys: Sequence[str | bytes]) -> MultiFernet:
    try:
        from cryptography.fernet import Fernet, MultiFernet  # noqa: PLC0415 - of an extra
    except ImportError as error:
        raise ConfigurationError(
            "EncryptedTokenStore needs the package cryptography: pip install 'confluence-sync-engine[crypto]'"
        ) from error
    if not keys or isinstance(keys, str | bytes):
        raise ConfigurationError("give a list of keys, the one to encrypt with first")
    try:
        return MultiFernet([Fernet(key) for key in keys])
    except ValueError:
        raise ConfigurationError(
            "a key is 32 bytes in URL-safe Base64, as cryptography.fernet.Fernet.generate_key() makes it"
        ) from None
