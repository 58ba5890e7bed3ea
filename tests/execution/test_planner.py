"""From intents and live orders to actions."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.intents import Cancel, Intent, Issue, Place, PriceLevel, Quote, Stock
from bot.domain.order import Order, OrderState, Side
from bot.execution.planner import Plan, plan

AT = datetime(2026, 1, 5, tzinfo=UTC)


def bid(number: int, price: str, quantity: int, state: OrderState = OrderState.OPEN, market: str = "m") -> Order:
    return Order(f"gb-{number}", "s", market, Side.BUY, quantity, Decimal(price), AT, AT, state, f"o-{number}")


def wanted(*levels: tuple[str, int]) -> Quote:
    return Quote("m", tuple(PriceLevel(Decimal(price), units) for price, units in levels))


def placed(*levels: tuple[str, int]) -> tuple[Place, ...]:
    return tuple(Place("m", Side.BUY, units, Decimal(price)) for price, units in levels)


PLANS = [
    ("nothing rests: bid", wanted(("2.00", 10)), [], Plan(orders=placed(("2.00", 10)))),
    ("it rests already: nothing", wanted(("2.00", 10)), [bid(1, "2.00", 10)], Plan()),
    ("too little rests: add the rest", wanted(("2.00", 10)), [bid(1, "2.00", 4)], Plan(orders=placed(("2.00", 6)))),
    ("too much rests: take it off first", wanted(("2.00", 5)), [bid(1, "2.00", 10)], Plan(cancels=("gb-1",))),
    ("other price: take it off first", wanted(("2.01", 5)), [bid(1, "2.00", 5)], Plan(cancels=("gb-1",))),
    ("nothing wanted: take it off", wanted(), [bid(1, "2.00", 5)], Plan(cancels=("gb-1",))),
    (
        "the oldest that fit stay",
        wanted(("2.00", 7)),
        [bid(1, "2.00", 4), bid(2, "2.00", 4), bid(3, "2.00", 3)],
        Plan(cancels=("gb-2",)),
    ),
    ("a cancel is under way: wait", wanted(("2.01", 5)), [bid(1, "2.00", 5, OrderState.CANCELLING)], Plan()),
    ("an unclear order counts as resting", wanted(("2.00", 5)), [bid(1, "2.00", 5, OrderState.UNKNOWN)], Plan()),
    ("another market's orders do not count", wanted(("2.00", 5)), [bid(1, "2.00", 5, market="n")],
     Plan(orders=placed(("2.00", 5)))),
]  # fmt: skip


@pytest.mark.parametrize(("_why", "quote", "live", "expected"), PLANS, ids=[row[0] for row in PLANS])
def test_quotes(_why: str, quote: Quote, live: list[Order], expected: Plan) -> None:
    assert plan([quote], live) == expected


def test_a_partly_filled_order_counts_with_what_remains() -> None:
    order = replace(bid(1, "2.00", 10), filled=6)
    assert plan([wanted(("2.00", 10))], [order]).orders == placed(("2.00", 6))


def test_the_sides_are_planned_apart() -> None:
    quote = Quote("m", (PriceLevel(Decimal("2.01"), 5),), (PriceLevel(Decimal("2.10"), 3),))
    made = plan([quote], [bid(1, "2.00", 5)])
    assert made.cancels == ("gb-1",)
    assert made.orders == (Place("m", Side.SELL, 3, Decimal("2.10")),)


def test_a_post_only_quote_makes_post_only_orders_and_keeps_what_rests_either_way() -> None:
    quote = replace(wanted(("2.00", 10), ("1.99", 3)), post_only=True)
    (missing,) = placed(("1.99", 3))
    assert plan([quote], [bid(1, "2.00", 10)]) == Plan(orders=(replace(missing, post_only=True),))
    resting = replace(bid(1, "2.00", 10), post_only=True)
    assert plan([wanted(("2.00", 10), ("1.99", 3))], [resting]) == Plan(orders=(missing,))


def test_commands_pass_through_and_a_cancel_needs_a_resting_order() -> None:
    buy, stock, issue = Place("m", Side.BUY, 1, Decimal(2)), Stock("i", 3), Issue("i", 4)
    live = [bid(1, "2.00", 5), bid(2, "2.00", 5, OrderState.UNKNOWN)]
    made = plan([buy, Cancel("gb-1"), Cancel("gb-1"), Cancel("gb-2"), Cancel("gb-9"), stock, issue], live)
    assert made == Plan(cancels=("gb-1",), transfers=(stock,), orders=(buy,), issues=(issue,))
    assert made
    assert plan([issue], [])
    assert not plan([], live)


levels = st.dictionaries(st.sampled_from(["1.98", "1.99", "2.00", "2.01"]), st.integers(1, 20), max_size=3)


@given(levels, st.lists(st.tuples(st.sampled_from(["1.98", "1.99", "2.00", "2.01"]), st.integers(1, 9)), max_size=6))
def test_never_more_than_wanted_and_settled_after_two_rounds(
    want: dict[str, int], resting: list[tuple[str, int]]
) -> None:
    live = [bid(number, price, units) for number, (price, units) in enumerate(resting)]
    quote = wanted(*want.items())
    for _ in range(2):
        made = plan([quote], live)
        live = [order for order in live if order.client_order_id not in made.cancels]
        live += [bid(100 + n, str(new.price), new.quantity) for n, new in enumerate(made.orders)]
        if made.orders:
            assert not made.cancels
        for price in {order.price for order in live} if made.orders else ():
            assert sum(o.remaining for o in live if o.price == price) <= want[str(price)]
    assert not plan([quote], live)
    assert {str(o.price) for o in live} == set(want)


prices = st.sampled_from(["1.98", "1.99", "2.00", "2.01"])
sides = st.lists(
    st.builds(lambda price, units: PriceLevel(Decimal(price), units), prices, st.integers(1, 20)), max_size=3
)
states = st.sampled_from([OrderState.SUBMITTING, OrderState.UNKNOWN, OrderState.OPEN, OrderState.CANCELLING])


@st.composite
def live_orders(draw: st.DrawFn) -> list[Order]:
    """Orders of two markets and both sides, in any live state."""
    return [
        Order(
            f"gb-{number}",
            "s",
            draw(st.sampled_from(["m", "n"])),
            draw(st.sampled_from(list(Side))),
            draw(st.integers(1, 9)),
            Decimal(draw(prices)),
            AT,
            AT,
            draw(states),
            f"o-{number}",
        )
        for number in range(draw(st.integers(0, 6)))
    ]


quotes = st.builds(lambda bids, asks: Quote("m", tuple(bids), tuple(asks)), sides, sides)
cancels = st.integers(0, 6).map(lambda number: Cancel(f"gb-{number}"))


@given(quotes, st.lists(cancels, max_size=3), live_orders())
def test_a_plan_that_was_carried_out_leaves_nothing_to_plan(
    quote: Quote, wanted_gone: list[Cancel], live: list[Order]
) -> None:
    """Right after it, and, once its cancels are certain, after at most one plan more."""
    taken_off = [cancel for cancel in wanted_gone if cancel.client_order_id not in _kept_by(quote, live)]
    intents: list[Intent] = [quote, *taken_off]
    live = _carried_out(plan(intents, live), live)
    assert not plan(intents, live)
    live = [order for order in live if order.state is not OrderState.CANCELLING]
    live = _carried_out(plan(intents, live), live)
    assert not plan(intents, live)


def _kept_by(quote: Quote, live: list[Order]) -> set[str]:
    """Orders that the quote wants to stay: to take those off at the same time would be a contradiction."""
    gone = set(plan([quote], live).cancels)
    return {order.client_order_id for order in live if order.market_id == quote.market_id} - gone


def _carried_out(made: Plan, live: list[Order]) -> list[Order]:
    """The live orders after a plan: a cancel is under way, an order rests."""
    after = [
        replace(order, state=OrderState.CANCELLING) if order.client_order_id in made.cancels else order
        for order in live
    ]
    return after + [
        Order(
            f"new-{number}-{len(live)}", "s", new.market_id, new.side, new.quantity, new.price, AT, AT,
            OrderState.OPEN, f"new-{number}-{len(live)}",
        )
        for number, new in enumerate(made.orders)
    ]  # fmt: skip
