"""The states that trading was put in: rows are only ever added, and the newest counts."""

from __future__ import annotations

from sqlalchemy import insert, select
from sqlalchemy.engine import Connection

from bot.domain.latch import Latch
from bot.storage.rows import columns, made, values
from bot.storage.tables import latches

_INSERT = insert(latches)
_NEWEST = select(*columns(latches, Latch)).order_by(latches.c.seq.desc()).limit(1)


def add(db: Connection, latch: Latch) -> None:
    """Store a state, which counts from now on."""
    db.execute(_INSERT, values(latch))


def newest(db: Connection) -> Latch | None:
    """The state that was stored last, whatever the clocks said."""
    return next(iter(made(Latch, db.execute(_NEWEST))), None)
