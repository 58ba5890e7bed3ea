"""Instruments, markets, tickers and order books as the exchange sends them."""

from __future__ import annotations

from datetime import datetime
from decimal import ROUND_CEILING, Decimal

from msgspec import Struct

from bot.domain.book import Book, Level
from bot.domain.market import Market, Ticker
from bot.grid.envelope import Rows
from bot.grid.fields import (
    FieldError,
    Moment,
    amount,
    amount_or_none,
    moment,
    moment_or_none,
    price,
    price_or_none,
    required,
    units,
    units_or_none,
    whole_units,
    whole_units_or_none,
)
from bot.grid.results import Instrument

DEFAULT_TICK = Decimal("0.01")
"""USD per unit; the price step of a market that names none, as newer answers do."""

_CURRENCY = "currency"


class InstrumentRow(Struct):
    """An instrument; a market that lists it says its id, type and symbol only."""

    instrument_id: str | None = None
    instrument_type: str | None = None
    symbol: str | None = None
    name: str | None = None
    status: str | None = None
    is_active: bool | None = None
    precision: Decimal | None = None
    created_at: Moment = None
    updated_at: Moment = None


class MarketRow(Struct):
    """A market, in its newer shape or its older one."""

    market_id: str | None = None
    name: str | None = None
    description: str | None = None
    market_type: str | None = None
    created_at: Moment = None
    updated_at: Moment = None
    status: str | None = None
    instruments: list[InstrumentRow] | None = None
    associated_instruments: list[str] | None = None
    allowed_instruments: list[str] | None = None
    symbol: str | None = None
    quote_currency: str | None = None
    price_increment: Decimal | None = None
    min_order_size: Decimal | None = None
    max_order_size: Decimal | None = None


class TickerRow(Struct):
    """A market's best prices and last trade."""

    timestamp: Moment = None
    highest_bid: Decimal | None = None
    bid: Decimal | None = None
    lowest_ask: Decimal | None = None
    ask: Decimal | None = None
    last_price: Decimal | None = None
    last_trade_quantity: Decimal | None = None
    last_trade_timestamp: Moment = None
    volume_24h: Decimal | None = None
    high_24h: Decimal | None = None
    low_24h: Decimal | None = None
    price_change_24h: Decimal | None = None
    price_change_percent_24h: Decimal | None = None


class LevelRow(Struct):
    """One price of an order book."""

    price: Decimal
    quantity: Decimal
    order_count: Decimal | None = None


class BookRow(Struct):
    """An order book, in either spelling, with its levels as objects or as pairs of price and quantity."""

    buy: list[LevelRow | list[Decimal]] | None = None
    sell: list[LevelRow | list[Decimal]] | None = None
    bids: list[LevelRow | list[Decimal]] | None = None
    asks: list[LevelRow | list[Decimal]] | None = None


INSTRUMENTS = Rows(InstrumentRow)
MARKETS = Rows(MarketRow)
TICKERS = Rows(TickerRow)
BOOKS = Rows(BookRow)


def instrument_of(row: InstrumentRow) -> Instrument:
    """An instrument.

    Raises:
        FieldError: it lacks its id or its symbol, or a field makes no sense.
    """
    return Instrument(
        instrument_id=required(row.instrument_id, "instrument_id"),
        symbol=required(row.symbol, "symbol"),
        name=row.name,
        instrument_type=row.instrument_type,
        status=row.status,
        is_active=row.is_active,
        precision=units_or_none(row.precision, "precision"),
        created_at=moment_or_none(row.created_at, "created_at"),
        updated_at=moment_or_none(row.updated_at, "updated_at"),
    )


def market_of(row: MarketRow) -> Market:
    """A market.

    Raises:
        FieldError: it lacks an id, an instrument or a symbol, or a number makes no sense.
    """
    traded = _traded(row)
    max_size = row.max_order_size
    return Market(
        market_id=required(row.market_id, "market_id"),
        instrument_id=required(traded.instrument_id, "associated_instruments"),
        symbol=required(traded.symbol or row.symbol or row.name, "symbol"),
        tick=DEFAULT_TICK if row.price_increment is None else price(row.price_increment, "price_increment"),
        min_size=1 if row.min_order_size is None else _at_least_one(row.min_order_size),
        max_size=None if max_size is None else whole_units(max_size, "max_order_size"),
        status=row.status or "active",
        name=row.name,
        description=row.description,
        market_type=row.market_type,
        created_at=moment_or_none(row.created_at, "created_at"),
        updated_at=moment_or_none(row.updated_at, "updated_at"),
    )


def ticker_of(row: TickerRow, market_id: str, now: datetime) -> Ticker:
    """A ticker; `now` is its time where it names none.

    Raises:
        FieldError: a price or the time makes no sense.
    """
    return Ticker(
        market_id=market_id,
        at=now if row.timestamp is None else moment(row.timestamp, "timestamp"),
        bid=price_or_none(row.bid if row.highest_bid is None else row.highest_bid, "bid"),
        ask=price_or_none(row.ask if row.lowest_ask is None else row.lowest_ask, "ask"),
        last_price=price_or_none(row.last_price, "last_price"),
        last_quantity=units_or_none(row.last_trade_quantity, "last_trade_quantity"),
        last_at=moment_or_none(row.last_trade_timestamp, "last_trade_timestamp"),
        volume_24h=whole_units_or_none(row.volume_24h, "volume_24h"),
        high_24h=price_or_none(row.high_24h, "high_24h"),
        low_24h=price_or_none(row.low_24h, "low_24h"),
        change_24h=amount_or_none(row.price_change_24h, "price_change_24h"),
        change_percent_24h=amount_or_none(row.price_change_percent_24h, "price_change_percent_24h"),
    )


def book_of(row: BookRow, market_id: str, depth: int) -> Book:
    """The best `depth` levels of each side, best first.

    Raises:
        FieldError: a side is missing, or a number makes no sense.
    """
    bids = _levels(row.bids if row.buy is None else row.buy, "bids")
    asks = _levels(row.asks if row.sell is None else row.sell, "asks")
    bids.sort(key=lambda level: level.price, reverse=True)
    asks.sort(key=lambda level: level.price)
    return Book(market_id, tuple(bids[:depth]), tuple(asks[:depth]))


def _traded(row: MarketRow) -> InstrumentRow:
    """What is traded on a market, not what it is paid with."""
    for listed in row.instruments or ():
        if listed.instrument_id is not None and listed.instrument_type != _CURRENCY:
            return listed
    paid_with = {"usd", (row.quote_currency or "").lower()}
    for instrument_id in row.associated_instruments or row.allowed_instruments or ():
        if instrument_id.lower() not in paid_with:
            return InstrumentRow(instrument_id)
    return InstrumentRow()


def _at_least_one(size: Decimal) -> int:
    return max(1, int(amount(size, "min_order_size").to_integral_value(ROUND_CEILING)))


def _levels(rows: list[LevelRow | list[Decimal]] | None, field: str) -> list[Level]:
    levels = [_level(row, field) for row in required(rows, field)]
    return [level for level in levels if level.quantity]


def _level(row: LevelRow | list[Decimal], field: str) -> Level:
    if isinstance(row, list):
        if len(row) < 2:
            raise FieldError(f"a level of `{field}` is not a pair of price and quantity")
        return Level(price(row[0], field), units(row[1], field))
    count = 1 if row.order_count is None else units(row.order_count, "order_count")
    return Level(price(row.price, field), units(row.quantity, field), count)
