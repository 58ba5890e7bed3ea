"""What hooks see of a back-test, made when they look: orders, fills, balances, prices and times."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from bot.backtest.history import History
from bot.backtest.moments import moment_of
from bot.backtest.orders import Resting
from bot.backtest.prices import Prices
from bot.backtest.stock import Stock
from bot.backtest.venue import Venue
from bot.domain.account import Cash, Units
from bot.domain.fill import Fill
from bot.domain.market import Ticker
from bot.domain.money import micros_of, usd_of
from bot.domain.order import Order, Side
from bot.strategy.snapshot import Consumption

NEWEST_FILLS = 50
"""How many fills a hook sees."""


class Views:
    """Makes them for one strategy instance on one market.

    Attributes:
        prices: the market's prices.
    """

    def __init__(self, history: History, strategy: str, venue: Venue, stock: Stock) -> None:
        self.prices = Prices(micros_of(history.market.tick))
        self._history = history
        self._market = history.market
        self._strategy = strategy
        self._venue = venue
        self._stock = stock

    def now(self) -> datetime:
        """When the newest candle closed."""
        return moment_of(int(self._history.end[self._venue.index]))

    def close(self) -> int:
        """The newest candle's close, micro-dollars."""
        return int(self._history.close[self._venue.index])

    def ticker(self) -> Ticker:
        """Prices at the newest candle's close."""
        model, close, now = self._venue.model, self.close(), self.now()
        return Ticker(
            market_id=self._market.market_id,
            at=now,
            bid=self.prices.of(model.bid(close)),
            ask=self.prices.of(model.ask(close)),
            last_price=self.prices.of(close),
            last_at=now,
        )

    def cash(self) -> Cash:
        """US dollars."""
        ledger = self._venue.ledger
        return Cash(usd_of(ledger.cash), usd_of(ledger.cash - ledger.locked), usd_of(ledger.locked))

    def position(self) -> Units:
        """Units in Trading."""
        ledger = self._venue.ledger
        free = ledger.units - ledger.locked_units
        return Units(self._market.instrument_id, ledger.units, free, ledger.locked_units)

    def consumption(self) -> Consumption:
        """Units in Consumption."""
        return self._stock.view()

    def orders(self) -> tuple[Order, ...]:
        """Resting orders, oldest first."""
        resting = sorted(self._venue.bids + self._venue.asks, key=lambda one: one.number)
        return tuple(self.order(one) for one in resting)

    def fills(self) -> tuple[Fill, ...]:
        """The newest fills, oldest first."""
        count = len(self._venue.fills)
        return tuple(self.fill(number) for number in range(max(0, count - NEWEST_FILLS), count))

    def order(self, resting: Resting) -> Order:
        """An order as it stands now."""
        return Order(
            client_order_id=resting.client_order_id,
            strategy=self._strategy,
            market_id=self._market.market_id,
            side=Side.BUY if resting.is_buy else Side.SELL,
            quantity=resting.quantity,
            price=self.prices.of(resting.price),
            created_at=moment_of(int(self._history.end[resting.placed])),
            updated_at=moment_of(int(self._history.end[resting.changed])),
            state=resting.state,
            order_id=str(resting.number),
            filled=resting.filled,
            filled_notional=usd_of(resting.notional),
            reason=resting.reason,
            post_only=resting.post_only,
        )

    def fill(self, number: int) -> Fill:
        """The run's fill of that number, counted from 0."""
        return fill_of(self._history, self.prices, number, self._venue.fills[number])


def fill_of(history: History, prices: Prices, number: int, row: Sequence[int]) -> Fill:
    """The fill that a row of whole numbers tells of. It is dated with the start of its candle."""
    index, order, is_buy, price, quantity, fee = row
    return Fill(
        trade_id=f"bt-fill-{number}",
        order_id=str(order),
        market_id=history.market.market_id,
        side=Side.BUY if is_buy else Side.SELL,
        price=prices.of(price),
        quantity=quantity,
        executed_at=moment_of(int(history.time[index])),
        fee=usd_of(fee),
    )
