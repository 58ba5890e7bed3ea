"""Instruments, markets, books and public trades as the exchange's answers show them."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache
from itertools import islice
from typing import Any

from bot.domain.candle import Resolution
from bot.domain.money import MICROS_PER_USD, plain
from bot.sim.bars import Bar
from bot.sim.book import BookSide, PriceLevel
from bot.sim.config import VenueConfig
from bot.sim.market import SimMarket
from bot.sim.orders import SimTrade


@lru_cache(maxsize=10_000)  # the same prices are shown again and again, a whole book of them at a time
def usd(micros: int) -> str:
    """Micro-dollars as exact US dollars, with cents and as many more decimals as it needs."""
    whole, rest = divmod(abs(micros), MICROS_PER_USD)
    decimals = f"{rest:06d}".rstrip("0").ljust(2, "0")
    return f"{'-' if micros < 0 else ''}{whole}.{decimals}"


def mean_usd(micros: int, units: int) -> str:
    """What a unit cost in the mean, when so many cost so many micro-dollars: US dollars to the nearest millionth."""
    return usd((2 * micros + units) // (2 * units))


def instrument_view(market: SimMarket) -> dict[str, Any]:
    """The instrument that a market trades."""
    return {
        "instrument_id": market.instrument_id,
        "symbol": market.symbol,
        "name": market.symbol.replace("-", " ").title(),
        "instrument_type": "ai_commodity",
        "status": "active",
        "is_active": True,
        "precision": 0,
        "created_at": market.created_at,
        "updated_at": market.created_at,
    }


def market_view(market: SimMarket, config: VenueConfig) -> dict[str, Any]:
    """A market and its rules."""
    return {
        "market_id": market.market_id,
        "name": f"{market.symbol}/USD",
        "description": f"Spot market of {market.symbol} against US dollars",
        "market_type": "spot",
        "status": "active",
        "associated_instruments": [market.instrument_id],
        "allowed_instruments": [market.instrument_id],
        "instruments": [
            {"instrument_id": market.instrument_id, "instrument_type": "ai_commodity", "symbol": market.symbol}
        ],
        "symbol": market.symbol,
        "base_currency": market.symbol,
        "quote_currency": "USD",
        "min_order_size": str(config.min_size),
        "max_order_size": str(config.max_size),
        "price_increment": plain(config.tick),
        "size_increment": "1",
        "created_at": market.created_at,
        "updated_at": market.created_at,
    }


def ticker_view(market: SimMarket, now: datetime) -> dict[str, Any]:
    """Best prices, the last trade, and the last 24 hours to the minute."""
    bid, ask = _usd_or_none(market.book.bids.best_price), _usd_or_none(market.book.asks.best_price)
    last, day = market.trades.last, market.trades.prices.last_24_hours(now)
    change = day.close - day.open if day else None
    return {
        "market_id": market.market_id,
        "last_price": usd(last.price) if last else None,
        "last_trade_quantity": last.quantity if last else None,
        "last_trade_timestamp": last.executed_at if last else None,
        "highest_bid": bid,
        "bid": bid,
        "lowest_ask": ask,
        "ask": ask,
        "volume_24h": day.volume if day else 0,
        "high_24h": usd(day.high) if day else None,
        "low_24h": usd(day.low) if day else None,
        "price_change_24h": _usd_or_none(change),
        "price_change_percent_24h": f"{100 * change / day.open:.2f}" if day and change is not None else None,
        "timestamp": now,
    }


def stats_view(market: SimMarket, now: datetime) -> dict[str, Any]:
    """The last 24 hours, to the minute; prices are null when nothing traded."""
    day = market.trades.prices.last_24_hours(now)
    return {
        "market_id": market.market_id,
        "open": usd(day.open) if day else None,
        "high": usd(day.high) if day else None,
        "low": usd(day.low) if day else None,
        "close": usd(day.close) if day else None,
        "volume": day.volume if day else 0,
        "num_trades": day.trades if day else 0,
        "timestamp": now,
    }


def candle_view(market: SimMarket, resolution: Resolution, bar: Bar) -> dict[str, Any]:
    """A candle."""
    return {
        "market_id": market.market_id,
        "resolution": resolution,
        "time": bar.start,
        "period_start": datetime.fromtimestamp(bar.start, UTC),
        "open": usd(bar.open),
        "high": usd(bar.high),
        "low": usd(bar.low),
        "close": usd(bar.close),
        "volume": bar.volume,
        "trade_count": bar.trades,
    }


def book_view(market: SimMarket, depth: int) -> dict[str, Any]:
    """The best levels of each side."""
    return {"buy": _side_view(market.book.bids, depth), "sell": _side_view(market.book.asks, depth)}


def public_trade_view(trade: SimTrade) -> dict[str, Any]:
    """A trade as everybody sees it; its side is the taker's."""
    return {
        "trade_id": trade.trade_id,
        "market_id": trade.market_id,
        "price": usd(trade.price),
        "quantity": trade.quantity,
        "side": trade.side,
        "execution_timestamp": trade.executed_at,
    }


def _side_view(side: BookSide, depth: int) -> list[dict[str, Any]]:
    return [_level_view(level) for level in islice(side.levels(), depth)]


def _level_view(level: PriceLevel) -> dict[str, Any]:
    quantity = level.quantity
    return {
        "price": usd(level.price),
        "quantity": quantity,
        "total": usd(level.price * quantity),
        "order_count": len(level),
    }


def _usd_or_none(micros: int | None) -> str | None:
    return None if micros is None else usd(micros)
