"""The pure difference between our journal and what the exchange shows."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.fill import Fill
from bot.domain.order import Order, OrderState, Side, VenueOrder
from bot.domain.transfer import Transfer, TransferState, VenueTransfer
from bot.domain.transitions import Accepted, Amended, CancelRefused, Closed, Filled, NeverArrived, OrderEvent, apply
from bot.execution.reconcile import Venue, diff

S, T = OrderState, TransferState
AT = datetime(2026, 1, 5, tzinfo=UTC)


def ours(state: OrderState, *, filled: int = 0, number: int = 1) -> Order:
    order_id = None if state in (S.SUBMITTING, S.UNKNOWN) else f"o-{number}"
    return Order(
        f"gb-{number}", "s", "m", Side.BUY, 10, Decimal(2), AT, AT, state, order_id, filled, Decimal(2) * filled
    )


def shown(
    status: str, filled: int | None = 0, number: int = 1, *, units: int | None = 10, price: str | None = "2"
) -> VenueOrder:
    limit = Decimal(price) if price else None
    return VenueOrder(f"o-{number}", f"gb-{number}", "m", Side.BUY, status, units, filled, limit, AT)


def fill(units: int, trade: str = "t-1", number: int = 1) -> Fill:
    return Fill(trade, f"o-{number}", "m", Side.BUY, Decimal(2), units, AT)


def events(order: Order, venue: Venue, *, settled: bool = False) -> list[OrderEvent]:
    repairs = diff([order], [], venue, {order.client_order_id} if settled else ())
    assert all(of is order for of, _ in repairs.orders)
    return [event for _, event in repairs.orders]


def test_an_order_that_rests_as_we_think_needs_nothing() -> None:
    assert events(ours(S.OPEN, filled=3), Venue([shown("partially_filled", 3)])) == []


def test_an_unclear_order_that_shows_is_adopted_by_its_client_id() -> None:
    assert events(ours(S.UNKNOWN), Venue([shown("active")])) == [Accepted("o-1")]


def test_an_unclear_order_that_shows_filled_brings_its_fills() -> None:
    seen = events(ours(S.UNKNOWN), Venue([shown("filled", 10)], [fill(4), fill(6, "t-2")]))
    assert seen == [Accepted("o-1"), Filled(fill(4)), Filled(fill(6, "t-2"))]


def test_an_unclear_order_that_does_not_show_waits_until_it_is_settled() -> None:
    assert events(ours(S.UNKNOWN), Venue()) == []
    assert [type(event) for event in events(ours(S.UNKNOWN), Venue(), settled=True)] == [NeverArrived]


def test_a_known_order_that_does_not_show_is_never_taken_for_cancelled() -> None:
    for state in (S.OPEN, S.CANCELLING):
        assert events(ours(state), Venue(), settled=True) == []


def test_a_closed_order_is_closed_only_when_all_its_fills_are_known() -> None:
    assert events(ours(S.OPEN), Venue([shown("cancelled", 4)])) == []
    assert events(ours(S.OPEN), Venue([shown("cancelled", 4)], [fill(4)])) == [Filled(fill(4)), Closed(S.CANCELLED)]
    assert events(ours(S.OPEN, filled=4), Venue([shown("expired", 4)])) == [Closed(S.EXPIRED)]
    assert events(ours(S.OPEN), Venue([shown("filled", None)])) == []


@pytest.mark.parametrize(
    ("status", "state"),
    [("cancelled", S.CANCELLED), ("closed", S.CANCELLED), ("expired", S.EXPIRED), ("rejected", S.REJECTED)],
)
def test_the_exchanges_words_for_closed(status: str, state: OrderState) -> None:
    assert events(ours(S.OPEN), Venue([shown(status)])) == [Closed(state)]


def test_an_unknown_word_leaves_the_order_as_it_is() -> None:
    assert events(ours(S.OPEN), Venue([shown("under_review")])) == []


def test_a_late_fill_of_a_closed_order_is_taken() -> None:
    assert events(ours(S.CANCELLED, filled=2), Venue(fills=[fill(3)])) == [Filled(fill(3))]


def test_a_cancel_without_an_answer_is_given_up_when_the_order_still_rests() -> None:
    assert events(ours(S.CANCELLING), Venue([shown("active")])) == []
    assert [type(e) for e in events(ours(S.CANCELLING), Venue([shown("active")]), settled=True)] == [CancelRefused]


def test_orders_and_fills_of_others_are_left_alone() -> None:
    assert events(ours(S.OPEN), Venue([shown("active"), shown("active", number=2)], [fill(5, number=2)])) == []


def amended(units: int = 10, price: str = "2") -> Amended:
    return Amended(units, Decimal(price))


def test_an_order_that_shows_with_other_terms_was_amended() -> None:
    for state in (S.OPEN, S.CANCELLING):
        assert events(ours(state), Venue([shown("active", units=12)])) == [amended(12)]
        assert events(ours(state), Venue([shown("active", price="2.05")])) == [amended(price="2.05")]
    unclear_cancel = replace(ours(S.OPEN), state=S.UNKNOWN)
    assert events(unclear_cancel, Venue([shown("active", units=12, price="2.05")])) == [amended(12, "2.05")]


@pytest.mark.parametrize("state", [S.UNKNOWN, S.NOT_SENT])
def test_an_order_that_turns_up_with_other_terms_is_accepted_first(state: OrderState) -> None:
    order = replace(ours(state), order_id=None)
    assert events(order, Venue([shown("active", units=12)])) == [Accepted("o-1"), amended(12)]


def test_new_terms_come_before_the_fills_that_need_them() -> None:
    seen = events(ours(S.OPEN), Venue([shown("filled", 12, units=12)], [fill(5), fill(7, "t-2")]))
    assert seen == [amended(12), Filled(fill(5)), Filled(fill(7, "t-2"))]


def test_a_raised_order_is_not_closed_before_all_its_fills_are_known() -> None:
    assert events(ours(S.OPEN), Venue([shown("filled", None, units=12)], [fill(10)])) == [amended(12), Filled(fill(10))]


def test_an_order_that_was_lowered_to_what_it_has_filled_needs_no_closing() -> None:
    lowered = Venue([shown("filled", 4, units=4)])
    assert events(ours(S.OPEN, filled=4), lowered) == [amended(4)]
    assert events(ours(S.OPEN), Venue(lowered.orders, [fill(4)])) == [amended(4), Filled(fill(4))]


def test_what_the_exchange_does_not_say_of_the_terms_is_as_it_was() -> None:
    assert events(ours(S.OPEN), Venue([shown("active", units=None, price=None)])) == []
    assert events(ours(S.OPEN), Venue([shown("active", None, units=12, price=None)])) == [amended(12)]


def test_terms_that_are_older_than_known_fills_are_left_alone() -> None:
    for stale in (shown("active", 2, units=12), shown("active", None, units=3), shown("active", 2, price="2.05")):
        assert events(ours(S.OPEN, filled=4), Venue([stale])) == []
    assert events(ours(S.OPEN), Venue([shown("active", 0, units=3)], [fill(4)])) == [Filled(fill(4))]


def test_an_order_is_not_over_because_its_new_fills_fit_terms_from_before_them() -> None:
    assert events(ours(S.OPEN), Venue([shown("active", 0, units=4)], [fill(4)])) == [Filled(fill(4))]


def test_closed_orders_are_not_amended() -> None:
    late = Venue([shown("cancelled", 6, units=12)], [fill(3)])
    assert events(ours(S.CANCELLED, filled=3), late) == [Filled(fill(3))]


def test_an_order_that_filled_whole_by_the_exchanges_word_is_never_stored_as_cancelled() -> None:
    contradictory = Venue([shown("filled", 2, units=4)])
    assert events(ours(S.OPEN, filled=4), contradictory) == [Closed(S.FILLED)]


def moved(state: TransferState, *, key: str = "k-1", transfer_id: str | None = None, units: int = 5) -> Transfer:
    return Transfer(key, "s", "i", units, AT, AT, state, transfer_id)


def history(
    transfer_id: str, status: str = "completed", *, units: int = 5, at: datetime = AT, instrument: str = "i"
) -> VenueTransfer:
    return VenueTransfer(transfer_id, instrument, units, status, at)


def changes(transfers: list[Transfer], shown: list[VenueTransfer], settled: set[str] | None = None) -> list[object]:
    repairs = diff([], transfers, Venue(transfers=shown), settled or set())
    return [(repair.transfer.key, repair.state, repair.transfer_id) for repair in repairs.transfers]


def test_a_transfer_is_over_when_the_history_says_so() -> None:
    pending = moved(T.PENDING, transfer_id="x-1")
    assert changes([pending], [history("x-1", "pending")]) == []
    assert changes([pending], [history("x-1", "completed")]) == [("k-1", T.COMPLETED, "x-1")]
    assert changes([pending], [history("x-1", "failed")]) == [("k-1", T.FAILED, "x-1")]


def test_an_unclear_transfer_is_found_by_instrument_quantity_and_time() -> None:
    unclear = moved(T.UNKNOWN)
    others = [
        history("a", units=4),
        history("b", instrument="j"),
        history("c", at=AT - timedelta(minutes=5)),
    ]
    assert changes([unclear], others) == []
    assert changes([unclear], [*others, history("d", "pending")]) == [("k-1", T.PENDING, "d")]


def test_a_transfer_whose_answer_is_still_to_come_is_left_alone() -> None:
    assert changes([moved(T.SUBMITTING)], [history("x-1")], {"k-1"}) == []


def test_one_transfer_of_the_history_settles_one_of_ours() -> None:
    twins = [moved(T.UNKNOWN), moved(T.UNKNOWN, key="k-2"), moved(T.PENDING, key="k-3", transfer_id="x-3")]
    found = changes(twins, [history("x-3", "pending"), history("x-1")])
    assert found == [("k-1", T.COMPLETED, "x-1")]


def test_an_unclear_transfer_that_does_not_show_waits_until_it_is_settled() -> None:
    assert changes([moved(T.UNKNOWN)], []) == []
    assert changes([moved(T.UNKNOWN)], [], {"k-1"}) == [("k-1", T.NOT_SENT, None)]
    assert changes([moved(T.PENDING, transfer_id="x-1")], [], {"k-1"}) == []


@given(
    st.sampled_from([S.UNKNOWN, S.OPEN, S.CANCELLING]),
    st.lists(st.integers(1, 5), max_size=3).filter(lambda units: sum(units) <= 10),
    st.sampled_from(["active", "partially_filled", "cancelled", "expired", "filled"]),
    st.booleans(),
)
def test_a_diff_that_was_applied_leaves_no_diff(
    state: OrderState, units: list[int], status: str, settled: bool
) -> None:
    order = ours(state)
    if status == "filled" and sum(units) < 10:
        units = [*units, 10 - sum(units)]
    fills = [fill(n, f"t-{i}") for i, n in enumerate(units)]
    status = "filled" if sum(units) == 10 else status
    for event in events(order, Venue([shown(status, sum(units))], fills), settled=settled):
        order = apply(order, event, AT)
    assert order.filled == sum(units)
    if order.state is not S.CANCELLING:
        assert events(order, Venue([shown(status, sum(units))]), settled=settled) == []
    assert order.is_live == (status in ("active", "partially_filled"))
