"""Consistent snapshots of prices and holdings for hooks."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.domain.account import Holdings, Units
from bot.domain.book import Book
from bot.domain.market import Market, Ticker
from bot.domain.order import Order
from bot.domain.transfer import Transfer, VenueTransfer
from bot.engine.candle_feed import CandleFeed
from bot.engine.instance import Instance
from bot.engine.shown import Shown
from bot.engine.stock import StockMeter
from bot.engine.transit import Transit
from bot.execution.blotter import Blotter
from bot.portfolio.instances import InstanceBooks
from bot.ports import Clock, Exchange
from bot.risk.facts import Facts, MarketFacts
from bot.strategy.snapshot import MarketSnapshot

FRESH_FOR = timedelta(seconds=4)
"""How old holdings may be that are shared between hooks while nothing changes: to read them all is four of the 100
requests a minute. After every change of our own they are read anew."""

USED_FOR = timedelta(seconds=3)
"""How old Consumption may be while all is quiet; it changes with every inference call."""

PRICED_FOR = timedelta(seconds=2)
"""How old prices and books may be that were read, times the number of markets that are traded: 30 requests a minute."""

HELD_FOR = timedelta(seconds=10)
"""How old cash, Trading units and transfers may be while all is quiet: hardly anybody but us changes them."""

QUIET_AFTER = timedelta(seconds=30)
"""Time since our last order, fill or transfer from which on all is quiet: balances may follow what they tell late."""

HEARD_FOR = timedelta(seconds=20)
"""How old a price may be that the stream told: it tells of changes, so a price that it does not mention still holds,
but nobody promises that it tells of all."""

PENDING_SINCE = timedelta(hours=1)
"""How far back the exchange's transfer history is read for transfers that are still under way."""


