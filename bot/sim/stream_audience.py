"""Who follows which stream, and what they are told."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol, TypeAlias

from bot.sim.market import SimMarket
from bot.sim.orders import SimOrder, SimTrade
from bot.sim.stream_frames import MARKET_TICKER, MARKET_TRADES, USER_ORDERS, push
from bot.sim.stream_views import order_event, ticker_event, trade_event
from bot.sim.venue import Venue

Topic: TypeAlias = tuple[str, str]
"""One stream: its name, and the id of the account or of the market that it tells of."""

_Quotes: TypeAlias = tuple[int | None, int | None, int | None]


class Follower(Protocol):
    """Somebody who follows streams."""

    def tell(self, frame: str, key: str | None = None) -> None:
        """Take in a frame; it replaces one that was told under the same key and has not gone out yet."""
        ...


class Audience:
    """Tells followers what happens on the books, in the order in which it happens.

    An order's owner hears `new_order` when it is taken in, and `order_update` after each of its trades and when it
    closes. Of a trade everybody hears `new_trade` before the updates of its two orders, and `update_trade`, which
    says that it is settled, after them. `market_ticker` is told when the best or last prices have changed.

    It listens to the exchange only while somebody follows something: most of what happens there is nobody's business.
    """

    def __init__(self, venue: Venue) -> None:
        self._venue = venue
        self._followers: dict[Topic, dict[Follower, None]] = {}
        self._quotes: dict[str, _Quotes] = {}

    def follow(self, topic: Topic, follower: Follower) -> None:
        """Tell somebody of a topic, from now on."""
        if not self._followers:
            self._venue.listen(self)
        name, of = topic
        self._followers.setdefault(topic, {})[follower] = None
        if name == MARKET_TICKER:
            self._quotes[of] = _quotes(self._venue.markets[of])

    def leave(self, topic: Topic, follower: Follower) -> None:
        """Do not tell somebody of a topic any more."""
        followers = self._followers.get(topic)
        if followers is None:
            return
        followers.pop(follower, None)
        if not followers:
            del self._followers[topic]
            if not self._followers:
                self._venue.unlisten(self)

    def placed(self, order: SimOrder) -> None:
        """Tell the owner of a new order."""
        self._tell_owner("new_order", order)

    def changed(self, order: SimOrder) -> None:
        """Tell the owner of what became of an order."""
        self._tell_owner("order_update", order)

    def traded(self, trade: SimTrade, maker: SimOrder, taker: SimOrder) -> None:
        """Tell everybody of a trade, and the owners of what it did to their orders."""
        followers = self._followers.get((MARKET_TRADES, trade.market_id))
        if followers:
            _tell(followers, push("new_trade", trade_event(trade)))
        self._tell_owner("order_update", maker)
        self._tell_owner("order_update", taker)
        if followers:
            _tell(followers, push("update_trade", trade_event(trade)))

    def quoted(self, market: SimMarket) -> None:
        """Tell everybody of new best or last prices."""
        followers = self._followers.get((MARKET_TICKER, market.market_id))
        if not followers:
            return
        quotes = _quotes(market)
        if quotes != self._quotes[market.market_id]:
            self._quotes[market.market_id] = quotes
            _tell(followers, push("market_ticker", ticker_event(market, self._venue.now)), key=market.market_id)

    def _tell_owner(self, event: str, order: SimOrder) -> None:
        followers = self._followers.get((USER_ORDERS, order.account.account_id))
        if followers:
            _tell(followers, push(event, order_event(order)))


def _tell(followers: Iterable[Follower], frame: str, key: str | None = None) -> None:
    for follower in list(followers):  # one that is too slow leaves when it is told
        follower.tell(frame, key)


def _quotes(market: SimMarket) -> _Quotes:
    last = market.trades.last
    return market.book.bids.best_price, market.book.asks.best_price, last.price if last else None
