"""Listens to the exchange's stream, where it is served, so that the engine need not poll."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import structlog

from bot.domain.stream import OrderUpdate, StreamDown, StreamEvent, StreamUp, TickerUpdate
from bot.engine.feed import Feed
from bot.errors import NotFound
from bot.execution.blotter import Blotter
from bot.ports import Clock, MarketStream

log = structlog.stdlib.get_logger("listener")


class Source(StrEnum):
    """Where the engine learns from that something has changed."""

    STREAM = "stream"
    POLLING = "polling"


@dataclass(frozen=True, slots=True)
class Status:
    """Where the engine learns from that something has changed, since when (UTC), and why it is not the stream."""

    source: Source
    since: datetime
    why: str = ""


class Listener:
    """Tells the engine when to look, and the feed what prices are.

    The stream is a bell, not a ledger: what became of orders is read from the exchange by request, at once after every
    event and after every reconnect, so that nothing depends on an event having arrived.

    Args:
        stream: None where there is none to listen to.
        market_ids: whose prices to hear of.
        feed: gets the tickers.
        blotter: its `changed` is set when there is something to look at.
        clock: stamps the status.
    """

    def __init__(
        self,
        stream: MarketStream | None,
        market_ids: Sequence[str],
        feed: Feed,
        blotter: Blotter,
        clock: Clock,
    ) -> None:
        self._stream = stream
        self._market_ids = market_ids
        self._feed = feed
        self._blotter = blotter
        self._clock = clock
        self.status = Status(
            Source.POLLING, clock.now(), "not connected yet" if stream else "the stream is switched off"
        )

    @property
    def streams(self) -> bool:
        """Whether the stream is up."""
        return self.status.source is Source.STREAM

    async def run(self) -> None:
        """Listen until cancelled; returns when there is no stream."""
        if self._stream is None:
            log.info("polling", why=self.status.why)
            return
        try:
            async with self._stream.open(self._market_ids) as events:
                async for event in events:
                    self._take(event)
        except NotFound:
            self._become(Source.POLLING, "the exchange serves no stream")

    def _take(self, event: StreamEvent) -> None:
        match event:
            case StreamUp():
                self._feed.forget_tickers()
                self._become(Source.STREAM)
            case StreamDown(why=why):
                self._become(Source.POLLING, why)
            case OrderUpdate():
                self._blotter.changed.set()
            case TickerUpdate(ticker=ticker):
                self._feed.take(ticker)

    def _become(self, source: Source, why: str = "") -> None:
        self._blotter.changed.set()
        if source is self.status.source and why == self.status.why:
            return
        self.status = Status(source, self._clock.now(), why)
        if source is Source.STREAM:
            log.info("listening to the stream")
        else:
            log.warning("polling", why=why)
