"""Consistent snapshots of prices and holdings for hooks."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.domain.account import Holdings, Units
from bot.domain.market import Market, Ticker
from bot.domain.order import Order
from bot.domain.transfer import Transfer, VenueTransfer
from bot.engine.shown import Shown
from bot.engine.transit import Transit
from bot.execution.blotter import Blotter
from bot.ports import Clock, Exchange
from bot.risk.facts import Facts, MarketFacts
from bot.strategy.context import Consumption, MarketSnapshot
from bot.treasury.burn import BurnMeter

FRESH_FOR = timedelta(seconds=1)
"""How old prices and holdings may be when they are shared between hooks."""

HELD_FOR = timedelta(seconds=10)
"""How old cash, Trading units and transfers may be while all is quiet: to read them is three of the 100 requests a
minute, and hardly anybody but us changes them. Consumption changes with every inference call."""

QUIET_AFTER = timedelta(seconds=30)
"""Time since our last order, fill or transfer from which on all is quiet: balances may follow what they tell late."""

HEARD_FOR = timedelta(seconds=10)
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
        holdings: cash, and units in Trading and Consumption.
        in_transfer: units on their way to Consumption, by instrument id: by our doing and by the exchange's own.
    """

    at: datetime
    held_at: datetime
    version: int
    orders: tuple[Order, ...]
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
    """Reads the exchange for hooks, and reads as little as it can: what is fresh is shared."""

    def __init__(self, exchange: Exchange, blotter: Blotter, clock: Clock, markets: Mapping[str, Market]) -> None:
        self._exchange = exchange
        self._blotter = blotter
        self._clock = clock
        self._markets = markets
        self._account: Account | None = None
        self._changed_at = clock.now()
        self._tickers: dict[str, Ticker] = {}
        self._told_at: dict[str, datetime] = {}
        self._good_until: dict[str, datetime] = {}
        self._burn: dict[str, BurnMeter] = {}
        self._transit = Transit(markets.values())
        self._shown = Shown()
        blotter.listen(self._transit.hear)
        self._reading = asyncio.Lock()

    async def account(self) -> Account:
        """What we hold and what is under way. Raises `ExchangeError`."""
        async with self._reading:
            return await self._fresh_account()

    async def snapshot(self, strategy: str, symbols: Sequence[str]) -> Snapshot:
        """The account, and the markets as the strategy instance of that name sees them. Raises `ExchangeError`."""
        async with self._reading:
            account = await self._fresh_account()
            markets, prices_at = {}, {}
            for symbol in symbols:
                market = self._markets[symbol]
                markets[symbol] = self._view(strategy, market, await self._ticker(market), account)
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

    def forget_tickers(self) -> None:
        """Read prices anew: those of the stream may have changed while it was down."""
        self._tickers.clear()

    async def _fresh_account(self) -> Account:
        account, now = self._account, self._clock.now()
        if account is None or account.version != self._blotter.version:
            self._changed_at = now
        elif now - account.at <= FRESH_FOR:
            return account
        elif now - self._changed_at > QUIET_AFTER and now - account.held_at <= HELD_FOR:
            consumption = await self._consumption(now)
            self._account = replace(account, at=now, holdings=replace(account.holdings, consumption=consumption))
            return self._account
        self._account = await self._read_account()
        return self._account

    async def _read_account(self) -> Account:
        at = self._clock.now()
        version, orders, ours = self._blotter.version, self._blotter.orders, self._blotter.transfers
        cash = await self._exchange.cash()
        trading = await self._exchange.trading_units()
        ours = (*ours, *self._blotter.transfers)  # one that was sent while Trading was read took its units from there
        shown = self._shown.merge(at, await self._exchange.transfers(since=at - PENDING_SINCE))
        consumption = await self._consumption(at)
        under_way = Counter(_in_transfer(ours, shown)) + Counter(self._transit.missing(at, trading, ours, shown))
        return Account(at, at, version, orders, Holdings(cash, trading, consumption), under_way)

    async def _consumption(self, at: datetime) -> dict[str, Units]:
        consumption = await self._exchange.consumption_units()
        for instrument_id, units in consumption.items():
            self._burn.setdefault(instrument_id, BurnMeter()).observe(at, units.available)
        return consumption

    async def _ticker(self, market: Market) -> Ticker:
        market_id, now = market.market_id, self._clock.now()
        if market_id not in self._tickers or now > self._good_until[market_id]:
            self._note(market_id, await self._exchange.ticker(market_id), now, FRESH_FOR)
        return self._tickers[market_id]

    def _note(self, market_id: str, ticker: Ticker, at: datetime, good_for: timedelta) -> None:
        self._tickers[market_id] = ticker
        self._told_at[market_id] = at
        self._good_until[market_id] = at + good_for

    def _view(self, strategy: str, market: Market, ticker: Ticker, account: Account) -> MarketSnapshot:
        instrument = market.instrument_id
        stock = account.holdings.consumption.get(instrument, Units(instrument))
        meter = self._burn.get(instrument)
        orders = [order for order in account.orders if order.market_id == market.market_id]
        return MarketSnapshot(
            market=market,
            ticker=ticker,
            position=account.holdings.trading.get(instrument, Units(instrument)),
            consumption=Consumption(
                units=stock.available,
                in_transfer=account.in_transfer.get(instrument, 0),
                burn_per_hour=meter.units_per_hour if meter else None,
            ),
            orders=tuple(order for order in orders if order.strategy == strategy),
            others=tuple(order for order in orders if order.strategy != strategy),
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
