"""Consumption stock: transfers to it, lots, their expiry, sweeps and automatic transfers."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.clock import SeededIds
from bot.domain.money import TOKENS_PER_UNIT
from bot.domain.order import Side
from bot.sim.config import DOCUMENTED_SWEEP_HOURS, VenueConfig
from bot.sim.history import Way
from bot.sim.ledger import Account
from bot.sim.lots import Lots
from bot.sim.refusals import Refusal
from bot.sim.transfers import next_sweep
from bot.sim.venue import Venue
from tests.sim.client import START

USD = 1_000_000
MICROSECOND = timedelta(microseconds=1)


def exchange(config: VenueConfig | None = None, *, start: datetime = START) -> tuple[Venue, Account, str]:
    """An exchange, an account with 100 USD and 50 units of text-prime, and that instrument's id."""
    venue = Venue(config or VenueConfig(), start=start, ids=SeededIds(1))
    account = venue.add_account("user", cash=Decimal(100), units={"text-prime": 50})
    return venue, account, venue.market_by_symbol("text-prime").instrument_id


def test_units_leave_trading_at_once_and_arrive_after_the_journey() -> None:
    venue, account, instrument_id = exchange(VenueConfig(transfer_seconds=2.0))
    transfer = venue.transfer(account, instrument_id, 5)
    lots = account.lots[instrument_id]
    assert (account.units[instrument_id].total, lots.in_transit, lots.units, transfer.status) == (45, 5, 0, "pending")
    venue.advance(START + timedelta(seconds=2) - MICROSECOND)
    assert (transfer.status, lots.units) == ("pending", 0)
    venue.advance(START + timedelta(seconds=2))
    assert (transfer.status, transfer.arrived_at) == ("completed", START + timedelta(seconds=2))
    assert (lots.in_transit, lots.units) == (0, 5)
    assert venue.history(account).transfers == [transfer]


def test_without_a_journey_units_arrive_at_once() -> None:
    venue, account, instrument_id = exchange(VenueConfig(transfer_seconds=0))
    assert venue.transfer(account, instrument_id, 5).status == "completed"
    assert account.lots[instrument_id].units == 5


def test_units_that_back_a_sell_cannot_be_transferred() -> None:
    venue, account, instrument_id = exchange()
    venue.place(account, venue.market_of(instrument_id), Side.SELL, 30, USD)
    with pytest.raises(Refusal, match="400 INSUFFICIENT_BALANCE: 21 units wanted, 20 available"):
        venue.transfer(account, instrument_id, 21)
    venue.transfer(account, instrument_id, 20)
    assert account.units[instrument_id].total == 30


@pytest.mark.parametrize("quantity", [0, -1])
def test_less_than_one_unit_cannot_be_transferred(quantity: int) -> None:
    venue, account, instrument_id = exchange()
    with pytest.raises(Refusal, match="400 VALIDATION_ERROR"):
        venue.transfer(account, instrument_id, quantity)


def test_only_instruments_of_the_exchange_can_be_transferred_and_used() -> None:
    venue, account, _ = exchange()
    with pytest.raises(Refusal, match="404"):
        venue.transfer(account, "instrument-0", 1)
    with pytest.raises(Refusal, match="404"):
        venue.consume(account, "instrument-0", 1)


def test_a_lot_expires_to_the_microsecond() -> None:
    venue, account, instrument_id = exchange(VenueConfig(lot_hours=4, transfer_seconds=2))
    venue.transfer(account, instrument_id, 5)
    expiry = START + timedelta(hours=4, seconds=2)
    venue.advance(expiry - MICROSECOND)
    assert venue.consume(account, instrument_id, TOKENS_PER_UNIT) == TOKENS_PER_UNIT
    venue.advance(expiry)
    lots = account.lots[instrument_id]
    assert (lots.units, lots.used, lots.expired) == (0, TOKENS_PER_UNIT, 4 * TOKENS_PER_UNIT)
    assert venue.consume(account, instrument_id, 1) == 0


