"""How orders meet: locks of money and units, price-time matching, settlement.

A buy locks price times quantity and a sell locks units; a market buy locks what it is about to pay. Trades are made
at the resting order's price, and what a buyer locked above that is released at once. There are no fees.

An order never trades with another of the same account: an incoming order that comes upon one keeps what it has
traded by then, and the rest of it is cancelled.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from bot.domain.money import plain, usd_of
from bot.domain.order import Side, TimeInForce
from bot.ports import Ids
from bot.sim.history import History
from bot.sim.ledger import Balance
from bot.sim.listener import Listener
from bot.sim.market import SimMarket
from bot.sim.orders import CANCELLED, FILLED, PARTIALLY_FILLED, SimOrder, SimTrade
from bot.sim.refusals import insufficient, out_of_range


class Matching:
    """Executes orders that keep the market's rules.

    Args:
        histories: of all accounts, by account id.
        ids: for trades.
        filled: called with a user's order and the units, after a trade of it is settled.
        closed: called with a user's order that will not fill any more.

    Attributes:
        listeners: hear of everything on the books.
    """

    def __init__(
        self,
        histories: Mapping[str, History],
        ids: Ids,
        *,
        filled: Callable[[SimOrder, int], None],
        closed: Callable[[SimOrder], None],
    ) -> None:
        self._histories = histories
        self._ids = ids
        self._filled = filled
        self._closed = closed
        self.listeners: tuple[Listener, ...] = ()

    def submit(self, market: SimMarket, order: SimOrder, now: datetime) -> None:
        """Trade an incoming order and let the rest of it rest, or close it, as its terms say.

        Raises:
            Refusal: its owner cannot pay for it, or it is post-only and would trade.
        """
        if order.post_only and market.book.opposite(order.side).best_within(order.price) is not None:
            raise out_of_range("the order is post-only and would trade at once")
        _lock(order, _needed(market, order))
        self._histories[order.account.account_id].add_order(order)
        for listener in self.listeners:
            listener.placed(order)
        self._execute(market, order, now)
        self._quoted(market)

    def replace(self, market: SimMarket, order: SimOrder, quantity: int, price: int, now: datetime) -> None:
        """Give a resting order a new quantity, above what has filled, and a new price.

        It keeps its place in the queue if its price stays and it does not grow; else it comes in anew, and trades at
        once what it can.

        Raises:
            Refusal: its owner cannot pay for it, or it is post-only and would trade.
        """
        remaining = quantity - order.filled
        keeps_place = price == order.price and remaining <= order.remaining
        if order.post_only and not keeps_place and market.book.opposite(order.side).best_within(price) is not None:
            raise out_of_range("the order is post-only and would trade at once")
        _lock(order, remaining if order.side is Side.SELL else price * remaining)
        side = market.book.side(order.side)
        if keeps_place:
            side.fill(order, order.remaining - remaining)
        else:
            side.remove(order)
        order.quantity, order.remaining, order.price = quantity, remaining, price
        order.updated_at = now
        for listener in self.listeners:
            listener.changed(order)
        if not keeps_place:
            self._execute(market, order, now)
        self._quoted(market)

    def withdraw(self, market: SimMarket, order: SimOrder, reason: str, now: datetime) -> None:
        """Take a resting order off the book and close it."""
        market.book.side(order.side).remove(order)
        self.close(order, CANCELLED, reason, now)
        self._quoted(market)

    def close(self, order: SimOrder, status: str, reason: str, now: datetime) -> None:
        """Close an order that is not on the book, and release what is still locked for it."""
        self._end(order, status, reason, now)
        for listener in self.listeners:
            listener.changed(order)

    def _execute(self, market: SimMarket, order: SimOrder, now: datetime) -> None:
        if order.time_in_force is TimeInForce.FOK and not _can_fill(market, order):
            self.close(order, CANCELLED, "fill_or_kill", now)
            return
        self._take(market, order, now)
        if not order.is_open:
            return
        if order.price is None:
            self.close(order, CANCELLED, "no_liquidity", now)
        elif order.time_in_force is TimeInForce.IOC:
            self.close(order, CANCELLED, "immediate_or_cancel", now)
        else:
            market.book.side(order.side).add(order)

    def _quoted(self, market: SimMarket) -> None:
        for listener in self.listeners:
            listener.quoted(market)

    def _end(self, order: SimOrder, status: str, reason: str, now: datetime) -> None:
        if order.locked:
            _balance(order).release(order.locked)
            order.locked = 0
        order.status = status
        order.closure_reason = reason
        order.updated_at = order.closed_at = now
        del self._histories[order.account.account_id].open[order.order_id]
        if not order.account.house:
            self._closed(order)

    def _take(self, market: SimMarket, order: SimOrder, now: datetime) -> None:
        opposite = market.book.opposite(order.side)
        while order.remaining:
            level = opposite.best_within(order.price)
            if level is None:
                return
            maker = level.oldest
            if maker.account is order.account:
                self.close(order, CANCELLED, "self_trade_prevented", now)
                return
            quantity = min(order.remaining, maker.remaining)
            opposite.fill(maker, quantity)
            order.remaining -= quantity
            self._trade(market, maker, order, level.price, quantity, now)

    def _trade(
        self, market: SimMarket, maker: SimOrder, taker: SimOrder, price: int, quantity: int, now: datetime
    ) -> None:
        trade_id = self._ids.new("trade")
        trade = SimTrade(trade_id, market.market_id, price, quantity, taker.side, now, maker.order_id, taker.order_id)
        market.trades.record(trade)
        if taker.side is Side.BUY:
            _settle(taker, maker, price, quantity)
        else:
            _settle(maker, taker, price, quantity)
        self._after(maker, trade)
        self._after(taker, trade)
        for listener in self.listeners:
            listener.traded(trade, maker, taker)

    def _after(self, order: SimOrder, trade: SimTrade) -> None:
        order.notional += trade.price * trade.quantity
        order.status = PARTIALLY_FILLED
        order.updated_at = trade.executed_at
        if not order.account.house:
            self._histories[order.account.account_id].add_fill(order, trade)
            self._filled(order, trade.quantity)
        if not order.remaining:
            self._end(order, FILLED, "filled", trade.executed_at)


def _balance(order: SimOrder) -> Balance:
    return order.account.cash if order.side is Side.BUY else order.account.units[order.instrument_id]


def _needed(market: SimMarket, order: SimOrder) -> int:
    if order.side is Side.SELL:
        return order.quantity
    if order.price is not None:
        return order.price * order.quantity
    _, cost = market.book.fillable(order.side, None, order.quantity, order.account)
    return cost


def _lock(order: SimOrder, needed: int) -> None:
    """Set aside so much for an order, instead of what was set aside for it before."""
    balance = _balance(order)
    available = balance.available + order.locked
    if needed > available:
        raise insufficient(_shortage(order.side, needed, available))
    balance.lock(needed - order.locked)
    order.locked = needed


def _shortage(side: Side, needed: int, available: int) -> str:
    if side is Side.SELL:
        return f"the order needs {needed} units, {available} are available"
    return f"the order needs {plain(usd_of(needed))} USD, {plain(usd_of(available))} are available"


def _can_fill(market: SimMarket, order: SimOrder) -> bool:
    units, _ = market.book.fillable(order.side, order.price, order.quantity, order.account)
    return units == order.quantity


def _settle(buy: SimOrder, sell: SimOrder, price: int, quantity: int) -> None:
    paid = price * quantity
    cash = buy.account.cash
    cash.locked -= paid
    buy.locked -= paid
    if buy.price is not None and buy.price != price:
        saved = (buy.price - price) * quantity
        cash.release(saved)
        buy.locked -= saved
    buy.account.units[buy.instrument_id].available += quantity
    sell.account.units[sell.instrument_id].locked -= quantity
    sell.locked -= quantity
    sell.account.cash.available += paid
