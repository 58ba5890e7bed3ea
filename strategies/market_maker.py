"""Earn the spread: bid and ask around the middle of the market, and lean against what is held."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from typing import ClassVar, Self

from pydantic import Field, model_validator

from bot import Context, Fill, Order, Rounding, Side, Strategy

ZERO = Decimal(0)
INFINITE = Decimal("Infinity")


class MarketMaker(Strategy):
    """Rest a bid and an ask `half_spread` to either side of what a unit is worth, and move both as units come and go.

    What a unit is worth is read off the best bid and the best ask that are not the bot's own: their mean, closer to the
    side with fewer units, for that one gives way first. Every unit held takes `skew` of it off, so that the more is
    held, the cheaper it is offered and the less is bid. The account cannot be short: with nothing held there is
    only a bid.

    Units held and on bid never come to more than `max_inventory`, and only what the instance has bought is offered.
    Quotes never take: the exchange refuses those that would. They stay where they rest while they are off by no more
    than `tolerance`, and go when a side of the market is empty or its spread is below `min_spread`.

    It loses when the price runs away: down, it has bought all the way and holds its bound; up, it has sold out and
    watches. Whoever knows more than the book shows trades with it first.
    """

    depth: ClassVar[int] = 20

    size: int = Field(5, ge=1, description="units of each quote")
    half_spread: Decimal = Field(Decimal("0.01"), gt=0, lt=1, description="from the value of a unit to each quote")
    max_inventory: int = Field(20, ge=1, description="the most units to hold, those on bid included")
    skew: Decimal = Field(Decimal("0.0005"), ge=0, lt=1, description="share of the value taken off for each unit held")
    min_spread: Decimal = Field(Decimal(0), ge=0, lt=1, description="withdraw where the market's spread is narrower")
    tolerance: Decimal = Field(Decimal("0.002"), ge=0, lt=1, description="leave a quote that is off by no more")

    @model_validator(mode="after")
    def _sane(self) -> Self:
        if self.tolerance >= self.half_spread:
            raise ValueError(f"tolerance ({self.tolerance}) must be less than half_spread ({self.half_spread})")
        if self.skew * self.max_inventory >= 1:
            raise ValueError("skew times max_inventory must be less than 1, or a full inventory is worth nothing")
        return self

    async def on_start(self, ctx: Context) -> None:
        self._requote(ctx)

    async def on_tick(self, ctx: Context) -> None:
        self._requote(ctx)

    async def on_book(self, ctx: Context) -> None:
        self._requote(ctx)

    async def on_fill(self, ctx: Context, fill: Fill) -> None:
        self._requote(ctx)

    async def on_order(self, ctx: Context, order: Order) -> None:
        self._requote(ctx)

    def _requote(self, ctx: Context) -> None:
        bid, ask = _best(ctx, Side.BUY), _best(ctx, Side.SELL)
        if bid is None or ask is None or ask[0] - bid[0] < self.min_spread * bid[0]:
            ctx.quote()
            return
        value = (bid[0] * ask[1] + ask[0] * bid[1]) / (bid[1] + ask[1])
        value *= 1 - self.skew * max(0, ctx.holding)
        ctx.quote(
            bids=self._bids(ctx, ctx.price(value * (1 - self.half_spread), Rounding.DOWN), ask[0]),
            asks=self._asks(ctx, ctx.price(value * (1 + self.half_spread), Rounding.UP), bid[0]),
            post_only=True,
        )

    def _bids(self, ctx: Context, wanted: Decimal, best_ask: Decimal) -> list[tuple[Decimal, int]]:
        asked = [order.price for order in ctx.others if order.side is Side.SELL]
        price = self._settled(ctx, Side.BUY, wanted, most=min([best_ask, *asked]) - ctx.market.tick)
        units = min(self.size, self.max_inventory - ctx.holding)
        return [(price, units)] if price > 0 and units >= ctx.market.min_size else []

    def _asks(self, ctx: Context, wanted: Decimal, best_bid: Decimal) -> list[tuple[Decimal, int]]:
        bid = [order.price for order in ctx.others if order.side is Side.BUY]
        price = self._settled(ctx, Side.SELL, wanted, least=max([best_bid, *bid]) + ctx.market.tick)
        units = min(self.size, ctx.holding, ctx.position.available + ctx.on_order(Side.SELL))
        return [(price, units)] if units >= ctx.market.min_size else []

    def _settled(
        self, ctx: Context, side: Side, wanted: Decimal, *, least: Decimal = ZERO, most: Decimal = INFINITE
    ) -> Decimal:
        """The price of a quote that rests and is near enough to the wanted one, or that one; within the bounds."""
        wanted = min(max(wanted, least), most)
        for order in ctx.orders:
            is_near = abs(order.price - wanted) <= self.tolerance * wanted
            if order.side is side and is_near and least <= order.price <= most:
                return order.price
        return wanted


def _best(ctx: Context, side: Side) -> tuple[Decimal, int] | None:
    """The best price of a side and how many units there are at it, the bot's own orders left out.

    Who follows a book that his own quotes are in follows himself. Without a book there is only the ticker.
    """
    if ctx.book is None:
        price = ctx.ticker.bid if side is Side.BUY else ctx.ticker.ask
        return None if price is None else (price, 1)
    ours: Counter[Decimal] = Counter()
    for order in (*ctx.orders, *ctx.others):
        if order.side is side:
            ours[order.price] += order.remaining
    for level in ctx.book.bids if side is Side.BUY else ctx.book.asks:
        if level.quantity > ours[level.price]:
            return level.price, level.quantity - ours[level.price]
    return None
