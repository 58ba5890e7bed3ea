"""Orders of ours, how many there are, and our trades, as the exchange sends them."""

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
    amount_or_none,
    moment,
    moment_or_none,
    price,
    price_or_none,
    required,
    side,
    side_or_none,
    some_units,
    units,
    units_or_none,
)
from bot.grid.results import OrderCount, TradeRecord


class OrderRow(Struct):
    """An order, in the spelling of an answer or of the stream; the answer to a placement may hold its ids only."""

    order_id: str | None = None
    client_order_id: str | None = None
    market_id: str | None = None
    instrument_id: str | None = None
    trader_id: str | None = None
    side: str | None = None
    type: str | None = None
    order_type: str | None = None
    status: str | None = None
    time_in_force: str | None = None
    quantity: Decimal | None = None
    original_quantity: Decimal | None = None
    filled_quantity: Decimal | None = None
    remaining_quantity: Decimal | None = None
    price: Decimal | None = None
    stop_price: Decimal | None = None
    average_price: Decimal | None = None
    average_fill_price: Decimal | None = None
    fee: Decimal | None = None
    closure_reason: str | None = None
    created_at: Moment = None
    submitted_at: Moment = None
    updated_at: Moment = None
    closed_at: Moment = None


class TradeRow(Struct):
    """A trade of ours."""

    trade_id: str | None = None
    order_id: str | None = None
    market_id: str | None = None
    instrument_id: str | None = None
    side: str | None = None
    price: Decimal | None = None
    quantity: Decimal | None = None
    total_value: Decimal | None = None
    fee: Decimal | None = None
    status: str | None = None
    execution_timestamp: Moment = None
    settlement_timestamp: Moment = None
    trading_account_id: str | None = None


class MarketCountRow(Struct):
    """How many orders are open on one market."""

    market_id: str | None = None
    count: Decimal | None = None


class OrderCountRow(Struct):
    """How many orders are open."""

    count: Decimal | None = None
    by_market: list[MarketCountRow] | None = None


class CancelsRow(Struct):
    """How many orders were cancelled."""

    cancelled: Decimal | None = None


ORDERS = Rows(OrderRow)
CANCELS = Rows(CancelsRow)
ORDER_COUNTS = Rows(OrderCountRow)
TRADES = Rows(TradeRow)


def order_of(row: OrderRow) -> VenueOrder:
    """An order.

    Raises:
        FieldError: it has no id, or a field makes no sense.
    """
    quantity = units_or_none(row.original_quantity if row.quantity is None else row.quantity, "quantity")
    filled = units_or_none(row.filled_quantity, "filled_quantity")
    if filled is None and quantity is not None and row.remaining_quantity is not None:
        filled = quantity - units(row.remaining_quantity, "remaining_quantity")
    average_price = row.average_fill_price if row.average_price is None else row.average_price
    created_at = moment_or_none(row.created_at, "created_at")
    submitted_at = moment_or_none(row.submitted_at, "submitted_at")
    return VenueOrder(
        order_id=required(row.order_id, "order_id"),
        client_order_id=row.client_order_id or None,
        market_id=row.market_id,
        side=side_or_none(row.side),
        status=row.status,
        quantity=quantity,
        filled=filled,
        price=price_or_none(row.price, "price"),
        created_at=submitted_at if created_at is None else created_at,
        reason=row.closure_reason or "",
        updated_at=moment_or_none(row.updated_at, "updated_at"),
        instrument_id=row.instrument_id,
        trader_id=row.trader_id,
        order_type=row.type or row.order_type,
        time_in_force=row.time_in_force,
        stop_price=price_or_none(row.stop_price, "stop_price"),
        average_price=price_or_none(average_price, "average_price"),
        fee=amount_or_none(row.fee, "fee"),
        submitted_at=submitted_at,
        closed_at=moment_or_none(row.closed_at, "closed_at"),
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


def trade_record_of(row: TradeRow) -> TradeRecord:
    """A trade with all that is told of it.

    Raises:
        FieldError: a field that every trade has is missing, or one makes no sense.
    """
    fill = fill_of(row)
    return TradeRecord(
        trade_id=fill.trade_id,
        order_id=fill.order_id,
        market_id=fill.market_id,
        side=fill.side,
        price=fill.price,
        quantity=fill.quantity,
        executed_at=fill.executed_at,
        instrument_id=row.instrument_id,
        total_value=amount_or_none(row.total_value, "total_value"),
        fee=amount_or_none(row.fee, "fee"),
        status=row.status,
        settled_at=moment_or_none(row.settlement_timestamp, "settlement_timestamp"),
        trading_account_id=row.trading_account_id,
    )


def order_count_of(row: OrderCountRow) -> OrderCount:
    """How many orders are open.

    Raises:
        FieldError: a count is missing or makes no sense, or a market has no id.
    """
    by_market = {required(one.market_id, "market_id"): units(one.count, "count") for one in row.by_market or ()}
    return OrderCount(count=units(row.count, "count"), by_market=by_market)


def cancelled_of(body: bytes) -> int | None:
    """How many orders a cancel of many has cancelled, as far as its answer says so.

    That it was done is told by its status, so an answer that says nothing, or makes no sense, is no fault.
    """
    try:
        return units_or_none(CANCELS.one(body).cancelled, "cancelled")
    except (ValueError, RecursionError):
        return None
