"""What an account's units on Trading have cost, worked out from what it did."""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from bot.domain.order import Side
from bot.sim.history import History, Way


@dataclass(slots=True)
class Position:
    """Units of one instrument that were bought and are on Trading still.

    What leaves Trading, sold or moved to Consumption, is taken from them first, at their average cost; units that
    were not bought leave last. Units that come back from Consumption do not count: what they cost is not known.

    Attributes:
        instrument_id: the instrument.
        opened_at: when the first of them was bought.
        closed_at: when the last of them left; None while there are some.
        quantity: units.
        cost: micro-dollars that were paid for them.
    """

    instrument_id: str
    opened_at: datetime
    closed_at: datetime | None = None
    quantity: int = 0
    cost: int = 0

    def buy(self, quantity: int, price: int, at: datetime) -> None:
        """Add units, at micro-dollars each; a closed position opens anew."""
        if self.closed_at is not None:
            self.opened_at, self.closed_at = at, None
        self.quantity += quantity
        self.cost += price * quantity

    def reduce(self, quantity: int, at: datetime) -> None:
        """Take out so many units, or all if there are fewer."""
        if self.closed_at is not None:
            return
        left = max(self.quantity - quantity, 0)
        self.cost = self.cost * left // self.quantity
        self.quantity = left
        if not left:
            self.closed_at = at


@dataclass(frozen=True, slots=True)
class _Move:
    """Units that were bought at a price, or that left (the price is None)."""

    at: datetime
    instrument_id: str
    quantity: int
    price: int | None = None


def positions_of(history: History) -> list[Position]:
    """An account's positions, open and closed: one an instrument, in the order in which these were first bought."""
    positions: dict[str, Position] = {}
    for move in heapq.merge(_traded(history), _moved(history), key=lambda move: move.at):
        position = positions.get(move.instrument_id)
        if move.price is not None:
            if position is None:
                position = positions[move.instrument_id] = Position(move.instrument_id, move.at)
            position.buy(move.quantity, move.price, move.at)
        elif position is not None:
            position.reduce(move.quantity, move.at)
    return list(positions.values())


def _traded(history: History) -> Iterator[_Move]:
    for fill in history.fills:
        trade = fill.trade
        price = trade.price if fill.order.side is Side.BUY else None
        yield _Move(trade.executed_at, fill.order.instrument_id, trade.quantity, price)


def _moved(history: History) -> Iterator[_Move]:
    for transfer in history.transfers:
        if transfer.way is Way.TO_CONSUMPTION and not transfer.has_failed:
            yield _Move(transfer.created_at, transfer.instrument_id, transfer.quantity)
