"""A database in this process's memory, for rehearsals: the same SQL and the same units of work, without a thread."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from functools import cache
from typing import Concatenate, ParamSpec, TypeVar

from sqlalchemy import create_engine
from sqlalchemy.engine import Connection
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import StaticPool

from bot.errors import StoreError
from bot.storage import migrate
from bot.storage.database import Database
from bot.storage.types import strict_json

P = ParamSpec("P")
T = TypeVar("T")


class InlineDatabase(Database):
    """A `Database` whose units of work run at once, on SQLite in memory, for as long as this object lives.

    Whoever waits for one lets other tasks run once before it and once after it, as a caller of a real database does.
    No other unit comes between its statements. It is not closed: several daemons can use it, one after the other.

    Attributes:
        raw: the connection below it, for whoever looks on; it must change nothing.
    """

    def __init__(self) -> None:  # nothing of the base class is of use but what it promises
        self.name = "in memory"
        self.raw = sqlite3.connect(":memory:")
        engine = create_engine("sqlite://", creator=lambda: self.raw, poolclass=StaticPool, json_serializer=strict_json)
        self._connection = engine.connect()
        self._connection.exec_driver_sql("PRAGMA foreign_keys = ON")
        self._connection.rollback()

    @classmethod
    def migrated(cls) -> InlineDatabase:
        """A database at the newest schema, and empty otherwise. Not to be called while an event loop runs."""
        database = cls()
        _template().raw.backup(database.raw)
        return database

    async def run(self, work: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """The result of `work(connection, ...)`, committed; rolled back when it raises.

        Raises:
            StoreError: the database refused; nothing was stored.
        """
        await asyncio.sleep(0)
        result = self.do(work, *args, **kwargs)
        await asyncio.sleep(0)
        return result

    def do(self, work: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """What `run` does, without letting anybody else run."""
        try:
            with self._connection.begin():
                return work(self._connection, *args, **kwargs)
        except SQLAlchemyError as error:
            raise StoreError(f"the database in memory refused: {error}") from error

    async def close(self) -> None:
        """Do nothing: what it holds is still to be looked at."""

    def dispose(self) -> None:
        """Give its memory back; nothing can be asked of it any more."""
        self._connection.close()
        self._connection.engine.dispose()
        self.raw.close()


@cache
def _template() -> InlineDatabase:
    """A migrated database to make others from: the steps of the schema take longer than a copy of what they made."""
    database = InlineDatabase()
    asyncio.run(migrate.bring_up(database))
    return database
