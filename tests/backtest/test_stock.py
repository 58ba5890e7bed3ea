"""Consumption: what is moved there is used, or expires."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import Context
from bot.backtest import Backtest, FillRules
from bot.backtest.moments import SECOND
from bot.backtest.stock import Stock
from bot.domain.lot import Lot
from bot.engine.schedule import Schedule
from strategies.replenish import Replenish
from tests.backtest.worlds import START, Scripted, candles

UNIT = 1_000_000
HOUR = 3600 * SECOND


class Steady:
    """So many tokens in every slot of ten minutes."""

    slot_seconds = 600

    def __init__(self, tokens: int) -> None:
        self._tokens = tokens

    def tokens(self, slot: int) -> int:
        return self._tokens


def test_the_oldest_lot_is_used_first_and_the_rest_of_it_expires() -> None:
    stock = Stock(Steady(UNIT), 0, timedelta(hours=4), timedelta(0))
    stock.send(30)
    stock.advance(1 * HOUR)
    stock.send(5)
    assert (stock.units, stock.served) == (29, 6 * UNIT)
    assert [lot.units for lot in stock.view().lots] == [24, 5]
    stock.advance(4 * HOUR)
    assert (stock.units, stock.served, stock.expired) == (5, 24 * UNIT, 6 * UNIT)


def test_what_there_is_no_stock_for_is_refused_and_a_run_of_it_counts_once() -> None:
    stock = Stock(Steady(UNIT), 0, timedelta(hours=4), timedelta(minutes=10))
    stock.send(3)
    assert (stock.in_transfer, stock.units) == (3, 0)
    stock.advance(2 * HOUR)
    assert (stock.asked, stock.served, stock.in_transfer) == (12 * UNIT, 3 * UNIT, 0)
    assert stock.stockouts == 2


@given(
    tokens=st.integers(0, 3 * UNIT),
    steps=st.lists(st.tuples(st.integers(0, 3 * 3600), st.integers(0, 9)), max_size=12),
    delay=st.integers(0, 3600),
)
def test_every_token_is_held_served_or_expired(tokens: int, steps: Any, delay: int) -> None:
    stock, now, sent = Stock(Steady(tokens), 0, timedelta(hours=4), timedelta(seconds=delay)), 0, 0
    for seconds, units in steps:
        now += seconds * SECOND
        stock.advance(now)
        if units:
            stock.send(units)
            sent += units
        assert stock.received == stock.tokens + stock.served + stock.expired == (sent - stock.in_transfer) * UNIT
        assert stock.asked == tokens * (now // SECOND) // 600
        view = stock.view()
        assert sum(lot.units for lot in view.lots) == view.units == stock.units


def test_a_hook_sees_lots_and_the_burn_rate() -> None:
    seen: list[Any] = []
    plan = {0: lambda ctx: ctx.stock(10), 20: lambda ctx: seen.append((ctx.consumption, ctx.runway))}
    strategy = Scripted.model_construct(plan=plan, told=[])
    history = candles(*["100"] * 30)
    result = Backtest(strategy, history, units=10, demand=Steady(UNIT)).run()
    ((consumption, runway),) = seen
    assert consumption.lots == (Lot(8, START + timedelta(minutes=1, hours=4)),)
    assert consumption.burn_per_hour == pytest.approx(6, rel=0.5)
    assert runway is not None
    assert result.stock[[0, 1, 20]].tolist() == [10, 9, 8]
    assert result.position.tolist() == [0] * 30


def replenished(**parameters: Any) -> Any:
    strategy = Replenish(max_price=Decimal("1.10"), **parameters)
    history = candles(*["100 101 99 100"] * 600, volume=1000)
    every = Schedule.every(timedelta(minutes=1), START)
    return Backtest(strategy, history, cash=Decimal(1000), schedule=every, demand=Steady(UNIT)).run()


def test_replenishing_serves_nearly_all_demand_and_wastes_less_than_stocking_far_too_much() -> None:
    careful, generous = replenished(floor=5, target=15), replenished(floor=60, target=120)
    assert careful.inference.served_share > 0.99
    assert careful.inference.waste_share == 0
    assert careful.cost_per_unit == 1
    assert generous.inference.served_share > 0.99
    assert generous.inference.waste_share > 0.2


def test_a_run_without_demand_serves_nothing() -> None:
    result = Backtest(Scripted.model_construct(plan={}, told=[]), candles("100", "100")).run()
    assert result.inference.served_share is None
    assert result.inference.waste_share is None
    assert result.stock.tolist() == [0, 0]


def test_frames_hold_candles_and_fills() -> None:
    def first(ctx: Context) -> None:
        ctx.buy(2)

    rules = FillRules(fee=Decimal("0.01"))
    result = Backtest(
        Scripted.model_construct(plan={0: first}, told=[]), candles("100", "101", "103"), rules=rules
    ).run()
    frame = result.frame()
    assert frame.cash.tolist() == [10_000.0, 9_997.9598, 9_997.9598]
    assert frame.equity.tolist() == [10_000.0, 9_999.9798, 10_000.0198]
    assert frame.position.tolist() == [0, 2, 2]
    assert (result.fees, result.cost_per_unit) == (Decimal("0.0202"), Decimal("1.0201"))
    assert result.fills_frame().fee.tolist() == [0.0202]
    assert list(frame.index) == [START + timedelta(minutes=minute) for minute in range(3)]
    assert result.fills_frame().columns.tolist() == ["side", "price", "quantity", "fee"]
    assert "3 candles" in repr(result)
