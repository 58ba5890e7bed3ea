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


_FILLED = OrderState.FILLED
"""Looked up once: that takes as long as a fill."""

NO_BID, NO_ASK = -1, 1 << 62
"""Prices that no candle comes down or up to."""


class Venue:
    """Our resting orders on one market, and what comes of them. All amounts are micro-dollars.

    Attributes:
        ledger: cash and Trading units.
        model: how orders meet candles.
        bids: resting buys, oldest first.
        asks: resting sells, oldest first.
        highest_bid: the highest price of a resting buy; `NO_BID` while there is none.
        lowest_ask: the lowest price of a resting sell; `NO_ASK` while there is none.
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
        self.highest_bid, self.lowest_ask = NO_BID, NO_ASK
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
        elif is_buy:
            self.bids.append(order)
            self.highest_bid = max(price, self.highest_bid)
        else:
            self.asks.append(order)
            self.lowest_ask = min(price, self.lowest_ask)

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
            order = bids[0]
            left = order.quantity - order.filled
            if order.price == bid and left <= bid_units:
                bid_units -= left
            elif bid_units and self._reuses and self._renew(order, bid, bid_units, post_only):
                self.highest_bid = bid
                bid_units = 0
            else:
                self.cancel(order)
                bid_units = bid_units if self._requote else 0
        if asks:
            order = asks[0]
            left = order.quantity - order.filled
            if order.price == ask and left <= ask_units:
                ask_units -= left
            elif ask_units and self._reuses and self._renew(order, ask, ask_units, post_only):
                self.lowest_ask = ask
                ask_units = 0
            else:
                self.cancel(order)
                ask_units = ask_units if self._requote else 0
        if bid_units:
            self.place(True, bid, bid_units, post_only)  # noqa: FBT003
        if ask_units:
            self.place(False, ask, ask_units, post_only)  # noqa: FBT003
        return True

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

    def _renew(self, order: Resting, price: int, units: int, post_only: bool) -> bool:  # noqa: FBT001
        """Let an order become the one that replaces it, which takes less time than a cancel and a new one.

        Answers whether it could: it has not filled in part, and there is enough to back it.
        """
        if order.filled:
            return False
        ledger = self.ledger
        if order.is_buy:
            cost = price * units
            if ledger.fee_of:
                cost += ledger.fee(cost)
            more = cost - order.locked
            if more > ledger.cash - ledger.locked:
                return False
            order.locked = cost
            ledger.locked += more
        else:
            more = units - order.quantity
            if more > ledger.units - ledger.locked_units:
                return False
            ledger.locked_units += more
        self.orders = order.number = self.orders + 1
        order.price = price
        order.quantity = units
        order.post_only = post_only
        order.placed = order.changed = self.index
        return True

    def _fill(self, order: Resting, price: int, quantity: int) -> None:
        fee = self.ledger.fill(order, price, quantity)
        order.changed = self.index
        self.fills.append((self.index, order.number, order.is_buy, price, quantity, fee))
        self.mark()
        if order.filled == order.quantity:
            order.state = _FILLED
            self._remove(order)
        if self._tells_fills:
            self.events.append(("on_fill", len(self.fills) - 1, ""))

    def _close(self, order: Resting, state: OrderState) -> None:
        self.ledger.unlock(order)
        order.state = state
        order.changed = self.index
        self._remove(order)

    def _remove(self, order: Resting) -> None:
        if order.is_buy:
            self.bids.remove(order)
            self.highest_bid = max([bid.price for bid in self.bids]) if self.bids else NO_BID
        else:
            self.asks.remove(order)
            self.lowest_ask = min([ask.price for ask in self.asks]) if self.asks else NO_ASK

    def _refuse(self, order: Resting, why: str) -> None:
        order.state = OrderState.REJECTED
        order.reason = why
        self.refuse(order, why)


def _number(order: Resting) -> int:
    return order.number
