"""The database's schema and its versions: up, down, and whether it fits this gridbot.

The steps are Alembic scripts in `migrations/`, which ships beside the `bot` package. Each move is one transaction
on both databases, so that a failing step leaves the schema as it was. Alembic's environment is global: move one
database at a time in a process.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import func, select
from sqlalchemy.engine import Connection

import bot
from bot.errors import SchemaOutdated, SchemaTooNew, StoreError
from bot.storage.database import Database

SCRIPTS = Path(bot.__file__).parent.parent / "migrations"
"""Where the migration scripts are."""

_MOVING = int.from_bytes(b"gridbot")
"""The number of PostgreSQL's advisory lock that is held while a schema is moved."""


def head() -> str:
    """The newest revision that this gridbot knows, and the only one that it works with."""
    newest = ScriptDirectory(str(SCRIPTS)).get_current_head()
    if newest is None:
        raise StoreError(f"there are no migration scripts in {SCRIPTS}: install gridbot again")
    return newest


async def current(url: str) -> str | None:
    """The database's revision; None when it is empty. Raises `StoreUnavailable`."""
    async with Database(url) as database:
        return await database.run(_revision)


async def check(url: str) -> None:
    """See that the database is at `head`.

    Raises:
        StoreUnavailable: it cannot be opened.
        SchemaOutdated: it needs `gridbot db upgrade`.
        SchemaTooNew: it was written by a newer gridbot.
    """
    async with Database(url) as database:
        await verify(database)


async def upgrade(url: str, revision: str = "head") -> str:
    """Bring the database up to a revision, and return it; a missing SQLite file is made.

    Raises:
        StoreUnavailable: it cannot be opened.
        SchemaTooNew: it was written by a newer gridbot.
        StoreError: there is no such revision above it, or a step failed; nothing was changed.
    """
    async with Database(url, create=True) as database:
        await _move(database, command.upgrade, revision)
        reached = await database.run(_revision)
    assert reached is not None
    return reached


async def downgrade(url: str, revision: str) -> str | None:
    """Take the database down to a revision, or to `base`, or by steps (`-1`); what the steps drop is lost.

    Returns the revision it is at then; None when it is empty.

    Raises:
        StoreUnavailable: it cannot be opened.
        SchemaTooNew: it was written by a newer gridbot.
        StoreError: there is no such revision below it, or a step failed; nothing was changed.
    """
    async with Database(url) as database:
        await _move(database, command.downgrade, revision)
        return await database.run(_revision)


async def verify(database: Database) -> None:
    """Raise `SchemaOutdated` or `SchemaTooNew` unless the database is at `head`."""
    revision = await database.run(_known_revision)
    if revision != head():
        state = f"is at revision {revision}, not {head()}" if revision else "is empty"
        raise SchemaOutdated(f"the database {database.name} {state}: run `gridbot db upgrade`")


async def bring_up(database: Database) -> None:
    """Bring the database up to `head`, unless it is there. Raises `SchemaTooNew`."""
    if await database.run(_known_revision) != head():
        await _move(database, command.upgrade, "head")


async def _move(database: Database, step: Callable[[Config, str], None], revision: str) -> None:
    """Run migration scripts; without foreign keys, because SQLite changes a table by copying and dropping it."""
    await database.run(_enforce_foreign_keys, enforce=False)
    try:
        await database.run(_run_scripts, step, revision)
    finally:
        await database.run(_enforce_foreign_keys, enforce=True)


def _run_scripts(db: Connection, step: Callable[[Config, str], None], revision: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS).replace("%", "%%"))
    config.attributes["connection"] = db
    _wait_for_other_moves(db)
    _known_revision(db)
    try:
        step(config, revision)
    except CommandError as error:
        raise StoreError(f"cannot bring the database to revision {revision}: {error}") from error
    if db.dialect.name == "sqlite" and (orphans := db.exec_driver_sql("PRAGMA foreign_key_check").all()):
        raise StoreError(f"the migration to {revision} would leave rows that refer to nothing: {orphans[:3]}")


def _wait_for_other_moves(db: Connection) -> None:
    """Come back when no other process is moving the schema; none begins before this transaction is over."""
    if db.dialect.name == "sqlite":
        db.exec_driver_sql("BEGIN IMMEDIATE")  # its driver opens no transaction for a schema's change
    else:
        db.execute(select(func.pg_advisory_xact_lock(_MOVING)))


def _enforce_foreign_keys(db: Connection, *, enforce: bool) -> None:
    if db.dialect.name == "sqlite":
        db.exec_driver_sql(f"PRAGMA foreign_keys = {'ON' if enforce else 'OFF'}")


def _revision(db: Connection) -> str | None:
    return MigrationContext.configure(db).get_current_revision()


def _known_revision(db: Connection) -> str | None:
    revision = _revision(db)
    known = {script.revision for script in ScriptDirectory(str(SCRIPTS)).walk_revisions()}
    if revision is None or revision in known:
        return revision
    raise SchemaTooNew(
        f"the database was written by a newer gridbot (this one does not know its revision {revision}): "
        "upgrade gridbot, or use another database"
    )
