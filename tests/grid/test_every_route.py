"""Every method of the client against the simulated exchange, whichever layout it has, however filters are spelled."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

import pytest

from bot.clock import SeededIds
from bot.domain.candle import Candle, Resolution
from bot.domain.market import Market
from bot.domain.order import NewOrder, OrderType, Side, TimeInForce
from bot.errors import AccessDenied, NotFound, OrderAlreadyClosed
from bot.grid import routes
from bot.grid.routes import Route
from bot.grid.trading import TradingClient
from bot.ports import Request, Response
from bot.sim.api import ExchangeApi
from bot.sim.config import VenueConfig
from bot.sim.loopback import LoopbackTransport
from bot.sim.venue import Venue
from tests.grid.calls import CALLS, Call
from tests.grid.scripted import KEY, NOW, UNLIMITED, FixedClock, answered, client_of
from tests.grid.test_against_sim import OTHER_KEY

MISSING = answered({"errors": {"detail": "Not Found"}}, 404)
RENAMED = ("price-histories", "transfer-histories")


def test_every_route_is_taken_by_some_method() -> None:
    table = {value for value in vars(routes).values() if isinstance(value, Route)}
    assert {call.route for call in CALLS} == table


def test_every_method_takes_some_route() -> None:
    public = {name for name in dir(TradingClient) if not name.startswith("_")}
    without = {"from_settings", "close", "clock_offset_seconds", "stream", "write_only_while"}
    assert {call.method for call in CALLS} == public - without


@pytest.mark.parametrize("call", CALLS, ids=str)
async def test_a_method_takes_its_route(call: Call) -> None:
    client, transport = client_of(*[MISSING] * 4)
    with pytest.raises(NotFound):
        await call.make(client)
    for request in transport.requests:
        assert request.method == call.route.method
        assert ("x-thegrid-signature" in request.headers) is call.route.signed
    assert transport.requests[0].path.endswith(f"/{call.path}")


class OneLayout:
    """The simulated exchange as it would be if it had one layout only, and the former names of what was renamed."""

    def __init__(self, inner: LoopbackTransport, layout: str) -> None:
        self._inner = inner
        self._layout = layout

    async def send(self, request: Request) -> Response:
        resource = request.path.removeprefix("/v1/")
        under_trading = resource.startswith("trading/")
        anywhere = resource.startswith(("transfers/trading-to", "transfers/consumption-to", "instruments"))
        wanted = self._layout == "documented" and not anywhere
        if under_trading is not wanted or resource.removeprefix("trading/") in RENAMED:
            return MISSING
        return await self._inner.send(request)

    async def close(self) -> None:
        await self._inner.close()


@dataclass
class World:
    clock: FixedClock
    mine: TradingClient
    theirs: TradingClient
    market: Market
    other: Market

    def wait(self, seconds: float) -> None:
        self.clock.at += timedelta(seconds=seconds)

    async def trade(self, number: int, quantity: int, price: str) -> None:
        market_id = self.market.market_id
        await self.theirs.place(NewOrder(f"their-{number}", market_id, Side.SELL, quantity, Decimal(price)))
        await self.mine.place(NewOrder(f"gb-{number}", market_id, Side.BUY, quantity, Decimal(price)))


@pytest.fixture(params=["plain", "filters", "flop"])
def filters(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(params=[("documented", "documented"), ("documented", "short"), ("short", "documented")], ids="-".join)
async def world(request: pytest.FixtureRequest, filters: str) -> AsyncIterator[World]:
    expected, real = request.param
    clock = FixedClock()
    config = VenueConfig(
        symbols=("text-prime", "code-max"), transfer_seconds=2.0, auto_transfer=False, rate_limits=None
    )
    venue = Venue(config, start=NOW, ids=SeededIds(7))
    venue.add_account("mine", verify_key=b64decode(KEY.public_key), cash=Decimal(1000))
    venue.add_account("theirs", verify_key=b64decode(OTHER_KEY.public_key), units={"text-prime": 5000}, supplier=True)
    api = ExchangeApi(venue)
    clients = [
        TradingClient(
            OneLayout(LoopbackTransport(api, clock), real),
            key,
            clock,
            layout=expected,
            filters=filters,
            limits=UNLIMITED,
        )
        for key in (KEY, OTHER_KEY)
    ]
    async with clients[0] as mine, clients[1] as theirs:
        by_symbol = {market.symbol: market for market in await mine.markets()}
        yield World(clock, mine, theirs, by_symbol["text-prime"], by_symbol["code-max"])


async def test_instruments(world: World) -> None:
    instruments = await world.mine.instruments()
    assert {one.symbol for one in instruments} >= {"text-prime", "code-max"}
    [mine] = [one for one in instruments if one.symbol == "text-prime"]
    assert mine.instrument_id == world.market.instrument_id
    assert (mine.instrument_type, mine.is_active, mine.precision) == ("ai_commodity", True, 0)
    assert await world.mine.instrument(mine.instrument_id) == mine
    assert await world.mine.instrument_by_symbol("text-prime") == mine
    with pytest.raises(NotFound):
        await world.mine.instrument_by_symbol("text-nothing")


async def test_one_market(world: World) -> None:
    assert await world.mine.market(world.market.market_id) == world.market
    with pytest.raises(NotFound):
        await world.mine.market("none")


async def test_trades_candles_and_the_last_day(world: World) -> None:
    market_id = world.market.market_id
    for number, price in enumerate(("1.10", "1.30", "1.20")):
        await world.trade(number, number + 1, price)
        world.wait(60)
    trades = await world.mine.market_trades(market_id, limit=2)
    assert [(trade.price, trade.quantity, trade.side) for trade in trades] == [
        (Decimal("1.20"), 3, Side.BUY),
        (Decimal("1.30"), 2, Side.BUY),
    ]
    minutes = await world.mine.candles(market_id, Resolution.M1, start=NOW, end=NOW + timedelta(minutes=2))
    first, second = minutes
    opening = Decimal("1.10")
    assert first == Candle(NOW, opening, opening, opening, opening, volume=1, trade_count=1)
    assert (second.start, second.close, second.volume) == (NOW + timedelta(minutes=1), Decimal("1.30"), 2)
    [hour] = [candle async for candle in world.mine.candles(market_id, Resolution.H1)]
    assert (hour.start, hour.open, hour.high, hour.low, hour.close, hour.volume) == (
        NOW,
        Decimal("1.10"),
        Decimal("1.30"),
        Decimal("1.10"),
        Decimal("1.20"),
        6,
    )
    stats = await world.mine.market_stats(market_id)
    assert (stats.open, stats.high, stats.low, stats.close) == (hour.open, hour.high, hour.low, hour.close)
    assert (stats.volume, stats.num_trades) == (6, 3)
    ticker = await world.mine.ticker(market_id)
    assert (ticker.last_quantity, ticker.volume_24h, ticker.high_24h) == (3, 6, Decimal("1.30"))
    assert ticker.change_24h == Decimal("0.10")


async def test_long_histories_come_whole(world: World) -> None:
    for number in range(150):
        await world.trade(number, 1, "1.00")
        world.wait(60)
    candles = await world.mine.candles(world.market.market_id, Resolution.M1)
    traded = [candle.start for candle in candles if candle.volume]
    assert traded == [NOW + timedelta(minutes=number) for number in range(150)]
    assert len([fill async for fill in world.mine.fills()]) == 150


async def test_an_order_is_changed_counted_and_found(world: World) -> None:
    market_id = world.market.market_id
    placed = await world.mine.place(NewOrder("gb-1", market_id, Side.BUY, 10, Decimal("1.00")))
    assert (placed.order_type, placed.time_in_force, placed.instrument_id, placed.remaining) == (
        OrderType.LIMIT,
        TimeInForce.GTC,
        world.market.instrument_id,
        10,
    )
    changed = await world.mine.replace(placed.order_id, price=Decimal("1.10"), quantity=8)
    assert (changed.price, changed.quantity) == (Decimal("1.10"), 8)
    found = await world.mine.order(changed.order_id)
    assert (found.price, found.quantity, found.is_closed) == (Decimal("1.10"), 8, False)
    count = await world.mine.order_count()
    assert (count.count, count.by_market) == (1, {market_id: 1})
    await world.mine.cancel(changed.order_id)
    with pytest.raises(OrderAlreadyClosed):
        await world.mine.cancel(changed.order_id)


async def test_orders_are_found_by_every_filter(world: World) -> None:
    buy = await world.theirs.place(NewOrder("b", world.market.market_id, Side.SELL, 1, Decimal("3.00")))
    world.wait(1)
    sell = await world.theirs.place(NewOrder("s", world.market.market_id, Side.SELL, 1, Decimal("4.00")))
    await world.theirs.cancel(sell.order_id)
    for wanted, kept in (
        ({"market_id": world.market.market_id}, 2),
        ({"market_id": world.other.market_id}, 0),
        ({"instrument_id": world.market.instrument_id}, 2),
        ({"side": Side.BUY}, 0),
        ({"side": Side.SELL, "status": "cancelled"}, 1),
        ({"status": "active"}, 1),
        ({"status": "open"}, 1),
        ({"since": NOW + timedelta(seconds=1)}, 1),
        ({"until": NOW + timedelta(seconds=1)}, 1),
        ({"open_only": True}, 1),
    ):
        found = await world.theirs.orders(**wanted)
        assert len(found) == kept, wanted
    assert [order.order_id for order in await world.theirs.orders(open_only=True)] == [buy.order_id]


async def test_all_orders_of_one_market_or_of_all_are_cancelled(world: World) -> None:
    for number, market in enumerate((world.market, world.other, world.other)):
        await world.mine.place(NewOrder(f"gb-{number}", market.market_id, Side.BUY, 1, Decimal("1.00")))
    assert await world.mine.cancel_all(market_id=world.market.market_id) == 1
    assert {order.market_id for order in await world.mine.orders(open_only=True)} == {world.other.market_id}
    assert await world.mine.cancel_all() == 2
    assert await world.mine.orders(open_only=True) == []


async def test_fills_are_found_by_every_filter(world: World) -> None:
    await world.trade(1, 2, "1.00")
    world.wait(1)
    await world.trade(2, 3, "1.00")
    first, second = await world.mine.fills()
    assert await world.mine.fill(first.trade_id) == first
    with pytest.raises(NotFound):
        await world.mine.fill("none")
    at = second.executed_at
    for wanted, kept in (
        ({"order_id": first.order_id}, [first]),
        ({"market_id": world.other.market_id}, []),
        ({"instrument_id": world.market.instrument_id}, [first, second]),
        ({"instrument_id": world.other.instrument_id}, []),
        ({"since": at}, [second]),
        ({"until": at}, [first]),
    ):
        assert await world.mine.fills(**wanted) == kept, wanted


async def test_accounts_and_positions(world: World) -> None:
    await world.trade(1, 2, "1.50")
    instrument_id = world.market.instrument_id
    [mine] = [one for one in await world.mine.trading_accounts() if one.instrument_id == instrument_id]
    assert (mine.total, mine.available, mine.locked) == (2, 2, 0)
    assert (mine.instrument_symbol, mine.market_id) == ("text-prime", world.market.market_id)
    assert await world.mine.trading_account(mine.account_id) == mine
    [cash] = await world.mine.currency_accounts()
    assert (cash.currency, cash.total) == ("usd", Decimal(997))
    assert await world.mine.currency_account(cash.account_id) == cash
    [position] = [one for one in await world.mine.positions() if one.instrument_id == instrument_id]
    assert (position.quantity, position.average_cost, position.total_cost) == (2, Decimal("1.50"), Decimal(3))
    assert (position.opened_at, position.closed_at) == (NOW, None)


async def test_units_move_both_ways_and_the_history_tells(world: World) -> None:
    instrument_id = world.market.instrument_id
    there = await world.theirs.transfer_to_consumption(instrument_id, 40)
    world.wait(3)
    [account] = [one for one in await world.theirs.consumption_accounts() if one.instrument_id == instrument_id]
    assert (account.available, account.total_transfers_in) == (40, 40)
    assert await world.theirs.consumption_account(account.account_id) == account
    back = await world.theirs.transfer_to_trading(instrument_id, 15)
    world.wait(3)
    assert (await world.theirs.consumption_units())[instrument_id].available == 25
    assert (await world.theirs.trading_units())[instrument_id].available == 4975
    assert [one.transfer_id for one in await world.theirs.transfers()] == [there.transfer_id]
    history = await world.theirs.transfer_history(instrument_id=instrument_id, since=NOW)
    assert [(one.transfer_id, one.from_account_type, one.to_account_type, one.quantity) for one in history] == [
        (there.transfer_id, "trading", "consumption", 40),
        (back.transfer_id, "consumption", "trading", 15),
    ]
    assert {one.status for one in history} == {"completed"}
    assert await world.theirs.transfer_history(instrument_id=world.other.instrument_id) == []


async def test_a_supplier_issues_units_and_moves_them_to_trading(world: World) -> None:
    instrument_id = world.market.instrument_id
    issued = await world.theirs.issue_supply(instrument_id, 100, key="gbs-1")
    assert await world.theirs.issue_supply(instrument_id, 100, key="gbs-1") == issued
    assert (issued.quantity, issued.status) == (100, "completed")
    assert await world.theirs.supply_issuances() == [issued]
    moved = await world.theirs.transfer_issued(instrument_id, 60)
    world.wait(3)
    [account] = [one for one in await world.theirs.issuance_accounts() if one.instrument_id == instrument_id]
    assert (account.total, account.available) == (40, 40)
    [summary] = [one for one in await world.theirs.supply_summary() if one.instrument_id == instrument_id]
    assert (summary.total_issued, summary.total_transferred, summary.available) == (100, 60, 40)
    assert (await world.theirs.trading_units())[instrument_id].available == 5060
    [record] = await world.theirs.transfer_history()
    assert (record.transfer_id, record.from_account_type, record.to_account_type) == (
        moved.transfer_id,
        "issuance",
        "trading",
    )
    assert await world.theirs.transfers() == []


async def test_who_is_no_supplier_cannot_issue(world: World) -> None:
    with pytest.raises(AccessDenied):
        await world.mine.issue_supply(world.market.instrument_id, 1)
    with pytest.raises(AccessDenied):
        await world.mine.issuance_accounts()


async def test_the_user_limits_and_health(world: World) -> None:
    user = await world.mine.me()
    assert user.account_mode == "advanced"
    limits = await world.mine.limits(world.market.market_id)
    assert limits == await world.mine.limits()
    with pytest.raises(NotFound):
        await world.mine.limits("none")
    health = await world.mine.health()
    assert (health.status, health.server_time) == ("ok", NOW)
    diagnostics = await world.mine.diagnostics()
    assert diagnostics.status == "ok"
    assert diagnostics.checks


async def test_a_stop_order_waits_until_it_is_cancelled(world: World) -> None:
    order = NewOrder("gb-1", world.market.market_id, Side.BUY, 1, None, OrderType.STOP, stop_price=Decimal(1))
    placed = await world.mine.place(order)
    assert (placed.status, placed.order_type, placed.stop_price) == ("pending", "stop", Decimal(1))
    assert await world.mine.orders(open_only=True) == [placed]
    await world.mine.cancel(placed.order_id)
    assert await world.mine.orders(open_only=True) == []
