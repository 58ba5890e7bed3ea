"""An exchange small enough for property tests of whole lives of a strategy: one market, no loop, no database."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from bot.domain.intents import Issue, Place, Stock
from bot.domain.order import Order, OrderState, Side
from bot.execution.planner import plan
from bot.strategy.base import Strategy
from bot.strategy.context import Context
from tests.strategy.scene import AT, PRIME, a_context, a_market

TICK = PRIME.tick

MOVES = st.lists(
    st.tuples(
        st.integers(50, 300),  # the bid, in ticks
        st.integers(1, 20),  # the spread, in ticks
        st.integers(0, 12),  # how many units of each order fill, if the price does not reach it
        st.integers(0, 40),  # how many units may be taken at the ask
        st.floats(1, 900),  # seconds until the next tick
    ),
    min_size=1,
    max_size=25,
)
"""What a market does, tick by tick."""


class Toy:
    """Takes a strategy from tick to tick; what it placed fills as the moves say, also while it is being cancelled."""

    def __init__(self, strategy: Strategy, *, trading: int = 0) -> None:
        self.strategy = strategy
        self.now = AT
        self.bid, self.ask = Decimal("1.90"), Decimal("2.10")
        self.at_ask = 0
        self.trading = trading
        self.traded = 0
        self.moved = 0
        self.issued: list[tuple[datetime, int]] = []
        self.state: dict[str, Any] = {}
        self.live: list[Order] = []
        self.placed: list[Place] = []

    @property
    def holding(self) -> int:
        return self.traded - self.moved

    def on_order(self, side: Side) -> int:
        return sum(order.remaining for order in self.live if order.side is side)

    async def live_through(self, moves: list[tuple[int, int, int, int, float]]) -> None:
        await self.call("on_start")
        for bid, spread, filled, at_ask, seconds in moves:
            self.now += timedelta(seconds=seconds)
            self.bid, self.ask = bid * TICK, (bid + spread) * TICK
            self.offer(at_ask, filled)
            await self.call("on_tick")

    def offer(self, units: int, filled: int = 0) -> None:
        """Let so many units be had at the ask, and so many of each order fill that is not reached by the prices."""
        self.at_ask = units
        for order in list(self.live):
            self._meet(order, filled)

    async def call(self, hook: str) -> Context:
        ctx = a_context(
            a_market(
                str(self.bid),
                str(self.ask),
                orders=self.live,
                trading=self.trading,
                holding=self.holding,
            ),
            cash=Decimal(10**6),
            state=self.state,
            now=self.now,
        )
        await getattr(self.strategy, hook)(ctx)
        made = plan(ctx.intents, self.live)
        self.live = [order for order in self.live if order.client_order_id not in made.cancels]
        for intent in ctx.intents:
            if isinstance(intent, Stock):
                assert intent.quantity <= self.trading
                self.trading -= intent.quantity
                self.moved += intent.quantity
            elif isinstance(intent, Issue):
                self.issued.append((self.now, intent.quantity))
                self.trading += intent.quantity
        for place in made.orders:
            self._place(place)
        assert self.on_order(Side.SELL) <= self.trading
        return ctx

    def _place(self, place: Place) -> None:
        self.placed.append(place)
        if place.post_only and (place.price >= self.ask if place.side is Side.BUY else place.price <= self.bid):
            return
        number = f"gb-{len(self.placed)}"
        order = Order(
            number, "s", "m", place.side, place.quantity, place.price, self.now, self.now, OrderState.OPEN, number
        )
        self.live.append(order)
        self._meet(order, 0)

    def _meet(self, order: Order, filled: int) -> None:
        """Let the market have its way with an order."""
        if order.side is Side.BUY:
            reached = order.price >= self.ask
            units = min(order.remaining, self.at_ask if reached else filled)
            self.at_ask -= units if reached else 0
        else:
            units = order.remaining if order.price <= self.bid else min(order.remaining, filled)
        sign = 1 if order.side is Side.BUY else -1
        self.traded += sign * units
        self.trading += sign * units
        self.live.remove(order)
        if units < order.remaining:
            self.live.append(replace(order, filled=order.filled + units))
