"""What lies between the stream and its listener."""

from __future__ import annotations

import asyncio
from decimal import Decimal

from bot.clock import VirtualClock, run_virtual
from bot.domain.market import MarketTrade, Ticker
from bot.domain.stream import StreamEvent, TickerUpdate, TradeUpdate
from bot.grid.stream.mailbox import Mailbox
from tests.grid.scripted import NOW


def trade(number: int) -> StreamEvent:
    return TradeUpdate(MarketTrade(f"t-{number}", "m-1", Decimal(2), 1, NOW))


def ticker(market_id: str, price: int) -> StreamEvent:
    return TickerUpdate(Ticker(market_id, NOW, last_price=Decimal(price)))


async def test_of_each_market_the_newest_ticker_waits_in_the_place_of_the_first() -> None:
    mailbox = Mailbox(10)
    for event in (ticker("m-1", 1), trade(1), ticker("m-2", 1), trade(2), ticker("m-1", 2), ticker("m-2", 2)):
        mailbox.post(event)
    assert [await anext(mailbox) for _ in range(4)] == [ticker("m-1", 2), trade(1), ticker("m-2", 2), trade(2)]
    mailbox.post(ticker("m-1", 3))
    assert await anext(mailbox) == ticker("m-1", 3)


def test_posters_wait_for_room_and_listeners_for_events() -> None:
    async def main(clock: VirtualClock) -> None:
        mailbox = Mailbox(3)

        async def post(first: int) -> None:
            for number in range(first, first + 10):
                await mailbox.room()
                mailbox.post(trade(number))

        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(post(0))
            tasks.create_task(post(100))
            await clock.sleep(1)
            assert mailbox.is_full
            heard = []
            for _ in range(20):
                await clock.sleep(1)
                heard.append(await anext(mailbox))
        assert sorted(heard, key=str) == sorted([trade(n) for n in (*range(10), *range(100, 110))], key=str)
        assert [event for event in heard if event in map(trade, range(10))] == [trade(n) for n in range(10)]

    run_virtual(main, NOW)
