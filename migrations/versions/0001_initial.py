"""The first schema: runs, markets, orders with their events and fills, transfers, balances and strategies' states."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision: str | None = None
branch_labels: str | None = None
depends_on: str | None = None

MOMENT = sa.DateTime(timezone=True)
WORD = sa.String(16)


def seq(table: str) -> list[Any]:
    return [
        sa.Column("seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f(f"pk_{table}")),
    ]


def upgrade() -> None:
    op.create_table(
        "runs",
        *seq("runs"),
        sa.Column("run_id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("started_at", MOMENT, nullable=False),
        sa.Column("ended_at", MOMENT),
        sa.Column("version", sa.String(), nullable=False),
        sa.UniqueConstraint("run_id", name=op.f("uq_runs_run_id")),
    )
    op.create_table(
        "markets",
        sa.Column("market_id", sa.String(), nullable=False),
        sa.Column("instrument_id", sa.String(), nullable=False),
        sa.Column("symbol", sa.String(), nullable=False),
        sa.Column("tick", sa.BigInteger(), nullable=False),
        sa.Column("min_size", sa.BigInteger(), nullable=False),
        sa.Column("max_size", sa.BigInteger()),
        sa.Column("status", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("market_id", name=op.f("pk_markets")),
    )
    create_orders()
    create_order_events()
    create_fills()
    create_transfers()
    create_balance_snapshots()
    op.create_table(
        "strategy_state",
        sa.Column("strategy", sa.String(), nullable=False),
        sa.Column("state", sa.JSON(), nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("strategy", name=op.f("pk_strategy_state")),
    )


def create_orders() -> None:
    op.create_table(
        "orders",
        *seq("orders"),
        sa.Column("client_order_id", sa.String(), nullable=False),
        sa.Column("strategy", sa.String(), nullable=False),
        sa.Column("market_id", sa.String(), nullable=False),
        sa.Column("side", WORD, nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.Column("price", sa.BigInteger(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.Column("state", WORD, nullable=False),
        sa.Column("order_id", sa.String()),
        sa.Column("filled", sa.BigInteger(), nullable=False),
        sa.Column("filled_notional", sa.BigInteger(), nullable=False),
        sa.Column("time_in_force", WORD, nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.CheckConstraint("quantity > 0", name=op.f("ck_orders_quantity")),
        sa.CheckConstraint("price > 0", name=op.f("ck_orders_price")),
        sa.CheckConstraint("filled >= 0 AND filled <= quantity", name=op.f("ck_orders_filled")),
        sa.CheckConstraint("filled_notional >= 0", name=op.f("ck_orders_filled_notional")),
        sa.UniqueConstraint("client_order_id", name=op.f("uq_orders_client_order_id")),
        sa.UniqueConstraint("order_id", name=op.f("uq_orders_order_id")),
    )
    op.create_index(op.f("ix_orders_state"), "orders", ["state"])
    op.create_index(op.f("ix_orders_created_at_seq"), "orders", ["created_at", "seq"])


def create_order_events() -> None:
    op.create_table(
        "order_events",
        *seq("order_events"),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("client_order_id", sa.String(), nullable=False),
        sa.Column("event", sa.String(), nullable=False),
        sa.Column("state", WORD, nullable=False),
        sa.Column("detail", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["client_order_id"], ["orders.client_order_id"], name=op.f("fk_order_events_client_order_id")
        ),
    )
    op.create_index(op.f("ix_order_events_client_order_id"), "order_events", ["client_order_id"])


def create_fills() -> None:
    op.create_table(
        "fills",
        *seq("fills"),
        sa.Column("trade_id", sa.String(), nullable=False),
        sa.Column("client_order_id", sa.String(), nullable=False),
        sa.Column("order_id", sa.String(), nullable=False),
        sa.Column("market_id", sa.String(), nullable=False),
        sa.Column("side", WORD, nullable=False),
        sa.Column("price", sa.BigInteger(), nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.Column("executed_at", MOMENT, nullable=False),
        sa.Column("fee", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("price > 0", name=op.f("ck_fills_price")),
        sa.CheckConstraint("quantity > 0", name=op.f("ck_fills_quantity")),
        sa.ForeignKeyConstraint(["client_order_id"], ["orders.client_order_id"], name=op.f("fk_fills_client_order_id")),
        sa.UniqueConstraint("trade_id", name=op.f("uq_fills_trade_id")),
    )
    op.create_index(op.f("ix_fills_client_order_id"), "fills", ["client_order_id"])
    op.create_index(op.f("ix_fills_executed_at_seq"), "fills", ["executed_at", "seq"])


def create_transfers() -> None:
    op.create_table(
        "transfers",
        *seq("transfers"),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("strategy", sa.String(), nullable=False),
        sa.Column("instrument_id", sa.String(), nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.Column("state", WORD, nullable=False),
        sa.Column("transfer_id", sa.String()),
        sa.Column("reason", sa.String(), nullable=False),
        sa.CheckConstraint("quantity > 0", name=op.f("ck_transfers_quantity")),
        sa.UniqueConstraint("key", name=op.f("uq_transfers_key")),
        sa.UniqueConstraint("transfer_id", name=op.f("uq_transfers_transfer_id")),
    )
    op.create_index(op.f("ix_transfers_state"), "transfers", ["state"])
    op.create_index(op.f("ix_transfers_created_at_seq"), "transfers", ["created_at", "seq"])


def create_balance_snapshots() -> None:
    op.create_table(
        "balance_snapshots",
        *seq("balance_snapshots"),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("account", sa.String(), nullable=False),
        sa.Column("asset", sa.String(), nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=False),
        sa.Column("available", sa.BigInteger(), nullable=False),
        sa.Column("locked", sa.BigInteger(), nullable=False),
    )
    op.create_index(
        op.f("ix_balance_snapshots_account_asset_at_seq"),
        "balance_snapshots",
        ["account", "asset", "at", "seq"],
    )


def downgrade() -> None:
    for table in (
        "strategy_state",
        "balance_snapshots",
        "transfers",
        "fills",
        "order_events",
        "orders",
        "markets",
        "runs",
    ):
        op.drop_table(table)
