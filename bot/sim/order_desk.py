"""Where orders come in: checked, handed to the matching, changed, cancelled, expired."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from bot.domain.order import Side, TimeInForce
from bot.ports import Ids
from bot.sim.config import SelfTrade, VenueConfig
from bot.sim.day_orders import DayOrders
from bot.sim.history import History
from bot.sim.ledger import Account, AccountMode
from bot.sim.listener import Listener, as_one
from bot.sim.market import SimMarket
from bot.sim.matching import Matching
from bot.sim.orders import CANCELLED, EXPIRED, SELL, SimOrder, Terms
from bot.sim.refusals import already_closed, auto_mode_restricted, duplicate, not_open
from bot.sim.rules import OrderRules
from bot.sim.timetable import Timetable

_EASY = AccountMode.EASY
_DAY = TimeInForce.DAY


class OrderDesk:
    """Takes in what accounts want of their orders.

    Args:
        config: the exchange's rules.
        markets: by id.
        histories: of all accounts, by account id.
        timetable: where orders that are good for a day await its end.
        ids: for trades.
        touched: told which account has changed, and when.
        bought: told of a buy and the units of a trade of it, if what the owner buys is transferred at once.
    """

    def __init__(
        self,
        config: VenueConfig,
        markets: Mapping[str, SimMarket],
        histories: Mapping[str, History],
        timetable: Timetable,
        ids: Ids,
        *,
        touched: Callable[[Account, datetime], None],
        bought: Callable[[SimOrder, int], None],
    ) -> None:
        self._rules = OrderRules(config)
        self._closed_cancel_status = config.closed_cancel_status
        self._markets = markets
        self._histories = histories
        self._touched = touched
        self._listeners: tuple[Listener, ...] = ()
        self._days = DayOrders(timetable, self._expire)
        self._matching = Matching(
            histories,
            ids,
            cancels_resting=config.self_trade is SelfTrade.CANCEL_RESTING,
            touched=touched,
            bought=bought,
        )

    def listen(self, listener: Listener) -> None:
        """Tell somebody of everything on the books, from now on."""
        self._listeners += (listener,)
        self._matching.listener = as_one(self._listeners)

    def unlisten(self, listener: Listener) -> None:
        """Do not tell somebody any more."""
        self._listeners = tuple(other for other in self._listeners if other is not listener)
        self._matching.listener = as_one(self._listeners)

    def resume(self, history: History, now: datetime) -> None:
        """Await the end of the day for the orders of an account that was brought back."""
        for order in history.open.values():
            if order.time_in_force is _DAY:
                self._days.add(order, now)

    def place(self, market: SimMarket, order: SimOrder, now: datetime) -> None:
        """Take in a new order. See `Venue.place`."""
        account = order.account
        if account.mode is _EASY:
            raise auto_mode_restricted()
        self._rules.check(order)
        client_order_id = order.client_order_id
        if client_order_id is not None and self._histories[account.account_id].has_client_order_id(client_order_id):
            raise duplicate(client_order_id)
        if order.reduce_only:
            order.quantity = order.remaining = self._rules.reduced(order, order.quantity)
        self._matching.submit(market, order, now)
        if order.time_in_force is _DAY and order.closed_at is None:
            self._days.add(order, now)
        self._touched(account, now)

    def replace(
        self,
        account: Account,
        order_id: str,
        now: datetime,
        *,
        quantity: int | None,
        price: int | None,
        stop_price: int | None,
        time_in_force: TimeInForce | None,
    ) -> SimOrder:
        """Give an open order new terms. See `Venue.replace`."""
        order = self._histories[account.account_id].order(order_id)
        if not order.is_open:
            raise not_open(order.status)
        terms = Terms(
            quantity=order.quantity if quantity is None else quantity,
            price=order.price if price is None else price,
            stop_price=order.stop_price if stop_price is None else stop_price,
            time_in_force=time_in_force or order.time_in_force,
        )
        self._rules.check_change(order, terms)
        if order.reduce_only:
            terms = terms._replace(quantity=self._rules.reduced(order, terms.quantity))
        becomes_day = terms.time_in_force is _DAY and order.time_in_force is not _DAY
        self._matching.replace(self._markets[order.market_id], order, terms, now)
        if becomes_day:
            self._days.add(order, now)
        self._touched(account, now)
        return order

    def cancel(self, account: Account, order_id: str, now: datetime) -> SimOrder:
        """Cancel an open order. See `Venue.cancel`."""
        order = self._histories[account.account_id].order(order_id)
        if order.closed_at is not None:
            raise already_closed(self._closed_cancel_status)
        self._matching.withdraw(self._markets[order.market_id], order, CANCELLED, "cancelled_by_user", now)
        return order

    def cancel_all(self, account: Account, market: SimMarket | None, side: Side | None, now: datetime) -> int:
        """Cancel open orders. See `Venue.cancel_all`."""
        found = [
            order
            for order in self._histories[account.account_id].open.values()
            if (market is None or order.market_id == market.market_id) and (side is None or order.side is side)
        ]
        for order in found:
            self._matching.withdraw(self._markets[order.market_id], order, CANCELLED, "cancelled_by_user", now)
        return len(found)

    def free_units(self, account: Account, now: datetime) -> None:
        """Cancel the sells of an account, whose units are about to be swept."""
        for order in list(self._histories[account.account_id].open.values()):
            if order.side is SELL:
                self._matching.withdraw(self._markets[order.market_id], order, CANCELLED, "scheduled_sweep", now)

    def _expire(self, order: SimOrder, now: datetime) -> None:
        self._matching.withdraw(self._markets[order.market_id], order, EXPIRED, "end_of_day", now)
