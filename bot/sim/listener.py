"""Hearing of what happens on the books, as it happens."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from bot.sim.market import SimMarket
from bot.sim.orders import SimOrder, SimTrade


class Listener(Protocol):
    """Hears of everything on the books in the order in which it happens; must change nothing itself.

    What it is told of shows the state of that very moment.
    """

    def placed(self, order: SimOrder) -> None:
        """An order was taken in; it has not traded yet, and a stop order may wait."""
        ...

    def changed(self, order: SimOrder) -> None:
        """An order has changed other than by a trade: closed, set off, or given new terms."""
        ...

    def traded(self, trade: SimTrade, maker: SimOrder, taker: SimOrder) -> None:
        """Two orders have traded; the trade is settled and both orders show it."""
        ...

    def quoted(self, market: SimMarket) -> None:
        """The best prices or the last price of a market may have changed."""
        ...


def as_one(listeners: Sequence[Listener]) -> Listener | None:
    """One who tells all of them, in their order; None when there are none."""
    if len(listeners) > 1:
        return _Several(listeners)
    return listeners[0] if listeners else None


class _Several:
    def __init__(self, listeners: Sequence[Listener]) -> None:
        self._listeners = listeners

    def placed(self, order: SimOrder) -> None:
        for listener in self._listeners:
            listener.placed(order)

    def changed(self, order: SimOrder) -> None:
        for listener in self._listeners:
            listener.changed(order)

    def traded(self, trade: SimTrade, maker: SimOrder, taker: SimOrder) -> None:
        for listener in self._listeners:
            listener.traded(trade, maker, taker)

    def quoted(self, market: SimMarket) -> None:
        for listener in self._listeners:
            listener.quoted(market)
