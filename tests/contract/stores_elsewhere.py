"""Functions that open a store of a test in another process."""

from confluence_sync.adapters import EncryptedTokenStore, FsspecVFS, SQLiteDatabase, StateLog


def open_state(path):
    return SQLiteDatabase(path).state


def open_tokens(path):
    return SQLiteDatabase(path).tokens


def open_encrypted_tokens(path, key):
    return EncryptedTokenStore(SQLiteDatabase(path).tokens, [key])


def open_points(path):
    return SQLiteDatabase(path).points


def open_log(path):
    return SQLiteDatabase(path).log


def open_state_log(path):
    return StateLog(SQLiteDatabase(path).state)


def open_folder(path):
    return FsspecVFS.from_url(path)


def open_url(url, options):
    return FsspecVFS.from_url(url, **options)
