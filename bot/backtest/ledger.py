"""The account's cash and Trading units: whole micro-dollars and whole units, so that everything adds up."""

from __future__ import annotations

from decimal import Decimal

from bot.backtest.orders import Resting
from bot.domain.money import plain, usd_of


class Ledger:
    """What is held and what resting orders lock.

    A buy locks its price times its quantity and the fee of that, a sell its units. The fees of an order are rounded as
    one amount (half to even), so its fills never cost more than it has locked.

    Attributes:
        cash: micro-dollars held, locked ones included.
        locked: micro-dollars that back resting buys.
        units: units held in Trading, locked ones included.
        locked_units: units that back resting sells.
        holding: units bought, less those sold and those moved to Consumption.
        fee_of: 0 where trading costs no fees.
        fees: micro-dollars paid in fees.
    """

    __slots__ = ("_fee_per", "cash", "fee_of", "fees", "holding", "locked", "locked_units", "units")

    def __init__(self, cash: int, units: int, fee: Decimal) -> None:
        self.cash = cash
        self.locked = 0
        self.units = units
        self.locked_units = 0
        self.holding = 0
        self.fees = 0
        self.fee_of, self._fee_per = fee.as_integer_ratio()

    def fee(self, notional: int) -> int:
        """The fee of so much trade, micro-dollars."""
        whole, rest = divmod(notional * self.fee_of, self._fee_per)
        return whole + (2 * rest > self._fee_per or (2 * rest == self._fee_per and whole % 2))

    def lock(self, order: Resting) -> str:
        """Set aside what a new order needs; answers why it cannot be had, or nothing."""
        if order.is_buy:
            cost = order.price * order.quantity
            if self.fee_of:
                cost += self.fee(cost)
            if cost > self.cash - self.locked:
                return f"it needs {_usd(cost)} USD, and {_usd(self.cash - self.locked)} are free"
            order.locked = cost
            self.locked += cost
        elif order.quantity > self.units - self.locked_units:
            return f"it needs {order.quantity} units in Trading, and {self.units - self.locked_units} are free"
        else:
            self.locked_units += order.quantity
        return ""

    def unlock(self, order: Resting) -> None:
        """Free what an order has locked that will not fill any more."""
        if order.is_buy:
            self.locked -= order.locked
            order.locked = 0
        else:
            self.locked_units -= order.quantity - order.filled

    def fill(self, order: Resting, price: int, quantity: int) -> int:
        """Trade units of an order; answers the fee."""
        traded = price * quantity
        fee = self.fee(order.notional + traded) - self.fee(order.notional) if self.fee_of else 0
        order.notional += traded
        order.filled += quantity
        self.fees += fee
        if order.is_buy:
            needed = order.price * (order.quantity - order.filled)
            if self.fee_of:
                needed += self.fee(order.notional + needed) - self.fee(order.notional)
            self.locked -= order.locked - needed
            order.locked = needed
            self.cash -= traded + fee
            self.units += quantity
            self.holding += quantity
        else:
            self.cash += traded - fee
            self.units -= quantity
            self.locked_units -= quantity
            self.holding -= quantity
        return fee

    def move_out(self, units: int) -> str:
        """Take units out of Trading, to Consumption; answers why they cannot be had, or nothing."""
        if units > self.units - self.locked_units:
            return f"it needs {units} units in Trading, and {self.units - self.locked_units} are free"
        self.units -= units
        self.holding -= units
        return ""


def _usd(micros: int) -> str:
    return plain(usd_of(micros))
