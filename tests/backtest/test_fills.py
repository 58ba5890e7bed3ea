"""How orders meet candles: one table of order plans, and what came of each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import pytest

from bot import Context
from bot.backtest import Backtest, BacktestResult, FillRules
from bot.domain.order import OrderState
from bot.domain.problem import Problem
from bot.errors import ConfigError
from tests.backtest.worlds import START, Scripted, candles, usd


@dataclass(frozen=True)
class Case:
    """What is done when the first candle has closed at 100 cents, the candles after it, and the fills: cents, units."""

    name: str
    do: Callable[[Context], None]
    then: tuple[str, ...]
    fills: list[tuple[int, int, int]]
    rules: FillRules = field(default_factory=FillRules)
    volume: int = 100


def buy(cents: int, units: int = 1, **terms: Any) -> Callable[[Context], None]:
    return lambda ctx: ctx.buy(units, usd(cents), **terms)


def sell(cents: int, units: int = 1, **terms: Any) -> Callable[[Context], None]:
    return lambda ctx: ctx.sell(units, usd(cents), **terms)


CASES = [
    Case("a marketable buy fills at the next open", buy(105), ("101 110 95 102",), [(1, 101, 1)]),
    Case("a marketable sell fills at the next open", sell(95), ("101 110 95 102",), [(1, 101, 1)]),
    Case("an order without a price fills at the next open", lambda ctx: ctx.buy(2), ("100 110 95 102",), [(1, 100, 2)]),
    Case("one whose protection is passed at the open rests", lambda ctx: ctx.buy(1), ("105 110 102 105",), []),
    Case("a buy at the open's very price fills there", buy(101), ("101 110 101 102",), [(1, 101, 1)]),
    Case("a buy fills at its price when the low is below it", buy(98), ("101 110 95 102",), [(1, 98, 1)]),
    Case("a buy fills at its price when the low touches it", buy(95), ("101 110 95 102",), [(1, 95, 1)]),
    Case("a buy below the low rests", buy(94), ("101 110 95 102", "101 110 95 102"), []),
    Case("a sell fills at its price when the high touches it", sell(110), ("101 110 95 102",), [(1, 110, 1)]),
    Case("a sell above the high rests", sell(111), ("101 110 95 102",), []),
    Case("a resting buy that is gapped through fills at the open", buy(90), ("100", "80 85 75 80"), [(2, 80, 1)]),
    Case(
        "a resting sell that is gapped through fills at the open", sell(110), ("100", "120 125 115 120"), [(2, 120, 1)]
    ),
    Case("a post-only buy that would trade at the open is refused", buy(101, post_only=True), ("101 110 95 102",), []),
    Case("a post-only sell that would trade at the open is refused", sell(101, post_only=True), ("101",), []),
    Case(
        "a post-only buy below the open rests and fills", buy(100, post_only=True), ("101 110 95 102",), [(1, 100, 1)]
    ),
    Case(
        "a post-only order that rests already may be gapped through",
        buy(90, post_only=True),
        ("100", "80 85 75 80"),
        [(2, 80, 1)],
    ),
    Case("touching is not enough with a queue", buy(95), ("101 110 95 102",), [], FillRules(through=1)),
    Case(
        "a tick beyond is enough with a queue of one", buy(96), ("101 110 95 102",), [(1, 96, 1)], FillRules(through=1)
    ),
    Case("a sell waits in the queue alike", sell(109), ("101 110 95 102",), [(1, 109, 1)], FillRules(through=1)),
    Case("who takes waits in no queue", buy(101), ("101 101 101 101",), [(1, 101, 1)], FillRules(through=5)),
    Case("a taker pays half the spread", buy(110), ("101 110 95 102",), [(1, 103, 1)], FillRules(spread=4)),
    Case(
        "a taker who sells gets less by the other half",
        sell(90),
        ("101 110 95 102",),
        [(1, 99, 1)],
        FillRules(spread=4),
    ),
    Case("of an odd spread the ask has more", buy(110), ("101",), [(1, 103, 1)], FillRules(spread=3)),
    Case("a buy within the spread fills at its price", buy(102), ("101",), [(1, 102, 1)], FillRules(spread=4)),
    Case(
        "no more than a share of the volume fills at a candle",
        buy(105, 25),
        ("100", "101", "102", "103"),
        [(1, 100, 10), (2, 101, 10), (3, 102, 5)],
        FillRules(volume_share=Decimal("0.1")),
    ),
    Case(
        "older orders come first where volume is short",
        lambda ctx: (buy(101, 8)(ctx), buy(105, 8)(ctx))[0],
        ("100", "100"),
        [(1, 100, 8), (1, 100, 2), (2, 100, 6)],
        FillRules(volume_share=Decimal("0.1")),
    ),
    Case("nothing fills without volume", buy(105), ("100",), [], FillRules(volume_share=Decimal(1)), volume=0),
]


def run(case: Case) -> tuple[BacktestResult, list[Any]]:
    told: list[Any] = []
    strategy = Scripted.model_construct(plan={0: case.do}, told=told)
    history = candles("100", *case.then, volume=case.volume)
    return Backtest(strategy, history, units=50, rules=case.rules).run(), told


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_orders_fill_by_the_rules(case: Case) -> None:
    result, _ = run(case)
    minutes = [(fill.executed_at - START).seconds // 60 for fill in result.fills]
    found = [(minute, int(fill.price * 100), fill.quantity) for minute, fill in zip(minutes, result.fills, strict=True)]
    assert found == case.fills


@pytest.mark.parametrize("do", [buy(101, post_only=True), sell(101, post_only=True)])
def test_a_refused_post_only_order_is_told(do: Callable[[Context], None]) -> None:
    result, told = run(Case("", do, ("101",), []))
    (problem,) = told
    assert isinstance(problem, Problem)
    assert problem.order is not None
    assert problem.order.state is OrderState.REJECTED
    assert "post-only" in problem.why
    assert result.refused == 1


@pytest.mark.parametrize(
    ("rules", "fault"),
    [
        ({"fee": Decimal(1)}, "fee: must be a share"),
        ({"fee": Decimal("-0.1")}, "fee: must be a share"),
        ({"spread": -1}, "0 ticks or more"),
        ({"through": -1}, "0 ticks or more"),
        ({"volume_share": Decimal(0)}, "volume_share: must be above 0"),
    ],
)
def test_rules_of_no_market_are_refused(rules: dict[str, Any], fault: str) -> None:
    with pytest.raises(ConfigError, match=fault):
        FillRules(**rules)
