"""What a strategy author meets: parameters, hooks, context and intents."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import structlog
from pydantic import Field, ValidationError

import bot
from bot.domain.account import Cash, Units
from bot.domain.intents import Cancel, Place, PriceLevel, Quote, Stock
from bot.domain.market import Market, Ticker
from bot.domain.order import Order, OrderState, Side
from bot.errors import StrategyError
from bot.strategy import registry
from bot.strategy.base import HOOKS, Strategy
from bot.strategy.context import Context
from bot.strategy.snapshot import Consumption, MarketSnapshot

AT = datetime(2026, 1, 5, tzinfo=UTC)
PRIME = Market("m-1", "i-1", "text-prime", Decimal("0.01"), max_size=1000)
CODE = Market("m-2", "i-2", "code-max", Decimal("0.05"))


def a_context(**state: Any) -> Context:
    order = Order("gb-1", "s", "m-1", Side.BUY, 10, Decimal(2), AT, AT, OrderState.OPEN, "o-1", filled=4)
    return Context(
        now=AT,
        cash=Cash(Decimal(100), Decimal(90), Decimal(10)),
        markets={
            market.symbol: MarketSnapshot(
                market, Ticker(market.market_id, AT), Units(market.instrument_id, 7, 7), Consumption(3), (order,)
            )
            for market in (PRIME, CODE)
        },
        state=state,
        log=structlog.stdlib.get_logger(),
    )


def test_the_public_names_are_sorted_and_there() -> None:
    assert bot.__all__ == sorted(bot.__all__)
    for name in bot.__all__:
        assert getattr(bot, name).__doc__
    assert dir(bot) == bot.__all__
    with pytest.raises(AttributeError, match="has no attribute 'Nonsense'"):
        _ = bot.Nonsense


def test_defaults_are_validated_too() -> None:
    class Careless(Strategy):
        price: Decimal = Field(0.01)  # type: ignore[assignment]

    assert Careless().price == Decimal("0.01")
    assert isinstance(Careless().price, Decimal)


def test_a_misspelt_parameter_is_refused() -> None:
    class Small(Strategy):
        size: int = 1

    with pytest.raises(ValidationError, match="sise"):
        Small(sise=2)  # type: ignore[call-arg]


def test_a_misspelt_hook_is_refused_when_the_class_is_made() -> None:
    with pytest.raises(StrategyError, match=r"'on_tik'.*did you mean 'on_tick'"):

        class Typo(Strategy):
            async def on_tik(self, ctx: Context) -> None: ...

    with pytest.raises(StrategyError, match="the hooks are on_start"):

        class Odd(Strategy):
            async def on_zzz(self, ctx: Context) -> None: ...


def test_a_hook_that_is_not_async_is_refused_when_the_class_is_made() -> None:
    with pytest.raises(StrategyError, match="must be written 'async def on_tick'"):

        class Plain(Strategy):
            def on_tick(self, ctx: Context) -> None: ...  # type: ignore[override]


async def test_every_hook_may_be_left_out() -> None:
    ctx = a_context()
    arguments: dict[str, tuple[Any, ...]] = {"on_order": (None,), "on_fill": (None,), "on_error": (None,)}
    for hook in HOOKS:
        await getattr(Strategy(), hook)(ctx, *arguments.get(hook, ()))
    assert ctx.intents == []


def test_the_context_is_the_view_of_the_first_market() -> None:
    ctx = a_context(bought=3)
    assert ctx.market is PRIME
    assert ctx.symbols == ("text-prime", "code-max")
    assert ctx["code-max"].market is CODE
    assert (ctx.position.available, ctx.consumption.units, ctx.cash.available) == (7, 3, Decimal(90))
    assert ctx.on_order(Side.BUY) == 6
    assert ctx.on_order(Side.SELL) == 0
    assert ctx.state == {"bought": 3}
    with pytest.raises(StrategyError, match="'text-max' is not one of this strategy's markets: text-prime, code-max"):
        ctx["text-max"]


def test_intents_are_kept_in_the_order_in_which_they_were_stated() -> None:
    ctx = a_context()
    ctx.quote(bids=[(Decimal("1.99"), 5)], asks=[(Decimal("2.05"), 2)])
    ctx.buy(1, ctx.price(2.001))
    ctx["code-max"].sell(2, Decimal("3.05"))
    ctx.stock(4)
    ctx.cancel(ctx.orders[0])
    assert ctx.intents == [
        Quote("m-1", (PriceLevel(Decimal("1.99"), 5),), (PriceLevel(Decimal("2.05"), 2),)),
        Place("m-1", Side.BUY, 1, Decimal("2.00")),
        Place("m-2", Side.SELL, 2, Decimal("3.05")),
        Stock("i-1", 4),
        Cancel("gb-1"),
    ]


WRONG: list[tuple[str, Callable[[Context], object], str]] = [
    ("fraction", lambda ctx: ctx.buy(1.5, Decimal(2)), "1.5 is not a whole number"),  # type: ignore[arg-type]
    ("bool", lambda ctx: ctx.buy(True, Decimal(2)), "True is not a whole number"),
    ("zero", lambda ctx: ctx.buy(0, Decimal(2)), "at least 1"),
    ("negative", lambda ctx: ctx.sell(-3, Decimal(2)), "at least 1"),
    ("too many", lambda ctx: ctx.buy(1001, Decimal(2)), "at most 1000"),
    ("float price", lambda ctx: ctx.buy(1, 2.0), r"use ctx\.price\(2\.0\)"),  # type: ignore[arg-type]
    ("off the tick", lambda ctx: ctx.buy(1, Decimal("2.005")), "ticks of 0.01"),
    ("other market's tick", lambda ctx: ctx["code-max"].buy(1, Decimal("2.01")), "code-max.*ticks of 0.05"),
    ("no price", lambda ctx: ctx.buy(1, Decimal(0)), "positive"),
    ("quote", lambda ctx: ctx.quote(bids=[(Decimal(-1), 1)]), "positive"),
    ("stock nothing", lambda ctx: ctx.stock(0), "positive whole number"),
    ("stock a part", lambda ctx: ctx.stock(2.5), "positive whole number"),  # type: ignore[arg-type]
]


@pytest.mark.parametrize(("_name", "say", "fault"), WRONG, ids=[row[0] for row in WRONG])
def test_a_wrong_intent_is_refused_where_it_is_stated(_name: str, say: Callable[[Context], object], fault: str) -> None:
    ctx = a_context()
    with pytest.raises(StrategyError, match=fault):
        say(ctx)
    assert ctx.intents == []


def test_strategies_are_found_by_name_and_by_module_and_class() -> None:
    assert "replenish" in registry.names()
    assert registry.find("replenish").__name__ == "Replenish"
    assert registry.find("strategies.replenish:Replenish") is registry.find("replenish")


@pytest.mark.parametrize(
    ("name", "fault"),
    [
        ("replenis", "did you mean 'replenish'"),
        ("zzz", "the library has .*replenish"),
        ("no_such_module:Thing", "cannot be imported: ModuleNotFoundError"),
        ("strategies.replenish:Missing", "has no Strategy class 'Missing'"),
        ("strategies.replenish:Decimal", "has no Strategy class 'Decimal'"),
    ],
)
def test_a_strategy_that_cannot_be_found_says_why(name: str, fault: str) -> None:
    with pytest.raises(StrategyError, match=fault):
        registry.find(name)
    assert registry.check(name, {})[0][0] == ("strategy",)


def test_parameters_are_checked_all_at_once() -> None:
    faults = registry.check("replenish", {"flor": 1, "target": 0, "max_price": "cheap"})
    assert [path for path, _ in faults] == [
        ("parameters", "target"),
        ("parameters", "max_price"),
        ("parameters", "flor"),
    ]
    assert faults[-1][1] == "unknown parameter; did you mean 'floor'?"
    assert registry.check("replenish", {"max_price": "2.50"}) == []
    assert registry.check("replenish", {}) == [
        (("parameters", "max_price"), "is missing: the most to pay, USD per unit")
    ]
    assert "must not be below floor" in registry.check("replenish", {"max_price": 1, "floor": 5, "target": 4})[0][1]


def test_the_mid_price_needs_both_sides() -> None:
    assert Ticker("m", AT, Decimal("1.99"), Decimal("2.02")).mid == Decimal("2.005")
    assert Ticker("m", AT, Decimal("1.99"), None).mid is None


def test_a_module_that_breaks_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "broken_one.py").write_text("import nothing_of_that_name")
    (tmp_path / "typo_one.py").write_text(
        "from bot import Strategy\nclass A(Strategy):\n    async def on_tik(self, ctx): ...\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(StrategyError, match=r"broken_one:A' cannot be imported: ModuleNotFoundError.*nothing_of_that"):
        registry.find("broken_one:A")
    with pytest.raises(StrategyError, match="did you mean 'on_tick'"):
        registry.find("typo_one:A")
