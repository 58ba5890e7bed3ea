"""Routes that tell of instruments and markets."""

from __future__ import annotations

from datetime import UTC, datetime

from bot.domain.candle import Resolution
from bot.sim.answers import Answer, data
from bot.sim.listing import listing
from bot.sim.market_views import (
    book_view,
    candle_view,
    instrument_view,
    market_view,
    public_trade_view,
    stats_view,
    ticker_view,
)
from bot.sim.paging import page_of
from bot.sim.queries import Query
from bot.sim.refusals import malformed
from bot.sim.routes import Call, Handler

DEFAULT_DEPTH = 20
"""Levels of each side that a book shows when the request does not say."""

MAX_DEPTH = 100
"""The most levels of each side that a book shows."""

_EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
_LATEST = datetime(9000, 1, 1, tzinfo=UTC)


def _instruments(call: Call) -> Answer:
    fields = {"symbol": lambda market: market.symbol, "instrument_id": lambda market: market.instrument_id}
    return listing(call.query, list(call.venue.markets.values()), instrument_view, fields=fields)


def _instrument(call: Call) -> Answer:
    return data(instrument_view(call.venue.market_of(call.argument)))


def _instrument_by_symbol(call: Call) -> Answer:
    return data(instrument_view(call.venue.market_by_symbol(call.argument)))


def _markets(call: Call) -> Answer:
    fields = {"symbol": lambda market: market.symbol, "market_id": lambda market: market.market_id}
    config = call.venue.config
    return listing(
        call.query,
        list(call.venue.markets.values()),
        lambda market: market_view(market, config),
        fields=fields,
    )


def _one_market(call: Call) -> Answer:
    return data(market_view(call.venue.market(call.argument), call.venue.config))


def _ticker(call: Call) -> Answer:
    return data(ticker_view(call.venue.market(call.argument), call.venue.now))


def _orderbook(call: Call) -> Answer:
    depth = call.query.whole("depth", DEFAULT_DEPTH, most=MAX_DEPTH)
    return data(book_view(call.venue.market(call.argument), depth))


def _public_trades(call: Call) -> Answer:
    trades = call.venue.market(call.argument).trades
    fields = {"side": lambda trade: trade.side}
    forgotten = trades.count - len(trades.recent)
    return listing(call.query, trades.recent, public_trade_view, fields=fields, first=forgotten)


def _stats(call: Call) -> Answer:
    return data(stats_view(call.venue.market(call.argument), call.venue.now))


def _candles(call: Call) -> Answer:
    query = call.query
    resolution = Resolution(query.choice("resolution", tuple(Resolution)))
    market_id = query.text("market_id")
    if market_id is None:
        raise malformed("market_id is needed")
    market = call.venue.market(market_id)
    candles = market.trades.prices.candles(resolution, _seconds(query, "from"), _seconds(query, "to"))
    page = page_of(query, range(len(candles)), lambda _: True, by_number=True)
    return data([candle_view(market, resolution, candles[place]) for place in page.places], **page.about)


def _seconds(query: Query, name: str) -> int | None:
    moment = query.moment(name)
    return None if moment is None else int(min(max(moment, _EARLIEST), _LATEST).timestamp())


MARKET_ROUTES: dict[str, dict[str, Handler]] = {
    "instruments": {"GET": _instruments},
    "instruments/{}": {"GET": _instrument},
    "instruments/by-symbol/{}": {"GET": _instrument_by_symbol},
    "markets": {"GET": _markets},
    "markets/{}": {"GET": _one_market},
    "markets/{}/ticker": {"GET": _ticker},
    "markets/{}/orderbook": {"GET": _orderbook},
    "markets/{}/trades": {"GET": _public_trades},
    "markets/{}/stats": {"GET": _stats},
    "price-histories": {"GET": _candles},
    "price_histories": {"GET": _candles},
}
"""Patterns, methods and handlers."""
