"""Runs, markets, balance snapshots, strategies' states, and how many rows there are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, delete, func, insert, select, update
from sqlalchemy.engine import Connection

from bot.domain.market import Market
from bot.errors import StoreError
from bot.ports import BalanceSnapshot, Run
from bot.storage.rows import columns, made, values
from bot.storage.tables import balance_snapshots, fills, markets, orders, runs, strategy_state, transfers

_INSERT_RUN = insert(runs)
_INSERT_BALANCE = insert(balance_snapshots)
_INSERT_STATE = insert(strategy_state)
_UPDATE_STATE = update(strategy_state).where(strategy_state.c.strategy == bindparam("changed_strategy"))
_COUNTS = select(
    *(
        select(func.count()).select_from(table).scalar_subquery().label(table.name)
        for table in (orders, fills, transfers)
    )
)


def begin_run(db: Connection, run: Run) -> None:
    """Store a run."""
    db.execute(_INSERT_RUN, values(run))


def run_kinds(db: Connection) -> list[str]:
    """The kinds of the runs that are stored, sorted."""
    return list(db.scalars(select(runs.c.kind).distinct().order_by(runs.c.kind)))


def latest_run(db: Connection) -> Run | None:
    """The run that was stored last."""
    query = select(*columns(runs, Run)).order_by(runs.c.seq.desc()).limit(1)
    return next(iter(made(Run, db.execute(query))), None)


def end_run(db: Connection, run_id: str, at: datetime) -> None:
    """Store a run's clean end. Raises `StoreError` when the run is not stored."""
    if not db.execute(update(runs).where(runs.c.run_id == run_id).values(ended_at=at)).rowcount:
        raise StoreError(f"run {run_id} was never begun")


def save_markets(db: Connection, shown: Sequence[Market]) -> None:
    """Store markets as the exchange shows them now, in place of what was stored of the same ones."""
    if shown:
        db.execute(delete(markets).where(markets.c.market_id.in_([market.market_id for market in shown])))
        db.execute(insert(markets), [values(market) for market in shown])


def all_markets(db: Connection) -> list[Market]:
    """Every market that was ever stored, sorted by symbol."""
    query = select(*columns(markets, Market)).order_by(markets.c.symbol, markets.c.market_id)
    return made(Market, db.execute(query))


def save_balances(db: Connection, snapshots: Sequence[BalanceSnapshot]) -> None:
    """Store balance snapshots."""
    if snapshots:
        db.execute(_INSERT_BALANCE, [values(snapshot) for snapshot in snapshots])


def latest_balances(db: Connection) -> list[BalanceSnapshot]:
    """The newest snapshot of every account and asset, sorted by them."""
    kept = select(balance_snapshots.c.account, balance_snapshots.c.asset).distinct().subquery()
    other = balance_snapshots.alias()
    newest = (
        select(other.c.seq)
        .where(other.c.account == kept.c.account, other.c.asset == kept.c.asset)
        .order_by(other.c.at.desc(), other.c.seq.desc())
        .limit(1)
        .scalar_subquery()
    )
    query = select(*columns(balance_snapshots, BalanceSnapshot)).join_from(
        kept, balance_snapshots, balance_snapshots.c.seq == newest
    )
    return sorted(made(BalanceSnapshot, db.execute(query)), key=lambda held: (held.account, held.asset))


def load_state(db: Connection, strategy: str) -> dict[str, Any]:
    """A strategy's state; empty when none is stored."""
    query = select(strategy_state.c.state).where(strategy_state.c.strategy == strategy)
    return db.scalar(query) or {}


def save_state(db: Connection, strategy: str, state: Mapping[str, Any], at: datetime) -> None:
    """Store a strategy's state in place of the one before."""
    change = {"state": dict(state), "updated_at": at}
    if not db.execute(_UPDATE_STATE, change | {"changed_strategy": strategy}).rowcount:
        db.execute(_INSERT_STATE, change | {"strategy": strategy})


def counts(db: Connection) -> dict[str, int]:
    """Rows of orders, fills and transfers."""
    return dict(db.execute(_COUNTS).mappings().one())