def test_lots_may_never_expire() -> None:
    venue, account, instrument_id = exchange(VenueConfig(lot_hours=None))
    venue.transfer(account, instrument_id, 5)
    venue.advance(START + timedelta(days=400))
    assert account.lots[instrument_id].units == 5


def test_the_oldest_lot_is_used_first_and_expires_alone() -> None:
    venue, account, instrument_id = exchange(VenueConfig(lot_hours=4, transfer_seconds=0))
    lots = account.lots[instrument_id]
    venue.transfer(account, instrument_id, 2)
    venue.advance(START + timedelta(hours=1))
    venue.transfer(account, instrument_id, 3)
    assert venue.consume(account, instrument_id, 500_000) == 500_000
    assert [lot.tokens for lot in lots] == [1_500_000, 3_000_000]
    assert lots.units == 4
    assert venue.consume(account, instrument_id, 2_000_000) == 2_000_000
    assert [lot.tokens for lot in lots] == [2_500_000]
    venue.advance(START + timedelta(hours=4))
    assert (lots.tokens, lots.expired) == (2_500_000, 0)
    venue.advance(START + timedelta(hours=5))
    assert (lots.tokens, lots.expired) == (0, 2_500_000)


def test_the_newest_lot_goes_back_to_trading_first() -> None:
    venue, account, instrument_id = exchange(VenueConfig(lot_hours=4, transfer_seconds=0))
    lots = account.lots[instrument_id]
    for units in (2, 3):
        venue.transfer(account, instrument_id, units)
        venue.advance(venue.now + timedelta(hours=1))
    assert venue.transfer(account, instrument_id, 4, Way.TO_TRADING).status == "completed"
    assert (account.units[instrument_id].total, lots.units, lots.withdrawn) == (49, 1, 4 * TOKENS_PER_UNIT)
    assert [lot.arrived_at for lot in lots] == [START]
    venue.advance(START + timedelta(hours=4))
    assert (lots.units, lots.expired) == (0, TOKENS_PER_UNIT)


def test_units_on_their_way_back_do_not_expire() -> None:
    venue, account, instrument_id = exchange(VenueConfig(lot_hours=1, transfer_seconds=2))
    venue.transfer(account, instrument_id, 5)
    venue.advance(START + timedelta(hours=1, seconds=1))
    venue.transfer(account, instrument_id, 5, Way.TO_TRADING)
    venue.advance(START + timedelta(hours=2))
    lots = account.lots[instrument_id]
    assert (account.units[instrument_id].total, lots.tokens, lots.expired) == (50, 0, 0)


def test_a_unit_that_lies_in_two_lots_goes_back_whole() -> None:
    venue, account, instrument_id = exchange(VenueConfig(transfer_seconds=0))
    venue.transfer(account, instrument_id, 1)
    venue.consume(account, instrument_id, 400_000)
    venue.transfer(account, instrument_id, 1)
    venue.transfer(account, instrument_id, 1, Way.TO_TRADING)
    assert [lot.tokens for lot in account.lots[instrument_id]] == [600_000]
    with pytest.raises(Refusal, match="1 units wanted, 0 available"):
        venue.transfer(account, instrument_id, 1, Way.TO_TRADING)


def test_no_more_is_served_than_there_is() -> None:
    venue, account, instrument_id = exchange(VenueConfig(transfer_seconds=0))
    venue.transfer(account, instrument_id, 1)
    assert venue.consume(account, instrument_id, 0) == 0
    assert venue.consume(account, instrument_id, TOKENS_PER_UNIT + 1) == TOKENS_PER_UNIT
    with pytest.raises(Refusal, match="negative"):
        venue.consume(account, instrument_id, -1)


@given(st.lists(st.tuples(st.integers(1, 3), st.integers(0, 4 * TOKENS_PER_UNIT), st.integers(0, 90)), max_size=30))
def test_use_is_first_in_first_out_whatever_comes_and_goes(steps: list[tuple[int, int, int]]) -> None:
    lots = Lots()
    life = timedelta(hours=1)
    now = START
    model: list[list[object]] = []
    for units, tokens, minutes in steps:
        lots.commit(units)
        lots.arrive(units, now, now + life)
        model += [[now + life, 1] for _ in range(units * 100)]
        wanted = tokens // 10_000
        assert lots.use(wanted * 10_000) == min(wanted, len(model)) * 10_000
        del model[:wanted]
        now += timedelta(minutes=minutes)
        lots.expire(now)
        model = [cent for cent in model if cent[0] > now]  # type: ignore[operator]
        assert lots.tokens == len(model) * 10_000
        assert lots.units == len(model) // 100


