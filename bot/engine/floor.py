"""Strategy instances with all that they hear and see."""

from __future__ import annotations

from collections.abc import Coroutine, Mapping, Sequence
from typing import Any

from bot.domain.market import Market
from bot.engine.book_watch import BookWatch
from bot.engine.candle_feed import CandleFeed
from bot.engine.feed import Feed
from bot.engine.guard import Guard
from bot.engine.instance import Instance
from bot.engine.lag import LagMeter
from bot.engine.listener import Listener
from bot.engine.runner import Runner
from bot.execution.blotter import Blotter
from bot.execution.desk import Desk
from bot.portfolio.instances import NEWEST_FILLS, InstanceBooks
from bot.ports import Clock, Exchange, MarketStream, Store
from bot.ports.inference import Inference
from bot.risk.gate import Gate
from bot.risk.spend import DAY


class Floor:
    """Puts together what depends on the markets: prices, candles and books, and the runners that are told of them.

    Args:
        instances: the strategies.
        markets: every market, by symbol.
        exchange: what is read.
        stream: tells of changes; None: the exchange is polled.
        blotter: our orders and transfers.
        desk: does what strategies want.
        gate: says what of it may be done.
        store: the journal.
        clock: tells the time.
        guard: bounds the time of hooks.
        lag: is told how late hooks are called.
        failures: so many failed calls of one hook in a row pause an instance.
        inference: models for hooks to ask; None: there are none.

    Attributes:
        feed: what hooks see.
        listener: hears the stream.
        runners: call the hooks, one for each instance.
    """

    def __init__(
        self,
        instances: Sequence[Instance],
        markets: Mapping[str, Market],
        *,
        exchange: Exchange,
        stream: MarketStream | None,
        blotter: Blotter,
        desk: Desk,
        gate: Gate,
        store: Store,
        clock: Clock,
        guard: Guard,
        lag: LagMeter,
        failures: int,
        inference: Inference | None,
    ) -> None:
        self._instances = instances
        self._blotter = blotter
        self._gate = gate
        self._store = store
        self._clock = clock
        self._books = InstanceBooks(markets.values())
        self._candles = CandleFeed(exchange, clock, markets)
        self.feed = Feed(exchange, blotter, clock, markets, candles=self._candles, books=self._books)
        traded = sorted({symbol for one in instances for symbol in one.symbols})
        market_ids = [markets[symbol].market_id for symbol in traded]
        self.listener = Listener(stream, market_ids, self.feed, blotter, clock)
        self._watch = BookWatch(self.feed, self.listener, clock, [markets[symbol] for symbol in traded], self._watched)
        self.runners = [
            Runner(
                instance,
                feed=self.feed,
                desk=desk,
                gate=gate,
                store=store,
                clock=clock,
                guard=guard,
                lag=lag,
                failures=failures,
                inference=inference,
            )
            for instance in instances
        ]
        for runner in self.runners:
            blotter.listen(runner.hear)
            self._watch.listen(runner.prices_changed)
            self._candles.listen(runner.candle_closed)

    async def load(self) -> None:
        """Take in what was traded before, and from now on hear of what is."""
        newest = await self._store.newest_fills(NEWEST_FILLS)
        self._books.load(await self._store.traded(), await self._store.moved(), self._blotter.transfers, newest)
        self._gate.load(await self._store.fills_since(self._clock.now() - DAY))
        self._blotter.listen(self._books.hear)
        self._blotter.listen_to_transfers(self._books.hear_transfer)
        self._blotter.listen(self._gate.hear)

    async def prepare(self) -> None:
        """Read the candles that strategies see. Raises `ExchangeError`; what was read by then is kept."""
        for instance in self._instances:
            await self.feed.prepare(instance)

    def _watched(self) -> set[str]:
        """The symbols of markets whose prices an instance wants to be told of, as its strategy is now."""
        instances = [runner.instance for runner in self.runners]
        return {symbol for one in instances if one.strategy.overrides("on_book") for symbol in one.symbols}

    def reading(self) -> list[Coroutine[Any, Any, None]]:
        """What is to run, until cancelled, so that everything is heard of."""
        return [self.listener.run(), self._candles.run(), self._watch.run()]
