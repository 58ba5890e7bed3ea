"""Demand for inference, made up or from a trace, and its consumer."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from itertools import islice
from statistics import mean

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.clock import SeededIds
from bot.sim.config import VenueConfig
from bot.sim.demand import Consumer, DailyDemand, bundles
from bot.sim.ledger import Account
from bot.sim.traces import DemandTrace
from bot.sim.venue import Venue

START = datetime(2026, 1, 1, tzinfo=UTC)


def make_venue(*, units: int, lot_hours: int | None = None) -> tuple[Venue, Account, str]:
    """A venue and an account with so many units in Consumption."""
    config = VenueConfig(symbols=("text-prime",), lot_hours=lot_hours, transfer_seconds=0)
    venue = Venue(config, start=START, ids=SeededIds(1))
    account = venue.add_account("user", units={"text-prime": units})
    instrument_id = venue.market_by_symbol("text-prime").instrument_id
    if units:
        venue.transfer(account, instrument_id, units)
    return venue, account, instrument_id


def make_consumer(account: Account, instrument_id: str, *slots: int, seed: int = 1) -> Consumer:
    return Consumer(account, instrument_id, DemandTrace(60, slots), seed=seed, start=START)


def later(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


@given(
    slots=st.lists(st.integers(0, 10**9), min_size=1, max_size=5),
    slot_seconds=st.sampled_from([10, 25, 60, 600]),
    seed=st.integers(0, 5),
)
def test_the_bundles_of_a_slot_sum_up_to_its_tokens(slots: list[int], slot_seconds: int, seed: int) -> None:
    a_slot = -(-slot_seconds // 10)
    stream = bundles(DemandTrace(slot_seconds, tuple(slots)), random.Random(seed), START)
    for number, tokens in enumerate([*slots, *slots]):
        begins = later(number * slot_seconds)
        pieces = list(islice(stream, a_slot))
        assert [at for at, _ in pieces] == [begins + timedelta(seconds=10 * piece) for piece in range(a_slot)]
        assert sum(piece for _, piece in pieces) == tokens
        assert all(piece >= 0 for _, piece in pieces)


def test_bundles_are_uneven_but_modestly_so() -> None:
    pieces = [tokens for _, tokens in islice(bundles(DemandTrace(600, (600_000,)), random.Random(1), START), 60)]
    assert len(set(pieces)) > 50
    assert max(pieces) < 3.5 * min(pieces)


def test_a_stocked_account_is_served_exactly_what_was_asked_for() -> None:
    venue, account, instrument_id = make_venue(units=10)
    consumer = make_consumer(account, instrument_id, 300_000, 600_000)
    venue.add_agent(consumer, START)
    venue.advance(later(119))
    assert (consumer.tokens_asked, consumer.tokens_served, consumer.tokens_refused) == (900_000, 900_000, 0)
    assert consumer.stockouts == 0
    assert account.lots[instrument_id].used == 900_000


def test_what_there_is_no_stock_for_is_refused_and_lost() -> None:
    venue, account, instrument_id = make_venue(units=1)
    consumer = make_consumer(account, instrument_id, 1_500_000, 0)
    venue.add_agent(consumer, START)
    venue.advance(later(119))
    assert (consumer.tokens_asked, consumer.tokens_served, consumer.tokens_refused) == (1_500_000, 1_000_000, 500_000)
    assert account.lots[instrument_id].tokens == 0


def test_a_run_of_refusals_is_one_stockout_and_ends_when_a_bundle_is_wholly_served() -> None:
    venue, account, instrument_id = make_venue(units=0)
    consumer = make_consumer(account, instrument_id, 600_000)
    account.units[instrument_id].available = 1
    venue.add_agent(consumer, START)
    venue.advance(later(59))
    assert consumer.stockouts == 1
    venue.transfer(account, instrument_id, 1)
    venue.advance(later(119))
    assert consumer.stockouts == 1
    venue.advance(later(179))
    assert consumer.stockouts == 2
    assert consumer.tokens_served == 1_000_000


def test_moments_without_demand_neither_end_nor_begin_a_stockout() -> None:
    venue, account, instrument_id = make_venue(units=0)
    consumer = make_consumer(account, instrument_id, 100, 0)
    venue.add_agent(consumer, START)
    venue.advance(later(179))
    assert consumer.stockouts == 1
    assert consumer.tokens_asked == 200


def test_a_consumer_that_is_woken_late_asks_for_all_that_was_due() -> None:
    venue, account, instrument_id = make_venue(units=1)
    consumer = make_consumer(account, instrument_id, 60_000)
    assert consumer.act(venue, later(179)) == later(180)
    assert consumer.tokens_asked == 180_000


@given(units=st.integers(0, 12), slots=st.lists(st.integers(0, 3_000_000), min_size=1, max_size=6))
def test_every_token_asked_for_is_either_served_or_refused(units: int, slots: list[int]) -> None:
    venue, account, instrument_id = make_venue(units=units)
    consumer = make_consumer(account, instrument_id, *slots)
    venue.add_agent(consumer, START)
    venue.advance(later(60 * len(slots) - 1))
    assert consumer.tokens_asked == sum(slots)
    assert consumer.tokens_served == min(sum(slots), units * 1_000_000) == account.lots[instrument_id].used
    assert consumer.tokens_refused == consumer.tokens_asked - consumer.tokens_served


def test_made_up_demand_has_its_mean_a_rhythm_and_bursts() -> None:
    demand = DailyDemand(6_000_000, seed=1, start=START)
    days = [[demand.tokens(day * 144 + slot) for slot in range(144)] for day in range(60)]
    assert mean(map(sum, days)) == pytest.approx(24 * 6_000_000, rel=0.03)
    night = mean(tokens for day in days for tokens in day[12:24])
    afternoon = mean(tokens for day in days for tokens in day[84:96])
    assert afternoon > 2 * night
    assert max(map(max, days)) > 3_000_000


def test_made_up_demand_is_the_same_for_the_same_seed_and_another_for_another() -> None:
    first, same, other = ([DailyDemand(100_000, seed, START).tokens(slot) for slot in range(50)] for seed in (1, 1, 2))
    assert first == same
    assert first != other
