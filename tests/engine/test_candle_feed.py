"""Closed candles as they come, in virtual time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import cast

import pytest
from structlog.testing import capture_logs

from bot.clock import VirtualClock, run_virtual
from bot.domain.candle import Candle, Resolution
from bot.domain.market import Market
from bot.domain.order import NewOrder, Side
from bot.domain.span import span_end
from bot.engine.candle_feed import AGAIN_A_MINUTE, AGAIN_AFTER, SPACING, CandleFeed
from bot.engine.candle_line import MOST_STEPS_BACK
from bot.errors import ExchangeError, ExchangeUnavailable
from bot.ports import Clock, Exchange
from bot.storage import open_store
from tests.world import a_world

NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
M1, H1 = Resolution.M1, Resolution.H1


def a_candle(start: datetime, close: str = "1") -> Candle:
    price = Decimal(close)
    return Candle(start, price, price, price, price, 1)


@dataclass
class Shelf:
    """An exchange that has the candles that a test puts there, of any market and resolution, once they show."""

    clock: Clock
    rows: list[tuple[Candle, datetime]] = field(default_factory=list)
    asked: list[tuple[datetime, str, Resolution]] = field(default_factory=list)
    is_down: bool = False
    answers_after: float = 0.0

    def put(self, start: datetime, close: str = "1", *, shows_at: datetime | None = None) -> None:
        self.rows.append((a_candle(start, close), shows_at or start))

    def put_minutes(self, *minutes: int) -> None:
        """Candles that begin so many minutes from noon."""
        for minute in minutes:
            self.put(NOON + minute * MINUTE, str(abs(minute) + 1))

    async def candles(
        self, market_id: str, resolution: Resolution, *, start: datetime | None = None, end: datetime | None = None
    ) -> list[Candle]:
        now = self.clock.now()
        self.asked.append((now, market_id, resolution))
        if self.is_down:
            raise ExchangeUnavailable("down for maintenance", status=503)
        shown = {
            candle.start: candle
            for candle, shows_at in self.rows
            if shows_at <= now and (start is None or candle.start >= start) and (end is None or candle.start < end)
        }
        await self.clock.sleep(self.answers_after)
        return [shown[start] for start in sorted(shown)]


class Scene:
    """A feed of some markets on a shelf, and what it has told."""

    def __init__(self, clock: VirtualClock, symbols: int = 1) -> None:
        self.clock = clock
        self.shelf = Shelf(clock)
        self.markets = {f"s{n}": Market(f"m{n}", f"i{n}", f"s{n}", Decimal("0.01")) for n in range(symbols)}
        self.feed = CandleFeed(cast("Exchange", self.shelf), clock, self.markets)
        self.told: list[tuple[str, Resolution, datetime]] = []
        self.told_at: list[datetime] = []
        self.feed.listen(self._hear)

    def _hear(self, symbol: str, resolution: Resolution, closed_at: datetime) -> None:
        assert span_end(resolution, self.feed.candles(symbol, resolution).starts_at()) >= closed_at
        self.told.append((symbol, resolution, closed_at))
        self.told_at.append(self.clock.now())

    @property
    def minutes(self) -> list[float]:
        """When the candles closed that were told, in minutes from noon."""
        return [(closed_at - NOON) / MINUTE for _, _, closed_at in self.told]

    def starts(self, symbol: str = "s0", resolution: Resolution = M1) -> list[float]:
        """When the candles began that are there, in minutes from noon."""
        candles = self.feed.candles(symbol, resolution)
        return [(candles.starts_at(place) - NOON) / MINUTE for place in range(len(candles))]

    async def live(self, *, seconds: float) -> None:
        """Let the feed run for a while."""
        running = asyncio.create_task(self.feed.run())
        await self.clock.sleep(seconds)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running


def play(story: Callable[[Scene], Awaitable[None]], *, start: datetime = NOON, symbols: int = 1) -> Scene:
    async def main(clock: VirtualClock) -> Scene:
        scene = Scene(clock, symbols)
        await story(scene)
        return scene

    return run_virtual(main, start + timedelta(seconds=30))


def test_each_candle_is_told_once_soon_after_its_close() -> None:
    async def story(scene: Scene) -> None:
        scene.shelf.put_minutes(-2, -1, 0, 1, 2, 3)
        scene.feed.want("s0", M1, 10)
        await scene.feed.load()
        assert scene.starts() == [-2, -1]
        await scene.live(seconds=170)  # to 12:03:20

    scene = play(story)
    assert scene.minutes == [1, 2, 3]
    assert scene.starts() == [-2, -1, 0, 1, 2]
    assert all(
        at - closed_at < timedelta(seconds=2) for at, (_, _, closed_at) in zip(scene.told_at, scene.told, strict=True)
    )


def test_every_pair_takes_one_request_a_close_however_many_want_it() -> None:
    async def story(scene: Scene) -> None:
        scene.shelf.put_minutes(*range(-3, 10))
        for history in (5, 20, 10):
            scene.feed.want("s0", M1, history)
        await scene.feed.load()
        scene.shelf.asked.clear()
        await scene.live(seconds=300)

    assert len(play(story).shelf.asked) == 5


def test_the_longest_history_that_is_wanted_is_read() -> None:
    async def story(scene: Scene) -> None:
        scene.shelf.put_minutes(*range(-50, 1))
        for history in (5, 20, 10):
            scene.feed.want("s0", M1, history)
        await scene.feed.load()

    scene = play(story)
    assert scene.starts() == list(range(-20, 0))
    assert len(scene.shelf.asked) == 1


def test_what_closes_at_the_same_time_is_asked_for_one_after_the_other() -> None:
    async def story(scene: Scene) -> None:
        scene.shelf.put_minutes(*range(10))
        for symbol in scene.markets:
            scene.feed.want(symbol, M1, 5)
        await scene.feed.load()
        scene.shelf.asked.clear()
        await scene.live(seconds=60)

    scene = play(story, symbols=9)
    moments = [at for at, _, _ in scene.shelf.asked]
    assert len(moments) == 9
    assert all(later - at >= timedelta(seconds=SPACING) for at, later in pairwise(moments))
    assert moments[-1] - NOON < timedelta(minutes=1, seconds=4)


def test_of_a_minute_without_a_candle_nothing_is_told() -> None:
    async def story(scene: Scene) -> None:
        scene.shelf.put_minutes(-1, 0, 3, 4)
        scene.feed.want("s0", M1, 10)
        await scene.feed.load()
        await scene.live(seconds=240)

    scene = play(story)
    assert scene.minutes == [1, 4]
    assert scene.starts() == [-1, 0, 3]


def test_a_candle_that_shows_late_is_asked_for_again() -> None:
    async def story(scene: Scene) -> None:
        scene.shelf.put(NOON, shows_at=NOON + timedelta(seconds=65))
        scene.feed.want("s0", M1, 10)
        await scene.feed.load()
        await scene.live(seconds=59)

    scene = play(story)
    assert scene.minutes == [1]
    assert scene.told_at[0] - NOON < timedelta(seconds=70)


def test_one_that_shows_very_late_comes_with_the_next_close() -> None:
    async def story(scene: Scene) -> None:
        scene.shelf.put(NOON, shows_at=NOON + timedelta(seconds=90))
        scene.feed.want("s0", M1, 10)
        await scene.feed.load()
        scene.shelf.asked.clear()
        await scene.live(seconds=59)
        assert len(scene.shelf.asked) == 1 + len(AGAIN_AFTER)
        await scene.live(seconds=60)

    scene = play(story)
    assert scene.minutes == [1]
    assert scene.told_at[0] - NOON < timedelta(minutes=2, seconds=2)


def test_a_candle_that_is_missing_beside_the_running_one_is_not_asked_for_again() -> None:
    async def story(scene: Scene) -> None:
        scene.shelf.put_minutes(-1, 1)
        scene.feed.want("s0", M1, 10)
        await scene.feed.load()
        scene.shelf.asked.clear()
        await scene.live(seconds=59)

    assert len(play(story).shelf.asked) == 1


def test_however_many_markets_are_quiet_only_so_many_candles_are_asked_for_again() -> None:
    async def story(scene: Scene) -> None:
        for symbol in scene.markets:
            scene.feed.want(symbol, M1, 5)
        await scene.feed.load()
        scene.shelf.asked.clear()
        await scene.live(seconds=600)

    scene = play(story, symbols=9)
    assert len(scene.shelf.asked) <= 10 * (9 + AGAIN_A_MINUTE)
    assert {market_id for _, market_id, _ in scene.shelf.asked} == {f"m{n}" for n in range(9)}


def test_a_candle_is_never_taken_twice_nor_changed_nor_out_of_its_order() -> None:
    async def story(scene: Scene) -> None:
        scene.shelf.put_minutes(-2, 1, 2)
        scene.feed.want("s0", M1, 10)
        await scene.feed.load()
        scene.shelf.put(NOON - 2 * MINUTE, "9", shows_at=NOON + MINUTE)
        scene.shelf.put(NOON + MINUTE, "9", shows_at=NOON + 2.5 * MINUTE)
        scene.shelf.put(NOON, "9", shows_at=NOON + 2.5 * MINUTE)
        await scene.live(seconds=180)

    scene = play(story)
    assert scene.minutes == [2, 3]
    assert scene.starts() == [-2, 1, 2]
    assert list(scene.feed.candles("s0", M1).close[-3:]) == [3, 2, 3]


def test_while_the_exchange_is_down_that_is_said_once_and_then_the_gap_is_read() -> None:
    async def story(scene: Scene) -> None:
        scene.shelf.put_minutes(*range(-1, 10))
        scene.feed.want("s0", M1, 10)
        await scene.feed.load()
        scene.shelf.is_down = True
        running = asyncio.create_task(scene.feed.run())
        await scene.clock.sleep(200)
        assert scene.told == []
        scene.shelf.is_down = False
        await scene.clock.sleep(60)
        running.cancel()

    with capture_logs() as logs:
        scene = play(story)
    assert scene.minutes == [1, 2, 3, 4]
    assert [line["event"] for line in logs] == [
        "candles cannot be read; trying again every minute",
        "candles are read again",
    ]
    assert logs[0]["market"] == "s0"
    assert "down for maintenance" in logs[0]["why"]


def test_a_long_candle_that_could_not_be_read_does_not_wait_for_the_next_one() -> None:
    async def story(scene: Scene) -> None:
        scene.shelf.put(NOON)
        scene.feed.want("s0", H1, 10)
        await scene.feed.load()
        scene.shelf.is_down = True
        running = asyncio.create_task(scene.feed.run())
        await scene.clock.sleep(3700)  # to 13:02:10
        scene.shelf.is_down = False
        await scene.clock.sleep(60)
        running.cancel()

    assert play(story).told == [("s0", H1, NOON + timedelta(hours=1))]


def test_of_a_gap_longer_than_the_history_no_more_is_read_than_that() -> None:
    async def story(scene: Scene) -> None:
        scene.shelf.put_minutes(*range(-1, 100))
        scene.feed.want("s0", M1, 10)
        await scene.feed.load()
        await scene.clock.sleep(3600)
        await scene.live(seconds=5)

    scene = play(story)
    assert scene.starts()[:2] == [-1, 50]
    assert scene.starts()[-1] == 59


def test_history_is_searched_for_over_quiet_times_but_not_for_ever() -> None:
    async def story(scene: Scene) -> None:
        scene.shelf.put_minutes(-1000, -35, -34, -33, -12, -2)
        scene.feed.want("s0", M1, 10)
        await scene.feed.load()

    scene = play(story)
    assert scene.starts() == [-35, -34, -33, -12, -2]
    assert len(scene.shelf.asked) == 1 + MOST_STEPS_BACK


def test_history_is_not_searched_for_from_before_the_market_was() -> None:
    async def story(scene: Scene) -> None:
        scene.markets["s0"] = replace(scene.markets["s0"], created_at=NOON - 15 * MINUTE)
        scene.shelf.put_minutes(-14, -2)
        scene.feed.want("s0", M1, 10)
        await scene.feed.load()

    scene = play(story)
    assert scene.starts() == [-14, -2]
    assert len(scene.shelf.asked) == 2


def test_a_load_that_failed_goes_on_where_it_failed() -> None:
    async def story(scene: Scene) -> None:
        scene.shelf.put_minutes(*range(-20, 0))
        scene.feed.want("s0", M1, 5)
        await scene.feed.load()
        scene.feed.want("s1", M1, 5)
        scene.shelf.is_down = True
        with pytest.raises(ExchangeError):
            await scene.feed.load()
        scene.shelf.is_down = False
        scene.shelf.asked.clear()
        await scene.feed.load()

    scene = play(story, symbols=2)
    assert [market_id for _, market_id, _ in scene.shelf.asked] == ["m1"]
    assert scene.starts("s1") == [-5, -4, -3, -2, -1]


def test_loads_at_the_same_time_read_everything_once() -> None:
    async def story(scene: Scene) -> None:
        scene.shelf.put_minutes(*range(-20, 0))
        scene.shelf.answers_after = 1.0
        scene.feed.want("s0", M1, 5)
        await asyncio.gather(scene.feed.load(), scene.feed.load())

    scene = play(story)
    assert len(scene.shelf.asked) == 1
    assert scene.starts() == [-5, -4, -3, -2, -1]


def test_more_can_be_wanted_while_it_runs() -> None:
    async def story(scene: Scene) -> None:
        scene.shelf.put_minutes(*range(-20, 10))
        scene.feed.want("s0", M1, 3)
        await scene.feed.load()
        running = asyncio.create_task(scene.feed.run())
        await scene.clock.sleep(60)  # to 12:01:30
        scene.feed.want("s1", M1, 2)
        await scene.feed.load()
        await scene.clock.sleep(60)
        running.cancel()

    scene = play(story, symbols=2)
    assert [(symbol, (closed_at - NOON) / MINUTE) for symbol, _, closed_at in scene.told] == [
        ("s0", 1),
        ("s0", 2),
        ("s1", 2),
    ]


def test_a_longer_history_that_is_loaded_while_it_runs_costs_nobody_a_candle() -> None:
    async def story(scene: Scene) -> None:
        scene.shelf.put_minutes(*range(-20, 10))
        scene.feed.want("s0", M1, 3)
        await scene.feed.load()
        running = asyncio.create_task(scene.feed.run())
        await scene.clock.sleep(90.5)  # to half a second after a close, before it is looked at
        scene.feed.want("s0", M1, 10)
        await scene.feed.load()
        assert scene.starts() == list(range(-9, 1))
        await scene.clock.sleep(5)
        running.cancel()

    scene = play(story)
    assert scene.minutes == [1, 2]
    assert scene.starts() == list(range(-9, 2))


def test_a_candle_that_closes_while_it_is_being_read_is_taken_only_when_it_is_read_again() -> None:
    async def story(scene: Scene) -> None:
        scene.shelf.put_minutes(-1, 0)
        scene.shelf.answers_after = 2.0
        scene.feed.want("s0", M1, 2)
        await scene.clock.sleep(29)
        await scene.feed.load()
        assert scene.clock.now() > NOON + MINUTE
        assert scene.starts() == [-1]
        await scene.live(seconds=30)

    assert play(story).minutes == [1]


def test_a_load_right_after_a_close_may_take_its_candle_and_the_next_look_does_not_look_for_it_again() -> None:
    async def story(scene: Scene) -> None:
        scene.shelf.put_minutes(-1, 0)
        scene.feed.want("s0", M1, 2)
        await scene.clock.sleep(30.5)
        await scene.feed.load()
        assert scene.starts() == [-1, 0]
        await scene.live(seconds=30)

    scene = play(story)
    assert scene.told == []
    assert len(scene.shelf.asked) == 2


@pytest.mark.parametrize(
    ("resolution", "starts", "closes"),
    [
        (Resolution.W1, [(2026, 1, 5), (2026, 1, 12)], [(2026, 1, 12), (2026, 1, 19)]),
        (Resolution.MONTH, [(2026, 1, 1), (2026, 2, 1)], [(2026, 2, 1), (2026, 3, 1)]),
    ],
)
def test_weeks_close_on_monday_and_months_on_the_first(
    resolution: Resolution, starts: list[tuple[int, int, int]], closes: list[tuple[int, int, int]]
) -> None:
    async def story(scene: Scene) -> None:
        for start in starts:
            scene.shelf.put(datetime(*start, tzinfo=UTC))
        scene.feed.want("s0", resolution, 500)
        await scene.feed.load()
        await scene.live(seconds=timedelta(days=60).total_seconds())

    scene = play(story)
    assert scene.told == [("s0", resolution, datetime(*close, tzinfo=UTC)) for close in closes]
    assert all(
        at - closed_at < timedelta(seconds=2) for at, (_, _, closed_at) in zip(scene.told_at, scene.told, strict=True)
    )


def test_candles_of_the_simulated_exchange(tmp_path: Path) -> None:
    async def main(clock: VirtualClock) -> None:
        store = await open_store(f"sqlite:///{tmp_path}/test.db", create=True)
        try:
            async with a_world(store, clock) as world:
                feed = CandleFeed(world.exchange, clock, {world.market.symbol: world.market})
                feed.want("text-prime", M1, 100)
                feed.want("text-prime", Resolution.M5, 100)
                told: list[tuple[Resolution, float, float]] = []
                feed.listen(
                    lambda symbol, resolution, _: told.append(
                        (resolution, feed.candles(symbol, resolution).close[-1], len(feed.candles(symbol, resolution)))
                    )
                )
                await feed.load()
                running = asyncio.create_task(feed.run())
                for minute in range(10):
                    if minute not in (3, 4):
                        for price in ("1", f"1.{minute}"):
                            world.offer(1, price)
                            buy = NewOrder(f"{minute} {price}", world.market.market_id, Side.BUY, 1, Decimal(price))
                            await world.exchange.place(buy)
                    await clock.sleep(60)
                await clock.sleep(5)
                running.cancel()
                minutes = [close for resolution, close, _ in told if resolution is M1]
                assert minutes == [1.0, 1.1, 1.2, 1.5, 1.6, 1.7, 1.8, 1.9]
                assert [(close, count) for resolution, close, count in told if resolution is Resolution.M5] == [
                    (1.2, 1),
                    (1.9, 2),
                ]
        finally:
            await store.close()

    run_virtual(main, NOON)
