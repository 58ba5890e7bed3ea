"""Markets of the simulated exchange: what each trades, its book and its trades."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from bot.sim.book import OrderBook
from bot.sim.orders import SimOrder
from bot.sim.refusals import not_found
from bot.sim.stops import StopBook, is_reached
from bot.sim.tape import Tape


class SimMarket:
    """One instrument's market.

    Attributes:
        market_id: the exchange's id of the market.
        instrument_id: the exchange's id of the instrument.
        symbol: the instrument's symbol.
        created_at: when the exchange opened.
        book: resting orders.
        stops: stop orders that wait for their stop price.
        trades: what was traded.
    """

    __slots__ = ("book", "created_at", "instrument_id", "market_id", "stops", "symbol", "trades")

    def __init__(self, market_id: str, instrument_id: str, symbol: str, created_at: datetime) -> None:
        self.market_id = market_id
        self.instrument_id = instrument_id
        self.symbol = symbol
        self.created_at = created_at
        self.book = OrderBook()
        self.stops = StopBook()
        self.trades = Tape()

    def has_reached(self, order: SimOrder) -> bool:
        """Whether the last trade was at a price that lets a stop order go."""
        last = self.trades.last
        return last is not None and is_reached(order, last.price)


class Markets:
    """All markets of an exchange, found by what people know of them.

    Attributes:
        by_id: by their own ids, in the order of their listing.
    """

    __slots__ = ("_by_instrument", "_by_symbol", "by_id")

    def __init__(self, markets: Iterable[SimMarket]) -> None:
        self.by_id = {market.market_id: market for market in markets}
        self._by_symbol = {market.symbol: market for market in self.by_id.values()}
        self._by_instrument = {market.instrument_id: market for market in self.by_id.values()}

    def of_id(self, market_id: str) -> SimMarket:
        """A market by its id. Raises `Refusal` when there is none."""
        return _found(self.by_id, market_id, "market")

    def of_symbol(self, symbol: str) -> SimMarket:
        """A market by its instrument's symbol. Raises `Refusal` when there is none."""
        return _found(self._by_symbol, symbol, "instrument")

    def of_instrument(self, instrument_id: str) -> SimMarket:
        """A market by its instrument's id. Raises `Refusal` when there is none."""
        return _found(self._by_instrument, instrument_id, "instrument")


def _found(markets: Mapping[str, SimMarket], key: str, what: str) -> SimMarket:
    market = markets.get(key)
    if market is None:
        raise not_found(what)
    return market
