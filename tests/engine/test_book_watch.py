"""Changes of prices, told by the stream or found by polling."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from typing import cast

import pytest
from structlog.testing import capture_logs

from bot.clock import VirtualClock, run_virtual
from bot.domain.market import Market, Ticker
from bot.domain.stream import StreamDown, StreamUp, TickerUpdate
from bot.engine.book_watch import LEAST_PAUSE, BookWatch
from bot.engine.feed import Feed
from bot.engine.listener import Listener
from bot.errors import ExchangeUnavailable
from bot.execution.blotter import Blotter
from bot.ports import Clock, Exchange, Store
from tests.engine.test_listener import ToldStream
from tests.world import START


@dataclass
class Board:
    """An exchange that has prices, and takes down when it was asked for them."""

    clock: Clock
    bids: dict[str, str] = field(default_factory=dict)
    asked: list[tuple[float, str]] = field(default_factory=list)
    is_down: bool = False
    answers_after: float = 0.0

    async def ticker(self, market_id: str) -> Ticker:
        self.asked.append(((self.clock.now() - START).total_seconds(), market_id))
        if self.is_down:
            raise ExchangeUnavailable("down for maintenance", status=503)
        shown = a_ticker(self.clock, market_id, self.bids.get(market_id, "1"))
        await self.clock.sleep(self.answers_after)
        return shown


def a_ticker(clock: Clock, market_id: str, bid: str, *, ask: str = "9", last: str = "5", volume: int = 1) -> Ticker:
    return Ticker(
        market_id, clock.now(), bid=Decimal(bid), ask=Decimal(ask), last_price=Decimal(last), volume_24h=volume
    )


class Scene:
    """A watch over some of three markets."""

    def __init__(self, clock: VirtualClock, watched: int) -> None:
        self.clock = clock
        self.board = Board(clock)
        self.stream = ToldStream()
        markets = [Market(f"m{n}", f"i{n}", f"s{n}", Decimal("0.01")) for n in range(max(3, watched))]
        blotter = Blotter(cast("Store", None), clock)
        by_symbol = {market.symbol: market for market in markets}
        self.feed = Feed(cast("Exchange", self.board), blotter, clock, by_symbol)
        self.listener = Listener(self.stream, [market.market_id for market in markets], self.feed, blotter, clock)
        self.watch = BookWatch(
            self.feed, self.listener, clock, markets, lambda: [one.symbol for one in markets[:watched]]
        )
        self.told: list[str] = []
        self.watch.listen(self.told.append)

    async def connect(self) -> None:
        self.stream.tell(StreamUp(self.clock.now()))
        await self.clock.sleep(0.1)

    async def lose(self) -> None:
        self.stream.tell(StreamDown(self.clock.now(), "cut"))
        await self.clock.sleep(0.1)

    async def tell(self, ticker: Ticker) -> None:
        self.stream.tell(TickerUpdate(ticker))
        await self.clock.sleep(0.1)


def play(story: Callable[[Scene], Awaitable[None]], *, watched: int = 1) -> Scene:
    async def main(clock: VirtualClock) -> Scene:
        scene = Scene(clock, watched)
        running = [asyncio.create_task(work) for work in (scene.listener.run(), scene.watch.run())]
        await clock.sleep(0.1)
        await story(scene)
        for task in running:
            task.cancel()
        for result in await asyncio.gather(*running, return_exceptions=True):
            assert result is None or isinstance(result, asyncio.CancelledError)
        return scene

    return run_virtual(main, START)


def test_a_change_that_the_stream_tells_is_passed_on_at_once() -> None:
    async def story(scene: Scene) -> None:
        await scene.connect()
        await scene.tell(a_ticker(scene.clock, "m0", "1.5"))
        assert scene.told == ["s0"]

    play(story)


@pytest.mark.parametrize("change", [{"bid": "1.5"}, {"bid": "1", "ask": "8"}, {"bid": "1", "last": "4"}])
def test_the_bid_the_ask_and_the_last_price_count(change: dict[str, str]) -> None:
    async def story(scene: Scene) -> None:
        await scene.connect()
        await scene.tell(a_ticker(scene.clock, "m0", **change))  # type: ignore[arg-type]
        await scene.tell(a_ticker(scene.clock, "m0", **change))  # type: ignore[arg-type]
        assert scene.told == ["s0"]

    play(story)


def test_a_side_that_empties_is_a_change() -> None:
    async def story(scene: Scene) -> None:
        await scene.connect()
        await scene.tell(Ticker("m0", scene.clock.now(), bid=None, ask=Decimal(9), last_price=Decimal(5)))
        assert scene.told == ["s0"]

    play(story)


def test_nothing_else_is_a_change() -> None:
    async def story(scene: Scene) -> None:
        await scene.connect()
        await scene.tell(a_ticker(scene.clock, "m0", "1.00", volume=77))
        assert scene.told == []

    play(story)


def test_the_first_prices_are_no_change() -> None:
    async def story(scene: Scene) -> None:
        await scene.clock.sleep(30)

    scene = play(story)
    assert scene.board.asked
    assert scene.told == []


def test_markets_that_nobody_watches_are_neither_polled_nor_told() -> None:
    async def story(scene: Scene) -> None:
        await scene.tell(a_ticker(scene.clock, "m2", "1.5"))
        await scene.tell(a_ticker(scene.clock, "m2", "1.6"))
        await scene.clock.sleep(60)

    scene = play(story)
    assert scene.told == []
    assert {market_id for _, market_id in scene.board.asked} == {"m0"}


def test_without_anything_to_watch_nothing_is_asked() -> None:
    async def story(scene: Scene) -> None:
        await scene.clock.sleep(60)

    assert play(story, watched=0).board.asked == []


def test_without_a_stream_prices_are_polled() -> None:
    async def story(scene: Scene) -> None:
        await scene.clock.sleep(10)
        scene.board.bids["m0"] = "1.5"
        await scene.clock.sleep(5)
        assert scene.told == ["s0"]
        await scene.clock.sleep(45)

    scene = play(story)
    assert scene.told == ["s0"]
    assert [at for at, _ in scene.board.asked] == pytest.approx([5.0 * n for n in range(13)])


def test_many_markets_are_polled_in_turn_and_more_seldom() -> None:
    async def story(scene: Scene) -> None:
        await scene.clock.sleep(90)

    asked = play(story, watched=9).board.asked
    assert [market_id for _, market_id in asked[:10]] == [*(f"m{n}" for n in range(9)), "m0"]
    assert len(asked) == 1 + int(90 // LEAST_PAUSE)


def test_while_the_stream_is_up_nothing_is_polled() -> None:
    async def story(scene: Scene) -> None:
        await scene.connect()
        await scene.clock.sleep(10)
        scene.board.asked.clear()
        await scene.clock.sleep(600)

    assert play(story).board.asked == []


def test_what_changed_while_the_stream_was_down_is_found_when_it_is_up_again() -> None:
    async def story(scene: Scene) -> None:
        await scene.connect()
        await scene.clock.sleep(10)
        scene.board.bids["m0"] = "1.5"
        await scene.lose()
        await scene.connect()
        scene.board.asked.clear()
        await scene.clock.sleep(60)

    scene = play(story)
    assert scene.told == ["s0"]
    assert len(scene.board.asked) == 1


def test_when_the_stream_is_lost_polls_do_not_go_by_what_it_told() -> None:
    async def story(scene: Scene) -> None:
        await scene.connect()
        await scene.clock.sleep(8)
        await scene.tell(a_ticker(scene.clock, "m0", "1"))
        await scene.lose()
        scene.board.bids["m0"] = "1.5"
        await scene.clock.sleep(5)

    assert play(story).told == ["s0"]


def test_an_answer_that_the_stream_has_overtaken_is_dropped() -> None:
    async def story(scene: Scene) -> None:
        scene.board.answers_after = 2.0
        await scene.connect()  # the next poll begins at 5 s, with the old price
        await scene.clock.sleep(5.8)
        await scene.tell(a_ticker(scene.clock, "m0", "1.5"))
        await scene.clock.sleep(10)

    assert play(story).told == ["s0"]


def test_an_exchange_that_is_down_is_logged_once_and_polled_on() -> None:
    async def story(scene: Scene) -> None:
        scene.board.is_down = True
        await scene.clock.sleep(60)
        scene.board.is_down = False
        scene.board.bids["m0"] = "1.5"
        await scene.clock.sleep(6)

    with capture_logs() as logs:
        scene = play(story)
    warnings = [line for line in logs if line["event"].startswith("prices cannot be read")]
    assert [(line["market"], "down for maintenance" in line["why"]) for line in warnings] == [("s0", True)]
    assert scene.told == ["s0"]


def test_polls_are_so_far_apart_as_was_asked() -> None:
    async def main(clock: VirtualClock) -> list[float]:
        scene = Scene(clock, 0)
        market = Market("m0", "i0", "s0", Decimal("0.01"))
        watch = BookWatch(scene.feed, scene.listener, clock, [market], lambda: ["s0"], every=timedelta(seconds=20))
        running = asyncio.create_task(watch.run())
        await clock.sleep(50)
        running.cancel()
        return [at for at, _ in scene.board.asked]

    assert run_virtual(main, START) == [0, 20, 40]
