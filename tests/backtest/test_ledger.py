"""Everything adds up to the micro-dollar."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from bot import Context
from bot.backtest import Backtest, FillRules
from bot.backtest.prices import Prices
from bot.domain.money import Rounding, price_on_tick
from bot.domain.order import Side
from tests.backtest.worlds import Noting, candles, usd

ORDERS = st.lists(
    st.tuples(st.booleans(), st.integers(90, 110), st.integers(1, 9), st.sampled_from(["keep", "cancel", "stock"])),
    min_size=15,
    max_size=15,
)
CANDLES = st.lists(st.tuples(st.integers(92, 108), st.integers(92, 108)), min_size=15, max_size=15)


@given(
    orders=ORDERS,
    moves=CANDLES,
    fee=st.decimals("0", "0.2", places=5),
    share=st.sampled_from([None, Decimal("0.03")]),
)
def test_cash_and_units_add_up(orders: Any, moves: Any, fee: Decimal, share: Decimal | None) -> None:
    locked: list[tuple[Decimal, int]] = []

    def step(ctx: Context) -> None:
        is_buy, cents, units, then = orders[len(ctx.candles) - 1]
        assert ctx.cash.available >= 0
        assert ctx.position.available >= 0
        assert ctx.cash.total == ctx.cash.available + ctx.cash.locked
        bids = sum(order.price * order.remaining for order in ctx.orders if order.side is Side.BUY)
        assert bids <= ctx.cash.locked <= bids * (1 + fee) + Decimal("0.00001") * len(ctx.orders)
        assert ctx.position.locked == sum(order.remaining for order in ctx.orders if order.side is Side.SELL)
        locked.append((ctx.cash.locked, ctx.position.locked))
        if then == "cancel" and ctx.orders:
            ctx.cancel(ctx.orders[0])
        if then == "stock":
            ctx.stock(units)
        (ctx.buy if is_buy else ctx.sell)(units, usd(cents))

    prices = [f"{a} {max(a, b)} {min(a, b)} {b}" for a, b in moves]
    rules = FillRules(fee=fee, volume_share=share)
    result = Backtest(Noting(step=step), candles(*prices), cash=Decimal(20), units=9, rules=rules).run()
    signed = [(1 if fill.side is Side.BUY else -1, fill) for fill in result.fills]
    cash = Decimal(20) - sum(sign * fill.notional + fill.fee for sign, fill in signed)
    units = 9 + sum(sign * fill.quantity for sign, fill in signed)
    assert Decimal(int(result.cash[-1])) / 1_000_000 == cash
    assert result.position[-1] == units - result.inference.received // 1_000_000
    assert result.final_equity == cash + result.position[-1].item() * usd(moves[-1][1])


@given(
    value=st.floats(-1, 1e12) | st.decimals("0", "100000", allow_nan=False) | st.floats(0.001, 0.01),
    tick=st.sampled_from([1, 100, 2_500, 10_000]),
    rounding=st.sampled_from(Rounding),
)
def test_prices_come_to_the_tick_as_live(value: float | Decimal, tick: int, rounding: Rounding) -> None:
    exact = price_on_tick(value, Decimal(tick) / 1_000_000, rounding)
    assert Prices(tick).on_tick(value, rounding) == exact


@given(st.integers(1, 20_000), st.sampled_from([0, 0.5, 1e-9, -1e-9]))
def test_prices_at_the_edge_of_rounding_come_to_the_tick_as_live(ticks: int, beside: float) -> None:
    value = (ticks + beside) * 0.0001
    for rounding in Rounding:
        assert Prices(100).on_tick(value, rounding) == price_on_tick(value, Decimal("0.0001"), rounding)
