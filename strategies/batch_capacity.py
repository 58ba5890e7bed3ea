"""Have the units that a batch job needs, by the time it needs them and under a price cap."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

from pydantic import AwareDatetime, Field

from bot import Context, Fill, Order, Rounding, Side, Strategy

RUSH = 0.8
"""The part of the time after which the bid has come up to the ask; in the rest it goes on up to the cap."""


class BatchCapacity(Strategy):
    """Buy `units` at or under `max_price` by `deadline`, and move them to Consumption `ahead` of the job's `start`.

    There is time, so a bid for all that is missing rests `discount` below the ask at first, to be filled by whoever is
    in a hurry to sell. It comes up to the ask in proportion to the time that has passed, and in the last fifth of it
    goes on to `max_price`. It never bids more than that, nor for more than the cash pays for.

    Units wait in Trading, where they do not expire, and are moved late, for in Consumption they last four hours.
    (The exchange's own auto-transfer moves them at once, and has to be off.) From then on nothing more is bought.
    Both moments are points in time, or spans that count from the first start. A restart goes on; for another job the
    instance gets another name.

    It loses when the market stays above `max_price`: then the job is short of units. In a market that rises all along
    it would have been cheaper to buy at once.
    """

    units: int = Field(ge=1, description="what the job needs")
    max_price: Decimal = Field(gt=0, description="the most to pay, USD per unit")
    deadline: timedelta | AwareDatetime = Field(description="by when to have bought them")
    start: timedelta | AwareDatetime | None = Field(None, description="when the job begins; null: at the deadline")
    ahead: timedelta = Field(timedelta(minutes=10), ge=timedelta(0), description="how long before start to move them")
    discount: Decimal = Field(Decimal("0.05"), ge=0, lt=1, description="start bidding this share below the ask")
    tolerance: Decimal = Field(
        Decimal("0.01"), ge=0, lt=1, description="leave a bid where it rests while it is so near"
    )

    async def on_start(self, ctx: Context) -> None:
        self._work(ctx)

    async def on_tick(self, ctx: Context) -> None:
        self._work(ctx)

    async def on_fill(self, ctx: Context, fill: Fill) -> None:
        self._work(ctx)

    async def on_order(self, ctx: Context, order: Order) -> None:
        self._work(ctx)

    def _work(self, ctx: Context) -> None:
        if "begun" not in ctx.state:
            ctx.state.update(begun=ctx.now.isoformat(), held=ctx.holding)
        begun = datetime.fromisoformat(ctx.state["begun"])
        deadline = _moment(self.deadline, begun)
        move_at = (deadline if self.start is None else _moment(self.start, begun)) - self.ahead
        bought = ctx.holding - ctx.state["held"]
        end = min(deadline, move_at)
        if ctx.now < end:
            self._bid(ctx, self.units - bought, (ctx.now - begun) / (end - begun))
            return
        ctx.quote()
        if ctx.now >= move_at and (units := min(bought, ctx.position.available)) > 0:
            ctx.stock(units)

    def _bid(self, ctx: Context, missing: int, passed: float) -> None:
        """Bid for what is missing; `passed` is the part of the time that has."""
        price = self._price(ctx, passed)
        locked = sum((order.price * order.remaining for order in ctx.orders if order.side is Side.BUY), Decimal(0))
        affordable = int((ctx.cash.available + locked) // price) if price else 0
        units = min(missing, ctx.market.max_size or missing, affordable)
        ctx.quote(bids=[(price, units)] if units >= ctx.market.min_size else [])

    def _price(self, ctx: Context, passed: float) -> Decimal:
        cap, ask = ctx.price(self.max_price, Rounding.DOWN), ctx.ticker.ask
        if ask is None or ask >= cap:
            return cap
        if passed >= RUSH:
            return ctx.price(ask + (cap - ask) * Decimal((passed - RUSH) / (1 - RUSH)), Rounding.DOWN)
        wanted = ctx.price(ask * (1 - self.discount * Decimal(1 - passed / RUSH)), Rounding.UP)
        for order in ctx.orders:
            if order.price <= cap and abs(order.price - wanted) <= self.tolerance * wanted:
                return order.price
        return wanted


def _moment(when: datetime | timedelta, begun: datetime) -> datetime:
    return begun + when if isinstance(when, timedelta) else when
