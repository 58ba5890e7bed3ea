"""Every limit: exactly at it an order passes, one step beyond it is refused with the figures."""

from __future__ import annotations

from dataclasses import fields, replace
from decimal import Decimal

import pytest

from bot.domain.intents import Place
from bot.domain.order import Side
from bot.risk.facts import Scope
from bot.risk.limits import RULES, SAFE, Limits
from bot.settings import RiskSettings, StrategyRiskSettings
from tests.risk.samples import MARKET, NOW, a_place, a_ticker, an_order, some_facts

BID, ASK = Side.BUY, Side.SELL
USD = Decimal


def a_scope(**changes: object) -> Scope:
    facts = some_facts()
    return replace(Scope(NOW, facts.markets, facts.held_at, "stock"), **changes)  # type: ignore[arg-type]


def with_market(**facts: object) -> Scope:
    made = some_facts(**facts)  # type: ignore[arg-type]
    return a_scope(markets=made.markets, held_at=made.held_at)


COMING = (("stock", a_place(BID, 5, "1.00")),)

PASSES: list[tuple[Limits, Place, Scope]] = [
    (Limits(max_order_units=10), a_place(quantity=10), a_scope()),
    (Limits(max_order_usd=USD(20)), a_place(BID, 10, "2.00"), a_scope()),
    (Limits(max_order_usd=USD(20)), a_place(ASK, 10, "2.00"), a_scope()),
    (Limits(max_open_orders=2), a_place(), a_scope(orders=(an_order(),))),
    (Limits(max_open_orders=3), a_place(), a_scope(orders=(an_order(),), coming=COMING)),
    (Limits(max_position_units=30), a_place(quantity=10), with_market(held=20)),
    (Limits(max_position_units=16), a_place(quantity=10), a_scope(orders=(an_order(filled=4),))),
    (Limits(max_position_units=15), a_place(quantity=10), a_scope(coming=COMING)),
    (Limits(max_position_units=17), a_place(quantity=10), a_scope(bought={"mkt-1": 7})),
    (Limits(max_position_units=1), a_place(ASK, 10), with_market(held=20)),
    (Limits(max_usd_per_hour=USD(20)), a_place(BID, 10, "2.00"), a_scope(spent_day=USD(100))),
    (Limits(max_usd_per_hour=USD(45)), a_place(BID, 10, "2.00"), a_scope(spent_hour=USD(5), orders=(an_order(),))),
    (Limits(max_usd_per_day=USD(25)), a_place(BID, 10, "2.00"), a_scope(coming=COMING)),
    (Limits(max_usd_per_day=USD(1)), a_place(ASK), a_scope(spent_day=USD(100))),
    (Limits(max_usd_per_hour=USD(20)), a_place(), a_scope(orders=(an_order(ASK),))),
    (Limits(price_collar=0.5), a_place(BID, 1, "3.00"), a_scope()),
    (Limits(price_collar=0.5), a_place(ASK, 1, "1.00"), a_scope()),
    (Limits(price_collar=0.1), a_place(BID, 1, "0.01"), a_scope()),
    (Limits(price_collar=0.1), a_place(ASK, 1, "900"), a_scope()),
    (Limits(price_collar=0.1), a_place(BID, 1, "2.20"), with_market(ticker=a_ticker(last=None, ask="2.00"))),
    (Limits(price_collar=0.1), a_place(ASK, 1, "1.80"), with_market(ticker=a_ticker(last=None, bid="2.00"))),
    (Limits(price_collar=0.1), a_place(BID, 1, "900"), with_market(ticker=a_ticker(None, None, None))),
    (Limits(max_orders_per_minute=3), a_place(), a_scope(passed=2)),
    (Limits(duplicate_seconds=5), a_place(), a_scope(orders=(an_order(age=5),))),
    (Limits(duplicate_seconds=5), a_place(), a_scope(orders=(an_order(strategy="other", age=1),))),
    (Limits(duplicate_seconds=5), a_place(price="2.01"), a_scope(orders=(an_order(age=1),))),
    (Limits(duplicate_seconds=5), a_place(quantity=9), a_scope(orders=(an_order(age=1),))),
    (Limits(duplicate_seconds=5), a_place(ASK), a_scope(orders=(an_order(age=1),))),
    (Limits(duplicate_seconds=5), a_place(), a_scope(coming=(("other", a_place()),))),
    (Limits(stale_seconds=60), a_place(), with_market(prices_age=60, holdings_age=60)),
    (Limits(clock_offset_seconds=15), a_place(), a_scope(clock_offset=-15.0)),
    (Limits(clock_offset_seconds=15), a_place(), a_scope(clock_offset=None)),
    (Limits(markets=("text-prime",)), a_place(), a_scope()),
    (SAFE, a_place(), a_scope(passed=29, clock_offset=15.0)),
    (SAFE, a_place(BID, 1000, "3.00"), a_scope(orders=tuple(an_order(ident=f"gb-{n}") for n in range(100)))),
]

