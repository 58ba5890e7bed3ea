"""Transfers of units between our accounts, and issues."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import and_, bindparam, case, func, insert, or_, select, update
from sqlalchemy.engine import Connection

from bot.domain.transfer import OPEN_TRANSFER_STATES, Transfer, TransferState, Way
from bot.errors import StoreError
from bot.storage.rows import columns, made, rows_of, values
from bot.storage.tables import transfers

_MUTABLE = ("updated_at", "state", "transfer_id", "reason")

_INSERT = insert(transfers)
_UPDATE = update(transfers).where(transfers.c.key == bindparam("changed_key"))
_SELECT = select(*columns(transfers, Transfer))
_OPEN = _SELECT.where(transfers.c.state.in_(sorted(OPEN_TRANSFER_STATES))).order_by(
    transfers.c.created_at, transfers.c.seq
)
_NEWEST = _SELECT.order_by(transfers.c.created_at.desc(), transfers.c.seq.desc())
_OWNER = (transfers.c.strategy, transfers.c.instrument_id)
_IS_DONE = transfers.c.state == TransferState.COMPLETED
_COUNTS = or_(_IS_DONE, transfers.c.state.in_(sorted(OPEN_TRANSFER_STATES)))
_TAKEN = case((transfers.c.way == Way.TO_CONSUMPTION, transfers.c.quantity), else_=-transfers.c.quantity)
_MOVED = (
    select(*_OWNER, func.sum(_TAKEN))
    .where(
        or_(
            and_(transfers.c.way == Way.TO_CONSUMPTION, _COUNTS),
            and_(transfers.c.way == Way.TO_TRADING, _IS_DONE),
        )
    )
    .group_by(*_OWNER)
    .order_by(*_OWNER)
)
_LEFT = func.sum(case((transfers.c.way == Way.ISSUE, transfers.c.quantity), else_=-transfers.c.quantity))
_ISSUED = (
    select(*_OWNER, _LEFT)
    .where(
        or_(
            and_(transfers.c.way == Way.ISSUE, _IS_DONE),
            and_(transfers.c.way == Way.TO_TRADING, _COUNTS),
        )
    )
    .group_by(*_OWNER)
    .having(_LEFT > 0)
    .order_by(*_OWNER)
)
_KNOWN = select(transfers.c.transfer_id).where(transfers.c.transfer_id.in_(bindparam("ids", expanding=True)))


def add(db: Connection, transfer: Transfer) -> None:
    """Store a new transfer."""
    db.execute(_INSERT, values(transfer))


def save(db: Connection, transfer: Transfer) -> None:
    """Store a transfer's new state. Raises `StoreError` when the transfer is not stored."""
    change = {name: getattr(transfer, name) for name in _MUTABLE}
    if not db.execute(_UPDATE, change | {"changed_key": transfer.key}).rowcount:
        raise StoreError(f"transfer {transfer.key} is not in the journal")


def still_open(db: Connection) -> list[Transfer]:
    """Transfers that may still be under way, oldest first."""
    return made(Transfer, db.execute(_OPEN))


def known(db: Connection, transfer_ids: Sequence[str]) -> set[str]:
    """Those of the exchange's transfer ids that are stored."""
    return {row.transfer_id for row in rows_of(db, _KNOWN, transfer_ids)}


def newest(db: Connection, limit: int) -> list[Transfer]:
    """The newest transfers, newest first."""
    return made(Transfer, db.execute(_NEWEST.limit(limit)))


def moved(db: Connection) -> list[tuple[str, str, int]]:
    """Units moved from Trading, or on their way, less issued ones that were moved there, by instance and instrument."""
    return [(strategy, instrument_id, int(units)) for strategy, instrument_id, units in db.execute(_MOVED)]


def issued(db: Connection) -> list[tuple[str, str, int]]:
    """Units that were issued and have still to be moved to Trading, by strategy instance and instrument id."""
    return [(strategy, instrument_id, int(units)) for strategy, instrument_id, units in db.execute(_ISSUED)]
