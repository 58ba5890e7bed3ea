"""Open orders: the exchange lists orders of one status at a time, and an open order has one of several."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from bot.domain.order import VenueOrder
from bot.errors import InvalidRequest

LIFE = ("pending", "active", "open", "partially_filled", "cancellation_pending")
"""The documented statuses of open orders, in the order in which an order goes through them."""

USUAL = frozenset({"active", "partially_filled"})
"""What open orders are nearly always."""

EVERY = 20
"""One in so many lists asks for every documented status: other programs' orders may be in one not seen before."""


class OpenOrders:
    """Lists open orders, with one request for each status that they can have.

    The first time, and every 20th time after it, it asks for every documented status; else for the usual ones, and for
    those that some order was seen in.
    """

    def __init__(self) -> None:
        self._seen = set(USUAL)
        self._refused: set[str] = set()
        self._listed = 0

    def learn(self, *orders: VenueOrder) -> None:
        """Take note of the statuses that the exchange uses."""
        self._seen.update(order.status for order in orders if order.status is not None and not order.is_closed)

    async def listed(self, read: Callable[[str], Awaitable[list[VenueOrder]]]) -> list[VenueOrder]:
        """All open orders; `read` lists the orders of one status.

        Raises:
            ExchangeError: what `read` raises, but for a refusal of a status that the exchange does not know.
        """
        found: dict[str, VenueOrder] = {}
        refusal: InvalidRequest | None = None
        to_ask = self._seen.union(() if self._listed % EVERY else LIFE)
        for status in sorted(to_ask - self._refused, key=_place_in_life):
            try:
                shown = await read(status)
            except InvalidRequest as error:
                refusal = error
                self._refused.add(status)
                continue
            found.update((order.order_id, order) for order in shown)
            self.learn(*shown)
            if any(order.is_closed for order in shown):
                break  # the filter was ignored, so these are all orders
        if refusal is not None and to_ask <= self._refused:
            self._refused.clear()
            raise refusal
        self._listed += 1
        return [order for order in found.values() if not order.is_closed]


def _place_in_life(status: str) -> tuple[int, str]:
    """An order that moves on between two requests is found by the later one, if that asks for a later status."""
    return (LIFE.index(status) if status in LIFE else len(LIFE), status)
