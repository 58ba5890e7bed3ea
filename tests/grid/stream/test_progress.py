"""What two reports of an order make together."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.order import CLOSED_STATUSES, Side, VenueOrder
from bot.grid.stream.progress import first, is_news, joined
from tests.grid.scripted import NOW

RESTING = VenueOrder(
    "o-1", client_order_id="gb-1", market_id="m-1", side=Side.BUY, status="active", quantity=10, filled=0,
    price=Decimal(2), created_at=NOW, updated_at=NOW,
)  # fmt: skip
LATER = NOW + timedelta(seconds=1)
PARTIAL = replace(RESTING, status="partially_filled", filled=4, updated_at=LATER)
FILLED = replace(RESTING, status="filled", filled=10, updated_at=LATER)
CANCELLED = replace(RESTING, status="cancelled", filled=4, updated_at=LATER)
DEARER = replace(RESTING, price=Decimal(3), updated_at=LATER)


@pytest.mark.parametrize(
    ("known", "told"),
    [
        (RESTING, PARTIAL),
        (PARTIAL, FILLED),
        (PARTIAL, CANCELLED),
        (RESTING, DEARER),
        (RESTING, replace(RESTING, quantity=12, updated_at=LATER)),
        (replace(RESTING, time_in_force="gtc"), replace(RESTING, time_in_force="day")),
        (replace(RESTING, stop_price=Decimal(1)), replace(RESTING, stop_price=Decimal(2))),
        (RESTING, replace(RESTING, status="cancellation_pending")),
        (RESTING, replace(RESTING, status="a_new_word")),
        (DEARER, replace(RESTING, updated_at=LATER + timedelta(seconds=1))),  # the old price again
        (replace(RESTING, updated_at=None), replace(RESTING, price=Decimal(3), updated_at=None)),
        (replace(RESTING, status="cancellation_pending"), replace(RESTING, updated_at=LATER)),  # the cancel was refused
        (CANCELLED, replace(CANCELLED, filled=5)),
        (CANCELLED, FILLED),
    ],
)
def test_a_newer_report_counts(known: VenueOrder, told: VenueOrder) -> None:
    assert joined(known, told) == replace(told, updated_at=told.updated_at or known.updated_at)
    assert is_news(known, joined(known, told))


@pytest.mark.parametrize(
    ("known", "told"),
    [
        (PARTIAL, RESTING),
        (FILLED, PARTIAL),
        (CANCELLED, PARTIAL),
        (CANCELLED, replace(RESTING, filled=4)),
        (DEARER, RESTING),
        (replace(RESTING, status="cancellation_pending", updated_at=None), RESTING),
        (RESTING, RESTING),
        (RESTING, VenueOrder("o-1")),
        (RESTING, replace(RESTING, status="open", reason="words", updated_at=LATER, time_in_force="gtc")),
        (CANCELLED, replace(CANCELLED, status="canceled", reason="by user", updated_at=LATER, fee=Decimal(0))),
        (CANCELLED, replace(DEARER, filled=4, status="closed")),
    ],
)
def test_an_older_report_or_a_mere_repetition_is_no_news(known: VenueOrder, told: VenueOrder) -> None:
    assert not is_news(known, joined(known, told))


def test_what_is_not_told_is_as_it_was() -> None:
    told = VenueOrder("o-1", status="cancelled")
    assert joined(PARTIAL, told) == replace(PARTIAL, status="cancelled")


def test_a_late_fill_of_a_cancelled_order_does_not_open_it_again() -> None:
    order = joined(CANCELLED, replace(PARTIAL, filled=6))
    assert (order.status, order.filled) == ("cancelled", 6)
    assert is_news(CANCELLED, order)


def test_a_closing_that_has_not_heard_of_the_last_fill_yet_keeps_it() -> None:
    order = joined(PARTIAL, replace(RESTING, status="cancelled", filled=3))
    assert (order.status, order.filled) == ("cancelled", 4)


def test_a_filled_order_has_filled_whole() -> None:
    told = replace(FILLED, filled=None)
    assert first(told) == FILLED
    assert joined(RESTING, told) == FILLED
    assert joined(RESTING, replace(told, quantity=None)) == FILLED
    assert first(replace(RESTING, filled=None)).filled is None


REPORTS = st.builds(
    VenueOrder,
    order_id=st.just("o-1"),
    status=st.sampled_from(
        ["active", "open", "partially_filled", "cancellation_pending", "odd", None, *CLOSED_STATUSES]
    ),
    quantity=st.sampled_from([None, 10, 12]),
    filled=st.none() | st.integers(0, 10),
    price=st.sampled_from([None, Decimal(2), Decimal(3)]),
    updated_at=st.none() | st.integers(0, 5).map(lambda seconds: NOW + timedelta(seconds=seconds)),
)


@given(reports=st.lists(REPORTS, min_size=2, max_size=8))
def test_an_order_never_goes_back_whatever_is_reported(reports: list[VenueOrder]) -> None:
    order = first(reports[0])
    closings = int(order.is_closed)
    for report in reports[1:]:
        after = joined(order, report)
        assert (after.filled or 0) >= max(order.filled or 0, report.filled or 0)
        assert after.is_closed >= order.is_closed
        if is_news(order, after):
            closings += after.is_closed and (after.filled or 0) == (order.filled or 0)
        assert not is_news(after, joined(after, report)), "a repetition is no news"
        order = after
    assert closings <= 1
