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
        touched: called with an account that has changed, but for that of an order which is submitted or replaced.
        bought: called with a buy and its units after a trade of it is settled, if what the owner buys is transferred.

    Attributes:
        listener: hears of everything on the books; None when nobody does.
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
        self.listener: Listener | None = None

    def submit(self, market: SimMarket, order: SimOrder, now: datetime) -> None:
        """Trade an incoming order and let the rest of it rest, or close it, as its terms say; or let it wait.

        Raises:
            Refusal: its owner cannot pay for it, or it is post-only and would trade.
        """
        price = order.price
        if order.post_only:
            _check_rests(market, order, price)
        if order.stop_price is not None:
            if market.has_reached(order):
                order.triggered_at = now
            else:
                order.status = PENDING
        cost = self._market_cost(market, order) if price is None else price * order.remaining
        lock(order, order.remaining, cost)
        self._histories[order.account.account_id].add_order(order)
        if self.listener is not None:
            self.listener.placed(order)
        if order.status == PENDING:
            market.stops.add(order)
        else:
            self._execute(market, order, now)
            if market.stops.reached:
                self._let_in(market, now)
        if self.listener is not None:
            self.listener.quoted(market)

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
        if order.post_only and not keeps_place:
            _check_rests(market, order, terms.price)
        lock(order, remaining, (terms.price or 0) * remaining)
        if not keeps_place:
            _take_off(market, order)
        order.quantity, order.price, order.stop_price, order.time_in_force = terms
        order.remaining = remaining
        order.updated_at = now
        if self.listener is not None:
            self.listener.changed(order)
        if not keeps_place:
            self._come_back(market, order, now)
            self._let_in(market, now)
        if self.listener is not None:
            self.listener.quoted(market)

    def withdraw(self, market: SimMarket, order: SimOrder, status: str, reason: str, now: datetime) -> None:
        """Take an open order off its book and close it."""
        _take_off(market, order)
        self._close(order, status, reason, now)
        self._touched(order.account, now)
        if self.listener is not None:
            self.listener.quoted(market)

    def _come_back(self, market: SimMarket, order: SimOrder, now: datetime) -> None:
        """Put an order with new terms where it belongs."""
        if order.status != PENDING:
            self._execute(market, order, now)
        elif market.has_reached(order):
            self._trigger(market, order, now)
        else:
            market.stops.add(order)

    def _trigger(self, market: SimMarket, order: SimOrder, now: datetime) -> None:
        """Let a stop order in that has waited."""
        self._touched(order.account, now)
        order.status = ACTIVE
        order.triggered_at = order.updated_at = now
        if order.price is None:
            try:
                lock(order, order.remaining, self._market_cost(market, order))
            except Refusal:
                self._close(order, CANCELLED, "insufficient_balance", now)
                return
        if self.listener is not None:
            self.listener.changed(order)
        self._execute(market, order, now)

    def _let_in(self, market: SimMarket, now: datetime) -> None:
        """Let in the stop orders that were set off."""
        while market.stops.reached:
            self._trigger(market, market.stops.reached.popleft(), now)

    def _market_cost(self, market: SimMarket, order: SimOrder) -> int:
        """What a market order is about to pay, micro-dollars; nothing as long as it waits."""
        return 0 if order.side is SELL or order.status == PENDING else self._fillable(market, order)[1]

    def _fillable(self, market: SimMarket, order: SimOrder) -> tuple[int, int]:
        return market.book.fillable(
            order.side, order.price, order.remaining, order.account, past_own=self._cancels_resting
        )

    def _execute(self, market: SimMarket, order: SimOrder, now: datetime) -> None:
        """Trade what can be traded; let the rest rest, or close it."""
        book, tif = market.book, order.time_in_force
        if order.side is BUY:
            own, opposite = book.bids, book.asks
        else:
            own, opposite = book.asks, book.bids
        if tif is _FOK and self._fillable(market, order)[0] < order.remaining:
            self._close(order, CANCELLED, "fill_or_kill", now)
            return
        level = opposite.best_within(order.price)
        if level is not None:
            self._take(market, opposite, level, order, now)
            if order.closed_at is not None:
                return
        if order.price is None:
            self._close(order, CANCELLED, "no_liquidity", now)
        elif tif is _IOC:
            self._close(order, CANCELLED, "immediate_or_cancel", now)
        else:
            own.add(order)

    def _take(
        self, market: SimMarket, opposite: BookSide, level: PriceLevel | None, order: SimOrder, now: datetime
    ) -> None:
        """Trade from this level on, until the order is done or there is nothing more for it."""
        while level is not None:
            maker = level.oldest
            assert maker is not None  # a level with nobody in it is none
            if maker.account is not order.account:
                self._trade(market, opposite, maker, order, now)
                if not order.remaining:
                    return
            elif self._cancels_resting:
                opposite.remove(maker)
                self._close(maker, CANCELLED, "self_trade_prevented", now)
            else:
                self._close(order, CANCELLED, "self_trade_prevented", now)
                return
            if level.oldest is None:
                level = opposite.best_within(order.price)

    def _trade(self, market: SimMarket, opposite: BookSide, maker: SimOrder, taker: SimOrder, now: datetime) -> None:
        price, quantity = maker.price, min(taker.remaining, maker.remaining)
        assert price is not None
        maker.remaining -= quantity
        taker.remaining -= quantity
        if not maker.remaining:
            opposite.remove(maker)
        side = taker.side
        trade_id = self._ids.new("trade")
        trade = SimTrade(trade_id, market.market_id, price, quantity, side, now, maker.order_id, taker.order_id)
        market.trades.record(trade)
        if side is BUY:
            settle(taker, maker, price, quantity)
        else:
            settle(maker, taker, price, quantity)
        self._after(maker, trade, now)
        self._after(taker, trade, now)
        if not maker.account.house:
            self._touched(maker.account, now)
        if market.stops.count:
            market.stops.trade(price)
        if self.listener is not None:
            self.listener.traded(trade, maker, taker)

    def _after(self, order: SimOrder, trade: SimTrade, now: datetime) -> None:
        account = order.account
        history = self._histories[account.account_id]
        if not account.house:
            history.add_fill(order, trade)
            if account.auto_transfer and order.side is BUY:
                self._bought(order, trade.quantity)
        order.updated_at = now
        if order.remaining:
            order.status = PARTIALLY_FILLED
        else:
            order.status = FILLED
            order.closure_reason = "filled"
            order.closed_at = now
            del history.open[order.order_id]

    def _close(self, order: SimOrder, status: str, reason: str, now: datetime) -> None:
        """Close an order that is on no book and has not filled whole."""
        if order.locked:
            release(order)
        order.status = status
        order.closure_reason = reason
        order.updated_at = order.closed_at = now
        del self._histories[order.account.account_id].open[order.order_id]
        if self.listener is not None:
            self.listener.changed(order)


def _check_rests(market: SimMarket, order: SimOrder, price: int | None) -> None:
    if market.book.opposite(order.side).best_within(price) is not None:
        raise out_of_range("the order is post-only and would trade at once")


def _take_off(market: SimMarket, order: SimOrder) -> None:
    if order.status == PENDING:
        market.stops.remove(order)
    else:
        market.book.side(order.side).remove(order)
