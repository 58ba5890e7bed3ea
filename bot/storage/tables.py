"""The database's tables. A column has the name of the domain dataclass's field that it holds.

`seq` numbers a table's rows in the order in which they were written, and breaks ties wherever rows are sorted by time.
"""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy import CheckConstraint, Column, ForeignKey, Index, MetaData, String, Table

from bot.domain.latch import TradingState
from bot.domain.order import OrderState, Side, TimeInForce
from bot.domain.transfer import TransferState, Way
from bot.storage.types import Amount, Moment, by_value

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    }
)


def _seq() -> Column[int]:
    return Column("seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), primary_key=True)


runs = Table(
    "runs",
    metadata,
    _seq(),
    Column("run_id", String, nullable=False, unique=True),
    Column("kind", String, nullable=False),
    Column("started_at", Moment, nullable=False),
    Column("ended_at", Moment),
    Column("version", String, nullable=False),
)

markets = Table(
    "markets",
    metadata,
    Column("market_id", String, primary_key=True),
    Column("instrument_id", String, nullable=False),
    Column("symbol", String, nullable=False),
    Column("tick", Amount, nullable=False),
    Column("min_size", sa.BigInteger, nullable=False),
    Column("max_size", sa.BigInteger),
    Column("status", String, nullable=False),
)

orders = Table(
    "orders",
    metadata,
    _seq(),
    Column("client_order_id", String, nullable=False, unique=True),
    Column("strategy", String, nullable=False),
    Column("market_id", String, nullable=False),
    Column("side", by_value(Side), nullable=False),
    Column("quantity", sa.BigInteger, nullable=False),
    Column("price", Amount, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("updated_at", Moment, nullable=False),
    Column("state", by_value(OrderState), nullable=False),
    Column("order_id", String, unique=True),
    Column("filled", sa.BigInteger, nullable=False),
    Column("filled_notional", Amount, nullable=False),
    Column("time_in_force", by_value(TimeInForce), nullable=False),
    Column("reason", String, nullable=False),
    Column("post_only", sa.Boolean, nullable=False, server_default=sa.false()),
    CheckConstraint("quantity > 0", name="quantity"),
    CheckConstraint("price > 0", name="price"),
    CheckConstraint("filled >= 0 AND filled <= quantity", name="filled"),
    CheckConstraint("filled_notional >= 0", name="filled_notional"),
    Index(None, "state"),
    Index(None, "created_at", "seq"),
)

order_events = Table(
    "order_events",
    metadata,
    _seq(),
    Column("at", Moment, nullable=False),
    Column("client_order_id", ForeignKey(orders.c.client_order_id), nullable=False),
    Column("event", String, nullable=False),
    Column("state", by_value(OrderState), nullable=False),
    Column("detail", String, nullable=False),
    Index(None, "client_order_id"),
)

fills = Table(
    "fills",
    metadata,
    _seq(),
    Column("trade_id", String, nullable=False, unique=True),
    Column("client_order_id", ForeignKey(orders.c.client_order_id), nullable=False),
    Column("order_id", String, nullable=False),
    Column("market_id", String, nullable=False),
    Column("side", by_value(Side), nullable=False),
    Column("price", Amount, nullable=False),
    Column("quantity", sa.BigInteger, nullable=False),
    Column("executed_at", Moment, nullable=False),
    Column("fee", Amount, nullable=False),
    CheckConstraint("price > 0", name="price"),
    CheckConstraint("quantity > 0", name="quantity"),
    Index(None, "client_order_id"),
    Index(None, "executed_at", "seq"),
)

transfers = Table(
    "transfers",
    metadata,
    _seq(),
    Column("key", String, nullable=False, unique=True),
    Column("strategy", String, nullable=False),
    Column("instrument_id", String, nullable=False),
    Column("quantity", sa.BigInteger, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("updated_at", Moment, nullable=False),
    Column("state", by_value(TransferState), nullable=False),
    Column("transfer_id", String, unique=True),
    Column("reason", String, nullable=False),
    Column("way", by_value(Way), nullable=False, server_default=Way.TO_CONSUMPTION.value),
    CheckConstraint("quantity > 0", name="quantity"),
    Index(None, "state"),
    Index(None, "created_at", "seq"),
)

balance_snapshots = Table(
    "balance_snapshots",
    metadata,
    _seq(),
    Column("at", Moment, nullable=False),
    Column("account", String, nullable=False),
    Column("asset", String, nullable=False),
    Column("total", Amount, nullable=False),
    Column("available", Amount, nullable=False),
    Column("locked", Amount, nullable=False),
    Index(None, "account", "asset", "at", "seq"),
)

strategy_state = Table(
    "strategy_state",
    metadata,
    Column("strategy", String, primary_key=True),
    Column("state", sa.JSON, nullable=False),
    Column("updated_at", Moment, nullable=False),
)

simulated_exchanges = Table(
    "simulated_exchanges",
    metadata,
    Column("name", String, primary_key=True),
    Column("state", sa.LargeBinary, nullable=False),
)

latches = Table(
    "latches",
    metadata,
    _seq(),
    Column("state", by_value(TradingState), nullable=False),
    Column("reason", String, nullable=False),
    Column("by", String, nullable=False),
    Column("at", Moment, nullable=False),
)

incidents = Table(
    "incidents",
    metadata,
    _seq(),
    Column("at", Moment, nullable=False),
    Column("kind", String, nullable=False),
    Column("detail", String, nullable=False),
    Index(None, "at", "seq"),
)

leases = Table(
    "leases",
    metadata,
    Column("name", String, primary_key=True),
    Column("holder", String, nullable=False),
    Column("token", sa.BigInteger, nullable=False),
    Column("beat", sa.BigInteger, nullable=False),
)
