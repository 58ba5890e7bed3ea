"""The gate as a whole: states, scopes, what counts for what, and how it is told."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from bot.domain.intents import Issue, Place, Stock
from bot.domain.latch import Latch, TradingState
from bot.domain.order import Side
from bot.domain.transitions import Accepted, Filled
from bot.execution.planner import Plan
from bot.risk.facts import Facts
from bot.risk.gate import Gate
from bot.risk.limits import Limits
from tests.risk.samples import NOW, a_fill, a_place, an_order, some_facts
from tests.world import HandClock

HALT = Latch(TradingState.HALTED, "prices look wrong", "ann@desk", NOW)
REDUCE = replace(HALT, state=TradingState.REDUCING)
STOCK = Stock("ins-1", 5)
BUY, SELL = a_place(Side.BUY, 10, "2.00"), a_place(Side.SELL, 10, "2.00")
ISSUE = Issue("ins-1", 3)
FULL = Plan(("gb-1", "gb-2"), (STOCK,), (BUY, SELL), (ISSUE,))


def a_gate(limits: Limits = Limits(), clock: HandClock | None = None, **options: Any) -> Gate:  # noqa: B008
    by_strategy = options.pop("by_strategy", {})
    return Gate(limits, by_strategy, clock or HandClock(NOW), **options)


def allowed(gate: Gate, *orders: Place, strategy: str = "stock", facts: Facts | None = None) -> list[Place]:
    return list(gate.review(Plan(orders=orders), strategy, facts or some_facts()).plan.orders)


def test_an_active_gate_without_limits_lets_everything_through() -> None:
    verdict = a_gate().review(FULL, "stock", some_facts(held=10))
    assert (verdict.plan, verdict.refused) == (FULL, ())


def test_halted_lets_cancels_through_and_nothing_else() -> None:
    gate = a_gate()
    gate.set_latch(HALT)
    verdict = gate.review(FULL, "stock", some_facts(held=10))
    assert verdict.plan == Plan(("gb-1", "gb-2"))
    assert [refusal.intent for refusal in verdict.refused] == [STOCK, BUY, SELL, ISSUE]
    assert {refusal.limit for refusal in verdict.refused} == {"halted"}


def test_a_refusal_by_state_says_who_put_it_there_and_how_to_go_on() -> None:
    gate = a_gate()
    gate.set_latch(HALT)
    (refusal,) = gate.review(Plan(orders=(BUY,)), "stock", some_facts()).refused
    assert refusal.why == (
        "trading is halted, only cancels pass: prices look wrong (by ann@desk); `gridbot resume REASON` lets it go on"
    )


def test_reducing_lets_transfers_and_sells_of_what_is_held_through() -> None:
    gate = a_gate()
    gate.set_latch(REDUCE)
    verdict = gate.review(FULL, "stock", some_facts(held=10))
    assert verdict.plan == Plan(FULL.cancels, (STOCK,), (SELL,))
    assert [(refusal.intent, refusal.limit) for refusal in verdict.refused] == [(BUY, "reducing"), (ISSUE, "reducing")]


@pytest.mark.parametrize(("held", "asked", "passes"), [(10, 0, True), (9, 0, False), (14, 5, False), (15, 5, True)])
def test_reducing_never_sells_more_than_is_held(held: int, asked: int, passes: bool) -> None:
    gate = a_gate()
    gate.set_latch(REDUCE)
    resting = [an_order(Side.SELL, asked, "3.00")] if asked else []
    assert (allowed(gate, SELL, facts=some_facts(resting, held=held)) == [SELL]) is passes


def test_the_latch_says_how_things_stand_and_why() -> None:
    gate = a_gate()
    assert (gate.state, gate.why) == (TradingState.ACTIVE, "")
    gate.set_latch(REDUCE)
    assert gate.state is TradingState.REDUCING
    assert REDUCE.reason in gate.why
    gate.set_latch(replace(REDUCE, state=TradingState.ACTIVE, reason="all is well"))
    assert (gate.state, gate.why) == (TradingState.ACTIVE, "")


def test_an_order_beyond_a_limit_is_refused_whole_and_the_others_pass() -> None:
    big, small = a_place(quantity=11), a_place(quantity=10)
    verdict = a_gate(Limits(max_order_units=10)).review(Plan(orders=(big, small)), "stock", some_facts())
    assert verdict.plan.orders == (small,)
    assert [(refusal.intent, refusal.limit) for refusal in verdict.refused] == [(big, "risk.max_order_units")]


def test_earlier_orders_of_a_plan_count_for_later_ones() -> None:
    first, second, third = (a_place(quantity=units) for units in (6, 5, 4))
    assert allowed(a_gate(Limits(max_position_units=10)), first, second, third) == [first, third]
    assert allowed(a_gate(Limits(max_open_orders=2)), first, second, third) == [first, second]
    assert allowed(a_gate(Limits(max_orders_per_minute=1)), first, second) == [first]
    assert allowed(a_gate(Limits(duplicate_seconds=5)), first, first, second) == [first, second]


def test_a_strategys_limits_count_its_own_orders_and_the_accounts_count_all() -> None:
    theirs = [an_order(strategy="other", ident="gb-9")]
    own = a_gate(by_strategy={"stock": Limits(max_open_orders=1)})
    assert allowed(own, BUY, facts=some_facts(theirs)) == [BUY]
    assert allowed(own, BUY, facts=some_facts([an_order()])) == []
    assert allowed(own, BUY, strategy="other", facts=some_facts([an_order()])) == [BUY]
    assert allowed(a_gate(Limits(max_open_orders=1)), BUY, facts=some_facts(theirs)) == []


def test_a_refusal_names_the_setting_of_the_strategy_it_is_of() -> None:
    gate = a_gate(by_strategy={"stock": Limits(max_order_units=1)})
    (refusal,) = gate.review(Plan(orders=(BUY,)), "stock", some_facts()).refused
    assert refusal.limit == "risk.max_order_units of strategy 'stock'"


def test_what_was_spent_counts_for_an_hour_and_a_day_fees_included() -> None:
    gate = a_gate(Limits(max_usd_per_hour=Decimal(30), max_usd_per_day=Decimal(60)))
    gate.load(
        [
            ("stock", a_fill(1, "9.50", trade="t-1", age=3599, fee="0.50")),
            ("other", a_fill(1, "30", trade="t-2", age=3600)),
            ("other", a_fill(1, "900", trade="t-3", age=86400)),
            ("stock", a_fill(1, "900", trade="t-4", side=Side.SELL)),
        ]
    )
    assert allowed(gate, a_place(BUY.side, 1, "20.00")) == [a_place(BUY.side, 1, "20.00")]
    assert allowed(gate, a_place(BUY.side, 1, "20.01")) == []
    day = a_gate(Limits(max_usd_per_day=Decimal(60)))
    day.load([("stock", a_fill(1, "10", trade="t-1")), ("other", a_fill(1, "30", trade="t-2", age=86399))])
    assert allowed(day, a_place(BUY.side, 1, "20.01")) == []


def test_a_fill_that_is_heard_is_spent_once_however_often_it_is_told() -> None:
    gate = a_gate(by_strategy={"stock": Limits(max_usd_per_day=Decimal(40))})
    fill = a_fill(10, "2.00")
    gate.load([("stock", fill)])
    gate.hear(an_order(filled=10), Filled(fill))
    gate.hear(an_order(), Accepted("venue-1"))
    assert allowed(gate, BUY) == [BUY]
    gate.hear(an_order(filled=10), Filled(a_fill(1, "0.01", trade="t-2")))
    assert allowed(gate, BUY) == []


def test_units_that_filled_after_holdings_were_read_are_not_forgotten() -> None:
    gate = a_gate(Limits(max_position_units=19))
    gate.hear(an_order(), Filled(a_fill(4, trade="t-0")))
    facts = some_facts(heard=gate.heard)
    assert allowed(gate, BUY, facts=facts) == [BUY]
    gate.hear(an_order(), Filled(a_fill(10)))
    assert allowed(gate, BUY, facts=facts) == []
    assert allowed(gate, BUY, facts=replace(facts, heard=gate.heard)) == [BUY]


def test_what_has_passed_counts_until_it_is_in_the_journal_and_not_twice() -> None:
    gate = a_gate(Limits(max_position_units=25))
    with gate.passing(gate.review(Plan(orders=(BUY,)), "stock", some_facts())):
        assert allowed(gate, a_place(quantity=16), strategy="other") == []
        assert allowed(gate, a_place(quantity=15), strategy="other") == [a_place(quantity=15)]
        journaled = [an_order(age=0)]
        assert allowed(gate, a_place(quantity=15), strategy="other", facts=some_facts(journaled)) != []
        older = [an_order(age=1)]
        assert allowed(gate, a_place(quantity=15), strategy="other", facts=some_facts(older)) == []
    assert allowed(gate, a_place(quantity=25), strategy="other") != []


def test_a_post_only_order_that_is_in_the_journal_does_not_count_twice() -> None:
    gate = a_gate(Limits(max_position_units=25))
    post_only = replace(BUY, post_only=True)
    with gate.passing(gate.review(Plan(orders=(post_only,)), "stock", some_facts())):
        journaled = some_facts([replace(an_order(age=0), post_only=True)])
        assert allowed(gate, a_place(quantity=15), strategy="other", facts=journaled) != []


def test_a_plan_that_could_not_be_carried_out_counts_no_longer() -> None:
    gate = a_gate(Limits(max_open_orders=1))

    def fail() -> None:
        with gate.passing(gate.review(Plan(orders=(BUY,)), "stock", some_facts())):
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert allowed(gate, BUY) == [BUY]


def test_the_rate_is_counted_over_a_minute_for_all_and_for_each() -> None:
    clock = HandClock(NOW)
    gate = a_gate(Limits(max_orders_per_minute=3), clock, by_strategy={"stock": Limits(max_orders_per_minute=2)})
    for price in ("2.00", "2.01"):
        with gate.passing(gate.review(Plan(orders=(a_place(price=price),)), "stock", some_facts())):
            pass
        clock.move(10)
    assert allowed(gate, BUY) == []
    with gate.passing(gate.review(Plan(orders=(BUY,)), "other", some_facts())):
        pass
    assert allowed(gate, BUY, strategy="other") == []
    clock.move(40)
    assert allowed(gate, BUY, strategy="other") == [BUY]


def test_a_clock_that_is_off_stops_orders_until_it_is_right() -> None:
    offsets = [16.0, None]
    gate = a_gate(Limits(clock_offset_seconds=15), clock_offset=lambda: offsets[0])
    assert allowed(gate, BUY) == []
    offsets.pop(0)
    assert allowed(gate, BUY) == [BUY]


def test_a_refusal_is_told_once_and_then_once_a_minute_with_its_count() -> None:
    clock = HandClock(NOW)
    gate = a_gate(Limits(max_order_units=1), clock)
    with capture_logs() as logs:
        for number in range(100):
            allowed(gate, a_place(price=f"2.{number:02}"))
            clock.move(1)
    assert [(entry["log_level"], entry.get("like_it_since")) for entry in logs] == [("warning", None), ("warning", 59)]
    assert logs[0] == {
        "log_level": "warning",
        "event": "order refused",
        "strategy": "stock",
        "wanted": "buy 10 text-prime at 2.00",
        "why": "10 units in one order; the limit is 1",
        "limit": "risk.max_order_units",
    }


def test_other_refusals_are_told_at_once() -> None:
    gate = a_gate(Limits(max_order_units=1))
    gate.set_latch(REDUCE)
    with capture_logs() as logs:
        gate.review(FULL, "stock", some_facts(held=10))
        allowed(gate, BUY, strategy="other")
        gate.set_latch(HALT)
        gate.review(Plan(transfers=(STOCK, Stock("ins-9", 1))), "stock", some_facts())
        allowed(gate, Place("mkt-9", Side.BUY, 1, Decimal(1)))
    assert [(entry["strategy"], entry["wanted"]) for entry in logs] == [
        ("stock", "buy 10 text-prime at 2.00"),
        ("stock", "sell 10 text-prime at 2.00"),
        ("stock", "issue 3 text-prime"),
        ("other", "buy 10 text-prime at 2.00"),
        ("stock", "move 5 text-prime to Consumption"),
        ("stock", "move 1 ins-9 to Consumption"),
        ("stock", "buy 1 mkt-9 at 1"),
    ]


PRICES = st.integers(50, 400).map(lambda cents: Decimal(cents) / 100)
PLACES = st.builds(
    lambda side, units, price: a_place(side, units, str(price)), st.sampled_from(Side), st.integers(1, 40), PRICES
)
ORDERS = st.lists(
    st.builds(
        lambda side, units, price, strategy: an_order(side, units, str(price), strategy=strategy),
        st.sampled_from(Side),
        st.integers(1, 40),
        PRICES,
        st.sampled_from(["stock", "other"]),
    ),
    max_size=4,
)
PLANS = st.builds(
    Plan,
    st.lists(st.text(max_size=3), max_size=3).map(tuple),
    st.lists(st.builds(Stock, st.just("ins-1"), st.integers(1, 9)), max_size=2).map(tuple),
    st.lists(PLACES, max_size=6).map(tuple),
    st.lists(st.builds(Issue, st.just("ins-1"), st.integers(1, 9)), max_size=2).map(tuple),
)
LIMITS = st.builds(
    Limits,
    max_order_units=st.none() | st.integers(1, 40),
    max_order_usd=st.none() | PRICES.map(lambda price: price * 20),
    max_open_orders=st.none() | st.integers(1, 6),
    max_position_units=st.none() | st.integers(1, 150),
    max_usd_per_hour=st.none() | PRICES.map(lambda price: price * 60),
    price_collar=st.none() | st.sampled_from([0.1, 0.25, 0.5]),
)


def breaches(limits: Limits, mine: list[Place], resting: list[Any], held: int) -> list[str]:
    """What of these limits is broken once all of this rests, counted without the gate's own sums."""
    everything = [*resting, *mine]
    bids = [one for one in everything if one.side is Side.BUY]
    units = held + sum(one.quantity for one in bids)
    cost = sum((one.price * one.quantity for one in bids), Decimal(0))
    bought, sold = [one for one in mine if one.side is Side.BUY], [one for one in mine if one.side is Side.SELL]
    top = Decimal(str(limits.price_collar)) if limits.price_collar else None
    checks = {
        "units": limits.max_order_units is not None and any(one.quantity > limits.max_order_units for one in mine),
        "usd": limits.max_order_usd is not None
        and any(one.price * one.quantity > limits.max_order_usd for one in mine),
        "open": limits.max_open_orders is not None and bool(mine) and len(everything) > limits.max_open_orders,
        "position": limits.max_position_units is not None and bool(bought) and units > limits.max_position_units,
        "hour": limits.max_usd_per_hour is not None and bool(bought) and cost > limits.max_usd_per_hour,
        "high": top is not None and any(one.price > Decimal("2.00") * (1 + top) for one in bought),
        "low": top is not None and any(one.price < Decimal("2.00") * (1 - top) for one in sold),
    }
    return [name for name, broken in checks.items() if broken]


