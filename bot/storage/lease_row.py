"""The lease's row: who has it, under which fencing token, and a number that changes for as long as its holder lives."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import bindparam, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection

from bot.errors import LeaseLost
from bot.storage.rows import columns
from bot.storage.tables import leases

NAME = "trading"
"""The one lease that there is."""


@dataclass(frozen=True, slots=True)
class LeaseRow:
    """The lease as it was read. `holder` is empty while nobody has it."""

    holder: str
    token: int
    beat: int


_FREE = {"name": NAME, "holder": "", "token": 0, "beat": 0}
_INSERT_ONCE = {
    "sqlite": sqlite.insert(leases).on_conflict_do_nothing(index_elements=["name"]),
    "postgresql": postgresql.insert(leases).on_conflict_do_nothing(index_elements=["name"]),
}
_SELECT = select(*columns(leases, LeaseRow)).where(leases.c.name == NAME)
_SELECT_AND_HOLD = _SELECT.with_for_update(read=True)
_OURS = update(leases).where(leases.c.name == NAME, leases.c.token == bindparam("ours"))
_TAKE = _OURS.where(leases.c.beat == bindparam("seen_beat")).values(
    holder=bindparam("taker"), token=leases.c.token + 1, beat=0
)
_RENEW = _OURS.values(beat=leases.c.beat + 1)
_RELEASE = _OURS.values(holder="", token=leases.c.token + 1)


def look(db: Connection) -> LeaseRow:
    """The row as it is; made when there is none yet."""
    row = db.execute(_SELECT).one_or_none()
    if row is None:
        db.execute(_INSERT_ONCE[db.dialect.name], _FREE)
        row = db.execute(_SELECT).one()
    return LeaseRow(*row)


def holder(db: Connection) -> str | None:
    """Who has the lease; None while nobody has it."""
    row = db.execute(_SELECT).one_or_none()
    return LeaseRow(*row).holder or None if row else None


def take(db: Connection, seen: LeaseRow, holder: str) -> bool:
    """Take the lease under the next token; False when the row is not as it was seen any more."""
    taken = db.execute(_TAKE, {"ours": seen.token, "seen_beat": seen.beat, "taker": holder})
    return bool(taken.rowcount)


def renew(db: Connection, token: int) -> None:
    """Show that the holder lives. Raises `LeaseLost` when the lease has another token."""
    if not db.execute(_RENEW, {"ours": token}).rowcount:
        raise _lost(look(db))


def release(db: Connection, token: int) -> None:
    """Give the lease up, under a token that nobody has; does nothing when it has another token."""
    db.execute(_RELEASE, {"ours": token})


def hold(db: Connection, token: int) -> None:
    """See that the lease has this token, and that it keeps it until the transaction is over.

    To be called first in a transaction: SQLite lets one connection write, from here on this one.

    Raises:
        LeaseLost: it has another token.
    """
    if db.dialect.name == "sqlite":
        db.exec_driver_sql("BEGIN IMMEDIATE")  # its driver would begin only at the first write, after the look
    row = db.execute(_SELECT_AND_HOLD).one_or_none()
    if row is None or row.token != token:
        raise _lost(look(db))


def _lost(row: LeaseRow) -> LeaseLost:
    holder = f"{row.holder} has it" if row.holder else "nobody has it"
    return LeaseLost(
        f"this gridbot no longer has the database's lease ({holder}), so nothing was stored; "
        "start it again to stand by, and see why it was silent: stopped, starved, or cut off from the database"
    )
