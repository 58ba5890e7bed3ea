"""Never run dry: keep Consumption stocked, and buy what is missing under a price cap."""

from __future__ import annotations

import math
from datetime import timedelta
from decimal import Decimal
from typing import Self

from pydantic import Field, model_validator

from bot import Context, Fill, MarketView, Order, Rounding, Side, Strategy


class Replenish(Strategy):
    """Keep `target` units of an instrument, and at least `floor` of them where inference can use them.

    When Consumption, with what is already on its way there, falls below `floor`, units are moved from Trading to bring
    it up to `target`; but above the floor no more than the present burn uses up within `shelf_life`, for units in
    Consumption expire and units in Trading do not.

    What is missing to `target` over all of Consumption, transfers, Trading and resting bids is bid for, never above
    `max_price`, as soon as it comes to `lot` units, or less than `floor` is owned. So what is on order or in transfer
    is never bought twice, and no more is bid for than the cash pays for. Several markets are kept stocked alike.

    Bids are at `max_price` at once, and still fill at the ask when the ask is lower. With a `discount` they start that
    far below the ask, to be filled by whoever is in a hurry to sell, and step up to the ask as the runway shrinks from
    `calm` to `urgent`. They follow the ask and not the best bid, which may be their own.
    """

    floor: int = Field(5, ge=1, description="move units when Consumption falls below so many")
    target: int = Field(15, ge=1, description="units to hold in all")
    max_price: Decimal = Field(gt=0, description="the most to pay, USD per unit")
    shelf_life: timedelta = Field(timedelta(hours=3), gt=timedelta(0), description="move no more than lasts so long")
    lot: int = Field(5, ge=1, description="buy at least so many units at once, unless less than the floor is owned")
    discount: Decimal = Field(Decimal(0), ge=0, lt=1, description="start bidding this share below the ask")
    calm: timedelta = Field(timedelta(hours=2), description="runway at which there is no hurry")
    urgent: timedelta = Field(timedelta(minutes=30), description="runway at which the ask is paid")
    tolerance: Decimal = Field(
        Decimal("0.01"), ge=0, lt=1, description="leave a bid where it rests while it is off by no more than this share"
    )

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.target < self.floor:
            raise ValueError(f"target ({self.target}) must not be below floor ({self.floor})")
        if self.calm <= self.urgent:
            raise ValueError("calm must be a longer runway than urgent")
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
        cash = ctx.cash.available
        for symbol in ctx.symbols:
            cash -= self._restock_one(ctx[symbol], cash)

    def _restock_one(self, market: MarketView, cash: Decimal) -> Decimal:
        """Move and bid on one market; answers how much of the free cash the bid takes."""
        stocked = market.consumption.units + market.consumption.in_transfer
        owned = stocked + market.position.available
        if stocked < self.floor and market.position.available:
            market.stock(min(market.position.available, self._shelf(market.consumption.burn_per_hour) - stocked))
        price = self._bid(market, owned)
        units = self._missing(market, stocked, owned)
        locked = sum((order.price * order.remaining for order in market.orders if order.side is Side.BUY), Decimal(0))
        units = min(units, int((cash + locked) // price), market.market.max_size or units)
        if units < market.market.min_size:
            market.quote()
            return Decimal(0)
        market.quote(bids=[(price, units)])
        return max(Decimal(0), price * units - locked)

    def _missing(self, market: MarketView, stocked: int, owned: int) -> int:
        """Units that should be on order by this instance."""
        on_order = market.on_order(Side.BUY)
        missing = max(0, self.target - stocked - market.position.total - market.on_order_by_others(Side.BUY))
        if owned < self.floor:
            return max(missing, market.market.min_size) if missing else 0
        lot = max(self.lot, market.market.min_size)
        return missing if missing - on_order >= lot else min(missing, on_order)

    def _shelf(self, burn_per_hour: float | None) -> int:
        """Units that Consumption should hold: the target, or what is used up before it expires if that is less."""
        if burn_per_hour is None:
            return self.target
        usable = math.ceil(burn_per_hour * (self.shelf_life / timedelta(hours=1)))
        return min(self.target, max(self.floor, usable))

    def _bid(self, market: MarketView, owned: int) -> Decimal:
        cap = market.price(self.max_price, Rounding.DOWN)
        ask = market.ticker.ask
        if not self.discount or ask is None:
            return cap
        below = ask * self.discount * Decimal(str(1 - self._urgency(owned, market.consumption.burn_per_hour)))
        wanted = min(cap, market.price(ask - below, Rounding.UP))
        for order in market.orders:
            if order.side is Side.BUY and order.price <= cap and abs(order.price - wanted) <= wanted * self.tolerance:
                return order.price
        return wanted

    def _urgency(self, owned: int, burn_per_hour: float | None) -> float:
        """0 while what is owned lasts for `calm` or longer, 1 from `urgent` or `floor` down, in proportion between."""
        if owned < self.floor:
            return 1.0
        if not burn_per_hour:
            return 0.0
        runway = timedelta(hours=min(owned / burn_per_hour, self.calm / timedelta(hours=1)))
        return (self.calm - max(runway, self.urgent)) / (self.calm - self.urgent)
