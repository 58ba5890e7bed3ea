"""What was traded on a market, as the exchange sends it: trades, candles, and a day summed up."""

from __future__ import annotations

from decimal import Decimal

from msgspec import Struct

from bot.domain.candle import Candle
from bot.domain.market import MarketTrade
from bot.grid.envelope import Rows
from bot.grid.fields import (
    Moment,
    moment,
    price,
    price_or_none,
    required,
    side_or_none,
    some_units,
    units,
    units_or_none,
    whole_units_or_none,
)
from bot.grid.results import MarketStats


class MarketTradeRow(Struct):
    """A trade, whoever's it is."""

    trade_id: str | None = None
    price: Decimal | None = None
    quantity: Decimal | None = None
    side: str | None = None
    execution_timestamp: Moment = None


class CandleRow(Struct):
    """A candle, in either spelling of its time."""

    time: Moment = None
    period_start: Moment = None
    open: Decimal | None = None
    high: Decimal | None = None
    low: Decimal | None = None
    close: Decimal | None = None
    volume: Decimal | None = None
    trade_count: Decimal | None = None


class StatsRow(Struct):
    """A day of a market; without prices when nothing was traded."""

    open: Decimal | None = None
    high: Decimal | None = None
    low: Decimal | None = None
    close: Decimal | None = None
    volume: Decimal | None = None
    num_trades: Decimal | None = None


MARKET_TRADES = Rows(MarketTradeRow)
CANDLES = Rows(CandleRow)
STATS = Rows(StatsRow)


def market_trade_of(row: MarketTradeRow, market_id: str) -> MarketTrade:
    """A trade on a market.

    Raises:
        FieldError: a field is missing, its side excepted, or makes no sense.
    """
    return MarketTrade(
        trade_id=required(row.trade_id, "trade_id"),
        market_id=market_id,
        price=price(row.price, "price"),
        quantity=some_units(row.quantity, "quantity"),
        executed_at=moment(row.execution_timestamp, "execution_timestamp"),
        side=side_or_none(row.side),
    )


def candle_of(row: CandleRow) -> Candle:
    """A candle.

    Raises:
        FieldError: a field is missing, its number of trades excepted, or makes no sense.
    """
    return Candle(
        start=moment(row.time if row.period_start is None else row.period_start, "period_start"),
        open=price(row.open, "open"),
        high=price(row.high, "high"),
        low=price(row.low, "low"),
        close=price(row.close, "close"),
        volume=units(row.volume, "volume"),
        trade_count=units_or_none(row.trade_count, "trade_count"),
    )


def stats_of(row: StatsRow, market_id: str) -> MarketStats:
    """A day of a market.

    Raises:
        FieldError: a field makes no sense.
    """
    return MarketStats(
        market_id=market_id,
        open=price_or_none(row.open, "open"),
        high=price_or_none(row.high, "high"),
        low=price_or_none(row.low, "low"),
        close=price_or_none(row.close, "close"),
        volume=whole_units_or_none(row.volume, "volume"),
        num_trades=units_or_none(row.num_trades, "num_trades"),
    )
