"""How orders meet: price-time priority, self-trade prevention, and stop orders that trades set off.

An order never trades with another of the same account. An incoming order that comes upon one keeps what it has traded
by then, and the rest of it is cancelled; or, if the exchange is so configured, the resting one is.

A trade sets off the stop orders whose stop price it reaches. They come in one after another when the order that traded
is done, each as a market or limit order, and what they trade may set off more.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from bot.domain.order import TimeInForce
from bot.ports import Ids
from bot.sim.book import BookSide, PriceLevel
from bot.sim.history import History
from bot.sim.ledger import Account
from bot.sim.listener import Listener
from bot.sim.market import SimMarket
from bot.sim.orders import ACTIVE, BUY, CANCELLED, FILLED, PARTIALLY_FILLED, PENDING, SELL, SimOrder, SimTrade, Terms
from bot.sim.refusals import Refusal, out_of_range
from bot.sim.settlement import lock, release, settle

_FOK, _IOC = TimeInForce.FOK, TimeInForce.IOC


class Matching:
    """Executes orders that keep the market's rules.

    Args:
        histories: of all accounts, by account id.
        ids: for trades.
        cancels_resting: whether, of two orders of one account that would trade, the resting one is cancelled.
        touched: called with a user's account when a trade of it is settled or an order of it has closed.
        bought: called with a buy and its units after a trade of it is settled, if what the owner buys is transferred.

    Attributes:
        listeners: hear of everything on the books.
    """

    def __init__(
        self,
        histories: Mapping[str, History],
        ids: Ids,
        *,
        cancels_resting: bool,
        touched: Callable[[Account, datetime], None],
        bought: Callable[[SimOrder, int], None],
    ) -> None:
        self._histories = histories
        self._ids = ids
        self._cancels_resting = cancels_resting
        self._touched = touched
        self._bought = bought
        self.listeners: tuple[Listener, ...] = ()

    def submit(self, market: SimMarket, order: SimOrder, now: datetime) -> None:
        """Trade an incoming order and let the rest of it rest, or close it, as its terms say; or let it wait.

        Raises:
            Refusal: its owner cannot pay for it, or it is post-only and would trade.
        """
        book, account = market.book, order.account
        level = (book.asks if order.side is BUY else book.bids).best_within(order.price)
        if order.post_only and level is not None:
            raise out_of_range("the order is post-only and would trade at once")
        if order.stop_price is not None:
            if market.has_reached(order):
                order.triggered_at = now
            else:
                order.status = PENDING
        lock(order, self._needed(market, order))
        self._histories[account.account_id].add_order(order)
        for listener in self.listeners:
            listener.placed(order)
        if order.status == PENDING:
            market.stops.add(order)
        else:
            self._execute(market, order, level, now)
        self._finish(market, now)

    def replace(self, market: SimMarket, order: SimOrder, terms: Terms, now: datetime) -> None:
        """Give an open order new terms, more units than have filled among them.

        It keeps its place in the queue if its prices stay and it does not grow; else it comes in anew, and trades at
        once what it can.

        Raises:
            Refusal: its owner cannot pay for it, or it is post-only and would trade.
        """
        remaining = terms.quantity - order.filled
        same_prices = terms.price == order.price and terms.stop_price == order.stop_price
        keeps_place = same_prices and remaining <= order.remaining
        level = market.book.opposite(order.side).best_within(terms.price)
        if order.post_only and not keeps_place and level is not None:
            raise out_of_range("the order is post-only and would trade at once")
        lock(order, remaining if order.side is SELL else (terms.price or 0) * remaining)
        if keeps_place and order.status != PENDING:
            market.book.side(order.side).fill(order, order.remaining - remaining)
        elif not keeps_place:
            _take_off(market, order)
        order.quantity, order.price, order.stop_price, order.time_in_force = terms
        order.remaining = remaining
        order.updated_at = now
        for listener in self.listeners:
            listener.changed(order)
        if not keeps_place:
            self._come_back(market, order, now)
        self._finish(market, now)

    def withdraw(self, market: SimMarket, order: SimOrder, status: str, reason: str, now: datetime) -> None:
        """Take an open order off its book and close it."""
        _take_off(market, order)
        self._close(order, status, reason, now)
        for listener in self.listeners:
            listener.quoted(market)

    def _come_back(self, market: SimMarket, order: SimOrder, now: datetime) -> None:
        """Put an order with new terms where it belongs."""
        if order.status != PENDING:
            self._execute(market, order, market.book.opposite(order.side).best_within(order.price), now)
        elif market.has_reached(order):
            self._trigger(market, order, now)
        else:
            market.stops.add(order)

    def _trigger(self, market: SimMarket, order: SimOrder, now: datetime) -> None:
        """Let a stop order in that has waited."""
        order.status = ACTIVE
        order.triggered_at = order.updated_at = now
        try:
            lock(order, self._needed(market, order))
        except Refusal:
            self._close(order, CANCELLED, "insufficient_balance", now)
            return
        for listener in self.listeners:
            listener.changed(order)
        self._execute(market, order, market.book.opposite(order.side).best_within(order.price), now)

    def _finish(self, market: SimMarket, now: datetime) -> None:
        """Let in the stop orders that were set off, and tell of the prices."""
        reached = market.stops.reached
        while reached:
            self._trigger(market, reached.popleft(), now)
        for listener in self.listeners:
            listener.quoted(market)

    def _needed(self, market: SimMarket, order: SimOrder) -> int:
        if order.side is SELL:
            return order.remaining
        if order.price is not None:
            return order.price * order.remaining
        return 0 if order.status == PENDING else self._fillable(market, order)[1]

    def _fillable(self, market: SimMarket, order: SimOrder) -> tuple[int, int]:
        return market.book.fillable(
            order.side, order.price, order.remaining, order.account, past_own=self._cancels_resting
        )

    def _execute(self, market: SimMarket, order: SimOrder, level: PriceLevel | None, now: datetime) -> None:
        """Trade what can be traded, beginning with this level."""
        tif = order.time_in_force
        if tif is _FOK and self._fillable(market, order)[0] < order.remaining:
            self._close(order, CANCELLED, "fill_or_kill", now)
            return
        if level is not None:
            self._take(market, order, level, now)
            if order.closed_at is not None:
                return
        if order.price is None:
            self._close(order, CANCELLED, "no_liquidity", now)
        elif tif is _IOC:
            self._close(order, CANCELLED, "immediate_or_cancel", now)
        else:
            market.book.side(order.side).add(order)

    def _take(self, market: SimMarket, order: SimOrder, level: PriceLevel | None, now: datetime) -> None:
        opposite = market.book.opposite(order.side)
        while level is not None:
            maker = level.oldest
            assert maker is not None  # a level with nobody in it is none
            if maker.account is order.account:
                if not self._cancels_resting:
                    self._close(order, CANCELLED, "self_trade_prevented", now)
                    return
                opposite.remove(maker)
                self._close(maker, CANCELLED, "self_trade_prevented", now)
            else:
                self._trade(market, opposite, maker, order, level.price, now)
                if not order.remaining:
                    return
            level = opposite.best_within(order.price)

    def _trade(
        self, market: SimMarket, opposite: BookSide, maker: SimOrder, taker: SimOrder, price: int, now: datetime
    ) -> None:
        quantity = min(taker.remaining, maker.remaining)
        opposite.fill(maker, quantity)
        taker.remaining -= quantity
        side = taker.side
        trade_id = self._ids.new("trade")
        trade = SimTrade(trade_id, market.market_id, price, quantity, side, now, maker.order_id, taker.order_id)
        market.trades.record(trade)
        buy, sell = (taker, maker) if side is BUY else (maker, taker)
        settle(buy, sell, price, quantity)
        self._after(maker, trade, now)
        self._after(taker, trade, now)
        if market.stops.count:
            market.stops.trade(price)
        for listener in self.listeners:
            listener.traded(trade, maker, taker)

    def _after(self, order: SimOrder, trade: SimTrade, now: datetime) -> None:
        account = order.account
        if not account.house:
            self._histories[account.account_id].add_fill(order, trade)
            self._touched(account, now)
            if account.auto_transfer and order.side is BUY:
                self._bought(order, trade.quantity)
        if order.remaining:
            order.status = PARTIALLY_FILLED
            order.updated_at = now
        else:
            self._end(order, FILLED, "filled", now)

    def _close(self, order: SimOrder, status: str, reason: str, now: datetime) -> None:
        """Close an order that is on no book."""
        self._end(order, status, reason, now)
        if not order.account.house:
            self._touched(order.account, now)
        for listener in self.listeners:
            listener.changed(order)

    def _end(self, order: SimOrder, status: str, reason: str, now: datetime) -> None:
        if order.locked:
            release(order)
        order.status = status
        order.closure_reason = reason
        order.updated_at = order.closed_at = now
        del self._histories[order.account.account_id].open[order.order_id]


def _take_off(market: SimMarket, order: SimOrder) -> None:
    if order.status == PENDING:
        market.stops.remove(order)
    else:
        market.book.side(order.side).remove(order)
