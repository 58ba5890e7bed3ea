"""The whole client against the simulated exchange in memory, in both layouts and every spelling of filters."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

import pytest

from bot.clock import SeededIds, SystemClock
from bot.domain.account import Cash, Units
from bot.domain.book import Book, Level
from bot.domain.fill import Fill
from bot.domain.market import Market
from bot.domain.order import NewOrder, OrderType, Side
from bot.errors import (
    AuthenticationFailed,
    DuplicateOrder,
    InsufficientFunds,
    InvalidRequest,
    NotFound,
    NotSentError,
    OrderAlreadyClosed,
)
from bot.grid.keys import SigningKey
from bot.grid.trading import TradingClient
from bot.grid.transport import AiohttpTransport
from bot.sim.api import ExchangeApi
from bot.sim.config import VenueConfig
from bot.sim.loopback import LoopbackTransport
from bot.sim.server import serve
from bot.sim.venue import Venue
from tests.grid.scripted import KEY, NOW, UNLIMITED, FixedClock

OTHER_KEY = SigningKey(bytes(32))


@dataclass
class World:
    """A simulated exchange with two accounts; `mine` has 1,000 USD and `theirs` 5,000 units."""

    clock: FixedClock
    venue: Venue
    mine: TradingClient
    theirs: TradingClient
    market: Market

    def wait(self, seconds: float) -> None:
        self.clock.at += timedelta(seconds=seconds)


@pytest.fixture(params=[("documented", "plain"), ("short", "filters"), ("documented", "flop")], ids="/".join)
async def world(request: pytest.FixtureRequest) -> AsyncIterator[World]:
    layout, filters = request.param
    clock = FixedClock()
    config = VenueConfig(symbols=("text-prime", "code-max"), lot_hours=4, transfer_seconds=2.0, rate_limits=None)
    venue = Venue(config, start=NOW, ids=SeededIds(7))
    venue.add_account("mine", verify_key=b64decode(KEY.public_key), cash=Decimal(1000))
    venue.add_account("theirs", verify_key=b64decode(OTHER_KEY.public_key), units={"text-prime": 5000})
    api = ExchangeApi(venue)

    def client(key: SigningKey) -> TradingClient:
        return TradingClient(
            LoopbackTransport(api, clock), key, clock, layout=layout, filters=filters, limits=UNLIMITED
        )

    async with client(KEY) as mine, client(OTHER_KEY) as theirs:
        market = next(market for market in await mine.markets() if market.symbol == "text-prime")
        yield World(clock, venue, mine, theirs, market)


def buy(world: World, number: int, quantity: int, price: str) -> NewOrder:
    return NewOrder(f"gb-{number}", world.market.market_id, Side.BUY, quantity, Decimal(price))


def sell(world: World, number: int, quantity: int, price: str) -> NewOrder:
    return NewOrder(f"their-{number}", world.market.market_id, Side.SELL, quantity, Decimal(price))


async def test_markets_and_their_rules(world: World) -> None:
    markets = await world.mine.markets()
    assert {market.symbol for market in markets} == {"text-prime", "code-max"}
    assert (world.market.tick, world.market.min_size, world.market.max_size) == (Decimal("0.01"), 1, 100_000)
    assert world.market.status == "active"


async def test_a_quiet_market_has_no_prices(world: World) -> None:
    ticker = await world.mine.ticker(world.market.market_id)
    assert (ticker.bid, ticker.ask, ticker.last_price, ticker.at) == (None, None, None, NOW)
    assert await world.mine.book(world.market.market_id) == Book(world.market.market_id)


async def test_an_order_rests_is_filled_in_part_and_cancelled_once(world: World) -> None:
    market_id, instrument_id = world.market.market_id, world.market.instrument_id
    placed = await world.mine.place(buy(world, 1, 10, "2.00"))
    assert (placed.client_order_id, placed.status, placed.filled) == ("gb-1", "active", 0)
    assert await world.mine.cash() == Cash(Decimal(1000), Decimal(980), Decimal(20))
    assert await world.mine.orders(open_only=True) == [placed]

    world.wait(1)
    await world.theirs.place(sell(world, 1, 4, "1.90"))
    [partial] = await world.mine.orders(open_only=True, market_id=market_id)
    assert (partial.status, partial.quantity, partial.filled, partial.price) == ("partially_filled", 10, 4, Decimal(2))
    [fill] = await world.mine.fills(order_id=placed.order_id)
    assert fill == Fill(fill.trade_id, placed.order_id, market_id, Side.BUY, Decimal(2), 4, NOW + timedelta(seconds=1))
    assert (await world.mine.trading_units())[instrument_id] == Units(instrument_id, 4, 4, 0)
    ticker = await world.mine.ticker(market_id)
    assert (ticker.bid, ticker.ask, ticker.last_price) == (Decimal(2), None, Decimal(2))
    assert await world.mine.book(market_id) == Book(market_id, bids=(Level(Decimal(2), 6, 1),))

    await world.mine.cancel(placed.order_id)
    with pytest.raises(OrderAlreadyClosed):
        await world.mine.cancel(placed.order_id)
    closed = await world.mine.order(placed.order_id)
    assert closed.is_closed
    assert closed.filled == 4
    assert await world.mine.orders(open_only=True) == []
    assert await world.mine.orders() == [closed]
    assert await world.mine.cash() == Cash(Decimal(992), Decimal(992), Decimal(0))


async def test_resting_sells_lock_units(world: World) -> None:
    instrument_id = world.market.instrument_id
    await world.theirs.place(sell(world, 1, 30, "3"))
    assert (await world.theirs.trading_units())[instrument_id] == Units(instrument_id, 5000, 4970, 30)


async def test_a_market_order_sweeps_the_book(world: World) -> None:
    await world.theirs.place(sell(world, 1, 2, "1.10"))
    await world.theirs.place(sell(world, 2, 2, "1.20"))
    order = NewOrder("gb-1", world.market.market_id, Side.BUY, 3, None, OrderType.MARKET)
    placed = await world.mine.place(order)
    assert (placed.status, placed.price) == ("filled", None)
    assert [(fill.price, fill.quantity) for fill in await world.mine.fills()] == [
        (Decimal("1.10"), 2),
        (Decimal("1.20"), 1),
    ]


async def test_units_move_to_consumption_and_the_history_tells(world: World) -> None:
    instrument_id = world.market.instrument_id
    moved = await world.theirs.transfer_to_consumption(instrument_id, 40, key="gbt-1")
    assert moved.status == "pending"
    [pending] = await world.theirs.transfers(instrument_id=instrument_id)
    assert (pending.transfer_id, pending.quantity, pending.status) == (moved.transfer_id, 40, "pending")
    assert (await world.theirs.consumption_units())[instrument_id] == Units(instrument_id)
    world.wait(3)
    [done] = await world.theirs.transfers(since=NOW)
    assert (done.transfer_id, done.status, done.created_at) == (moved.transfer_id, "completed", NOW)
    assert (await world.theirs.consumption_units())[instrument_id] == Units(instrument_id, 40, 40, 0)
    assert (await world.theirs.trading_units())[instrument_id] == Units(instrument_id, 4960, 4960, 0)
    assert await world.theirs.transfers(since=NOW + timedelta(seconds=1)) == []


async def test_the_same_transfer_key_moves_units_once(world: World) -> None:
    instrument_id = world.market.instrument_id
    first = await world.theirs.transfer_to_consumption(instrument_id, 40, key="gbt-1")
    assert await world.theirs.transfer_to_consumption(instrument_id, 40, key="gbt-1") == first
    await world.theirs.transfer_to_consumption(instrument_id, 40)
    assert len(await world.theirs.transfers()) == 2


async def test_a_partly_used_unit_does_not_count(world: World) -> None:
    instrument_id = world.market.instrument_id
    await world.theirs.transfer_to_consumption(instrument_id, 2)
    world.wait(3)
    await world.theirs.cash()
    world.venue.consume(world.venue.accounts["theirs"], instrument_id, 1)
    assert (await world.theirs.consumption_units())[instrument_id].available == 1


async def test_lists_longer_than_two_pages_are_complete_and_oldest_first(world: World) -> None:
    placed = []
    for number in range(230):
        world.wait(1)
        placed.append((await world.mine.place(buy(world, number, 1, "1.00"))).order_id)
    await world.theirs.place(sell(world, 1, 120, "1.00"))
    orders = await world.mine.orders()
    assert [order.order_id for order in orders] == placed
    assert [order.order_id for order in await world.mine.orders(open_only=True)] == placed[120:]
    assert [fill.order_id for fill in await world.mine.fills()] == placed[:120]
    since = orders[100].created_at
    assert [order.order_id for order in await world.mine.orders(since=since)] == placed[100:]
    assert await world.mine.orders(market_id="another") == []
    assert await world.mine.fills(since=world.clock.now() + timedelta(seconds=1)) == []


async def test_refusals_are_told_apart(world: World) -> None:
    with pytest.raises(InsufficientFunds, match=r"POST .*orders 400"):
        await world.mine.place(buy(world, 1, 1000, "2"))
    with pytest.raises(InsufficientFunds):
        await world.mine.transfer_to_consumption(world.market.instrument_id, 1)
    with pytest.raises(InvalidRequest, match="tick"):
        await world.mine.place(buy(world, 2, 1, "0.001"))
    with pytest.raises(NotFound, match="market not found"):
        await world.mine.place(NewOrder("gb-3", "no-market", Side.BUY, 1, Decimal(1)))
    for call in (world.mine.order("none"), world.mine.cancel("none"), world.theirs.order("none")):
        with pytest.raises(NotFound, match="order not found"):
            await call


async def test_a_client_order_id_is_taken_once(world: World) -> None:
    first = await world.mine.place(buy(world, 1, 1, "1"))
    again = await world.mine.place(buy(world, 1, 1, "1"))
    assert again == first
    world.wait(25 * 3600)
    with pytest.raises(DuplicateOrder):
        await world.mine.place(buy(world, 1, 1, "1"))
    assert len(await world.mine.orders()) == 1


async def test_a_clock_that_is_off_is_put_right(world: World) -> None:
    late = FixedClock(NOW - timedelta(minutes=5))
    transport = LoopbackTransport(ExchangeApi(world.venue), world.clock)
    async with TradingClient(transport, KEY, late, limits=UNLIMITED) as client:
        assert (await client.cash()).total == 1000
        assert client.clock_offset_seconds == pytest.approx(300, abs=1)


async def test_a_key_that_is_not_registered_is_refused(world: World) -> None:
    transport = LoopbackTransport(ExchangeApi(world.venue), world.clock)
    async with TradingClient(transport, SigningKey(b"k" * 32), world.clock) as stranger:
        with pytest.raises(AuthenticationFailed, match="unknown signing key"):
            await stranger.markets()


async def test_a_closed_client_sends_nothing(world: World) -> None:
    await world.mine.close()
    with pytest.raises(NotSentError):
        await world.mine.place(buy(world, 1, 1, "1"))


async def test_the_same_works_over_http(world: World) -> None:
    clock = SystemClock()
    async with serve(ExchangeApi(world.venue), clock) as server:
        transport = AiohttpTransport(f"{server.url}/v1")
        async with TradingClient(transport, KEY, clock, base_path=transport.base_path) as client:
            placed = await client.place(buy(world, 1, 2, "1.50"))
            assert await client.orders(open_only=True) == [placed]
            await client.cancel(placed.order_id)
            with pytest.raises(OrderAlreadyClosed):
                await client.cancel(placed.order_id)
            with pytest.raises(NotFound):
                await client.order("a/b ✓")
