"""What instances hold by their own doing."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from bot.domain.fill import Fill
from bot.domain.market import Market
from bot.domain.order import Order, OrderState, Side
from bot.domain.transfer import Transfer, TransferState
from bot.domain.transitions import Filled
from bot.portfolio.instances import NEWEST_FILLS, InstanceBooks

AT = datetime(2026, 1, 5, tzinfo=UTC)
MARKETS = [Market("m1", "i1", "text-prime", Decimal("0.01")), Market("m2", "i2", "code-max", Decimal("0.01"))]


def trade(books: InstanceBooks, strategy: str, units: int, market_id: str = "m1", number: int = 1) -> None:
    side = Side.BUY if units > 0 else Side.SELL
    order = Order("c", strategy, market_id, side, abs(units), Decimal(2), AT, AT, OrderState.OPEN, "o")
    at = AT + timedelta(seconds=number)
    books.hear(order, Filled(Fill(f"t{number}", "o", market_id, side, Decimal(2), abs(units), at)))


def moved(units: int, state: TransferState, key: str = "k") -> Transfer:
    return Transfer(key, "a", "i1", units, AT, AT, state)


def test_instances_and_markets_are_kept_apart() -> None:
    books = InstanceBooks(MARKETS)
    trade(books, "a", 5)
    trade(books, "b", 7)
    trade(books, "a", -2)
    trade(books, "a", 1, market_id="m2")
    assert books.holdings() == {("a", "m1"): 3, ("b", "m1"): 7, ("a", "m2"): 1}


def test_units_count_as_moved_from_their_journaling_until_the_transfer_comes_to_nothing() -> None:
    books = InstanceBooks(MARKETS)
    trade(books, "a", 5)
    held = []
    for state in (
        TransferState.SUBMITTING,
        TransferState.UNKNOWN,
        TransferState.NOT_SENT,
        TransferState.SUBMITTING,
        TransferState.PENDING,
        TransferState.COMPLETED,
    ):
        books.hear_transfer(moved(2, state))
        held.append(books.holdings()["a", "m1"])
    assert held == [3, 3, 5, 3, 3, 3]


def test_a_transfer_that_was_open_at_the_start_is_counted_once() -> None:
    books = InstanceBooks(MARKETS)
    pending = moved(2, TransferState.PENDING)
    books.load([("a", "m1", 9)], [("a", "i1", 4)], [pending], [])
    assert books.holdings() == {("a", "m1"): 5}
    books.hear_transfer(replace(pending, state=TransferState.FAILED))
    assert books.holdings() == {("a", "m1"): 7}


@given(st.lists(st.integers(-5, 5).filter(bool), max_size=80))
def test_a_holding_is_the_sum_of_the_fills_of_which_the_newest_are_kept(trades: list[int]) -> None:
    books = InstanceBooks(MARKETS)
    for number, units in enumerate(trades):
        trade(books, "a", units, number=number)
    assert books.holdings().get(("a", "m1"), 0) == sum(trades)
    assert [fill.trade_id for fill in books.fills("a", "m1")] == [f"t{n}" for n in range(len(trades))][-NEWEST_FILLS:]
    assert books.fills("b", "m1") == ()
