"""What has been told of our orders and fills, so that nothing is told twice and nothing is left out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bot.domain.fill import Fill
from bot.domain.order import VenueOrder
from bot.grid.stream.progress import first, is_news, joined

OVERLAP = timedelta(seconds=60)
"""How far a list is read again into what was read before, since the exchange may show an order or a fill late."""

KEPT = timedelta(minutes=10)
"""How long an order that is over is remembered after the last that was heard of it, at the least."""


@dataclass(slots=True)
class _Record:
    """An order as it was told last, None before; and the fills of it that are known, by trade id."""

    touched_at: datetime
    order: VenueOrder | None = None
    fills: dict[str, Fill] = field(default_factory=dict)
    written_off: int = 0

    @property
    def owed(self) -> int:
        """Units that have filled, and whose fills are not known yet."""
        filled = 0 if self.order is None else self.order.filled or 0
        return filled - self.written_off - sum(fill.quantity for fill in self.fills.values())

    @property
    def is_over(self) -> bool:
        return (self.order is None or self.order.is_closed) and self.owed <= 0


class Memory:
    """Orders and fills that were told, as far back as the exchange's lists are read again.

    Args:
        begin: the first moment, by the exchange's clock, of which fills are told (UTC).
    """

    def __init__(self, begin: datetime) -> None:
        self._begin = begin
        self._records: dict[str, _Record] = {}
        self.orders_from = begin
        self.fills_from = begin

    def order(self, told: VenueOrder, now: datetime) -> VenueOrder | None:
        """Take in a report of an order; gives back what there is to tell, None for nothing new."""
        record = self._record(told.order_id, now)
        known, order = record.order, first(told) if record.order is None else joined(record.order, told)
        record.order = order
        if known is not None and not is_news(known, order):
            return None
        record.touched_at = now
        return order

    def fill(self, fill: Fill, now: datetime) -> bool:
        """Take in a fill; whether it is to be told."""
        record = self._record(fill.order_id, now)
        if fill.trade_id in record.fills:
            return False
        record.fills[fill.trade_id] = fill
        record.touched_at = now
        return fill.executed_at >= self._begin

    def has_orders(self, orders: Iterable[VenueOrder]) -> None:
        """All orders that were placed no later than the last of these are known, but for some of the overlap."""
        placed = [order.created_at for order in orders if order.created_at is not None]
        self.orders_from = max(self.orders_from, max(placed, default=self._begin) - OVERLAP)

    def has_fills(self, fills: Iterable[Fill]) -> None:
        """All fills that were executed no later than the last of these are known, but for some of the overlap."""
        last = max((fill.executed_at for fill in fills), default=self._begin)
        self.fills_from = max(self.fills_from, last - OVERLAP)

    def open_ids(self) -> list[str]:
        """Orders that may still fill as far as is known."""
        return [key for key, record in self._records.items() if record.order and not record.order.is_closed]

    def wants_fills(self, order_id: str) -> bool:
        """Whether an order has, or may have, filled further than its known fills tell."""
        record = self._records[order_id]
        return record.owed > 0 or record.order is None or record.order.filled is None

    def owing(self) -> list[str]:
        """Orders that have filled further than their known fills tell."""
        return [key for key, record in self._records.items() if record.owed > 0]

    def write_off(self, order_id: str) -> int:
        """Expect no fills any more for what an order has filled so far; answers how many units are missing."""
        record = self._records[order_id]
        missing = record.owed
        record.written_off += missing
        return missing

    def unknown(self, order_id: str) -> None:
        """The exchange does not know an order any more; its fills stay known, so that they are not told again."""
        self._records[order_id].order = None

    def forget(self, now: datetime) -> None:
        """Forget orders that are over, with their fills, where no list that is read again can hold them."""
        self._records = {key: record for key, record in self._records.items() if not self._is_past(record, now)}

    def _record(self, order_id: str, now: datetime) -> _Record:
        return self._records.setdefault(order_id, _Record(now))

    def _is_past(self, record: _Record, now: datetime) -> bool:
        if not record.is_over or record.touched_at >= now - KEPT:
            return False
        placed_at = None if record.order is None else record.order.created_at
        return (placed_at is None or placed_at < self.orders_from) and all(
            fill.executed_at < self.fills_from for fill in record.fills.values()
        )
