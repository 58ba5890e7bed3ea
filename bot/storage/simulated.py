"""Simulated exchanges: each one row, whose bytes only the simulator reads."""

from __future__ import annotations

from sqlalchemy import delete, insert, select
from sqlalchemy.engine import Connection

from bot.storage import migrate
from bot.storage.database import Database
from bot.storage.tables import simulated_exchanges

NAME = "exchange"
"""The name of the exchange that `gridbot exchange serve` keeps."""


class SqlKeeper:
    """Keeps one simulated exchange in a database; open it with `open_keeper`.

    Both methods raise `StoreError` when the database refuses, and `StoreUnavailable` when it cannot be reached.
    """

    def __init__(self, database: Database, name: str = NAME) -> None:
        self._database = database
        self._name = name

    def __str__(self) -> str:
        return self._database.name

    async def load(self) -> bytes | None:
        """What was saved last; None when nothing was."""
        return await self._database.run(_load, self._name)

    async def save(self, data: bytes) -> None:
        """Put away the whole in the place of what was there before."""
        await self._database.run(_save, self._name, data)

    async def close(self) -> None:
        """Let go of the connection."""
        await self._database.close()


async def open_keeper(url: str) -> SqlKeeper:
    """The keeper in the database at a URL, which is made, or brought up to this gridbot's schema, where it has to be.

    Raises:
        StoreUnavailable: it cannot be opened or reached.
        SchemaTooNew: it was written by a newer gridbot.
    """
    database = Database(url, create=True)
    try:
        await migrate.bring_up(database)
    except BaseException:
        await database.close()
        raise
    return SqlKeeper(database)


def kept(db: Connection) -> list[str]:
    """The names of the exchanges that are kept, sorted."""
    return list(db.scalars(select(simulated_exchanges.c.name).order_by(simulated_exchanges.c.name)))


def _load(db: Connection, name: str) -> bytes | None:
    return db.scalar(select(simulated_exchanges.c.state).where(simulated_exchanges.c.name == name))


def _save(db: Connection, name: str, data: bytes) -> None:
    db.execute(delete(simulated_exchanges).where(simulated_exchanges.c.name == name))
    db.execute(insert(simulated_exchanges).values(name=name, state=data))
