"""Checks of the database."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from bot.cli.checks import Check, fail, ok, warn
from bot.errors import SchemaOutdated, SchemaTooNew, StoreError, StoreUnavailable

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection


async def database(url: str) -> Check:
    """Whether the database opens, has the schema of this gridbot, and can be written."""
    from bot.storage import migrate
    from bot.storage.database import Database

    name = "database"
    try:
        if (file := _missing_file(url)) is not None:
            return warn(name, f"there is no {file} yet", "The first `gridbot run` makes it, or `gridbot db upgrade`.")
        async with Database(url) as opened:
            await migrate.verify(opened)
            await opened.run(_write_nothing)
            return ok(name, f"{opened.name} is at revision {migrate.head()} and can be written")
    except SchemaOutdated as error:
        return fail(name, str(error), "Run `gridbot db upgrade`.")
    except SchemaTooNew as error:
        return fail(name, str(error), "Upgrade gridbot.")
    except StoreUnavailable as error:
        return fail(name, str(error), "Check database.url, and that its server is running.")
    except StoreError as error:
        return fail(name, str(error), "See that the file, its folder and the disk can be written.")


def _missing_file(url: str) -> str | None:
    """The file of a SQLite database that is not there."""
    from bot.storage.engine import parse_url

    parsed = parse_url(url)
    is_file = parsed.get_backend_name() == "sqlite" and parsed.database not in (None, "", ":memory:")
    return parsed.database if is_file and not Path(str(parsed.database)).exists() else None


def _write_nothing(connection: Connection) -> None:
    """A write that changes nothing."""
    connection.exec_driver_sql("UPDATE alembic_version SET version_num = version_num")
