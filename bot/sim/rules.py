"""What an order must keep to be taken at all, apart from being paid for."""

from __future__ import annotations

from bot.domain.order import OrderType, TimeInForce
from bot.sim.config import VenueConfig
from bot.sim.orders import PENDING, SELL, SimOrder, Terms
from bot.sim.refusals import Refusal, insufficient, malformed, out_of_range

_RESTING = (TimeInForce.GTC, TimeInForce.DAY)


class OrderRules:
    """The market's rules, in the integers that orders come in."""

    __slots__ = ("_max_size", "_min_size", "_prices")

    def __init__(self, config: VenueConfig) -> None:
        self._min_size = config.min_size
        self._max_size = config.max_size
        self._prices = range(config.tick_micros, config.max_price_micros + 1, config.tick_micros)

    def check(self, order: SimOrder) -> None:
        """See whether an order keeps the rules.

        Raises:
            Refusal: it does not; the text says which rule.
        """
        if not self._min_size <= order.quantity <= self._max_size:
            raise self._bad_quantity(order.quantity)
        if order.price is not None and order.price not in self._prices:
            raise self._bad_price("price", order.price)
        if order.stop_price is not None and order.stop_price not in self._prices:
            raise self._bad_price("stop_price", order.stop_price)
        if order.post_only and (order.kind is not OrderType.LIMIT or order.time_in_force not in _RESTING):
            raise malformed("post_only goes with a limit order that is good till cancelled or for the day")
        if order.reduce_only and order.side is not SELL:
            raise out_of_range("reduce_only goes with sells: nobody can owe units that a buy would bring back")

    def check_change(self, order: SimOrder, terms: Terms) -> None:
        """See whether an open order with new terms keeps the rules.

        Raises:
            Refusal: it does not; the text says which rule.
        """
        if not self._min_size <= terms.quantity <= self._max_size:
            raise self._bad_quantity(terms.quantity)
        filled = order.filled
        if terms.quantity <= filled:
            raise out_of_range(f"quantity must be above the {filled} units that have filled, not {terms.quantity}")
        if terms.price is not None:
            if order.price is None:
                raise out_of_range("a stop order has no price; a stop_limit order has one")
            if terms.price not in self._prices:
                raise self._bad_price("price", terms.price)
        if terms.stop_price is not None and terms.stop_price != order.stop_price:
            if order.status != PENDING:
                raise out_of_range("stop_price goes with a stop order that waits for it")
            if terms.stop_price not in self._prices:
                raise self._bad_price("stop_price", terms.stop_price)
        if terms.time_in_force is not order.time_in_force and terms.time_in_force not in _RESTING:
            raise out_of_range("an open order can be good till cancelled or for the day; place another instead")

    def reduced(self, order: SimOrder, quantity: int) -> int:
        """So many units of a reduce-only order, or fewer: as many as its owner holds beyond other sells.

        Raises:
            Refusal: there are too few for any order.
        """
        units = order.account.units[order.instrument_id]
        held = order.filled + order.locked + units.available
        if held < self._min_size:
            raise insufficient(f"the order needs {self._min_size} units at least, {units.available} are available")
        return min(quantity, held)

    def _bad_quantity(self, quantity: int) -> Refusal:
        return out_of_range(f"quantity must be from {self._min_size} to {self._max_size}, not {quantity}")

    def _bad_price(self, name: str, price: int) -> Refusal:
        if 0 < price < self._prices.stop:
            return out_of_range(f"{name} must be a whole number of ticks")
        return out_of_range(f"{name} must be positive and not above the market's maximum")
