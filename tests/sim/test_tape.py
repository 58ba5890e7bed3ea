"""A market's trades: what is kept of them."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

from bot.domain.order import Side
from bot.sim.orders import SimTrade
from bot.sim.tape import Tape
from tests.sim.client import START

USD = 1_000_000


def traded(tape: Tape, price: int, quantity: int, at: datetime) -> None:
    tape.record(SimTrade(f"trade-{tape.count}", "market-1", price, quantity, Side.BUY, at, "order-1", "order-2"))


def test_a_new_market_has_no_past() -> None:
    tape = Tape()
    assert (tape.last, tape.mean_price, tape.count, tape.volume) == (None, None, 0, 0)
    assert tape.prices.last_24_hours(START) is None


def test_the_mean_price_weighs_every_trade_by_its_volume() -> None:
    tape = Tape()
    traded(tape, 1 * USD, 3, START)
    traded(tape, 2_010_000, 1, START + timedelta(days=9))
    assert tape.mean_price == Decimal("1.2525")


def test_only_the_newest_trades_are_kept() -> None:
    tape = Tape()
    for number in range(1_500):
        traded(tape, number + 1, 1, START)
    assert [trade.price for trade in tape.recent] == list(range(501, 1_501))
    assert tape.volume == tape.count == 1_500
    assert tape.last is tape.recent[-1]