REFUSED: list[tuple[Limits, Place, Scope, str]] = [
    (Limits(max_order_units=9), a_place(quantity=10), a_scope(), "10 units in one order; the limit is 9"),
    (Limits(max_order_usd=USD("19.99")), a_place(), a_scope(), "20 USD in one order; the limit is 19.99"),
    (Limits(max_order_usd=USD("19.99")), a_place(ASK), a_scope(), "20 USD in one order"),
    (Limits(max_open_orders=1), a_place(), a_scope(orders=(an_order(),)), "live orders already: 1; the limit is 1"),
    (Limits(max_open_orders=1), a_place(ASK), a_scope(coming=COMING), "live orders already: 1"),
    (Limits(max_position_units=29), a_place(), with_market(held=20), "20 units are held, 0 on bid, and 10 more"),
    (Limits(max_position_units=15), a_place(), a_scope(orders=(an_order(filled=4),)), "6 on bid, and 10 more would be"),
    (Limits(max_position_units=14), a_place(), a_scope(coming=COMING), "5 on bid"),
    (Limits(max_position_units=16), a_place(), a_scope(bought={"mkt-1": 7}), "7 units are held"),
    (
        Limits(max_usd_per_hour=USD("44.99")),
        a_place(),
        a_scope(spent_hour=USD(5), orders=(an_order(),)),
        "5 USD were spent within an hour, live bids may spend 20, and this one 20; the limit is 44.99",
    ),
    (Limits(max_usd_per_day=USD("24.99")), a_place(), a_scope(coming=COMING), "live bids may spend 5, and this one 20"),
    (Limits(max_usd_per_day=USD(100)), a_place(), a_scope(spent_day=USD(81)), "81 USD were spent within 24 hours"),
    (
        Limits(price_collar=0.5),
        a_place(BID, 1, "3.01"),
        a_scope(),
        "3.01 USD is too far above the last trade at 2; the limit is 50 %, which is 3",
    ),
    (Limits(price_collar=0.5), a_place(ASK, 1, "0.99"), a_scope(), "too far below the last trade at 2"),
    (Limits(price_collar=0.1), a_place(BID, 1, "2.21"), with_market(ticker=a_ticker(last="9", ask="2.00")), "best ask"),
    (Limits(price_collar=0.1), a_place(ASK, 1, "1.79"), with_market(ticker=a_ticker(last="1", bid="2.00")), "best bid"),
    (Limits(max_orders_per_minute=2), a_place(), a_scope(passed=2), "orders placed within a minute: 2"),
    (Limits(duplicate_seconds=5), a_place(), a_scope(orders=(an_order(age=4.9),)), "the same order less than 5 s ago"),
    (Limits(duplicate_seconds=5), a_place(), a_scope(coming=(("stock", a_place()),)), "the same order"),
    (Limits(stale_seconds=60), a_place(), with_market(prices_age=61), "the prices that it was decided on are 61 s old"),
    (Limits(stale_seconds=60), a_place(), with_market(holdings_age=61), "the holdings that it was decided on are 61 s"),
    (Limits(stale_seconds=60), a_place(), a_scope(markets={}), "nothing is known of the market"),
    (Limits(clock_offset_seconds=15), a_place(), a_scope(clock_offset=15.1), "+15.1 s from ours; the limit is 15 s"),
    (Limits(clock_offset_seconds=15), a_place(), a_scope(clock_offset=-99.0), "-99.0 s from ours"),
    (Limits(markets=("code-max",)), a_place(), a_scope(), "text-prime may not be traded; only code-max may"),
    (Limits(markets=("code-max",)), a_place(), a_scope(markets={}), "mkt-1 may not be traded"),
]


def refusals(place: Place, scope: Scope, limits: Limits) -> list[str]:
    return [why for rule in RULES.values() if (why := rule(place, scope, limits))]


@pytest.mark.parametrize(("limits", "place", "scope"), PASSES)
def test_what_is_exactly_at_a_limit_passes(limits: Limits, place: Place, scope: Scope) -> None:
    assert refusals(place, scope, limits) == []


@pytest.mark.parametrize(("limits", "place", "scope", "why"), REFUSED)
def test_one_step_beyond_it_is_refused_with_the_figures(limits: Limits, place: Place, scope: Scope, why: str) -> None:
    (told,) = refusals(place, scope, limits)
    assert why in told


def test_no_limit_refuses_nothing() -> None:
    wild = a_scope(
        markets={}, passed=10**6, spent_hour=USD(10**9), clock_offset=1e6, orders=(an_order(age=0),), coming=COMING
    )
    assert refusals(a_place(BID, 10, "2.00"), wild, Limits()) == []


def test_every_limit_has_its_rule_and_its_setting() -> None:
    names = {field.name for field in fields(Limits)}
    assert names == set(RULES) == set(RiskSettings.model_fields) == set(StrategyRiskSettings.model_fields)


def test_the_settings_defaults_are_the_safe_limits_for_the_account_and_none_for_a_strategy() -> None:
    assert Limits(**RiskSettings().model_dump()) == SAFE
    assert Limits(**StrategyRiskSettings().model_dump()) == Limits()


def test_a_collar_as_a_float_is_taken_at_its_word() -> None:
    scope = with_market(ticker=a_ticker(last="0.10", ask=None))
    assert refusals(Place(MARKET.market_id, BID, 1, USD("0.13")), scope, Limits(price_collar=0.3)) == []
