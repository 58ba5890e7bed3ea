"""Routes that tell of instruments and markets."""

from __future__ import annotations

from itertools import islice

from bot.sim.answers import Answer, data
from bot.sim.listing import listing
from bot.sim.market_views import book_view, instrument_view, market_view, public_trade_view, ticker_view
from bot.sim.paging import DEFAULT_LIMIT, MAX_LIMIT
from bot.sim.routes import Call, Handler

_DEFAULT_DEPTH = 20
_MAX_DEPTH = 100


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
    return data(ticker_view(call.venue.market(call.argument), call.now))


def _orderbook(call: Call) -> Answer:
    depth = call.query.whole("depth", _DEFAULT_DEPTH, most=_MAX_DEPTH)
    return data(book_view(call.venue.market(call.argument), depth))


def _public_trades(call: Call) -> Answer:
    limit = call.query.whole("limit", DEFAULT_LIMIT, most=MAX_LIMIT)
    newest = islice(reversed(call.venue.market(call.argument).trades.recent), limit)
    return data([public_trade_view(trade) for trade in newest])


MARKET_ROUTES: dict[str, dict[str, Handler]] = {
    "instruments": {"GET": _instruments},
    "instruments/{}": {"GET": _instrument},
    "instruments/by-symbol/{}": {"GET": _instrument_by_symbol},
    "markets": {"GET": _markets},
    "markets/{}": {"GET": _one_market},
    "markets/{}/ticker": {"GET": _ticker},
    "markets/{}/orderbook": {"GET": _orderbook},
    "markets/{}/trades": {"GET": _public_trades},
}
"""Patterns, methods and handlers."""
