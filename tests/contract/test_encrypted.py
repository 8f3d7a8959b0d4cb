"""Encrypted secrets: the contract of a token store, over SQLite; and what cannot be read, with what to do then."""

import sys
from functools import partial

import pytest
from stores_elsewhere import open_encrypted_tokens

from confluence_sync.adapters import EncryptedTokenStore, MemoryTokenStore, SQLiteDatabase
from confluence_sync.errors import ConfigurationError, StorageError
from confluence_sync.testing import TokenStoreContract

fernet = pytest.importorskip("cryptography.fernet", reason="needs the extra `crypto`")
OLD, NEW, FOREIGN = (fernet.Fernet.generate_key() for _ in range(3))


class TestEncryptedTokenStore(TokenStoreContract):
    @pytest.fixture
    async def token_store(self, tmp_path):
        async with SQLiteDatabase(tmp_path / "state.db") as database:
            yield EncryptedTokenStore(database.tokens, [OLD])

    @pytest.fixture
    def open_elsewhere(self, tmp_path):
        return partial(open_encrypted_tokens, tmp_path / "state.db", OLD)


@pytest.fixture
def inner():
    return MemoryTokenStore()


async def test_the_inner_store_sees_no_secret(inner):
    """What rests in the store is neither the secret nor the same twice."""
    store = EncryptedTokenStore(inner, [OLD])
    await store.save("c", b"top-secret")
    first = await inner.load("c")
    await store.save("c", b"top-secret")
    assert b"top-secret" not in first
    assert await inner.load("c") != first


async def test_keys_as_text(inner):
    """A key may come as text, as it stands in the environment."""
    await EncryptedTokenStore(inner, [OLD.decode()]).save("c", b"secret")
    assert await EncryptedTokenStore(inner, [OLD]).load("c") == b"secret"


async def test_key_rotation(inner):
    """With a new key in front secrets stay readable, and after `rotate` the old key is not needed any more."""
    await EncryptedTokenStore(inner, [OLD]).save("c", b"secret")
    both = EncryptedTokenStore(inner, [NEW, OLD])
    assert await both.load("c") == b"secret"
    await both.rotate("c")
    await both.rotate("nobody")
    assert await EncryptedTokenStore(inner, [NEW]).load("c") == b"secret"
    assert await inner.load("nobody") is None
    with pytest.raises(StorageError, match="another key"):
        await EncryptedTokenStore(inner, [OLD]).load("c")


async def test_secret_of_another_key(inner):
    """A wrong key is named as such, and nothing is overwritten."""
    await EncryptedTokenStore(inner, [OLD]).save("c", b"secret")
    stranger = EncryptedTokenStore(inner, [FOREIGN])
    with pytest.raises(StorageError, match="'c' was encrypted with another key, or damaged: add the key"):
        await stranger.load("c")
    with pytest.raises(StorageError, match="another key"):
        await stranger.rotate("c")
    assert await EncryptedTokenStore(inner, [OLD]).load("c") == b"secret"


async def test_damaged_secret(inner):
    """A changed byte is seen."""
    store = EncryptedTokenStore(inner, [OLD])
    await store.save("c", b"secret")
    encrypted = await inner.load("c")
    await inner.save("c", encrypted[:-5] + b"AAAA=")
    with pytest.raises(StorageError, match="damaged"):
        await store.load("c")


@pytest.mark.parametrize("secret", [b"", b'{"version":1,"OAuthTokens":{"access_token":"top-secret"}}'])
async def test_plain_secret(inner, secret):
    """A secret from before encryption is refused with what to do, and is not quoted."""
    await inner.save("c", secret)
    with pytest.raises(StorageError, match=r"is not encrypted.*save it here once, or connect again") as refusal:
        await EncryptedTokenStore(inner, [OLD]).load("c")
    assert "top-secret" not in str(refusal.value)


async def test_secret_of_another_connection(inner):
    """Who can write to the store cannot give one connection the secret of another."""
    store = EncryptedTokenStore(inner, [OLD])
    await store.save("c", b"secret")
    await inner.save("other", await inner.load("c"))
    with pytest.raises(StorageError, match="'other' is the secret of another connection"):
        await store.load("other")


@pytest.mark.parametrize("keys", [[], "", OLD.decode(), OLD])
def test_keys_are_a_list(inner, keys):
    """No key, or one that is not in a list, is a mistake."""
    with pytest.raises(ConfigurationError, match="list of keys"):
        EncryptedTokenStore(inner, keys)


@pytest.mark.parametrize("key", ["hunter2", "", "ä" * 44, OLD.decode()[:-4], b"\xff" * 44])
def test_key_that_is_none(inner, key):
    """What is no key is refused without being repeated."""
    with pytest.raises(ConfigurationError, match="32 bytes in URL-safe Base64") as refusal:
        EncryptedTokenStore(inner, [key])
    assert not key or str(key) not in str(refusal.value)
    assert refusal.value.__suppress_context__


def test_keys_have_no_repr(inner):
    """A store can be printed."""
    assert OLD.decode() not in repr(EncryptedTokenStore(inner, [OLD]))


def test_missing_package(inner, monkeypatch):
    """Without the extra the error says what to install."""
    monkeypatch.setitem(sys.modules, "cryptography.fernet", None)
    with pytest.raises(ConfigurationError, match=r"confluence-sync-engine\[crypto\]"):
        EncryptedTokenStore(inner, [OLD])
