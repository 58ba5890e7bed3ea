"""Emptying a database whose runs can be made again."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bot.errors import StoreError
from bot.storage import records, simulated
from bot.storage.store import SqlStore, open_store
from bot.storage.tables import leases, metadata


async def begin_anew(url: str, *, kind: str) -> SqlStore:
    """The store at a database URL, made or emptied.

    Raises:
        StoreError: it holds runs of another kind, or a simulated exchange, which are worth keeping; nothing is deleted.
        StoreUnavailable: it cannot be opened or reached.
        SchemaTooNew: it was written by a newer gridbot.
    """
    store = await open_store(url, create=True)
    try:
        others = await store.database.run(_empty, kind)
    except BaseException:
        await store.close()
        raise
    if others:
        await store.close()
        raise StoreError(
            f"the database {store.database.name} holds runs of `gridbot {others[0]}`; a {kind} would overwrite them: "
            "name another database with --database-url"
        )
    return store


def _empty(connection: Connection, kind: str) -> list[str]:
    """Delete every row, or nothing if there are runs of other kinds, whose names are given back.

    The lease stays, for its tokens must only ever rise.
    """
    others = [one for one in records.run_kinds(connection) if one != kind]
    if simulated.kept(connection):
        others.append("exchange serve")
    if not others:
        for table in reversed(metadata.sorted_tables):
            if table is not leases:
                connection.execute(sa.delete(table))
    return others
