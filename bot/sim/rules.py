"""What an order must keep to be taken at all, apart from being paid for."""

from __future__ import annotations

from bot.domain.order import TimeInForce
from bot.sim.config import VenueConfig
from bot.sim.orders import SimOrder
from bot.sim.refusals import malformed, out_of_range


class OrderRules:
    """The market's rules, in the integers that orders come in."""

    __slots__ = ("_max_price", "_max_size", "_min_size", "_tick")

    def __init__(self, config: VenueConfig) -> None:
        self._tick = config.tick_micros
        self._min_size = config.min_size
        self._max_size = config.max_size
        self._max_price = config.max_price_micros

    def check(self, quantity: int, price: int | None, time_in_force: TimeInForce, *, post_only: bool) -> None:
        """See whether an order keeps the rules.

        Raises:
            Refusal: it does not; the text says which rule.
        """
        if not self._min_size <= quantity <= self._max_size:
            raise out_of_range(f"quantity must be from {self._min_size} to {self._max_size}, not {quantity}")
        if price is not None and not 0 < price <= self._max_price:
            raise out_of_range("price must be positive and not above the market's maximum")
        if price is not None and price % self._tick:
            raise out_of_range("price must be a whole number of ticks")
        if time_in_force is TimeInForce.DAY:
            raise out_of_range("time_in_force day is not offered")
        if post_only and (price is None or time_in_force is not TimeInForce.GTC):
            raise malformed("post_only goes with a limit order that is good till cancelled")

    def check_change(self, order: SimOrder, quantity: int, price: int) -> None:
        """See whether a resting order with new terms keeps the rules.

        Raises:
            Refusal: it does not; the text says which rule.
        """
        self.check(quantity, price, order.time_in_force, post_only=order.post_only)
        if quantity <= order.filled:
            raise out_of_range(f"quantity must be above the {order.filled} units that have filled, not {quantity}")
