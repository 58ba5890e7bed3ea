"""The exchange's own time, and what keeps to the clock."""

from __future__ import annotations

from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime

from hypothesis import given
from hypothesis import strategies as st

from bot.clock import SeededIds, VirtualClock, run_virtual
from bot.sim.api import ExchangeApi
from bot.sim.config import VenueConfig
from bot.sim.state import dump, restore
from bot.sim.stream import StreamHub
from bot.sim.tempo import MarketClock, Tempo
from bot.sim.venue import Venue
from tests.sim.client import START, Client, open_account

FAST = VenueConfig(symbols=("text-prime",), speed=60)

moments = st.integers(0, 10**12).map(lambda micros: START + timedelta(microseconds=micros))
speeds = st.integers(1, 1000) | st.floats(1, 1000)


def fast() -> tuple[Venue, Client]:
    venue = Venue(FAST, start=START, ids=SeededIds(1))
    return venue, open_account(ExchangeApi(venue), "alice")


@given(moments, moments)
def test_at_the_clocks_own_speed_the_two_are_the_same_moment(start: datetime, now: datetime) -> None:
    assert Tempo(start, start).at(now) == now


@given(moments, speeds)
def test_what_is_due_is_due_when_the_clock_has_come_to_it_and_not_before(moment: datetime, speed: float) -> None:
    tempo = Tempo(START, START, speed)
    due = tempo.when(moment)
    assert tempo.at(due) >= moment
    assert tempo.at(due - timedelta(microseconds=2)) < moment


def test_a_minute_goes_by_in_a_second_and_stamps_tell_so() -> None:
    venue, alice = fast()
    alice.later(seconds=10)
    order = alice.order().data
    assert venue.now == START + timedelta(minutes=10)
    assert datetime.fromisoformat(order["created_at"]) == venue.now


def test_transfers_and_lots_live_by_the_exchanges_time() -> None:
    venue, alice = fast()
    instrument_id = venue.market_by_symbol("text-prime").instrument_id
    venue.transfer(alice.account, instrument_id, 5)
    alice.later(seconds=1)
    alice.get("/v1/me")
    assert alice.account.lots[instrument_id].units == 5
    alice.later(minutes=4)
    alice.get("/v1/me")
    assert alice.account.lots[instrument_id].units == 0


def test_signatures_the_date_and_health_keep_to_the_clock() -> None:
    venue, alice = fast()
    alice.later(hours=1)
    got = alice.get("/v1/me")
    assert got.status == 200
    assert parsedate_to_datetime(got.response.headers["date"]) == alice.now
    assert datetime.fromisoformat(alice.get("/v1/health").data["server_time"]) == alice.now
    stamped_in_its_time = Client(alice.api, alice.key, venue.now).signed("GET", "/v1/me")
    assert alice.send(stamped_in_its_time).status == 401


def test_limits_hold_for_a_minute_of_the_exchanges_time() -> None:
    _, alice = fast()
    assert alice.get("/v1/me").response.headers["x-ratelimit-limit"] == "6000"
    assert alice.get("/v1/account/limits").data["order_rate_limits"]["max_orders_per_minute"] == 3000


def test_the_stream_is_due_by_the_clock() -> None:
    venue, alice = fast()
    hub = StreamHub(venue)
    venue.transfer(alice.account, venue.market_by_symbol("text-prime").instrument_id, 5)
    due = hub.due_at
    assert due is not None
    assert timedelta(seconds=0.03) < due - START < timedelta(seconds=0.04)


def test_an_exchange_that_was_put_away_keeps_its_lead_and_gains_none_meanwhile() -> None:
    venue, _ = fast()
    venue.advance(START + timedelta(minutes=1))
    back = restore(dump(venue), FAST, START + timedelta(minutes=11), SeededIds(2))
    assert back.now == START + timedelta(minutes=60 + 10)
    back.advance(START + timedelta(minutes=12))
    assert back.now == START + timedelta(minutes=60 + 10 + 60)


def test_those_who_live_in_it_sleep_in_its_time() -> None:
    async def main(clock: VirtualClock) -> tuple[datetime, datetime]:
        market = MarketClock(clock, Tempo(START, START + timedelta(days=1), 60))
        await market.sleep(120)
        return clock.now(), market.now()

    assert run_virtual(main, START) == (START + timedelta(seconds=2), START + timedelta(days=1, seconds=120))
