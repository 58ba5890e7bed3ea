"""From a database URL to an engine: SQLite through aiosqlite, PostgreSQL through asyncpg.

An engine has one connection. Nothing is gained by more (every transaction waits for the one before it), and with
one a run in virtual time is the same every time.
"""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection, DBAPICursor
from sqlalchemy.exc import ArgumentError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import AsyncAdaptedQueuePool, ConnectionPoolEntry

from bot.errors import StoreUnavailable
from bot.redaction import mask
from bot.storage.types import strict_json

DRIVERS = {
    "sqlite": "sqlite+aiosqlite",
    "sqlite+aiosqlite": "sqlite+aiosqlite",
    "postgres": "postgresql+asyncpg",
    "postgresql": "postgresql+asyncpg",
    "postgresql+asyncpg": "postgresql+asyncpg",
}
"""The schemes a database URL may have, and the SQLAlchemy driver of each."""

FORMS = "write sqlite:///file.db or postgresql://user:password@host/database"

_OPTIONS = {"sqlite": frozenset[str](), "postgresql": frozenset({"host", "port", "ssl", "sslmode"})}

_PRAGMAS = ("busy_timeout = 5000", "synchronous = FULL", "foreign_keys = ON")

_WAL = "PRAGMA journal_mode = WAL"
_WAL_ATTEMPTS = 3

_CONNECT_SECONDS = 10
_STATEMENT_SECONDS = 60

_IDLE_IN_TRANSACTION = "10s"
"""A process that is paused in the middle of a transaction must not keep its locks from the one that takes over."""


def parse_url(url: str) -> URL:
    """The URL with the driver that gridbot uses.

    Raises:
        StoreUnavailable: it is malformed, or names a database or an option that gridbot does not know.
    """
    if any(character.isspace() for character in url):
        raise StoreUnavailable(f"the database URL has a blank in it; write %20 for it. {FORMS}")
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):  # its text may hold the password
        raise StoreUnavailable(f"the database URL is malformed; {FORMS}") from None
    driver = DRIVERS.get(parsed.drivername)
    if driver is None:
        raise StoreUnavailable(f"'{parsed.drivername}' is not a database that gridbot knows; {FORMS}")
    parsed = parsed.set(drivername=driver)
    backend = parsed.get_backend_name()
    if unknown := sorted(parsed.query.keys() - _OPTIONS[backend]):
        known = ", ".join(sorted(_OPTIONS[backend])) or "none"
        raise StoreUnavailable(f"unknown options in the database URL: {', '.join(unknown)}; {backend} knows: {known}")
    if backend == "sqlite" and parsed.host:
        raise StoreUnavailable(f"an SQLite URL names no host: write sqlite:///{parsed.host} with three slashes")
    return parsed


def shown(url: str) -> str:
    """The URL as it may be shown and logged: its password hidden. Raises `StoreUnavailable` when it is malformed."""
    parsed = parse_url(url)
    return mask(parsed.set(drivername=parsed.get_backend_name()).render_as_string(hide_password=False))


def make_engine(url: str, *, create: bool = False) -> AsyncEngine:
    """An engine that connects when it is first used; a missing SQLite file is made only with `create`.

    Raises:
        StoreUnavailable: the URL is malformed, the file cannot be used, or the database's driver is not installed.
    """
    parsed = parse_url(url)
    options: dict[str, Any] = {}
    if parsed.get_backend_name() == "sqlite":
        if parsed.database not in (None, "", ":memory:"):
            _check_file(Path(parsed.database), create=create)
    else:
        options["connect_args"] = {
            "timeout": _CONNECT_SECONDS,
            "command_timeout": _STATEMENT_SECONDS,
            "server_settings": {"idle_in_transaction_session_timeout": _IDLE_IN_TRANSACTION},
        }
        if mode := parsed.query.get("sslmode"):  # libpq's name for what asyncpg calls ssl
            parsed = parsed.difference_update_query(["sslmode"]).update_query_dict({"ssl": mode})
    try:
        engine = create_async_engine(
            parsed,
            poolclass=AsyncAdaptedQueuePool,
            pool_size=1,
            max_overflow=0,
            pool_reset_on_return=None,  # every unit of work ends its transaction itself
            json_serializer=strict_json,
            **options,
        )
    except ModuleNotFoundError as error:
        raise StoreUnavailable(f"PostgreSQL needs {error.name}: install gridbot[postgres]") from None
    except (ArgumentError, ValueError) as error:
        raise StoreUnavailable(f"the database URL cannot be used: {error}") from error
    if parsed.get_backend_name() == "sqlite":
        event.listen(engine.sync_engine, "connect", _set_pragmas)
    return engine


def _check_file(file: Path, *, create: bool) -> None:
    """See to it that SQLite finds a file that it can use, readable by nobody else when it is new."""
    try:
        if file.is_dir():
            raise StoreUnavailable(f"cannot open the database {file}: it is a folder, not a file")
        if not file.exists():
            if not file.parent.is_dir():
                raise StoreUnavailable(f"cannot open the database {file}: there is no folder {file.parent}")
            if not create:
                raise StoreUnavailable(f"there is no database {file}: make it with `gridbot db upgrade`")
            os.close(os.open(file, os.O_CREAT | os.O_RDWR, 0o600))  # another process may be as quick
        readable = os.access(file, os.R_OK | os.W_OK, effective_ids=os.access in os.supports_effective_ids)
    except OSError as error:
        raise StoreUnavailable(f"cannot open the database {file}: {error.strerror}") from error
    if not readable:
        raise StoreUnavailable(f"cannot open the database {file}: permission to read and write it is denied")


def _set_pragmas(connection: DBAPIConnection, _: ConnectionPoolEntry) -> None:
    cursor = connection.cursor()
    try:
        for pragma in _PRAGMAS:
            cursor.execute(f"PRAGMA {pragma}")
        _log_ahead(cursor)
        cursor.close()
    except BaseException:
        connection.close()  # the pool does not know it yet
        raise


def _log_ahead(cursor: DBAPICursor) -> None:
    """Switch to WAL. Where two processes do so at once on a new file, SQLite gives up without waiting."""
    for _ in range(_WAL_ATTEMPTS - 1):
        try:
            cursor.execute(_WAL)
        except sqlite3.OperationalError:
            cursor.execute("BEGIN IMMEDIATE")  # for which it does wait
            cursor.execute("ROLLBACK")
        else:
            return
    cursor.execute(_WAL)