def test_bought_units_leave_for_consumption_as_they_fill_when_the_account_says_so() -> None:
    venue, seller, instrument_id = exchange()
    buyer = venue.add_account("buyer", cash=Decimal(100), auto_transfer=True)
    market = venue.market_of(instrument_id)
    venue.place(seller, market, Side.SELL, 2, USD)
    venue.place(buyer, market, Side.BUY, 5, USD)
    venue.place(seller, market, Side.SELL, 1, USD)
    assert buyer.units[instrument_id].total == 0
    assert [transfer.quantity for transfer in venue.history(buyer).transfers] == [2, 1]
    venue.advance(START + timedelta(seconds=2))
    assert buyer.lots[instrument_id].units == 3
    assert {transfer.status for transfer in venue.history(buyer).transfers} == {"completed"}
    assert venue.history(seller).transfers == []


@pytest.mark.parametrize(("own", "expected"), [(None, True), (False, False), (True, True)])
def test_automatic_transfer_is_configured_and_an_account_may_differ(own: bool | None, expected: bool) -> None:
    venue, _, _ = exchange(VenueConfig(auto_transfer=True))
    assert venue.add_account("another", auto_transfer=own).auto_transfer is expected
    assert venue.add_account("house", auto_transfer=own, house=True).auto_transfer is False


def test_a_sweep_sends_all_trading_units_of_users_and_cancels_the_sells_that_hold_them() -> None:
    venue, user, instrument_id = exchange(VenueConfig(sweep_hours=DOCUMENTED_SWEEP_HOURS, transfer_seconds=0))
    market = venue.market_of(instrument_id)
    house = venue.add_account("house", units={"text-prime": 9}, house=True)
    sell = venue.place(user, market, Side.SELL, 20, 9 * USD)
    buy = venue.place(user, market, Side.BUY, 1, USD)
    sweep = datetime.fromisoformat("2026-07-01T04:00:00Z")
    venue.advance(sweep - MICROSECOND)
    assert user.units[instrument_id].total == 50
    venue.advance(sweep)
    assert (user.units[instrument_id].total, user.lots[instrument_id].units) == (0, 50)
    assert (sell.closure_reason, buy.status) == ("scheduled_sweep", "active")
    assert house.units[instrument_id].total == 9
    assert [transfer.created_at for transfer in venue.history(user).transfers] == [sweep]


def test_sweeps_come_back() -> None:
    venue, user, instrument_id = exchange(VenueConfig(sweep_hours=(4, 8), lot_hours=None, transfer_seconds=0))
    market = venue.market_of(instrument_id)
    seller = venue.add_account("seller", units={"text-prime": 5}, house=True)
    venue.advance(datetime.fromisoformat("2026-07-01T05:00:00Z"))
    venue.place(seller, market, Side.SELL, 5, USD)
    venue.place(user, market, Side.BUY, 5, USD)
    venue.advance(datetime.fromisoformat("2026-07-01T08:00:00Z"))
    assert user.lots[instrument_id].units == 55


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        ("2026-07-01T00:30:00Z", "2026-07-01T04:00:00Z"),
        ("2026-07-01T04:00:00Z", "2026-07-01T08:00:00Z"),
        ("2026-07-01T03:59:59.999999Z", "2026-07-01T04:00:00Z"),
        ("2026-07-31T20:00:00Z", "2026-08-01T00:00:00Z"),
    ],
)
def test_the_next_sweep_is_the_next_of_its_hours(after: str, expected: str) -> None:
    assert next_sweep(DOCUMENTED_SWEEP_HOURS, datetime.fromisoformat(after)) == datetime.fromisoformat(expected)
