"""Engines made from URLs, set up as the stores need them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sqlalchemy import URL, event, make_url
from sqlalchemy.exc import ArgumentError, InvalidRequestError, NoSuchModuleError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from ...errors import ConfigurationError
from .._private_file import make_private

__all__ = ["check_engine", "make_engine", "sqlite_file"]

_DRIVERS = {"postgresql": "postgresql+asyncpg", "postgres": "postgresql+asyncpg", "sqlite": "sqlite+aiosqlite"}
"""What a URL without a driver means."""

_BUSY_SECONDS = 30.0
_IDENTIFIER_BYTES = 63
"""Longer names PostgreSQL cuts, and would not be found again."""
_PRAGMAS = (
    "PRAGMA journal_mode = WAL",
    "PRAGMA journal_size_limit = 67108864",
    "PRAGMA secure_delete = FAST",  # a secret that was replaced does not linger in its page
)


def make_engine(url: str | URL) -> AsyncEngine:
    """
    Return an engine of our own for a URL.

    Raises:
        ConfigurationError: It is no URL, or of a database or driver that cannot be used. The URL is not in the message:
            it may hold a password.
    """
    try:
        parsed = make_url(url)
        parsed = parsed.set(drivername=_DRIVERS.get(parsed.drivername, parsed.drivername))
        if parsed.get_backend_name() == "sqlite":
            return _sqlite_engine(parsed)
        return create_async_engine(parsed, hide_parameters=True, pool_pre_ping=True)
    except (ModuleNotFoundError, NoSuchModuleError, InvalidRequestError) as error:
        raise ConfigurationError(
            f"{error}; PostgreSQL (asyncpg) and SQLite (aiosqlite) are in the extra `sql`"
        ) from None
    except ArgumentError:
        raise ConfigurationError("not the URL of a database; one is postgresql://user:password@host/name") from None


def check_engine(engine: AsyncEngine, schema: str | None) -> None:
    """
    Refuse a database that does not keep the contracts.

    Raises:
        ConfigurationError: Neither PostgreSQL nor a file of SQLite; or a schema in SQLite, or one that PostgreSQL could
            not name so.
    """
    match engine.dialect.name:
        case "postgresql" if schema is not None and not _is_identifier(schema):
            raise ConfigurationError(
                f"{schema!r} is no name of a schema: 1 to {_IDENTIFIER_BYTES} bytes, all printable"
            )
        case "postgresql":
            return
        case "sqlite" if schema is not None:
            raise ConfigurationError("SQLite has no schemas; leave `schema` out")
        case "sqlite":
            sqlite_file(engine.url)
        case other:
            raise ConfigurationError(f"{other} is not supported; PostgreSQL and SQLite are")


def sqlite_file(url: URL) -> Path:
    """
    Return the file of a SQLite database: absolute, links resolved.

    Raises:
        ConfigurationError: It is in memory, where no other connection sees it, or named by a URI.
    """
    name = url.database or ":memory:"
    if name == ":memory:" or name.startswith("file:"):
        raise ConfigurationError(f"SQLite has to have a file, named by its path, not {name!r}; see MemoryStateStore")
    return Path(name).resolve()


def _is_identifier(name: str) -> bool:
    size = len(name.encode("utf-8", "surrogatepass"))
    return 0 < size <= _IDENTIFIER_BYTES and name.isprintable()


def _sqlite_engine(url: URL) -> AsyncEngine:
    path = sqlite_file(url)
    engine = create_async_engine(
        url.set(database=str(path)), hide_parameters=True, connect_args={"timeout": _BUSY_SECONDS}
    )

    @event.listens_for(engine.sync_engine, "do_connect")
    def before(*_: object) -> None:
        make_private(path)

    @event.listens_for(engine.sync_engine, "connect")
    def after(connection: Any, _: object) -> None:
        cursor = connection.cursor()
        for pragma in _PRAGMAS:
            cursor.execute(pragma)
        cursor.close()

    return engine
