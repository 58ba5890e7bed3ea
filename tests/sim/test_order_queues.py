from __future__ import annotations

import gc
import weakref
from decimal import Decimal

from bot.clock import SeededIds
from bot.domain.order import Side
from bot.sim.config import VenueConfig
from bot.sim.venue import Venue
from tests.sim.client import START


class Name(str):
    """A client order id of which one can see whether anybody holds it still."""


def test_an_exchange_that_nobody_holds_any_more_leaves_no_order_behind() -> None:
    venue = Venue(VenueConfig(symbols=("text-prime",)), start=START, ids=SeededIds(1))
    market = venue.market_by_symbol("text-prime")
    buyer = venue.add_account("buyer", cash=Decimal(1_000))
    names = [Name(number) for number in range(5)]
    for name in names:
        venue.place(buyer, market, Side.BUY, 1, 1_000_000, client_order_id=name)
    held = [weakref.ref(name) for name in names]
    del venue, market, buyer, names, name
    gc.collect()
    assert [one() for one in held] == [None] * 5


def test_a_long_queue_can_be_shown_and_forgotten() -> None:
    venue = Venue(VenueConfig(symbols=("text-prime",)), start=START, ids=SeededIds(1))
    market = venue.market_by_symbol("text-prime")
    buyer = venue.add_account("buyer", cash=Decimal(1_000_000))
    for _ in range(20_000):
        order = venue.place(buyer, market, Side.BUY, 1, 1_000_000)
    assert repr(order) == f"<{order.order_id}: buy, 1 of 1 units left, active>"
    assert (next(market.book.bids.levels()).quantity, len(market.book.bids)) == (20_000, 1)
    del venue, market, buyer
    gc.collect()
    assert order.ahead is None
