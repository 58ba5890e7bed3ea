"""Closed candles for all strategy instances, as they come."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import TypeAlias

import structlog

from bot.domain.candle import Resolution
from bot.domain.market import Market
from bot.domain.span import span_end
from bot.engine.allowance import Allowance
from bot.engine.candle_line import GRACE, CandleLine
from bot.errors import ExchangeError
from bot.ports import Clock, Exchange
from bot.strategy.candles import Candles

log = structlog.stdlib.get_logger("candles")

FIRST_LOOK = GRACE + timedelta(milliseconds=10)
"""Time from a close to the first look; longer than the grace, for a timer may come a moment early."""

SPACING = 0.25
"""Seconds between two requests: at a full hour most candles close at once."""

AGAIN_AFTER = (2.0, 5.0)
"""Seconds after which a candle that does not show is asked for again, the first and the second time."""

AGAIN_A_MINUTE = 10
"""How often in a minute candles are asked for again, all together: most that do not show never will, for nothing was
traded, and the exchange allows 100 requests a minute for everything."""

Hear: TypeAlias = Callable[[str, Resolution, datetime], None]
"""Told of a candle that was taken: its market's symbol, its resolution, and when it closed (UTC)."""


class CandleFeed:
    """Reads each wanted pair of market and resolution once for all instances, soon after every close.

    A span in which nothing was traded may have no candle at the exchange; none is made up, and nobody is told of it.
    What cannot be read does not end anything: it is read later, with all that closed meanwhile.

    Args:
        exchange: has the candles.
        clock: says what has closed.
        markets: every market, by symbol.
    """

    def __init__(self, exchange: Exchange, clock: Clock, markets: Mapping[str, Market]) -> None:
        self._exchange = exchange
        self._clock = clock
        self._markets = markets
        self._lines: dict[tuple[str, Resolution], CandleLine] = {}
        self._listeners: list[Hear] = []
        self._loaded = asyncio.Event()
        self._turns = Allowance(1, SPACING, clock)
        self._asked_again: deque[datetime] = deque(maxlen=AGAIN_A_MINUTE)

    def want(self, symbol: str, resolution: Resolution, history: int) -> None:
        """Ask for a pair, and for so many closed candles of it; of several wishes the longest history holds.

        `load` has to follow. Wishes may come at any time, also while `run` runs.
        """
        line = self._lines.setdefault(
            (symbol, resolution), CandleLine(self._exchange, self._markets[symbol], resolution)
        )
        line.wanted = max(line.wanted, history)

    def candles(self, symbol: str, resolution: Resolution) -> Candles:
        """The closed candles of a pair that was asked for. To be asked for at every look: `load` may make others."""
        return self._lines[symbol, resolution].candles

    def listen(self, hear: Hear) -> None:
        """Have every candle told after it was taken, but for those of `load`."""
        self._listeners.append(hear)

    async def load(self) -> None:
        """Read the history that is wanted and was not loaded before; after a failure it may be called again.

        Raises:
            ExchangeError: it could not be read.
        """
        for line in list(self._lines.values()):
            if line.lacks_history:
                await self._clock.sleep(self._turns.take())
                await line.load(self._clock.now())
                self._loaded.set()

    async def run(self) -> None:
        """Read on after every close what was loaded, until cancelled."""
        followed: set[CandleLine] = set()
        async with asyncio.TaskGroup() as tasks:
            while True:
                self._loaded.clear()
                for line in self._lines.values():
                    if line.is_loaded and line not in followed:
                        followed.add(line)
                        tasks.create_task(self._follow(line))
                await self._loaded.wait()

    async def _follow(self, line: CandleLine) -> None:
        notes, is_readable = log.bind(market=line.market.symbol, resolution=str(line.resolution)), True
        while True:
            await self._until(line.due + FIRST_LOOK)
            try:
                await self._look(line)
            except ExchangeError as error:
                if is_readable:
                    notes.warning("candles cannot be read; trying again every minute", why=str(error))
                is_readable = False
                await self._until(span_end(Resolution.M1, self._clock.now()) + FIRST_LOOK)
            else:
                if not is_readable:
                    notes.info("candles are read again")
                is_readable = True

    async def _look(self, line: CandleLine) -> None:
        """Take what has closed; what does not show yet is asked for again, for a while."""
        closed_at = line.due
        await self._take(line)
        for pause in AGAIN_AFTER:
            if line.shown_until >= closed_at or not self._may_ask_again():
                return
            await self._clock.sleep(pause)
            await self._take(line)

    async def _take(self, line: CandleLine) -> None:
        await self._clock.sleep(self._turns.take())
        for closed_at in await line.read(self._clock.now()):
            for hear in self._listeners:
                hear(line.market.symbol, line.resolution, closed_at)

    def _may_ask_again(self) -> bool:
        now = self._clock.now()
        if len(self._asked_again) == AGAIN_A_MINUTE and now - self._asked_again[0] < timedelta(minutes=1):
            return False
        self._asked_again.append(now)
        return True

    async def _until(self, at: datetime) -> None:
        await self._clock.sleep(max(0.0, (at - self._clock.now()).total_seconds()))
