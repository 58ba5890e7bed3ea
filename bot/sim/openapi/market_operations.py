"""Operations that tell of instruments and markets."""

from __future__ import annotations

from bot.domain.candle import Resolution
from bot.domain.order import Side
from bot.sim.market_routes import DEFAULT_DEPTH, MAX_DEPTH
from bot.sim.openapi.lists import numbered, paged
from bot.sim.openapi.operations import BY_NUMBER, DIRECTION, PAGING, WHEN, Operation, Operations, asked, filters
from bot.sim.openapi.schemas import (
    COUNT,
    DECIMAL,
    FLAG,
    MOMENT,
    NAME,
    POSITIVE,
    SIGNED_USD,
    TEXT,
    USD,
    Schemas,
    listed,
    nullable,
    record,
    ref,
    word,
    words,
    wrapped,
)

_LEVEL = record({"price": USD, "quantity": POSITIVE, "total": USD, "order_count": POSITIVE})

MARKET_SCHEMAS: Schemas = {
    "Instrument": record(
        {
            "instrument_id": NAME,
            "symbol": NAME,
            "name": NAME,
            "instrument_type": word("ai_commodity"),
            "status": word("active"),
            "is_active": FLAG,
            "precision": COUNT,
            "created_at": MOMENT,
            "updated_at": MOMENT,
        }
    ),
    "Market": record(
        {
            "market_id": NAME,
            "name": NAME,
            "description": TEXT,
            "market_type": word("spot"),
            "status": word("active"),
            "associated_instruments": listed(NAME),
            "allowed_instruments": listed(NAME),
            "instruments": listed(
                record({"instrument_id": NAME, "instrument_type": word("ai_commodity"), "symbol": NAME})
            ),
            "symbol": NAME,
            "base_currency": NAME,
            "quote_currency": word("USD"),
            "min_order_size": DECIMAL,
            "max_order_size": DECIMAL,
            "price_increment": DECIMAL,
            "size_increment": DECIMAL,
            "created_at": MOMENT,
            "updated_at": MOMENT,
        }
    ),
    "Ticker": record(
        {
            "market_id": NAME,
            "last_price": nullable(USD),
            "last_trade_quantity": nullable(POSITIVE),
            "last_trade_timestamp": nullable(MOMENT),
            "highest_bid": nullable(USD),
            "bid": nullable(USD),
            "lowest_ask": nullable(USD),
            "ask": nullable(USD),
            "volume_24h": COUNT,
            "high_24h": nullable(USD),
            "low_24h": nullable(USD),
            "price_change_24h": nullable(SIGNED_USD),
            "price_change_percent_24h": nullable(DECIMAL),
            "timestamp": MOMENT,
        }
    ),
    "OrderBook": record({"buy": listed(_LEVEL), "sell": listed(_LEVEL)}),
    "PublicTrade": record(
        {
            "trade_id": NAME,
            "market_id": NAME,
            "price": USD,
            "quantity": POSITIVE,
            "side": words(Side),
            "execution_timestamp": MOMENT,
        }
    ),
    "Stats": record(
        {
            "market_id": NAME,
            "open": nullable(USD),
            "high": nullable(USD),
            "low": nullable(USD),
            "close": nullable(USD),
            "volume": COUNT,
            "num_trades": COUNT,
            "timestamp": MOMENT,
        }
    ),
    "Candle": record(
        {
            "market_id": NAME,
            "resolution": words(Resolution),
            "time": {"type": "integer"},
            "period_start": MOMENT,
            "open": USD,
            "high": USD,
            "low": USD,
            "close": USD,
            "volume": POSITIVE,
            "trade_count": POSITIVE,
        }
    ),
}

_DEPTH = asked(
    "depth",
    "levels of each side",
    {"type": "integer", "minimum": 1, "maximum": MAX_DEPTH, "default": DEFAULT_DEPTH},
)
_CANDLE_QUERY = (
    asked("market_id", "whose candles", TEXT, needed=True),
    asked("resolution", "how long a candle is", words(Resolution)),
    asked("from", "candles that begin then or later", WHEN),
    asked("to", "candles that begin then or earlier", WHEN),
    asked("order_by[]", "accepted; candles are in the order of time", TEXT),
    asked("order_directions[]", "another name of order_direction", words(("desc", "asc"))),
    *BY_NUMBER,
    asked("order_by", "accepted, likewise", TEXT),
    DIRECTION,
)


def _candles(name: str) -> Operation:
    return Operation(
        name, "Candles, made of the market's trades", {200: numbered(ref("Candle"))}, (400, 404, 422), _CANDLE_QUERY
    )


def _one(name: str, summary: str, schema: str) -> Operation:
    return Operation(name, summary, {200: wrapped(ref(schema))}, (404,))


MARKET_OPERATIONS: Operations = {
    "instruments": {
        "GET": Operation(
            "listInstruments",
            "Instruments",
            {200: paged(ref("Instrument"))},
            (400, 422),
            (*filters("symbol", "instrument_id"), *PAGING),
        )
    },
    "instruments/{instrument_id}": {"GET": _one("getInstrument", "An instrument", "Instrument")},
    "instruments/by-symbol/{symbol}": {
        "GET": _one("getInstrumentBySymbol", "The instrument of a symbol", "Instrument")
    },
    "markets": {
        "GET": Operation(
            "listMarkets",
            "Markets",
            {200: paged(ref("Market"))},
            (400, 422),
            (*filters("symbol", "market_id"), *PAGING),
        )
    },
    "markets/{market_id}": {"GET": _one("getMarket", "A market and its rules", "Market")},
    "markets/{market_id}/ticker": {"GET": _one("getTicker", "Best prices and the last trade", "Ticker")},
    "markets/{market_id}/orderbook": {
        "GET": Operation(
            "getOrderBook",
            "The best levels of each side, the best first",
            {200: wrapped(ref("OrderBook"))},
            (400, 404, 422),
            (_DEPTH,),
        )
    },
    "markets/{market_id}/trades": {
        "GET": Operation(
            "listPublicTrades",
            "Trades of a market; their side is the taker's",
            {200: paged(ref("PublicTrade"))},
            (400, 404, 422),
            (asked("side", "only trades of this side", TEXT), *PAGING),
        )
    },
    "markets/{market_id}/stats": {"GET": _one("getStats", "The last 24 hours", "Stats")},
    "price-histories": {"GET": _candles("listCandles")},
    "price_histories": {"GET": _candles("listCandlesOlderPath")},
}
"""Operations by path and method."""
