"""Orders and trades of ours as the exchange sends them."""

from __future__ import annotations

from decimal import Decimal

from msgspec import Struct

from bot.domain.fill import Fill
from bot.domain.money import ZERO
from bot.domain.order import VenueOrder
from bot.grid.envelope import Rows
from bot.grid.fields import (
    Moment,
    amount,
    moment,
    moment_or_none,
    price,
    price_or_none,
    required,
    side,
    some_units,
    units,
    units_or_none,
)


class OrderRow(Struct):
    """An order; the answer to a placement may hold its ids only."""

    order_id: str | None = None
    client_order_id: str | None = None
    market_id: str | None = None
    side: str | None = None
    status: str | None = None
    quantity: Decimal | None = None
    filled_quantity: Decimal | None = None
    remaining_quantity: Decimal | None = None
    price: Decimal | None = None
    closure_reason: str | None = None
    created_at: Moment = None
    submitted_at: Moment = None


class TradeRow(Struct):
    """A trade of ours."""

    trade_id: str | None = None
    order_id: str | None = None
    market_id: str | None = None
    side: str | None = None
    price: Decimal | None = None
    quantity: Decimal | None = None
    fee: Decimal | None = None
    execution_timestamp: Moment = None


ORDERS = Rows(OrderRow)
TRADES = Rows(TradeRow)


def order_of(row: OrderRow) -> VenueOrder:
    """An order.

    Raises:
        FieldError: it has no id, or a field makes no sense.
    """
    quantity = units_or_none(row.quantity, "quantity")
    filled = units_or_none(row.filled_quantity, "filled_quantity")
    if filled is None and quantity is not None and row.remaining_quantity is not None:
        filled = quantity - units(row.remaining_quantity, "remaining_quantity")
    created_at = row.submitted_at if row.created_at is None else row.created_at
    return VenueOrder(
        order_id=required(row.order_id, "order_id"),
        client_order_id=row.client_order_id,
        market_id=row.market_id,
        side=None if row.side is None else side(row.side),
        status=row.status,
        quantity=quantity,
        filled=filled,
        price=price_or_none(row.price, "price"),
        created_at=moment_or_none(created_at, "created_at"),
        reason=row.closure_reason or "",
    )


def fill_of(row: TradeRow) -> Fill:
    """A fill.

    Raises:
        FieldError: a field is missing, its fee excepted, or makes no sense.
    """
    return Fill(
        trade_id=required(row.trade_id, "trade_id"),
        order_id=required(row.order_id, "order_id"),
        market_id=required(row.market_id, "market_id"),
        side=side(required(row.side, "side")),
        price=price(row.price, "price"),
        quantity=some_units(row.quantity, "quantity"),
        executed_at=moment(row.execution_timestamp, "execution_timestamp"),
        fee=ZERO if row.fee is None else amount(row.fee, "fee"),
    )
