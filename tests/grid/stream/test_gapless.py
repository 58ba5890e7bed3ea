"""What the stream does not tell is read by request, and told once."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from structlog.testing import capture_logs

from bot.clock import VirtualClock, run_virtual
from bot.domain.fill import Fill
from bot.domain.market import MarketTrade, Ticker
from bot.domain.order import Side, VenueOrder
from bot.domain.stream import FillUpdate, OrderUpdate, StreamDown, StreamEvent, StreamUp, TickerUpdate, TradeUpdate
from bot.errors import AccessDenied, ExchangeUnavailable, InvalidRequest, NotFound, RateLimited
from bot.grid.stream import GaplessStream
from tests.grid.scripted import NOW
from tests.grid.stream.ledger import Ledger, Told

UP = StreamUp(NOW)
DOWN = StreamDown(NOW, "cut")
TRADE = TradeUpdate(MarketTrade("public", "m-1", Decimal(2), 1, NOW))


def after(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def order(name: str = "o-1", status: str = "active", filled: int = 0, at: float = 0, **more: Any) -> VenueOrder:
    updated_at = more.pop("updated_at", after(at))
    return VenueOrder(
        name, None, "m-1", Side.BUY, status, 10, filled, Decimal(2), after(at), updated_at=updated_at, **more
    )


def fill(name: str, of: str = "o-1", quantity: int = 4, at: float = 0) -> Fill:
    return Fill(name, of, "m-1", Side.BUY, Decimal(2), quantity, after(at))


async def listen(events: AsyncIterator[StreamEvent], seconds: float = 10) -> list[StreamEvent]:
    """What is heard in so much time."""
    heard = []
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            async for event in events:
                heard.append(event)  # noqa: PERF401 - what was heard before the time is up counts
    return heard


Scene = Callable[[VirtualClock, Ledger, Told], Awaitable[None]]


def play(scene: Scene) -> None:
    async def main(clock: VirtualClock) -> None:
        await scene(clock, Ledger(clock), Told())

    run_virtual(main, NOW)


def test_what_was_missed_is_told_before_what_comes_later() -> None:
    async def scene(clock: VirtualClock, ledger: Ledger, told: Told) -> None:
        ledger.put(order("open", "partially_filled", 4))
        ledger.put(order("done", "filled", 10))
        ledger.traded = [fill("t-1", "open"), fill("t-2", "done", 10)]
        told.say(UP, TRADE)
        async with GaplessStream(told, ledger.exchange, clock).open(["m-1"]) as events:
            assert told.market_ids == ["m-1"]
            heard = await listen(events)
        assert heard == [
            UP,
            OrderUpdate(ledger.known["open"]),
            OrderUpdate(ledger.known["done"]),
            FillUpdate(ledger.traded[0]),
            FillUpdate(ledger.traded[1]),
            TickerUpdate(Ticker("m-1", NOW, last_price=Decimal(2))),
            TRADE,
        ]
        assert not told.is_open

    play(scene)


def test_an_order_that_closed_while_the_stream_was_down_is_asked_for() -> None:
    async def scene(clock: VirtualClock, ledger: Ledger, told: Told) -> None:
        ledger.put(order("o-1", at=-3600))
        ledger.put(order("o-2", at=-3600))
        told.say(UP)
        async with GaplessStream(told, ledger.exchange, clock).open() as events:
            assert len(await listen(events)) == 3
            told.say(DOWN)
            closed = ledger.put(order("o-1", "cancelled", 4, at=-3600, updated_at=NOW))
            ledger.traded.append(fill("t-1"))
            ledger.asked.clear()
            told.say(UP)
            assert await listen(events) == [DOWN, UP, OrderUpdate(closed), FillUpdate(ledger.traded[0])]
            assert ledger.asked == ["orders", "open orders", "order o-1", "fills"]

    play(scene)


def test_an_order_that_the_exchange_forgot_is_asked_for_once() -> None:
    async def scene(clock: VirtualClock, ledger: Ledger, told: Told) -> None:
        ledger.put(order())
        told.say(UP)
        async with GaplessStream(told, ledger.exchange, clock).open() as events:
            await listen(events)
            ledger.known.clear()
            told.say(UP, UP, TRADE)
            assert await listen(events) == [UP, UP, TRADE]
        assert ledger.asked.count("order o-1") == 1

    play(scene)


def test_a_burst_of_order_events_leads_to_one_read_of_fills() -> None:
    async def scene(clock: VirtualClock, ledger: Ledger, told: Told) -> None:
        told.say(UP)
        async with GaplessStream(told, ledger.exchange, clock).open() as events:
            await listen(events)
            ledger.asked.clear()
            for number in range(50):
                done = ledger.put(order(f"o-{number}", "filled", 10))
                ledger.traded.append(fill(f"t-{number}", done.order_id, 10))
                told.say(OrderUpdate(done))
            heard = await listen(events, 600)
            assert heard[50:] == [FillUpdate(one) for one in ledger.traded]
            assert ledger.asked == ["fills"]

    play(scene)


def test_a_steady_flow_of_fills_does_not_use_up_the_exchanges_limit() -> None:
    async def scene(clock: VirtualClock, ledger: Ledger, told: Told) -> None:
        told.say(UP)
        async with GaplessStream(told, ledger.exchange, clock).open() as events, asyncio.TaskGroup() as tasks:
            listening = tasks.create_task(listen(events, 130))
            await clock.sleep(5)
            ledger.asked.clear()
            for number in range(120):
                at = (clock.now() - NOW).total_seconds()
                ledger.traded.append(fill(f"t-{number}", f"o-{number}", 10, at=at))
                told.say(OrderUpdate(ledger.put(order(f"o-{number}", "filled", 10, at=at))))
                await clock.sleep(0.5)
            heard = await listening
        assert len(ledger.asked) <= 40  # in a minute
        assert len([event for event in heard if isinstance(event, FillUpdate)]) == 120

    play(scene)


def test_fills_that_are_shown_late_are_asked_for_again_and_hold_nothing_up() -> None:
    async def scene(clock: VirtualClock, ledger: Ledger, told: Told) -> None:
        told.say(UP)
        async with GaplessStream(told, ledger.exchange, clock).open(since=after(-600)) as events:
            await listen(events, 1)
            newer, late = fill("t-2", "o-2", 10), fill("t-1", at=-300)  # the list is no longer read from back there
            ledger.traded = [late, newer]
            ledger.hidden_until["t-1"] = after(100)
            filled = ledger.put(order("o-2", "filled", 10))
            partial = ledger.put(order("o-1", "partially_filled", 4))
            told.say(OrderUpdate(filled))
            assert await listen(events, 5) == [OrderUpdate(filled), FillUpdate(newer)]
            ledger.asked.clear()
            told.say(OrderUpdate(partial), TRADE)
            assert await listen(events, 60) == [OrderUpdate(partial), TRADE]
            told.say(TRADE)
            assert await listen(events, 1) == [TRADE]
            assert await listen(events, 600) == [FillUpdate(late)]
            assert ledger.asked == ["fills", *["fills of o-1"] * 7]

    play(scene)


def test_fills_that_are_never_shown_are_given_up_in_the_end() -> None:
    async def scene(clock: VirtualClock, ledger: Ledger, told: Told) -> None:
        told.say(UP, OrderUpdate(order("o-1", "partially_filled", 4)))
        async with GaplessStream(told, ledger.exchange, clock).open() as events:
            with capture_logs() as logs:
                await listen(events, 2 * 3600)
            [lost] = [entry for entry in logs if entry["log_level"] == "error"]
            assert (lost["order_id"], lost["units"]) == ("o-1", 4)
            ledger.asked.clear()
            await listen(events, 3600)
            assert ledger.asked == []
            ledger.traded.append(fill("t-2", at=10800))
            told.say(OrderUpdate(order("o-1", "partially_filled", 8, updated_at=after(10800))))
            assert [type(event) for event in await listen(events)] == [OrderUpdate, FillUpdate]
            assert ledger.asked == ["fills"]

    play(scene)


def test_a_fill_after_the_cancel_is_told_and_the_order_stays_cancelled() -> None:
    async def scene(clock: VirtualClock, ledger: Ledger, told: Told) -> None:
        told.say(UP, OrderUpdate(order()), OrderUpdate(order("o-1", "cancelled", updated_at=after(1))))
        async with GaplessStream(told, ledger.exchange, clock).open() as events:
            await listen(events)
            ledger.traded.append(fill("t-1", at=1))
            told.say(OrderUpdate(order("o-1", "partially_filled", 4, updated_at=after(1))))
            update, filled = await listen(events)
            assert isinstance(update, OrderUpdate)
            assert (update.order.status, update.order.filled) == ("cancelled", 4)
            assert filled == FillUpdate(ledger.traded[0])

    play(scene)


def test_reports_that_come_late_or_twice_are_dropped() -> None:
    async def scene(clock: VirtualClock, ledger: Ledger, told: Told) -> None:
        dearer = replace(order(updated_at=after(2)), price=Decimal(3))
        ledger.put(dearer)
        told.say(UP, OrderUpdate(order()), OrderUpdate(order(updated_at=after(1))), OrderUpdate(dearer))
        again = replace(order(updated_at=after(3)), price=Decimal(2))
        told.say(OrderUpdate(again), OrderUpdate(again), OrderUpdate(dearer))
        async with GaplessStream(told, ledger.exchange, clock).open() as events:
            assert await listen(events) == [UP, OrderUpdate(dearer), OrderUpdate(again)]

    play(scene)


def test_an_event_that_does_not_say_how_much_has_filled_leads_to_a_read() -> None:
    async def scene(clock: VirtualClock, ledger: Ledger, told: Told) -> None:
        told.say(UP)
        async with GaplessStream(told, ledger.exchange, clock).open() as events:
            await listen(events)
            ledger.traded.append(fill("t-1"))
            vague = OrderUpdate(VenueOrder("o-1", status="partially_filled"))
            told.say(vague)
            assert await listen(events) == [vague, FillUpdate(ledger.traded[0])]

    play(scene)


@pytest.mark.parametrize("number", range(5))
def test_a_read_that_fails_is_tried_again_and_events_wait(number: int) -> None:
    async def scene(clock: VirtualClock, ledger: Ledger, told: Told) -> None:
        ledger.put(order("o-1", at=-3600))
        told.say(UP)
        async with GaplessStream(told, ledger.exchange, clock).open() as events:
            await listen(events)
            closed = ledger.put(order("o-1", "filled", 10, at=-3600, updated_at=NOW))
            ledger.traded.append(fill("t-1", quantity=10))
            told.say(UP, TRADE)
            errors: list[Exception] = [
                ExchangeUnavailable("down"),
                RateLimited("slowly", retry_after=20),
                AccessDenied("no"),
            ]
            ledger.failures = [*errors, *errors][: number + 1]
            began = clock.now()
            heard = await listen(events, 600)
            assert heard == [UP, OrderUpdate(closed), FillUpdate(ledger.traded[0]), TRADE]
            assert clock.now() > began

    play(scene)


def test_reads_that_fail_are_tried_ever_more_rarely() -> None:
    async def scene(clock: VirtualClock, ledger: Ledger, told: Told) -> None:
        ledger.failures = [ExchangeUnavailable("down")] * 1000
        told.say(UP, TRADE)
        async with GaplessStream(told, ledger.exchange, clock).open() as events:
            assert await listen(events, 3600) == [UP]
            assert len(ledger.asked) < 70

    play(scene)


def test_a_ticker_that_cannot_be_read_holds_nothing_up() -> None:
    async def scene(clock: VirtualClock, ledger: Ledger, told: Told) -> None:
        class Odd(Ledger):
            async def ticker(self, market_id: str) -> Ticker:
                if market_id == "m-1":
                    raise NotFound("no such market")
                return await super().ticker(market_id)

        told.say(UP, TRADE)
        async with GaplessStream(told, Odd(clock).exchange, clock).open(["m-1", "m-2"]) as events:
            assert [type(event) for event in await listen(events)] == [StreamUp, TickerUpdate, TradeUpdate]

    play(scene)


def test_fills_are_told_from_the_given_moment_on_inclusive() -> None:
    async def scene(clock: VirtualClock, ledger: Ledger, told: Told) -> None:
        ledger.put(order("o-1", "partially_filled", 6, at=-7200))
        ledger.traded = [fill("t-1", quantity=1, at=-3700), fill("t-2", quantity=2, at=-3600), fill("t-3", quantity=3)]
        told.say(UP)
        async with GaplessStream(told, ledger.exchange, clock).open(since=after(-3600)) as events:
            heard = await listen(events, 600)
            assert [event.fill.trade_id for event in heard if isinstance(event, FillUpdate)] == ["t-2", "t-3"]
            assert ledger.asked.count("fills of o-1") == 1  # then the older one is known, too, and nothing is missing

    play(scene)


def test_a_moment_without_a_time_zone_is_refused_at_once() -> None:
    async def scene(clock: VirtualClock, ledger: Ledger, told: Told) -> None:
        told.say(UP)
        with pytest.raises(InvalidRequest, match="names no time zone"):
            async with GaplessStream(told, ledger.exchange, clock).open(since=NOW.replace(tzinfo=None)):
                pass
        assert not ledger.asked

    play(scene)


def test_the_exchanges_clock_says_where_to_begin() -> None:
    async def scene(clock: VirtualClock, ledger: Ledger, told: Told) -> None:
        ledger.traded = [fill("t-1", at=-7200), fill("t-2", at=-3600)]
        told.say(UP)
        async with GaplessStream(told, ledger.exchange, clock, clock_offset=lambda: -3600.0).open() as events:
            assert await listen(events) == [UP, FillUpdate(ledger.traded[1])]

    play(scene)


def test_a_slow_listener_loses_no_order_and_no_fill() -> None:
    async def scene(clock: VirtualClock, ledger: Ledger, told: Told) -> None:
        told.say(UP)
        async with GaplessStream(told, ledger.exchange, clock, capacity=5).open(["m-1"]) as events:
            for number in range(100):
                ledger.traded.append(fill(f"t-{number}", f"o-{number}", 10))
                told.say(OrderUpdate(ledger.put(order(f"o-{number}", "filled", 10))))
                told.say(TickerUpdate(Ticker("m-1", NOW, last_price=Decimal(number))))
            await clock.sleep(3600)
            heard = []
            for _ in range(202):
                await clock.sleep(1)
                heard.append(await anext(events))
        assert len({event.order.order_id for event in heard if isinstance(event, OrderUpdate)}) == 100
        assert len({event.fill.trade_id for event in heard if isinstance(event, FillUpdate)}) == 100

    play(scene)


def reports_in_memory() -> int:
    gc.collect()
    return sum(isinstance(one, VenueOrder | Fill) for one in gc.get_objects())


def test_what_is_over_is_forgotten_after_a_while() -> None:
    before = reports_in_memory()

    async def scene(clock: VirtualClock, ledger: Ledger, told: Told) -> None:
        told.say(UP)
        async with GaplessStream(told, ledger.exchange, clock).open() as events:
            for number in range(100):
                ledger.known, ledger.traded = {}, [fill(f"t-{number}", f"o-{number}", 10, at=number * 60)]
                told.say(OrderUpdate(ledger.put(order(f"o-{number}", "filled", 10, at=number * 60))))
                assert len(await listen(events, 60)) >= 2
            assert reports_in_memory() - before < 50

    play(scene)


def test_an_answer_that_took_long_tells_nothing_that_was_forgotten_meanwhile() -> None:
    async def scene(clock: VirtualClock, ledger: Ledger, told: Told) -> None:
        class Slow(Ledger):
            async def fills(self, **filters: Any) -> list[Fill]:
                found = await super().fills(**filters)
                await clock.sleep(3 if self.asked == ["orders", "open orders", "fills"] else 0)
                return found

        ledger = Slow(clock)
        ledger.traded.append(fill("t-1", quantity=10))
        told.say(UP, OrderUpdate(ledger.put(order("o-1", "filled", 10))))
        async with GaplessStream(told, ledger.exchange, clock).open() as events:
            assert FillUpdate(ledger.traded[0]) in await listen(events, 3600)
            ledger.asked.clear()
            ledger.traded.append(fill("t-2", "o-2", 10, at=3590))
            told.say(OrderUpdate(ledger.put(order("o-2", "filled", 10, at=3590))), UP)
            heard = await listen(events, 60)
            assert [event.fill.trade_id for event in heard if isinstance(event, FillUpdate)] == ["t-2"]

    play(scene)


def test_an_exchange_without_a_stream_is_told_to_whoever_listens() -> None:
    async def scene(clock: VirtualClock, ledger: Ledger, told: Told) -> None:
        told.say(UP, NotFound("no stream here"))
        async with GaplessStream(told, ledger.exchange, clock).open() as events:
            assert await anext(events) == UP
            with pytest.raises(NotFound, match="no stream here"):
                await anext(events)

    play(scene)


def test_an_error_of_the_listener_surfaces_as_itself() -> None:
    async def scene(clock: VirtualClock, ledger: Ledger, told: Told) -> None:
        told.say(UP)

        async def fail() -> None:
            async with GaplessStream(told, ledger.exchange, clock).open() as events:
                await anext(events)
                raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            await fail()
        assert not told.is_open
        assert len(asyncio.all_tasks()) == 1

    play(scene)


def test_a_fault_of_the_exchanges_client_is_not_hidden() -> None:
    async def scene(clock: VirtualClock, ledger: Ledger, told: Told) -> None:
        ledger.failures = [ZeroDivisionError("a fault")]
        told.say(UP)
        with pytest.raises(ZeroDivisionError):
            async with GaplessStream(told, ledger.exchange, clock).open() as events:
                await listen(events)

    play(scene)
