"""Market data: instruments, markets, prices and public trades."""

from __future__ import annotations

from datetime import datetime

from bot.domain.book import Book
from bot.domain.candle import Candle, Resolution
from bot.domain.market import Market, MarketTrade, Ticker
from bot.grid import history_wire, market_wire, routes
from bot.grid.base import TradingApi, is_within
from bot.grid.listing import Listing
from bot.grid.payloads import word
from bot.grid.queries import candles_query
from bot.grid.results import Instrument, MarketStats

MAX_DEPTH = 100
"""Levels of a book's side; the exchange shows no more."""

MAX_TRADES = 100
"""Public trades of a market; the exchange shows no more."""


class MarketDataApi(TradingApi):
    """What anybody with a key may know. Prices are USD per unit, quantities and volumes are units.

    Every method raises `ExchangeError`: `NotFound` of what the exchange does not have, `BadAnswer` of what cannot be
    understood.
    """

    def instruments(self) -> Listing[Instrument]:
        """Every instrument. Route: `GET instruments`."""
        return self._listing(
            routes.INSTRUMENTS,
            market_wire.INSTRUMENTS,
            market_wire.instrument_of,
            key=lambda instrument: instrument.instrument_id,
        )

    async def instrument(self, instrument_id: str) -> Instrument:
        """One instrument. Route: `GET instruments/{id}`."""
        return await self._read(routes.INSTRUMENT, market_wire.INSTRUMENTS, market_wire.instrument_of, instrument_id)

    async def instrument_by_symbol(self, symbol: str) -> Instrument:
        """The instrument of a symbol, such as `text-prime`. Route: `GET instruments/by-symbol/{symbol}`."""
        return await self._read(routes.INSTRUMENT_BY_SYMBOL, market_wire.INSTRUMENTS, market_wire.instrument_of, symbol)

    async def markets(self) -> list[Market]:
        """Every market. Route: `GET markets`."""
        return await self._listing(
            routes.MARKETS, market_wire.MARKETS, market_wire.market_of, key=lambda market: market.market_id
        )

    async def market(self, market_id: str) -> Market:
        """One market. Route: `GET markets/{id}`."""
        return await self._read(routes.MARKET, market_wire.MARKETS, market_wire.market_of, market_id)

    async def ticker(self, market_id: str) -> Ticker:
        """Best prices, last trade and the last 24 hours. Route: `GET markets/{id}/ticker`."""
        return await self._read(
            routes.TICKER,
            market_wire.TICKERS,
            lambda row: market_wire.ticker_of(row, market_id, self._clock.now()),
            market_id,
        )

    async def book(self, market_id: str, depth: int = 20) -> Book:
        """The best `depth` levels of each side, at most 100. Route: `GET markets/{id}/orderbook`."""
        depth = max(1, min(depth, MAX_DEPTH))
        return await self._read(
            routes.ORDER_BOOK,
            market_wire.BOOKS,
            lambda row: market_wire.book_of(row, market_id, depth),
            market_id,
            query=(("depth", str(depth)),),
        )

    async def market_trades(self, market_id: str, *, limit: int = 50) -> list[MarketTrade]:
        """The last `limit` trades on a market, whoever's they are, newest first; at most 100.

        Route: `GET markets/{id}/trades`.
        """
        limit = max(1, min(limit, MAX_TRADES))
        answer = await self._caller.call(routes.MARKET_TRADES, market_id, query=(("limit", str(limit)),))
        page = answer.read(
            lambda body: history_wire.MARKET_TRADES.page(body, lambda row: history_wire.market_trade_of(row, market_id))
        )
        return sorted(page.values, key=lambda trade: trade.executed_at, reverse=True)[:limit]

    async def market_stats(self, market_id: str) -> MarketStats:
        """What was traded on a market in the last 24 hours. Route: `GET markets/{id}/stats`."""
        return await self._read(
            routes.MARKET_STATS, history_wire.STATS, lambda row: history_wire.stats_of(row, market_id), market_id
        )

    def candles(
        self,
        market_id: str,
        resolution: Resolution,
        *,
        start: datetime | None = None,
        end: datetime | None = None,
    ) -> Listing[Candle]:
        """Candles that begin from `start`, inclusive, to `end`, exclusive; the newest may not be over yet.

        Route: `GET price-histories`, called `price_histories` in older documentation.

        Raises:
            InvalidRequest: a moment names no time zone, or there is no such resolution.
        """
        filters = {"market_id": market_id, "resolution": word(resolution, Resolution)}
        return self._listing(
            routes.CANDLES,
            history_wire.CANDLES,
            history_wire.candle_of,
            key=lambda candle: candle.start,
            query=candles_query(self._spelling, filters, start, end),
            keep=lambda candle: is_within(candle.start, start, end),
            at=lambda candle: candle.start,
        )
