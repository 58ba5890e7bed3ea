"""What the stream tells of orders and markets, made ours."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import TypeAlias

from bot.domain.stream import OrderUpdate, TickerUpdate, TradeUpdate
from bot.grid.envelope import Rows
from bot.grid.fields import Moment, required
from bot.grid.history_wire import MarketTradeRow, market_trade_of
from bot.grid.market_wire import TickerRow, ticker_of
from bot.grid.order_wire import ORDERS, order_of
from bot.grid.stream.frames import BadFrame, Frame

Told: TypeAlias = OrderUpdate | TradeUpdate | TickerUpdate
"""What one frame can tell."""

ORDER_EVENTS = frozenset({"new_order", "order_update"})
"""Events of our orders: one of these that is not understood is as bad as one that never came."""


class TradeEventRow(MarketTradeRow):
    """Anybody's trade, as the stream spells it."""

    market_id: str | None = None
    executed_at: Moment = None
    maker_order_id: str | None = None
    taker_order_id: str | None = None


class TickerEventRow(TickerRow):
    """A market's best prices and last trade."""

    market_id: str | None = None


def event_of(frame: Frame, now: datetime) -> Told | None:
    """What a frame tells; None when it tells nothing that we know. `now` (UTC) is the time of what names none.

    Raises:
        BadFrame: it should tell something, and cannot be understood.
    """
    read = _READERS.get(frame.event)
    if read is None:
        return None
    try:
        return read(bytes(frame.payload), now)
    except (ValueError, RecursionError) as error:
        raise BadFrame(str(error)) from error


def _order(payload: bytes, _now: datetime) -> OrderUpdate:
    return OrderUpdate(order_of(ORDERS.one(payload)))


def _trade(payload: bytes, _now: datetime) -> TradeUpdate:
    row = _TRADES.one(payload)
    row.execution_timestamp = row.executed_at if row.execution_timestamp is None else row.execution_timestamp
    trade = market_trade_of(row, required(row.market_id, "market_id"))
    return TradeUpdate(replace(trade, maker_order_id=row.maker_order_id, taker_order_id=row.taker_order_id))


def _ticker(payload: bytes, now: datetime) -> TickerUpdate:
    row = _TICKERS.one(payload)
    return TickerUpdate(ticker_of(row, required(row.market_id, "market_id"), now))


_TRADES = Rows(TradeEventRow)
_TICKERS = Rows(TickerEventRow)

_READERS: dict[str, Callable[[bytes, datetime], Told]] = {
    **dict.fromkeys(ORDER_EVENTS, _order),
    **dict.fromkeys(("new_trade", "update_trade"), _trade),
    "market_ticker": _ticker,
}
