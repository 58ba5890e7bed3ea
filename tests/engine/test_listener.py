"""The engine listens to the stream where it is served, and polls where it is not."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from bot import Context, Fill, Strategy
from bot.clock import SeededIds, VirtualClock, run_virtual
from bot.domain.market import Ticker
from bot.domain.order import OrderState, VenueOrder
from bot.domain.stream import OrderUpdate, StreamDown, StreamEvent, StreamUp, TickerUpdate
from bot.engine.daemon import Daemon
from bot.engine.instance import Instance
from bot.engine.listener import Source
from bot.engine.pace import Pace
from bot.engine.schedule import Schedule
from bot.errors import NotFound
from bot.ports import Run
from bot.risk.gate import Gate
from bot.risk.limits import SAFE
from bot.storage import open_store
from tests.world import START, World, a_world

SLOW = Pace(poll=timedelta(seconds=50), poll_streaming=timedelta(minutes=10))


class ToldStream:
    """A stream that says what a test tells it to."""

    def __init__(self) -> None:
        self.told: asyncio.Queue[StreamEvent] = asyncio.Queue()
        self.market_ids: Sequence[str] = ()

    @asynccontextmanager
    async def open(self, market_ids: Sequence[str] = ()) -> AsyncIterator[AsyncIterator[StreamEvent]]:
        self.market_ids = market_ids

        async def events() -> AsyncIterator[StreamEvent]:
            while True:
                yield await self.told.get()

        yield events()

    def tell(self, event: StreamEvent) -> None:
        self.told.put_nowait(event)


class NoStream:
    """What an exchange without a stream has."""

    @asynccontextmanager
    async def open(self, market_ids: Sequence[str] = ()) -> AsyncIterator[AsyncIterator[StreamEvent]]:
        raise NotFound("no such page", status=404)
        yield


class BuyOnce(Strategy):
    """Bids once, and writes down what it sees."""

    async def on_start(self, ctx: Context) -> None:
        ctx.buy(5, Decimal(1))

    async def on_tick(self, ctx: Context) -> None:
        SEEN.append(ctx.ticker.bid)

    async def on_fill(self, ctx: Context, fill: Fill) -> None:
        FILLED.append((ctx.now - START).total_seconds())


SEEN: list[Decimal | None] = []
FILLED: list[float] = []


@pytest.fixture(autouse=True)
def _forget() -> None:
    SEEN.clear()
    FILLED.clear()


Story = Callable[[World, Daemon], Awaitable[None]]


def run_daemon(folder: Path, stream: ToldStream | NoStream | None, story: Story, pace: Pace = SLOW) -> World:
    async def main(clock: VirtualClock) -> World:
        store = await open_store(f"sqlite:///{folder}/test.db", create=True)
        try:
            async with a_world(store, clock) as world:
                instance = Instance("buyer", BuyOnce(), ("text-prime",), Schedule.every(timedelta(seconds=60), START))
                daemon = Daemon(
                    [instance],
                    exchange=world.exchange,
                    store=store,
                    clock=clock,
                    ids=SeededIds(7),
                    pace=pace,
                    run=Run("run-1", "test", clock.now()),
                    gate=Gate(SAFE, {}, clock),
                    stream=stream,
                )
                stop = asyncio.Event()
                async with asyncio.TaskGroup() as tasks:
                    running = tasks.create_task(daemon.run(stop))
                    await clock.sleep(1)
                    await story(world, daemon)
                    stop.set()
                    await running
                world.stored = await store.recent_orders(100)  # type: ignore[attr-defined]
                return world
        finally:
            await store.close()

    return run_virtual(main, START)


def source(daemon: Daemon) -> tuple[Source, str]:
    assert daemon.status is not None
    return daemon.status.source, daemon.status.why


def test_the_status_says_where_news_comes_from(tmp_path: Path) -> None:
    stream = ToldStream()
    said: list[tuple[Source, str]] = []

    async def story(world: World, daemon: Daemon) -> None:
        said.append(source(daemon))
        for event in (StreamUp(START), StreamDown(START, "the connection broke"), StreamUp(START)):
            stream.tell(event)
            await world.clock.sleep(1)
            said.append(source(daemon))
        assert daemon.status is not None
        assert daemon.status.since == START + timedelta(seconds=3)
        assert stream.market_ids == [world.market.market_id]

    run_daemon(tmp_path, stream, story)
    assert said == [
        (Source.POLLING, "not connected yet"),
        (Source.STREAM, ""),
        (Source.POLLING, "the connection broke"),
        (Source.STREAM, ""),
    ]


@pytest.mark.parametrize(
    ("stream", "why"), [(NoStream(), "the exchange serves no stream"), (None, "the stream is switched off")]
)
def test_without_a_stream_the_engine_polls_and_says_why(tmp_path: Path, stream: NoStream | None, why: str) -> None:
    async def story(world: World, daemon: Daemon) -> None:
        assert source(daemon) == (Source.POLLING, why)
        world.offer(5, "1")
        await world.clock.sleep(60)

    run_daemon(tmp_path, stream, story)
    (at,) = FILLED
    assert at <= 52


def test_an_order_event_is_looked_at_at_once(tmp_path: Path) -> None:
    stream = ToldStream()

    async def story(world: World, daemon: Daemon) -> None:
        stream.tell(StreamUp(START))
        await world.clock.sleep(200)
        world.offer(5, "1")
        (order,) = world.venue.history(world.account).orders
        stream.tell(OrderUpdate(VenueOrder(order.order_id, status="filled", filled=5)))
        await world.clock.sleep(2)

    run_daemon(tmp_path, stream, story)
    (at,) = FILLED
    assert 201 <= at <= 202


def test_what_was_missed_while_the_stream_was_down_is_read_when_it_is_up_again(tmp_path: Path) -> None:
    stream = ToldStream()

    async def story(world: World, daemon: Daemon) -> None:
        stream.tell(StreamUp(START))
        await world.clock.sleep(300)
        world.offer(5, "1")
        stream.tell(StreamDown(START, "cut"))
        stream.tell(StreamUp(START))
        await world.clock.sleep(2)

    run_daemon(tmp_path, stream, story)
    (at,) = FILLED
    assert 301 <= at <= 302


def test_while_the_stream_is_up_resting_orders_are_asked_for_less_often(tmp_path: Path) -> None:
    async def with_stream(world: World, daemon: Daemon) -> None:
        stream.tell(StreamUp(START))
        await world.clock.sleep(1800)

    async def without(world: World, daemon: Daemon) -> None:
        await world.clock.sleep(1800)

    stream = ToldStream()
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
    listening = run_daemon(tmp_path / "a", stream, with_stream).transport.count("GET", "/orders")
    polling = run_daemon(tmp_path / "b", None, without).transport.count("GET", "/orders")
    assert listening < polling / 2


def test_prices_that_the_stream_tells_are_not_asked_for_until_they_are_old(tmp_path: Path) -> None:
    stream = ToldStream()

    async def story(world: World, daemon: Daemon) -> None:
        market_id = world.market.market_id
        stream.tell(StreamUp(START))
        await world.clock.sleep(55)
        stream.tell(TickerUpdate(Ticker(market_id, world.clock.now(), bid=Decimal("0.77"))))
        await world.clock.sleep(60)  # told 4 seconds before the first tick, 64 before the second
        stream.tell(TickerUpdate(Ticker(market_id, world.clock.now(), bid=Decimal("0.66"))))
        stream.tell(StreamUp(START))
        await world.clock.sleep(66)

    world = run_daemon(tmp_path, stream, story)
    seen = list(SEEN)
    assert seen == [Decimal("0.77"), Decimal(1), Decimal(1)]
    assert world.transport.count("GET", "/ticker") >= 2


@pytest.mark.parametrize("extra", [1.5, 2.5])
def test_a_stop_that_comes_after_much_news_still_sees_its_cancels_through(tmp_path: Path, extra: float) -> None:
    stream = ToldStream()

    async def story(world: World, daemon: Daemon) -> None:
        stream.tell(StreamUp(START))
        for _ in range(20):
            stream.tell(OrderUpdate(VenueOrder("somebody's", status="active")))
            await world.clock.sleep(0.7)
        await world.clock.sleep(extra)

    world = run_daemon(tmp_path, stream, story)
    (order,) = world.stored  # type: ignore[attr-defined]
    assert order.state is OrderState.CANCELLED
