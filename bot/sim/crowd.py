"""The crowd: background traders who keep a market's book filled on both sides, and trade with it."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from bot.domain.order import Side
from bot.sim.market import SimMarket
from bot.sim.orders import SimOrder
from bot.sim.prices import PricePath
from bot.sim.venue import Venue

_WEALTH_USD = Decimal(10**12)
_WEALTH_UNITS = 10**12


@dataclass(frozen=True, slots=True)
class CrowdConfig:
    """How a market's background traders behave. Sizes are kept within what the market allows.

    Attributes:
        depth: price levels that they quote on each side.
        size: smallest and largest order at a level, units.
        spread: from their best bid to their best ask, a fraction of the reference price.
        level_gap: from one level to the next, a fraction of the first reference price; at least a tick.
        takers_per_hour: how many market orders come in, in the mean; buys and sells alike.
        taker_size: smallest and largest market order, units.
        interval_seconds: how often they look at the reference price.
    """

    depth: int = 20
    size: tuple[int, int] = (10, 60)
    spread: float = 0.01
    level_gap: float = 0.005
    takers_per_hour: float = 120.0
    taker_size: tuple[int, int] = (1, 15)
    interval_seconds: float = 10.0


class Crowd:
    """Quotes one market around a reference price, as an agent of the venue.

    Level prices lie on a fixed grid, so that a move of the reference price moves only the orders at the ends of each
    side. An order that has filled is replaced by a new one, behind those who were waiting at its price.
    """

    def __init__(
        self, venue: Venue, market: SimMarket, prices: PricePath, config: CrowdConfig, seed: int | str
    ) -> None:
        self._config = config
        self._market = market
        self._prices = prices
        self._random = random.Random(f"crowd {market.symbol} {seed}")  # noqa: S311 - repeatable, not secret
        self._interval = timedelta(seconds=config.interval_seconds)
        self._takers_per_interval = config.takers_per_hour * config.interval_seconds / 3600
        self._until_taker = self._wait()
        wealth = {market.symbol: _WEALTH_UNITS}
        self._maker = venue.add_account(f"makers of {market.symbol}", cash=_WEALTH_USD, units=wealth, house=True)
        self._taker = venue.add_account(f"takers of {market.symbol}", cash=_WEALTH_USD, units=wealth, house=True)
        self._sizes_allowed = venue.config.min_size, venue.config.max_size
        tick = venue.config.tick_micros
        self._gap = max(1, round(prices.at(venue.now) * config.level_gap / tick)) * tick
        self._quotes: dict[Side, dict[int, SimOrder]] = {Side.BUY: {}, Side.SELL: {}}

    def act(self, venue: Venue, now: datetime) -> datetime:
        """Requote around the reference price, and let in the takers of the last interval."""
        wanted = self._wanted(self._prices.at(now))
        for side, levels in wanted.items():
            self._withdraw(venue, self._quotes[side], levels)
        for side, levels in wanted.items():
            self._quote(venue, side, levels)
        self._until_taker -= 1
        while self._until_taker <= 0:
            self._take(venue)
            self._until_taker += self._wait()
        return now + self._interval

    def _wanted(self, reference: int) -> dict[Side, range]:
        """The levels to quote on each side, best first, as numbers of gaps."""
        half = self._config.spread / 2
        bid = max(1, round(reference * (1 - half) / self._gap))
        ask = max(bid + 1, round(reference * (1 + half) / self._gap))
        return {
            Side.BUY: range(bid, max(bid - self._config.depth, 0), -1),
            Side.SELL: range(ask, ask + self._config.depth),
        }

    def _withdraw(self, venue: Venue, quotes: dict[int, SimOrder], levels: range) -> None:
        for level in [level for level in quotes if level not in levels]:
            order = quotes.pop(level)
            if order.is_open:
                venue.cancel(self._maker, order.order_id)

    def _quote(self, venue: Venue, side: Side, levels: range) -> None:
        quotes = self._quotes[side]
        for level in levels:
            order = quotes.get(level)
            if order is None or not order.is_open:
                quantity = self._quantity(self._config.size)
                quotes[level] = venue.place(self._maker, self._market, side, quantity, level * self._gap)

    def _take(self, venue: Venue) -> None:
        side = self._random.choice((Side.BUY, Side.SELL))
        quantity = self._quantity(self._config.taker_size)
        if self._market.book.opposite(side).best_price is not None:
            venue.place(self._taker, self._market, side, quantity, None)

    def _quantity(self, sizes: tuple[int, int]) -> int:
        least, most = self._sizes_allowed
        return min(max(self._random.randint(*sizes), least), most)

    def _wait(self) -> float:
        """Intervals until the next taker."""
        return self._random.expovariate(self._takers_per_interval) if self._takers_per_interval else math.inf
