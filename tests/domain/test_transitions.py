"""The order transition table, row by row, and the rules that hold over all of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.fill import Fill
from bot.domain.order import Order, OrderState, Side
from bot.domain.transitions import (
    Accepted,
    Amended,
    CancelRefused,
    CancelRequested,
    Closed,
    Filled,
    IllegalTransition,
    NeverArrived,
    OrderEvent,
    Refused,
    Reopened,
    Resent,
    Unclear,
    apply,
)

S = OrderState
AT = datetime(2026, 1, 5, tzinfo=UTC)


def an_order(state: OrderState = S.SUBMITTING, filled: int = 0, order_id: str | None = "o-1") -> Order:
    if state in (S.SUBMITTING, S.UNKNOWN, S.NOT_SENT):
        order_id = None
    return Order("gb-1", "s", "m", Side.BUY, 10, Decimal(2), AT, AT, state, order_id, filled, Decimal(2) * filled)


def a_fill(quantity: int, trade_id: str = "t-1", order_id: str = "o-1", side: Side = Side.BUY) -> Fill:
    return Fill(trade_id, order_id, "m", side, Decimal("1.99"), quantity, AT)


LEGAL: list[tuple[OrderState, OrderEvent, OrderState]] = [
    (S.SUBMITTING, Accepted("o-1"), S.OPEN),
    (S.SUBMITTING, Refused("no"), S.REJECTED),
    (S.SUBMITTING, Unclear("timeout"), S.UNKNOWN),
    (S.SUBMITTING, NeverArrived(), S.NOT_SENT),
    (S.UNKNOWN, Accepted("o-1"), S.OPEN),
    (S.UNKNOWN, NeverArrived(), S.NOT_SENT),
    (S.NOT_SENT, Accepted("o-1"), S.OPEN),
    (S.OPEN, CancelRequested(), S.CANCELLING),
    (S.CANCELLING, CancelRefused("no"), S.OPEN),
    (S.CANCELLING, Unclear("timeout"), S.UNKNOWN),
    (S.NOT_SENT, Resent(), S.SUBMITTING),
    (S.NOT_SENT, Filled(a_fill(3)), S.OPEN),
    (S.CANCELLED, Reopened(), S.OPEN),
    (S.EXPIRED, Reopened(), S.OPEN),
    (S.REJECTED, Reopened(), S.OPEN),
    (S.CANCELLING, Closed(S.CANCELLED), S.CANCELLED),
    (S.OPEN, Closed(S.EXPIRED), S.EXPIRED),
    (S.SUBMITTING, Filled(a_fill(3)), S.OPEN),
    (S.UNKNOWN, Filled(a_fill(10)), S.FILLED),
    (S.OPEN, Filled(a_fill(3)), S.OPEN),
    (S.CANCELLING, Filled(a_fill(3)), S.CANCELLING),
    (S.CANCELLING, Filled(a_fill(10)), S.FILLED),
    (S.CANCELLED, Filled(a_fill(3)), S.CANCELLED),
    (S.CANCELLED, Filled(a_fill(10)), S.FILLED),
    (S.FILLED, Accepted("o-1"), S.FILLED),
    (S.FILLED, Closed(S.CANCELLED), S.FILLED),
    (S.FILLED, Unclear("timeout"), S.FILLED),
    (S.CANCELLED, Unclear("timeout"), S.CANCELLED),
    (S.EXPIRED, Unclear("timeout"), S.EXPIRED),
    (S.REJECTED, Unclear("timeout"), S.REJECTED),
    (S.REJECTED, Accepted("o-1"), S.REJECTED),
    (S.REJECTED, Refused("no"), S.REJECTED),
    (S.OPEN, Amended(12, Decimal("2.05")), S.OPEN),
    (S.CANCELLING, Amended(8, Decimal(2)), S.CANCELLING),
]


@pytest.mark.parametrize(("before", "event", "after"), LEGAL, ids=str)
def test_legal_rows(before: OrderState, event: OrderEvent, after: OrderState) -> None:
    assert apply(an_order(before), event, AT).state is after


ILLEGAL: list[tuple[OrderState, OrderEvent]] = [
    (S.OPEN, Refused("no")),
    (S.OPEN, NeverArrived()),
    (S.FILLED, CancelRequested()),
    (S.FILLED, Filled(a_fill(1))),
    (S.REJECTED, Filled(a_fill(1))),
    (S.FILLED, Refused("no")),
    (S.SUBMITTING, CancelRequested()),
    (S.UNKNOWN, CancelRequested()),
    (S.OPEN, Closed(S.OPEN)),
    (S.OPEN, Resent()),
    (S.UNKNOWN, Resent()),
    (S.FILLED, Reopened()),
    (S.NOT_SENT, CancelRequested()),
    (S.OPEN, Accepted("o-2")),
    (S.OPEN, Filled(a_fill(11))),
    (S.OPEN, Filled(a_fill(1, order_id="o-2"))),
    (S.OPEN, Filled(a_fill(1, side=Side.SELL))),
    (S.OPEN, Amended(0, Decimal(2))),
    (S.SUBMITTING, Amended(12, Decimal(2))),
    (S.UNKNOWN, Amended(12, Decimal(2))),
    (S.NOT_SENT, Amended(12, Decimal(2))),
    (S.FILLED, Amended(12, Decimal(2))),
    (S.FILLED, Amended(10, Decimal("2.05"))),
    (S.CANCELLED, Amended(12, Decimal(2))),
    (S.REJECTED, Amended(12, Decimal(2))),
]


@pytest.mark.parametrize(("before", "event"), ILLEGAL, ids=str)
def test_illegal_rows(before: OrderState, event: OrderEvent) -> None:
    filled = 10 if before is S.FILLED else 0
    with pytest.raises(IllegalTransition, match="gb-1"):
        apply(an_order(before, filled), event, AT)


UNCLEAR_CANCEL = replace(an_order(S.OPEN), state=S.UNKNOWN, reason="timeout")


@pytest.mark.parametrize(
    ("event", "after"),
    [
        (Accepted("o-1"), S.UNKNOWN),
        (Unclear("again"), S.UNKNOWN),
        (Filled(a_fill(3)), S.UNKNOWN),
        (Filled(a_fill(10)), S.FILLED),
        (CancelRefused("it still rests"), S.OPEN),
        (Closed(S.CANCELLED), S.CANCELLED),
        (Amended(12, Decimal(2)), S.UNKNOWN),
    ],
    ids=str,
)
def test_only_news_of_the_cancel_settles_an_unclear_cancel(event: OrderEvent, after: OrderState) -> None:
    assert UNCLEAR_CANCEL.has_unclear_cancel
    changed = apply(UNCLEAR_CANCEL, event, AT)
    assert (changed.state, changed.order_id) == (after, "o-1")
    assert changed.has_unclear_cancel == (after is S.UNKNOWN)


@pytest.mark.parametrize("event", [NeverArrived(), Refused("no"), Resent(), CancelRequested()], ids=str)
def test_an_order_with_an_unclear_cancel_was_there(event: OrderEvent) -> None:
    with pytest.raises(IllegalTransition, match="gb-1"):
        apply(UNCLEAR_CANCEL, event, AT)


def test_an_order_that_is_told_filled_before_its_trades_takes_them() -> None:
    order = apply(an_order(S.OPEN), Closed(S.FILLED), AT)
    assert apply(order, Filled(a_fill(4)), AT).filled == 4


def test_an_amended_order_has_its_new_terms_and_what_it_had_filled() -> None:
    order = apply(an_order(S.OPEN, filled=4), Amended(12, Decimal("2.05")), AT)
    assert (order.quantity, order.price, order.filled, order.remaining) == (12, Decimal("2.05"), 4, 8)
    assert apply(order, Filled(a_fill(8)), AT).state is S.FILLED


def test_an_unclear_cancel_stays_explained_when_the_order_is_amended() -> None:
    assert apply(UNCLEAR_CANCEL, Amended(12, Decimal(2)), AT).reason == "timeout"


@pytest.mark.parametrize("order", [an_order(S.OPEN, 4), an_order(S.CANCELLING, 4), replace(UNCLEAR_CANCEL, filled=4)])
def test_an_order_that_is_amended_to_what_it_has_filled_is_filled(order: Order) -> None:
    done = apply(order, Amended(4, Decimal(2)), AT)
    assert (done.state, done.quantity, done.filled, done.reason) == (S.FILLED, 4, 4, "")


def test_an_order_is_never_amended_below_what_it_has_filled() -> None:
    with pytest.raises(IllegalTransition, match="4 units are filled"):
        apply(an_order(S.OPEN, filled=4), Amended(3, Decimal(2)), AT)


def test_a_fill_adds_up_price_and_quantity() -> None:
    order = apply(an_order(S.OPEN), Filled(a_fill(4)), AT)
    order = apply(order, Filled(replace(a_fill(2, "t-2"), price=Decimal("2.00"))), AT)
    assert (order.filled, order.remaining, order.filled_notional) == (6, 4, Decimal("11.96"))
    assert order.average_price == Decimal("11.96") / 6


events = st.one_of(
    st.sampled_from(
        [
            Accepted("o-1"),
            Refused("x"),
            Unclear("x"),
            NeverArrived(),
            Resent(),
            CancelRequested(),
            CancelRefused("x"),
            Reopened(),
        ]
    ),
    st.sampled_from([Closed(s) for s in (S.FILLED, S.CANCELLED, S.EXPIRED, S.REJECTED)]),
    st.builds(lambda units, number: Filled(a_fill(units, f"t-{number}")), st.integers(1, 12), st.integers(1, 3)),
    st.builds(Amended, st.integers(0, 14), st.sampled_from([Decimal(2), Decimal("2.05")])),
)


class Known:
    """An order, and the trades of it that are counted: what takes each event only as often as the store does."""

    def __init__(self) -> None:
        self.order = an_order()
        self.trades: set[str] = set()

    def take(self, event: OrderEvent) -> None:
        if isinstance(event, Filled) and event.fill.trade_id in self.trades:
            return
        self.order = apply(self.order, event, AT)
        if isinstance(event, Filled):
            self.trades.add(event.fill.trade_id)


@given(st.lists(events, max_size=12))
def test_whatever_happens_nothing_is_overfilled_and_ids_never_change(history: list[OrderEvent]) -> None:
    known = Known()
    for event in history:
        before = known.order
        try:
            known.take(event)
        except IllegalTransition:
            assert known.order is before
            continue
        assert before.filled <= known.order.filled <= known.order.quantity
        assert before.order_id in (None, known.order.order_id)
        assert known.order.is_live or known.order.state in (S.FILLED, S.CANCELLED, S.EXPIRED, S.REJECTED, S.NOT_SENT)


@given(st.lists(events, max_size=12))
def test_an_event_that_is_applied_twice_changes_nothing_the_second_time(history: list[OrderEvent]) -> None:
    known = Known()
    for event in history:
        try:
            known.take(event)
        except IllegalTransition:
            continue
        once = known.order
        known.take(event)
        assert known.order == once