@dataclass(frozen=True, slots=True)
class Account:
    """Our orders and holdings, such that no unit is missed.

    Orders are ours as they stood *before* the holdings were read, and holdings are read in the direction in which units
    flow: cash, Trading, transfers, Consumption. A unit that moves meanwhile shows twice for a moment, never not at all:
    a strategy may wait a little, and never buys twice. What is moved on by the exchange and shows nowhere for a while
    counts as under way (`Transit`).

    Attributes:
        at: when the reading of Consumption began.
        held_at: when the reading of the rest began; up to ten seconds earlier.
        version: the blotter's version then.
        orders: our live orders.
        held: units that strategy instances hold by their own doing, by instance and market id.
        holdings: cash, and units in Trading and Consumption.
        in_transfer: units on their way to Consumption, by instrument id: by our doing and by the exchange's own.
    """

    at: datetime
    held_at: datetime
    version: int
    orders: tuple[Order, ...]
    held: Mapping[tuple[str, str], int]
    holdings: Holdings
    in_transfer: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What a hook sees, and how old it is.

    Attributes:
        account: our orders and holdings.
        markets: the strategy's markets, by symbol.
        prices_at: when their prices were read or told, by symbol.
    """

    account: Account
    markets: Mapping[str, MarketSnapshot]
    prices_at: Mapping[str, datetime]


class Feed:
    """Reads the exchange for hooks, and reads as little as it can: what is fresh is shared.

    Args:
        exchange: what is read.
        blotter: our orders and transfers.
        clock: says what is fresh.
        markets: every market, by symbol.
        candles: reads candles; None: there are none to be seen.
        books: what instances have traded; None: they begin with nothing.
    """

    def __init__(
        self,
        exchange: Exchange,
        blotter: Blotter,
        clock: Clock,
        markets: Mapping[str, Market],
        *,
        candles: CandleFeed | None = None,
        books: InstanceBooks | None = None,
    ) -> None:
        self._exchange = exchange
        self._blotter = blotter
        self._clock = clock
        self._markets = markets
        self._account: Account | None = None
        self._changed_at = clock.now()
        self._tickers: dict[str, Ticker] = {}
        self._told_at: dict[str, datetime] = {}
        self._good_until: dict[str, datetime] = {}
        self._traded: set[str] = set()
        self._candles = candles or CandleFeed(exchange, clock, markets)
        self._instances = books or InstanceBooks(markets.values())
        self._depths: dict[str, tuple[datetime, int, Book]] = {}
        self._stock = StockMeter()
        self._transit = Transit(markets.values())
        self._shown = Shown()
        blotter.listen(self._transit.hear)
        self._reading = asyncio.Lock()
        self._listeners: list[Callable[[Ticker], None]] = []

    async def account(self) -> Account:
        """What we hold and what is under way. Raises `ExchangeError`."""
        async with self._reading:
            return await self._fresh_account()

    async def prepare(self, instance: Instance) -> None:
        """Read the candles that an instance wants to see. Raises `ExchangeError`."""
        if instance.resolutions:
            for symbol in instance.symbols:
                for resolution in instance.resolutions:
                    self._candles.want(symbol, resolution, instance.strategy.history)
            await self._candles.load()

    async def snapshot(self, instance: Instance) -> Snapshot:
        """The account, and the markets as a strategy instance sees them. Raises `ExchangeError`."""
        async with self._reading:
            account = await self._fresh_account()
            markets, prices_at = {}, {}
            for symbol in instance.symbols:
                market = self._markets[symbol]
                self._traded.add(symbol)
                ticker = await self._ticker(market)
                book = await self._book(market, instance.strategy.depth)
                markets[symbol] = self._view(instance, market, ticker, book, account)
                prices_at[symbol] = self._told_at[market.market_id]
            return Snapshot(account, markets, prices_at)

    def facts(self, seen: Snapshot, heard: int) -> Facts:
        """What the gate is told of a plan that was made on a snapshot; for `heard` see `Facts.heard`."""
        markets = {
            view.market.market_id: MarketFacts(view.market, view.ticker, seen.prices_at[symbol], view.position.total)
            for symbol, view in seen.markets.items()
        }
        return Facts(markets, seen.account.held_at, heard, self._blotter.orders)

    def take(self, ticker: Ticker) -> None:
        """Take in prices that the stream has told."""
        self._note(ticker.market_id, ticker, self._clock.now(), HEARD_FOR)
        self._tell(ticker)

    def listen(self, hear: Callable[[Ticker], None]) -> None:
        """Have all prices told that the stream tells or that are polled."""
        self._listeners.append(hear)

    async def poll(self, symbol: str) -> None:
        """Read a market's prices, however fresh those are that are known. Raises `ExchangeError`."""
        async with self._reading:
            market_id, now = self._markets[symbol].market_id, self._clock.now()
            ticker = await self._exchange.ticker(market_id)
            if self._told_at.get(market_id, now) > now:
                return  # the stream has told something newer meanwhile
            self._note(market_id, ticker, now, self._priced_for())
        self._tell(ticker)

    def forget_tickers(self) -> None:
        """Read prices anew: those of the stream may have changed while it was down."""
        self._tickers.clear()

    def _tell(self, ticker: Ticker) -> None:
        for hear in self._listeners:
            hear(ticker)

    async def _fresh_account(self) -> Account:
        account, now = self._account, self._clock.now()
        if account is None or account.version != self._blotter.version:
            self._changed_at = now
        else:
            is_quiet = now - self._changed_at > QUIET_AFTER
            if now - account.at <= (USED_FOR if is_quiet else FRESH_FOR):
                return account
            if is_quiet and now - account.held_at <= HELD_FOR:
                consumption = await self._consumption(now)
                self._account = replace(account, at=now, holdings=replace(account.holdings, consumption=consumption))
                return self._account
        self._account = await self._read_account()
        return self._account

    async def _read_account(self) -> Account:
        at = self._clock.now()
        version, orders, ours = self._blotter.version, self._blotter.orders, self._blotter.transfers
        held = self._instances.holdings()
        cash = await self._exchange.cash()
        trading = await self._exchange.trading_units()
        ours = (*ours, *self._blotter.transfers)  # one that was sent while Trading was read took its units from there
        shown = self._shown.merge(at, await self._exchange.transfers(since=at - PENDING_SINCE))
        consumption = await self._consumption(at)
        under_way = Counter(_in_transfer(ours, shown)) + Counter(self._transit.missing(at, trading, ours, shown))
        return Account(at, at, version, orders, held, Holdings(cash, trading, consumption), under_way)

    async def _consumption(self, at: datetime) -> dict[str, Units]:
        consumption = await self._exchange.consumption_units()
        self._stock.observe(at, consumption)
        return consumption

    async def _ticker(self, market: Market) -> Ticker:
        market_id, now = market.market_id, self._clock.now()
        if market_id not in self._tickers or now > self._good_until[market_id]:
            ticker = await self._exchange.ticker(market_id)
            self._note(market_id, ticker, now, self._priced_for())
        return self._tickers[market_id]

    async def _book(self, market: Market, depth: int) -> Book | None:
        """The best levels, as many as are wanted."""
        if not depth:
            return None
        now = self._clock.now()
        known = self._depths.get(market.market_id)
        if known is None or known[1] < depth or now - known[0] > self._priced_for():
            known = (now, depth, await self._exchange.book(market.market_id, depth))
            self._depths[market.market_id] = known
        book = known[2]
        return replace(book, bids=book.bids[:depth], asks=book.asks[:depth])

    def _priced_for(self) -> timedelta:
        return PRICED_FOR * max(1, len(self._traded))

    def _note(self, market_id: str, ticker: Ticker, at: datetime, good_for: timedelta) -> None:
        self._tickers[market_id] = ticker
        self._told_at[market_id] = at
        self._good_until[market_id] = at + good_for

    def _view(
        self, instance: Instance, market: Market, ticker: Ticker, book: Book | None, account: Account
    ) -> MarketSnapshot:
        name, instrument_id, market_id = instance.name, market.instrument_id, market.market_id
        stock = account.holdings.consumption.get(instrument_id, Units(instrument_id))
        in_transfer = account.in_transfer.get(instrument_id, 0)
        orders = [order for order in account.orders if order.market_id == market_id]
        return MarketSnapshot(
            market=market,
            ticker=ticker,
            position=account.holdings.trading.get(instrument_id, Units(instrument_id)),
            consumption=self._stock.consumption(instrument_id, stock.available, in_transfer),
            orders=tuple(order for order in orders if order.strategy == name),
            others=tuple(order for order in orders if order.strategy != name),
            holding=account.held.get((name, market_id), 0),
            fills=self._instances.fills(name, market_id),
            book=book,
            candles={str(one): self._candles.candles(market.symbol, one) for one in instance.resolutions},
        )


def _in_transfer(ours: Iterable[Transfer], shown: Iterable[VenueTransfer]) -> dict[str, int]:
    """Units under way by instrument id, each transfer counted once."""
    moving = {transfer.transfer_id or transfer.key: (transfer.instrument_id, transfer.quantity) for transfer in ours}
    for one in shown:
        if one.status == "pending" and one.instrument_id is not None:
            moving[one.transfer_id] = (one.instrument_id, one.quantity or 0)
    total: Counter[str] = Counter()
    for instrument_id, units in moving.values():
        total[instrument_id] += units
    return dict(total)
