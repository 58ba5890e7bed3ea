"""Keep inference stocked from whichever of several equivalent instruments is the cheapest for what it does."""

from __future__ import annotations

import math
from datetime import timedelta
from decimal import Decimal
from typing import Annotated, Self

from pydantic import Field, model_validator

from bot import Context, Fill, MarketView, Order, Rounding, Side, Strategy

Quality = Annotated[Decimal, Field(gt=0)]


class TierSwitch(Strategy):
    """Keep `target` weighted units of several instruments together: a unit counts as many times as its `quality` says.

    What is missing is bid for on the market whose ask is lowest for a weighted unit, at that ask, and never above
    `max_price` for a weighted unit. Another market has to be cheaper by the share `switch` to be bought from instead,
    so that two that cost about the same do not take turns. On markets that are not chosen no bid rests; one that is
    still being cancelled there counts, so what it may yet fill is not bought twice. It never bids for more than is
    missing to `target`.

    When Consumption, with what is already on its way there, falls below `floor` weighted units, units are moved from
    Trading to bring it up to `target`, but above the floor no more than the present burn uses up within `shelf_life`.

    Whoever asks for inference has to take whichever instrument there is stock of. It loses when the weights are wrong:
    then it stocks what is cheap and does not do the work; and it waits when all are above the cap.
    """

    quality: dict[str, Quality] = Field(min_length=1, description="what a unit of each market's instrument counts for")
    target: int = Field(15, ge=1, description="weighted units to hold in all")
    floor: int = Field(5, ge=1, description="move units when Consumption falls below so many weighted ones")
    max_price: Decimal = Field(gt=0, description="the most to pay, USD per weighted unit")
    lot: int = Field(5, ge=1, description="buy at least so many weighted units at once, unless below the floor")
    switch: Decimal = Field(Decimal("0.03"), ge=0, lt=1, description="change markets for one cheaper by this share")
    shelf_life: timedelta = Field(timedelta(hours=3), gt=timedelta(0), description="move no more than lasts so long")

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.target < self.floor:
            raise ValueError(f"target ({self.target}) must not be below floor ({self.floor})")
        return self

    async def on_start(self, ctx: Context) -> None:
        self._restock(ctx)

    async def on_tick(self, ctx: Context) -> None:
        self._restock(ctx)

    async def on_fill(self, ctx: Context, fill: Fill) -> None:
        self._restock(ctx)

    async def on_order(self, ctx: Context, order: Order) -> None:
        self._restock(ctx)

    def _restock(self, ctx: Context) -> None:
        markets = {symbol: ctx[symbol] for symbol in self.quality}
        self._move(markets)
        chosen = self._choose(markets, ctx.state.get("chosen"))
        if chosen is not None:
            ctx.state["chosen"] = chosen
        for symbol, market in markets.items():
            market.quote(bids=self._bids(ctx, markets, symbol) if symbol == chosen else [])

    def _choose(self, markets: dict[str, MarketView], before: str | None) -> str | None:
        """The market to buy on; None while nothing is offered on any."""
        asks = {symbol: market.ticker.ask for symbol, market in markets.items()}
        costs = {symbol: ask / self.quality[symbol] for symbol, ask in asks.items() if ask is not None}
        if not costs:
            return None
        cheapest = min(costs, key=lambda symbol: costs[symbol])
        if before in costs and costs[cheapest] > costs[before] * (1 - self.switch):
            return before
        return cheapest

    def _bids(self, ctx: Context, markets: dict[str, MarketView], chosen: str) -> list[tuple[Decimal, int]]:
        """What should be bid on the chosen market for what is missing over all of them."""
        market, quality = markets[chosen], self.quality[chosen]
        cap = market.price(self.max_price * quality, Rounding.DOWN)
        price = min(cap, market.ticker.ask or cap)
        owned = self._sum({symbol: _stocked(one) + one.position.total for symbol, one in markets.items()})
        other = {symbol: one.on_order_by_others(Side.BUY) for symbol, one in markets.items()}
        leaving = {symbol: one.on_order(Side.BUY) for symbol, one in markets.items() if symbol != chosen}
        missing = self.target - owned - self._sum(other) - self._sum(leaving)
        on_bid = market.on_order(Side.BUY) * quality
        if owned >= self.floor and missing - on_bid < self.lot:
            missing = min(missing, on_bid)
        units = int(missing / quality)
        if price > 0:
            locked = sum((o.price * o.remaining for o in market.orders if o.side is Side.BUY), Decimal(0))
            units = min(units, market.market.max_size or units, int((ctx.cash.available + locked) // price))
        return [(price, units)] if price > 0 and units >= market.market.min_size else []

    def _move(self, markets: dict[str, MarketView]) -> None:
        """Move units to Consumption when there are too few, those of the markets that `quality` names first before."""
        stocked = self._sum({symbol: _stocked(market) for symbol, market in markets.items()})
        if stocked >= self.floor:
            return
        wanted = self._shelf(markets) - stocked
        for symbol, market in markets.items():
            units = min(market.position.available, math.ceil(wanted / self.quality[symbol]))
            if units > 0:
                market.stock(units)
                wanted -= units * self.quality[symbol]

    def _shelf(self, markets: dict[str, MarketView]) -> int:
        """Weighted units that Consumption should hold: the target, or what is used up before it expires if less."""
        burns = {symbol: market.consumption.burn_per_hour for symbol, market in markets.items()}
        known = [Decimal(str(burn)) * self.quality[symbol] for symbol, burn in burns.items() if burn is not None]
        if not known:
            return self.target
        usable = math.ceil(sum(known) * Decimal(self.shelf_life / timedelta(hours=1)))
        return min(self.target, max(self.floor, usable))

    def _sum(self, units: dict[str, int]) -> Decimal:
        """Units by symbol as weighted units."""
        return sum((self.quality[symbol] * count for symbol, count in units.items()), Decimal(0))


def _stocked(market: MarketView) -> int:
    return market.consumption.units + market.consumption.in_transfer
