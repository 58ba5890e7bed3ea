"""The crowd: background traders who keep a market's book filled on both sides, and trade with it."""

from __future__ import annotations

import math
import random
from datetime import datetime, timedelta
from decimal import Decimal

from bot.domain.order import Side
from bot.sim.market import SimMarket
from bot.sim.orders import SimOrder
from bot.sim.presets import CrowdConfig
from bot.sim.prices import PricePath, RandomWalk
from bot.sim.shocks import Shocks
from bot.sim.venue import Venue

_WEALTH_USD = Decimal(10**12)
_WEALTH_UNITS = 10**12


class Crowd:
    """Quotes one market around a reference price, as an agent of the venue.

    Level prices lie on a fixed grid, so that a move of the reference price moves only the orders at the ends of each
    side. An order that has filled is replaced by a new one, behind those who were waiting at its price.
    """

    def __init__(
        self, venue: Venue, market: SimMarket, prices: PricePath, config: CrowdConfig, seed: int | str
    ) -> None:
        self._market = market
        self._prices = prices
        self._random = random.Random(f"crowd {market.symbol} {seed}")  # noqa: S311 - repeatable, not secret
        self._shocks = Shocks(config, f"{market.symbol} {seed}", venue.now)
        wealth = {market.symbol: _WEALTH_UNITS}
        self._maker = venue.add_account(f"makers of {market.symbol}", cash=_WEALTH_USD, units=wealth, house=True)
        self._taker = venue.add_account(f"takers of {market.symbol}", cash=_WEALTH_USD, units=wealth, house=True)
        self._sizes_allowed = venue.config.min_size, venue.config.max_size
        self._tick = venue.config.tick_micros
        self._max_price = venue.config.max_price_micros
        self._quotes: dict[Side, dict[int, SimOrder]] = {Side.BUY: {}, Side.SELL: {}}
        self._behave(config, venue.now)

    @property
    def config(self) -> CrowdConfig:
        """How they behave now."""
        return self._config

    def shocked(self, now: datetime) -> bool:
        """Whether supply is gone."""
        return self._shocks.under_way(now)

    def act(self, venue: Venue, now: datetime) -> datetime:
        """Requote around the reference price, and let in the takers of the last interval."""
        self._requote(venue, now)
        self._until_taker -= 1
        while self._until_taker <= 0:
            self._take(venue, now)
            self._until_taker += self._wait()
        return now + self._interval

    def change(self, venue: Venue, config: CrowdConfig) -> None:
        """Behave otherwise from now on; their book is made anew at once."""
        now = venue.now
        for quotes in self._quotes.values():
            self._withdraw(venue, quotes, range(0))
        if isinstance(self._prices, RandomWalk):
            self._prices.volatility = config.volatility
        self._shocks.change(config, now)
        self._behave(config, now)
        self._requote(venue, now)

    def shock(self, venue: Venue, length: timedelta | None = None) -> None:
        """Sell nothing from now on, for so long; None: as long as usual. No length ends a shock at once."""
        self._shocks.begin(venue.now, length)
        self._requote(venue, venue.now)

    def _behave(self, config: CrowdConfig, now: datetime) -> None:
        self._config = config
        self._interval = timedelta(seconds=config.interval_seconds)
        self._takers_per_interval = config.takers_per_hour * config.interval_seconds / 3600
        self._until_taker = self._wait()
        self._gap = max(1, round(self._prices.at(now) * config.level_gap / self._tick)) * self._tick

    def _requote(self, venue: Venue, now: datetime) -> None:
        wanted = self._wanted(self._prices.at(now))
        if self._shocks.under_way(now):
            wanted[Side.SELL] = range(0)
        for side, levels in wanted.items():
            self._withdraw(venue, self._quotes[side], levels)
        for side, levels in wanted.items():
            self._quote(venue, side, levels)

    def _wanted(self, reference: int) -> dict[Side, range]:
        """The levels to quote on each side, best first, as numbers of gaps."""
        half = self._config.spread / 2
        highest = self._max_price // self._gap
        bid = min(max(1, round(reference * (1 - half) / self._gap)), highest)
        ask = max(bid + 1, round(reference * (1 + half) / self._gap))
        return {
            Side.BUY: range(bid, max(bid - self._config.depth, 0), -1),
            Side.SELL: range(ask, min(ask + self._config.depth, highest + 1)),
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

    def _take(self, venue: Venue, now: datetime) -> None:
        side = self._random.choice((Side.BUY, Side.SELL))
        quantity = self._quantity(self._config.taker_size)
        if side is Side.SELL and self._shocks.under_way(now):
            return
        if self._market.book.opposite(side).best_price is not None:
            venue.place(self._taker, self._market, side, quantity, None)

    def _quantity(self, sizes: tuple[int, int]) -> int:
        least, most = self._sizes_allowed
        return min(max(self._random.randint(*sizes), least), most)

    def _wait(self) -> float:
        """Intervals until the next taker."""
        return self._random.expovariate(self._takers_per_interval) if self._takers_per_interval else math.inf