@given(plan=PLANS, resting=ORDERS, account=LIMITS, own=LIMITS, held=st.integers(0, 100))
def test_no_plan_that_passes_breaks_a_limit(
    plan: Plan, resting: list[Any], account: Limits, own: Limits, held: int
) -> None:
    gate = a_gate(account, by_strategy={"stock": own})
    passed = list(gate.review(plan, "stock", some_facts(resting, held=held)).plan.orders)
    assert breaches(account, passed, resting, held) == []
    assert breaches(own, passed, [one for one in resting if one.strategy == "stock"], held) == []


@given(plan=PLANS, limits=LIMITS, state=st.sampled_from(TradingState))
def test_no_cancel_is_ever_dropped_and_everything_else_passes_or_is_refused(
    plan: Plan, limits: Limits, state: TradingState
) -> None:
    gate = a_gate(limits)
    gate.set_latch(replace(HALT, state=state))
    verdict = gate.review(plan, "stock", some_facts())
    assert verdict.plan.cancels == plan.cancels
    if state is TradingState.HALTED:
        assert not verdict.plan.orders
        assert not verdict.plan.transfers
    wanted = sorted([*plan.transfers, *plan.orders, *plan.issues], key=repr)
    passed = [*verdict.plan.transfers, *verdict.plan.orders, *verdict.plan.issues]
    assert sorted([*passed, *(refusal.intent for refusal in verdict.refused)], key=repr) == wanted
    assert bool(verdict.plan.issues) == (bool(plan.issues) and state is TradingState.ACTIVE)


def test_old_purchases_are_forgotten() -> None:
    clock = HandClock(NOW)
    gate = a_gate(Limits(max_usd_per_day=Decimal(20)), clock)
    gate.load([("stock", a_fill(1, "0.01", age=0))])
    assert allowed(gate, BUY) == []
    clock.move(timedelta(days=1).total_seconds())
    assert allowed(gate, BUY, facts=some_facts(now=clock.now())) == [BUY]


@pytest.mark.parametrize(("latch", "stopped"), [(None, []), (REDUCE, [BUY, ISSUE]), (HALT, [STOCK, BUY, SELL, ISSUE])])
def test_what_has_passed_is_stopped_when_the_state_has_changed_since(latch: Latch | None, stopped: list[Any]) -> None:
    gate = a_gate()
    gate.set_latch(latch)
    assert [intent for intent in (STOCK, BUY, SELL, ISSUE) if gate.stopped(intent)] == stopped
    assert all("prices look wrong" in gate.stopped(intent) for intent in stopped)
