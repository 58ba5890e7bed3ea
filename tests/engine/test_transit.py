"""Units that have left Trading and show nowhere yet are found, and neither doubled nor missed for long."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from bot.domain.account import Units
from bot.domain.fill import Fill
from bot.domain.market import Market
from bot.domain.order import Order, OrderState, Side
from bot.domain.transfer import Transfer, TransferState, VenueTransfer
from bot.domain.transitions import Accepted, Filled
from bot.engine.transit import BELIEVED_AFTER, Transit

START = datetime(2026, 1, 5, tzinfo=UTC)
SECOND = timedelta(seconds=1)
MARKET = Market("m", "i", "text-prime", Decimal("0.01"))


def an_order(side: Side) -> Order:
    return Order("c", "stock", "m", side, 100, Decimal(2), START, START, state=OrderState.OPEN, order_id="o")


def a_transfer(quantity: int, transfer_id: str | None = None) -> Transfer:
    return Transfer("k", "stock", "i", quantity, START, START, TransferState.PENDING, transfer_id)


@dataclass
class Bench:
    """A transit and what the exchange shows to it."""

    transit: Transit = field(default_factory=lambda: Transit([MARKET]))
    trading: int = 10
    shown: list[VenueTransfer] = field(default_factory=list)
    now: datetime = START

    def fill(self, quantity: int, side: Side = Side.BUY) -> None:
        fill = Fill(f"t{quantity}", "o", "m", side, Decimal(2), quantity, self.now)
        self.transit.hear(an_order(side), Filled(fill))

    def missing(self, ours: Sequence[Transfer] = (), after: timedelta = SECOND) -> int:
        self.now += after
        trading = {"i": Units("i", total=self.trading, available=self.trading)}
        return self.transit.missing(self.now, trading, ours, self.shown).get("i", 0)


def test_a_fill_that_the_exchange_moves_on_counts_until_its_transfer_shows() -> None:
    bench = Bench()
    assert bench.missing() == 0
    bench.fill(5)
    assert [bench.missing(), bench.missing()] == [5, 5]
    bench.shown.append(VenueTransfer("x", "i", 5, "pending"))
    assert bench.missing() == 0
    bench.shown[0] = VenueTransfer("x", "i", 5, "completed")
    assert bench.missing() == 0


def test_a_sweep_counts_until_it_shows() -> None:
    bench = Bench()
    bench.missing()
    bench.trading = 0
    assert bench.missing() == 10
    bench.shown.append(VenueTransfer("x", "i", 10, "completed"))
    assert bench.missing() == 0


def test_what_is_bought_and_sold_and_shows_in_trading_misses_nothing() -> None:
    bench = Bench()
    bench.missing()
    bench.fill(5)
    bench.trading += 5
    assert bench.missing() == 0
    bench.trading -= 3
    bench.fill(3, Side.SELL)
    assert bench.missing() == 0


def test_a_balance_that_is_ahead_of_its_fill_is_not_counted_twice() -> None:
    bench = Bench()
    bench.missing()
    bench.trading += 5
    assert bench.missing() == 0
    bench.fill(5)
    assert [bench.missing(), bench.missing()] == [0, 0]


def test_a_transfer_of_our_own_is_the_same_one_when_its_id_is_known() -> None:
    bench = Bench()
    bench.missing()
    bench.trading -= 4
    assert bench.missing([a_transfer(4)]) == 0
    bench.shown.append(VenueTransfer("x", "i", 4, "pending"))
    assert bench.missing([a_transfer(4, "x")]) == 0
    bench.shown[0] = VenueTransfer("x", "i", 2, "completed")
    bench.trading += 2  # half of it came back
    assert [bench.missing(), bench.missing()] == [0, 0]


def test_a_transfer_that_failed_gives_its_units_back() -> None:
    bench = Bench(shown=[VenueTransfer("x", "i", 4, "pending")])
    bench.missing()
    bench.shown[0] = VenueTransfer("x", "i", 4, "failed")
    bench.trading += 4
    assert bench.missing() == 0


def test_what_stays_away_is_believed_to_be_gone() -> None:
    bench = Bench()
    bench.missing()
    bench.trading -= 7
    assert bench.missing() == 7
    assert bench.missing(after=BELIEVED_AFTER) == 7
    assert bench.missing() == 0


def test_other_news_of_an_order_move_nothing() -> None:
    bench = Bench()
    bench.missing()
    bench.transit.hear(an_order(Side.BUY), Accepted("o"))
    assert bench.missing() == 0


@given(st.lists(st.tuples(st.integers(1, 9), st.booleans()), max_size=12))
def test_bought_units_never_count_less_than_once(steps: list[tuple[int, bool]]) -> None:
    """Whatever is moved on at once and whenever it shows: Trading, transfers and what is missing hold all units."""
    bench = Bench()
    bench.missing()
    bought, moved = 0, 0
    for number, (quantity, moves_on) in enumerate(steps):
        bought += quantity
        bench.fill(quantity)
        if moves_on:
            moved += quantity
            if number % 2:
                bench.shown.append(VenueTransfer(f"x{number}", "i", quantity, "pending"))
        else:
            bench.trading += quantity
        shown = sum(one.quantity or 0 for one in bench.shown)
        assert bench.trading + shown + bench.missing() == 10 + bought
