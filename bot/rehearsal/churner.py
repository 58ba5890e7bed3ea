"""A strategy that makes work: it quotes both sides, changes its mind, crosses the spread, and moves units."""

from __future__ import annotations

from decimal import Decimal
from random import Random

from pydantic import Field

from bot import Context, Fill, Order, Side, Strategy


class Churner(Strategy):
    """Quote and cancel on both sides of the market so that cancels, partial fills and sells are common.

    What it does at a tick is drawn from how many ticks there were, which it remembers over restarts. It earns nothing.
    """

    size: int = Field(6, ge=1, description="units that it wants on a side, at most")
    most: int = Field(12, ge=1, description="units of Trading with which it bids no more")

    async def on_tick(self, ctx: Context) -> None:
        """Do something else than at the last tick."""
        ctx.state["ticks"] = ctx.state.get("ticks", 0) + 1
        self._churn(ctx, Random(f"churn {ctx.state['ticks']}"))  # noqa: S311 - repeatable, not secret

    async def on_fill(self, ctx: Context, fill: Fill) -> None:
        """Count what has filled."""
        ctx.state["filled"] = ctx.state.get("filled", 0) + fill.quantity

    async def on_order(self, ctx: Context, order: Order) -> None:
        """Quote again what was cancelled, now and then."""
        if order.filled:
            self._churn(ctx, Random(f"again {order.client_order_id}"))  # noqa: S311 - repeatable, not secret

    def _churn(self, ctx: Context, chance: Random) -> None:
        ticker, tick = ctx.ticker, ctx.market.tick
        if ticker.bid is None or ticker.ask is None or chance.random() < 0.2:
            ctx.quote()
            return
        inside = max(tick, min(2 * tick, ticker.ask - ticker.bid - tick))
        bid, ask = ticker.bid + inside, ticker.ask - inside
        match chance.choice(("rest", "rest", "cross", "far")):
            case "cross":
                bid, ask = ticker.ask, ticker.bid
            case "far":
                bid, ask = max(tick, ticker.bid - 3 * tick), ticker.ask + 3 * tick
        own = sum(order.remaining for order in ctx.orders if order.side is Side.SELL)
        wanted = chance.randint(1, self.size)
        sides = chance.choice(("bid", "ask", "both"))
        bids = [(bid, wanted)] if sides != "ask" and ctx.position.total < self.most else []
        asks = [(ask, min(wanted, ctx.position.available + own))] if sides != "bid" else []
        self._quote(ctx, bids, asks)
        if ctx.position.available > self.size and chance.random() < 0.3:
            ctx.stock(1)

    def _quote(self, ctx: Context, bids: list[tuple[Decimal, int]], asks: list[tuple[Decimal, int]]) -> None:
        if bids and asks and bids[0][0] >= asks[0][0]:
            asks = []
        ctx.quote(bids=bids, asks=[level for level in asks if level[1] >= ctx.market.min_size])
