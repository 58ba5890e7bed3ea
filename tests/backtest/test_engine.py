"""Hooks, plans and what hooks see."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from decimal import Decimal
from typing import Any, ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import Context, Fill, MarketView, Order, Rounding, Strategy, sma
from bot.backtest import Backtest, FillRules, History
from bot.domain.candle import Candle, Resolution
from bot.domain.order import OrderState
from bot.domain.problem import ProblemKind
from bot.errors import ConfigError, StrategyError
from tests.backtest.worlds import MARKET, START, Noting, Scripted, Stepping, candles, usd


def scripted(plan: dict[int, Any], told: list[Any] | None = None) -> Scripted:
    return Scripted.model_construct(plan=plan, told=[] if told is None else told)


class Everything(Strategy):
    calls: ClassVar[list[tuple[str, int]]] = []

    def note(self, hook: str, ctx: Context) -> None:
        self.calls.append((hook, len(ctx.candles)))

    async def on_start(self, ctx: Context) -> None:
        self.note("start", ctx)

    async def on_tick(self, ctx: Context) -> None:
        self.note("tick", ctx)

    async def on_candle(self, ctx: Context) -> None:
        self.note("candle", ctx)

    async def on_book(self, ctx: Context) -> None:
        self.note("book", ctx)

    async def on_stop(self, ctx: Context) -> None:
        self.note("stop", ctx)


def test_hooks_come_in_their_order_and_late_ticks_make_one_call() -> None:
    Everything.calls.clear()
    Backtest(Everything(), candles("100", "100", "101", "101"), schedule=timedelta(seconds=90)).run()
    assert Everything.calls == [
        ("start", 1),
        ("candle", 1),
        ("book", 1),
        ("candle", 2),
        ("tick", 2),
        ("candle", 3),
        ("book", 3),
        ("tick", 3),
        ("candle", 4),
        ("stop", 4),
    ]


def test_a_hook_sees_the_close_of_what_has_closed_and_nothing_else() -> None:
    seen: list[Any] = []

    def look(ctx: Context) -> None:
        ticker = ctx.ticker
        seen.append((ctx.now, ticker.bid, ticker.ask, ticker.last_price, list(ctx.candles.close)))
        assert ctx["text-prime"] is ctx
        assert isinstance(ctx, MarketView)

    Backtest(Noting(step=look), candles("100", "90 120 80 110"), rules=FillRules(spread=2)).run()
    assert seen == [
        (START + timedelta(minutes=1), usd(99), usd(101), usd(100), [1.0]),
        (START + timedelta(minutes=2), usd(109), usd(111), usd(110), [1.0, 1.1]),
    ]


def test_cash_units_orders_and_fills_are_seen_as_they_stand() -> None:
    seen: list[Any] = []

    def first(ctx: Context) -> None:
        ctx.buy(2, usd(110))
        ctx.buy(1, usd(50))

    def second(ctx: Context) -> None:
        (order,) = ctx.orders
        seen.append((order.price, order.state, ctx.cash.total, ctx.cash.locked, ctx.cash.available))
        seen.append((ctx.position.total, ctx.holding, [(fill.price, fill.quantity) for fill in ctx.fills]))
        ctx.sell(1, usd(120))
        ctx.cancel(order)

    def third(ctx: Context) -> None:
        seen.append((ctx.position.locked, ctx.position.available, ctx.cash.locked, [o.side for o in ctx.orders]))

    told: list[Any] = []
    plan = {0: first, 1: second, 2: third}
    Backtest(scripted(plan, told), candles("100", "100", "100"), cash=Decimal(10), units=5).run()
    assert seen == [
        (usd(50), OrderState.OPEN, usd(800), usd(50), usd(750)),
        (7, 2, [(usd(100), 2)]),
        (1, 6, 0, ["sell"]),
    ]
    fill, order = told
    assert isinstance(fill, Fill)
    assert isinstance(order, Order)
    assert order.state is OrderState.CANCELLED


@pytest.mark.parametrize(
    ("do", "why"),
    [
        (lambda ctx: ctx.buy(11, usd(100)), "it needs 11.00 USD, and 10.00 are free|it needs 11 USD, and 10 are free"),
        (lambda ctx: ctx.sell(6, usd(100)), "it needs 6 units in Trading, and 5 are free"),
        (lambda ctx: ctx.stock(6), "it needs 6 units in Trading, and 5 are free"),
    ],
)
def test_what_is_not_covered_is_refused(do: Any, why: str) -> None:
    told: list[Any] = []
    result = Backtest(scripted({0: do}, told), candles("100", "100"), cash=Decimal(10), units=5).run()
    (problem,) = told
    assert problem.kind is ProblemKind.REFUSED
    assert problem.why in why.split("|")
    assert (problem.order is None) != (problem.intent is None)
    assert result.refused == 1
    assert result.fills == ()


def test_issued_units_can_be_sold() -> None:
    result = Backtest(scripted({0: lambda ctx: (ctx.issue(3), ctx.sell(3, usd(90)))}), candles("100", "100")).run()
    assert result.position.tolist() == [3, 0]
    assert result.final_equity == 10_003


class Waits(Strategy):
    async def on_candle(self, ctx: Context) -> None:
        await asyncio.sleep(0)


def test_a_hook_that_waits_is_named() -> None:
    with pytest.raises(StrategyError, match=r"strategy Waits: on_candle at 2026-01-05 00:01:00 waits for something"):
        Backtest(Waits(), candles("100")).run()


class Fails(Strategy):
    async def on_fill(self, ctx: Context, fill: Fill) -> None:
        raise ZeroDivisionError("no")

    async def on_candle(self, ctx: Context) -> None:
        ctx.buy(1)


def test_a_hook_that_fails_is_named_with_its_time() -> None:
    with pytest.raises(StrategyError, match=r"Fails: on_fill at 2026-01-05 00:02:00 failed: ZeroDivisionError: no"):
        Backtest(Fails(), candles("100", "100")).run()


class Stubborn(Strategy):
    async def on_candle(self, ctx: Context) -> None:
        ctx.buy(100, usd(100_000))

    async def on_error(self, ctx: Context, problem: Any) -> None:
        ctx.buy(100, usd(100_000))


def test_a_strategy_that_answers_itself_for_ever_is_stopped() -> None:
    with pytest.raises(StrategyError, match=r"Stubborn: on_error.*has answered its own orders 1000 times"):
        Backtest(Stubborn(), candles("100")).run()


class Deep(Strategy):
    depth: ClassVar[int] = 5


class Ticking(Strategy):
    async def on_tick(self, ctx: Context) -> None: ...


@pytest.mark.parametrize(
    ("options", "error", "fault"),
    [
        ({"strategy": Deep()}, StrategyError, "reads the order book"),
        ({"strategy": Ticking()}, ConfigError, "say when it ticks"),
        ({"strategy": Ticking(), "schedule": timedelta(0)}, ConfigError, "must be positive"),
        ({"cash": Decimal(-1)}, ConfigError, "begins with 0 or more"),
        ({"cash": Decimal("0.0000001")}, ConfigError, "cash: .* micro-dollars"),
        ({"lot_lifetime": timedelta(0)}, ConfigError, "lot_lifetime must be positive"),
    ],
)
def test_an_impossible_back_test_is_refused(options: dict[str, Any], error: type[Exception], fault: str) -> None:
    with pytest.raises(error, match=fault):
        Backtest(**{"strategy": scripted({}), "history": candles("100"), **options}).run()


def quoting(ctx: Context) -> None:
    close = ctx.candles.close[-1]
    ctx.quote(bids=[(ctx.price(close * 0.98, Rounding.DOWN), 2)], asks=[(ctx.price(close * 1.02, Rounding.UP), 2)])


def test_a_side_is_quoted_anew_at_the_next_hook_or_at_once_if_so_wished() -> None:
    history = candles("1000", "1010", "1020", "1030")
    assert Backtest(Stepping(step=quoting), history, units=5).run().orders == 4
    assert Backtest(Stepping(step=quoting), history, units=5, rules=FillRules(requote=True)).run().orders == 8


@pytest.mark.parametrize("side", ["bids", "asks"])
@pytest.mark.parametrize("fee", [Decimal(0), Decimal("0.01")])
def test_a_quote_that_replaces_another_and_is_not_covered_is_refused(side: str, fee: Decimal) -> None:
    seen: list[Any] = []

    def step(ctx: Context) -> None:
        seen.append([order.quantity for order in ctx.orders])
        cents = 90 if side == "bids" else 110
        units = len(ctx.candles)
        level = [(ctx.price(usd(cents) + usd(units)), units)]
        ctx.quote(bids=level) if side == "bids" else ctx.quote(asks=level)

    rules = FillRules(requote=True, fee=fee)
    history = candles("100", "100", "100", "100")
    result = Backtest(Stepping(step=step), history, cash=Decimal("1.80"), units=2, rules=rules).run()
    assert seen == ([[], [1], [], []] if side == "bids" else [[], [1], [2], []])
    assert result.refused == (3 if side == "bids" else 2)
    assert result.orders == 4


LEVELS = st.lists(st.tuples(st.integers(97, 103), st.integers(1, 3)), max_size=2)
QUOTES = st.lists(st.tuples(LEVELS, LEVELS, st.booleans()), min_size=12, max_size=12)


@given(quotes=QUOTES, requote=st.booleans(), told=st.booleans(), cash=st.integers(0, 8))
def test_quotes_do_what_the_planner_says(quotes: Any, requote: bool, told: bool, cash: int) -> None:
    """The short way for quotes of a level a side gives what the planner gives: `ctx.intents` forces the long way."""

    def runs(*, planned: bool) -> Any:
        notes: list[Any] = []

        def step(ctx: Context) -> None:
            bids, asks, post_only = quotes[len(ctx.candles) - 1]
            levels = [[(ctx.price(usd(cents)), units) for cents, units in side] for side in (bids, asks)]
            ctx.quote(*levels, post_only=post_only)
            if planned:
                assert len(ctx.intents) == 1
            notes.append([(o.side, o.price, o.remaining, o.client_order_id) for o in ctx.orders])

        plan = dict.fromkeys(range(12), step)
        strategy: Strategy = scripted(plan, notes) if told else Stepping(step=step)
        prices = ["100", "100 102 98 101", "101 104 99 99", "99 100 96 98"] * 3
        rules = FillRules(requote=requote, fee=Decimal("0.001"))
        return notes, Backtest(strategy, candles(*prices), cash=Decimal(cash), units=4, rules=rules).run()

    (short_notes, short), (long_notes, long) = runs(planned=False), runs(planned=True)
    assert short_notes == long_notes
    assert (short.fills, short.orders, short.refused) == (long.fills, long.orders, long.refused)
    assert short.cash.tolist() == long.cash.tolist()


@given(st.integers(1, 11))
def test_what_comes_later_changes_no_earlier_intent(cut: int) -> None:
    history = candles(*[f"{100 + i * i % 7}" for i in range(12)])

    def step(ctx: Context) -> None:
        line = sma(ctx.candles.close, 3)
        ctx.target(3 if line[-1] < ctx.candles.close[-1] else 0)

    whole, part = Noting(step=step, noted=[]), Noting(step=step, noted=[])
    Backtest(whole, history).run()
    Backtest(part, history.first(cut)).run()
    assert part.noted == whole.noted[:cut]


class Hourly(Strategy):
    resolutions: ClassVar[tuple[str, ...]] = ("5m",)
    seen: ClassVar[list[Any]] = []

    async def on_candle(self, ctx: Context) -> None:
        longer = ctx.candles_of("5m")
        self.seen.append((len(longer), longer.close[-1] if len(longer) else None))
        if len(longer):
            assert (longer.high[-1], longer.low[-1], longer.open[-1]) == (1.05, 0.95, 1.0)


def test_longer_candles_are_seen_once_they_have_closed() -> None:
    Hourly.seen.clear()
    minutes = ["100", "100 105 100 100", "100 100 95 100", "100", "101"]
    Backtest(Hourly(), candles(*minutes, "200", "300")).run()
    assert Hourly.seen == [(0, None)] * 4 + [(1, 1.01)] * 3


class Finer(Strategy):
    resolutions: ClassVar[tuple[str, ...]] = ("1m",)


def test_shorter_candles_cannot_be_had() -> None:
    history = History.of(MARKET, [Candle(START, usd(100), usd(100), usd(100), usd(100), 1)], Resolution.H1)
    with pytest.raises(StrategyError, match="candles of 1m, which cannot be made of candles of 1h"):
        Backtest(Finer(), history).run()
