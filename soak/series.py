"""One bot after the other, each killed and looked after."""

from __future__ import annotations

import asyncio
import random
import signal
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from bot.clock import SystemClock
from soak.audit import Shown, at_rest, troubles, unknown
from soak.figures import AT_RANDOM, AT_START, Figures
from soak.points import FOLLOWS, PASSED_OFTEN, POINTS
from soak.process import LOOK_SECONDS, Late, Process
from soak.scene import RECONCILE_SECONDS, Scene

RECONCILED = "started"
"""The event that a bot logs once its journal agrees with the exchange."""

OVERLAP = timedelta(seconds=5)

RANDOM_SECONDS = 2.0
"""How long a bot that is killed at random lives at most once it has reconciled."""

TRADE_SECONDS = 2.5 * RECONCILE_SECONDS
"""How long the one that is not killed trades: time for it to compare everything twice."""

POINT_SECONDS = 20.0
"""How long a bot may take to come by a named point once it has reconciled."""

REST_SECONDS = 30.0
"""How long all that is under way may take to come to its end."""

LONGEST_ON_THE_WAY = 0.006
"""Seconds that a request has been on its way at most when its sender dies: about as long as an answer takes."""


def places(kills: int, rng: random.Random) -> list[str]:
    """Where so many bots are to be killed: half at the points, each in turn, half at random and in their starts."""
    pairs = [(FOLLOWS[point], point) if point in FOLLOWS else (point,) for point in POINTS]
    chosen: list[str] = []
    while len(chosen) < kills:
        rng.shuffle(pairs)
        for pair in pairs:
            chosen += [*pair, *(AT_START if rng.random() < 0.2 else AT_RANDOM for _ in pair)]
    return chosen[:kills]


class Series:
    """Kills bots in one scene.

    Args:
        scene: where.
        rng: chooses moments.
        within: how many seconds a bot may take to reconcile, the start of its process included.
    """

    def __init__(self, scene: Scene, rng: random.Random, *, within: float = RECONCILE_SECONDS) -> None:
        self.figures = Figures()
        self._scene = scene
        self._rng = rng
        self._within = within
        self._clock = SystemClock()
        self._seen_until: datetime | None = None
        self._number = 0

    async def run(self, chosen: Sequence[str], *, trade: float = TRADE_SECONDS) -> Figures:
        """Kill a bot at each of the places, let one trade for so many seconds and end well, and compare everything."""
        start = await self._scene.shown()
        for place in chosen:
            await self._kill_one(place)
        await self._stop_one(trade)
        return await self.end(start)

    async def end(self, start: Shown) -> Figures:
        """Let everything come to its end, and compare it with what the exchange showed at first."""
        await self._let_all_end()
        end, journal = await self._scene.shown(), await self._scene.journal()
        self._blame(at_rest(start, end, journal, self._scene.traded))
        figures = self.figures
        figures.orders, figures.fills, figures.transfers = len(end.orders), len(end.fills), len(end.transfers)
        return figures

    async def _kill_one(self, place: str) -> None:
        before = await self._read_exchange()
        with self._bot(place) as bot:
            died_at = await self._live_and_die(bot, place, before)
            bot.kill()
        self.figures.killed[died_at] += 1
        if bot.status != -signal.SIGKILL:
            self._blame([f"the bot ended by itself, with {bot.status}: {bot.last_words()}"])
        self._look_for_bugs(bot)

    async def _live_and_die(self, bot: Process, place: str, before: tuple[datetime, Shown]) -> str:
        """Watch a bot until it dies, or is to be killed; where."""
        if place == AT_START:
            usual = self.figures.recoveries[-1] if self.figures.recoveries else 1.0
            await asyncio.sleep(self._rng.uniform(0.4, 1.0) * usual)
            return place
        await self._recover(bot, before)
        if place == AT_RANDOM:
            await asyncio.sleep(self._rng.uniform(0, RANDOM_SECONDS))
            return place
        try:
            await bot.ended(within=bot.seconds + POINT_SECONDS)
        except Late:
            self.figures.missed[place] += 1
            return AT_RANDOM
        return place

    async def _recover(self, bot: Process, before: tuple[datetime, Shown]) -> None:
        """See that a bot reconciles in time, unless it dies first."""
        try:
            if await bot.until(RECONCILED, within=self._within):
                await self._has_recovered(bot, before)
        except Late as late:
            self._blame([str(late)])

    async def _has_recovered(self, bot: Process, before: tuple[datetime, Shown]) -> None:
        """All that the exchange showed before the bot was started must be in its journal by now."""
        self.figures.recoveries.append(bot.seconds)
        read_at, shown = before
        journal = await self._scene.journal()
        self._blame(unknown(shown, journal))
        self._blame(troubles(journal))
        self._seen_until = read_at

    async def _stop_one(self, trade: float) -> None:
        """A bot that trades, and is told to stop, leaves nothing on the book."""
        before = await self._read_exchange()
        with self._bot() as bot:
            await self._recover(bot, before)
            await asyncio.sleep(trade)
            await self._stop(bot)
        left = await self._scene.client.orders(open_only=True)
        self._blame(f"order {order.client_order_id} rests after a clean stop" for order in left)

    async def _let_all_end(self) -> None:
        """A bot that wants nothing settles what is still under way."""
        before = await self._read_exchange()
        with self._bot(config="quiet.yaml") as bot:
            await self._recover(bot, before)
            last = bot.seconds + REST_SECONDS
            while bot.status is None and bot.seconds < last:
                if not (await self._scene.store.live_orders() or await self._scene.store.open_transfers()):
                    break
                await asyncio.sleep(10 * LOOK_SECONDS)
            await self._stop(bot)

    async def _stop(self, bot: Process) -> None:
        bot.send(signal.SIGTERM)
        try:
            status = await bot.ended(within=bot.seconds + REST_SECONDS)
        except Late as late:
            self._blame([str(late)])
        else:
            if status != 0:
                self._blame([f"a clean stop ended with {status}: {bot.last_words()}"])
        self._look_for_bugs(bot)

    async def _read_exchange(self) -> tuple[datetime, Shown]:
        """What the exchange shows that no bot has been checked for, and when."""
        now = self._clock.now()
        since = None if self._seen_until is None else self._seen_until - OVERLAP
        return now, await self._scene.shown(since)

    def _bot(self, place: str = AT_RANDOM, *, config: str = "busy.yaml") -> Process:
        self._number += 1
        self.figures.restarts += 1
        trap: tuple[str, ...] = ()
        if place in POINTS:
            passage = self._rng.randint(1, 3) if place in PASSED_OFTEN else 1
            seconds = self._rng.uniform(0, LONGEST_ON_THE_WAY)
            trap = ("--at", place, "--passage", str(passage), "--seconds", f"{seconds:.6f}")
        return self._scene.bot(f"bot-{self._number}.log", config=config, trap=trap)

    def _look_for_bugs(self, bot: Process) -> None:
        if "Traceback" in bot.text:
            self._blame([f"there is a traceback in {bot.log.name}: {bot.last_words()}"])

    def _blame(self, found: Iterable[str]) -> None:
        for violation in found:
            self.figures.violations.setdefault(violation, f"bot {self._number}")
