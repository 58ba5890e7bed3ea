"""The exchange of a back-test: it takes our orders in, and lets them meet one candle after the other."""

from __future__ import annotations

from collections import deque
from decimal import Decimal
from typing import TypeAlias

from bot.backtest.fills import FillModel, FillRules
from bot.backtest.ledger import Ledger
from bot.backtest.orders import FillRow, Resting
from bot.domain.intents import Intent
from bot.domain.money import micros_of
from bot.domain.order import OrderState

Event: TypeAlias = tuple[str, Resting | Intent | int, str]
"""A hook that is to be called, what about (an order, an intent, or the number of a fill), and why."""


class Venue:
    """Our resting orders on one market, and what comes of them. All amounts are micro-dollars.

    Attributes:
        ledger: cash and Trading units.
        model: how orders meet candles.
        bids: resting buys, oldest first.
        asks: resting sells, oldest first.
        orders: how many orders there were so far.
        refused: how many orders and transfers were refused.
        fills: all fills, oldest first.
        marks: (candle, cash, units) each time that cash or units changed.
        events: what hooks are still to be told.
        index: number of the newest candle that has closed.
    """

    def __init__(self, *, ledger: Ledger, rules: FillRules, tick: Decimal, hooks: frozenset[str]) -> None:
        self.ledger = ledger
        self.model = FillModel(rules, micros_of(tick))
        self.bids: list[Resting] = []
        self.asks: list[Resting] = []
        self.orders = 0
        self.refused = 0
        self.fills: list[FillRow] = []
        self.marks: list[tuple[int, int, int]] = [(-1, ledger.cash, ledger.units)]
        self.events: deque[Event] = deque()
        self.index = -1
        self._share = rules.volume_share
        self._requote = rules.requote
        self._tells_orders = "on_order" in hooks
        self._reuses = rules.requote and not self._tells_orders
        self._tells_fills = "on_fill" in hooks
        self._tells_errors = "on_error" in hooks

    def place(self, is_buy: bool, price: int, quantity: int, post_only: bool) -> None:  # noqa: FBT001
        """Take an order in, or refuse it where it is not covered. It meets the next candle."""
        self.orders += 1
        order = Resting(self.orders, is_buy, price, quantity, post_only, self.index)
        if why := self.ledger.lock(order):
            self._refuse(order, why)
        else:
            (self.bids if is_buy else self.asks).append(order)

    def cancel(self, order: Resting) -> None:
        """Take a resting order off the book."""
        self._close(order, OrderState.CANCELLED)
        if self._tells_orders:
            self.events.append(("on_order", order, ""))

    def quote(self, bid: int, bid_units: int, ask: int, ask_units: int, post_only: bool) -> bool:  # noqa: FBT001
        """Carry out a quote of one level a side (0 units for none), just as the planner would.

        Answers False, and does nothing, where that takes the planner: more than one order rests on a side.
        """
        bids, asks = self.bids, self.asks
        if len(bids) > 1 or len(asks) > 1:
            return False
        if bids:
            bid_units = self._missing(bids[0], bid, bid_units, post_only)
        if asks:
            ask_units = self._missing(asks[0], ask, ask_units, post_only)
        if bid_units:
            self.place(True, bid, bid_units, post_only)  # noqa: FBT003
        if ask_units:
            self.place(False, ask, ask_units, post_only)  # noqa: FBT003
        return True

    def is_met(self, high: int, low: int) -> bool:
        """Whether a candle's prices come to any resting order."""
        for order in self.bids:
            if low <= order.price:
                return True
        for order in self.asks:  # noqa: SIM110 - a generator takes longer than the candle
            if high >= order.price:
                return True
        return False

    def issue(self, units: int) -> None:
        """Units are issued, and are in Trading at once."""
        self.ledger.units += units
        self.mark()

    def meet(self, open_: int, high: int, low: int, volume: float) -> None:
        """Let all orders meet the candle that has just closed, oldest first."""
        model, left = self.model, None if self._share is None else int(Decimal(volume) * self._share)
        orders = self.bids + self.asks
        if len(orders) > 1:
            orders.sort(key=_number)
        for order in orders:
            limit, quantity = order.price, order.quantity - order.filled
            if order.post_only and order.placed == self.index - 1 and model.takes(limit, open_, is_buy=order.is_buy):
                self._close(order, OrderState.REJECTED)
                self._refuse(order, "it is post-only and would trade at once")
                continue
            price = model.buys_at(limit, open_, low) if order.is_buy else model.sells_at(limit, open_, high)
            if price is None:
                continue
            if left is not None:
                quantity = min(quantity, left)
                left -= quantity
            if quantity:
                self._fill(order, price, quantity)

    def mark(self) -> None:
        """Note that cash or units have changed."""
        self.marks.append((self.index, self.ledger.cash, self.ledger.units))

    def refuse(self, what: Resting | Intent, why: str) -> None:
        """Note that an order or a transfer was refused."""
        self.refused += 1
        if self._tells_errors:
            self.events.append(("on_error", what, why))

    def _missing(self, order: Resting, price: int, units: int, post_only: bool) -> int:  # noqa: FBT001
        """Cancel the only order of a side unless it is wanted; answers how many units are missing beside it."""
        left = order.quantity - order.filled
        if order.price == price and left <= units:
            return units - left
        if self._reuses and units and not order.filled and self.ledger.lock_instead(order, price, units):
            self.orders += 1
            order.renew(self.orders, price, units, post_only, self.index)
            return 0
        self.cancel(order)
        return units if self._requote else 0

    def _fill(self, order: Resting, price: int, quantity: int) -> None:
        fee = self.ledger.fill(order, price, quantity)
        order.changed = self.index
        self.fills.append((self.index, order.number, order.is_buy, price, quantity, fee))
        self.mark()
        if order.filled == order.quantity:
            order.state = OrderState.FILLED
            (self.bids if order.is_buy else self.asks).remove(order)
        if self._tells_fills:
            self.events.append(("on_fill", len(self.fills) - 1, ""))

    def _close(self, order: Resting, state: OrderState) -> None:
        self.ledger.unlock(order)
        order.state = state
        order.changed = self.index
        (self.bids if order.is_buy else self.asks).remove(order)

    def _refuse(self, order: Resting, why: str) -> None:
        order.state = OrderState.REJECTED
        order.reason = why
        self.refuse(order, why)


def _number(order: Resting) -> int:
    return order.number
