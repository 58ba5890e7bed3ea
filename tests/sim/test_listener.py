from __future__ import annotations

from decimal import Decimal

from bot.domain.order import Side
from bot.sim.market import SimMarket
from bot.sim.orders import SimOrder, SimTrade
from bot.sim.venue import Venue


class Diary:
    """Writes down what it hears, in a book that it may share."""

    def __init__(self, name: str, pages: list[str]) -> None:
        self._name = name
        self._pages = pages

    def placed(self, order: SimOrder) -> None:
        self._write("placed", order.side)

    def changed(self, order: SimOrder) -> None:
        self._write("changed", order.status)

    def traded(self, trade: SimTrade, maker: SimOrder, taker: SimOrder) -> None:
        self._write("traded", str(trade.quantity))

    def quoted(self, market: SimMarket) -> None:
        self._write("quoted", market.symbol)

    def _write(self, *what: str) -> None:
        self._pages.append(" ".join((self._name, *what)))


def test_everybody_who_listens_hears_everything_in_the_order_in_which_it_happens(venue: Venue) -> None:
    market = venue.market_by_symbol("text-prime")
    buyer = venue.add_account("buyer", cash=Decimal(100))
    seller = venue.add_account("seller", units={"text-prime": 50})
    pages: list[str] = []
    first, second = Diary("first", pages), Diary("second", pages)
    venue.listen(first)
    venue.listen(second)
    order = venue.place(buyer, market, Side.BUY, 3, 1_000_000)
    venue.place(seller, market, Side.SELL, 1, 1_000_000)
    venue.cancel(buyer, order.order_id)
    heard = [
        *("placed buy", "quoted text-prime"),
        *("placed sell", "traded 1", "quoted text-prime"),
        *("changed cancelled", "quoted text-prime"),
    ]
    assert pages == [f"{name} {what}" for what in heard for name in ("first", "second")]


def test_who_listens_no_more_hears_nothing(venue: Venue) -> None:
    market = venue.market_by_symbol("text-prime")
    buyer = venue.add_account("buyer", cash=Decimal(100))
    pages: list[str] = []
    stays, leaves = Diary("stays", pages), Diary("leaves", pages)
    venue.listen(stays)
    venue.listen(leaves)
    venue.unlisten(leaves)
    venue.place(buyer, market, Side.BUY, 3, 1_000_000)
    venue.unlisten(stays)
    venue.place(buyer, market, Side.BUY, 3, 1_000_000)
    assert pages == ["stays placed buy", "stays quoted text-prime"]
