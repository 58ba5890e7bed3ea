from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

from bot.domain.order import Side
from bot.sim.orders import SimTrade
from bot.sim.tape import Bar, Tape
from tests.sim.client import START

USD = 1_000_000


def traded(tape: Tape, price: int, quantity: int, at: datetime) -> None:
    tape.record(SimTrade(f"trade-{tape.volume}", "market-1", price, quantity, Side.BUY, at, "order-1", "order-2"))


def test_a_new_market_has_no_past() -> None:
    tape = Tape()
    assert (tape.last, tape.mean_price, tape.day(START), tape.volume) == (None, None, None, 0)


def test_the_mean_price_weighs_every_trade_by_its_volume() -> None:
    tape = Tape()
    traded(tape, 1 * USD, 3, START)
    traded(tape, 2_010_000, 1, START + timedelta(days=9))
    assert tape.mean_price == Decimal("1.2525")


def test_a_day_is_told_as_one_bar() -> None:
    tape = Tape()
    for price, minutes in ((9, 0), (3, 60), (5, 61), (2, 90), (4, 600)):
        traded(tape, price, 2, START + timedelta(minutes=minutes))
    day = tape.day(START + timedelta(hours=24, minutes=30))
    assert day is not None
    assert (day.open, day.high, day.low, day.close, day.volume, day.trades) == (3, 5, 2, 4, 8, 4)
    assert tape.day(START + timedelta(days=3)) is None


def test_trades_of_one_quarter_of_an_hour_make_one_bar() -> None:
    tape = Tape()
    for price in (5, 7, 4, 6):
        traded(tape, price, 1, START)
    assert tape.day(START) == Bar(int(START.timestamp()) // 900, open=5, high=7, low=4, close=6, volume=4, trades=4)


def test_only_the_newest_trades_are_kept() -> None:
    tape = Tape()
    for number in range(1_500):
        traded(tape, number + 1, 1, START)
    assert [trade.price for trade in tape.recent] == list(range(501, 1_501))
    assert tape.volume == 1_500
    assert tape.last is tape.recent[-1]
