"""Connections: how they are opened, kept alive, lost and opened again."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from structlog.testing import capture_logs

from bot.clock import VirtualClock, run_virtual
from bot.domain.stream import OrderUpdate, StreamDown, StreamEvent, StreamUp, TickerUpdate, TradeUpdate
from bot.errors import NotFound
from bot.grid.signing import sign_stream
from bot.grid.stream import Stream
from tests.grid.scripted import KEY, NOW
from tests.grid.stream.peers import Peer, Switchboard, ack, no, silence
from tests.grid.stream.samples import order_data, ticker_data, trade_data

HOUR = 3600.0


def stream_to(board: Switchboard, clock: VirtualClock, **options: Any) -> Stream:
    return Stream(board, KEY, clock, chance=random.Random(1), **options)


def virtually(main: Callable[[VirtualClock], Awaitable[None]]) -> None:
    run_virtual(main, NOW)


async def up(events: AsyncIterator[StreamEvent]) -> None:
    assert isinstance(await anext(events), StreamUp)


async def down(events: AsyncIterator[StreamEvent]) -> str:
    event = await anext(events)
    assert isinstance(event, StreamDown)
    return event.why


async def listen(events: AsyncIterator[StreamEvent], seconds: float) -> list[StreamEvent]:
    heard = []
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            async for event in events:
                heard.append(event)  # noqa: PERF401 - what was heard before the time is up counts
    return heard


def test_a_connection_joins_proves_who_we_are_and_subscribes() -> None:
    async def main(clock: VirtualClock) -> None:
        peer = Peer()
        stream = stream_to(Switchboard([peer]), clock, clock_offset=lambda: 5.7)
        async with stream.open(["m-1", "m-2"]) as events:
            assert await anext(events) == StreamUp(NOW)
        join, authenticate, subscribe = peer.sent
        assert join == {"topic": "ws:trading", "event": "phx_join", "payload": {}, "ref": "1"}
        assert authenticate["topic"] == "ws:trading"
        assert authenticate["payload"] == sign_stream(KEY, int(NOW.timestamp()) + 5)
        assert subscribe["payload"]["streams"] == [
            {"name": "user.orders"},
            {"name": "market.trades", "market": "m-1"},
            {"name": "market.ticker", "market": "m-1"},
            {"name": "market.trades", "market": "m-2"},
            {"name": "market.ticker", "market": "m-2"},
        ]
        assert len({frame["ref"] for frame in peer.sent}) == 3
        assert peer.closed

    virtually(main)


def test_events_come_in_order_and_those_before_the_acknowledgement_are_not_lost() -> None:
    async def main(clock: VirtualClock) -> None:
        def eager(peer: Peer, frame: dict[str, Any]) -> None:
            peer.say("new_order", {"data": order_data("o-1")})
            peer.say("ack", {"request_id": "another", "status": "ok"})
            ack(peer, frame)

        peer = Peer({"subscribe": eager})
        async with stream_to(Switchboard([peer]), clock).open(["m-1"]) as events:
            await up(events)
            peer.say("order_update", {"data": order_data("o-2")})
            peer.say("something_new", {"data": 1})
            peer.say("new_trade", {"data": trade_data()})
            peer.say("market_ticker", ticker_data())
            first, second, third, fourth = [await anext(events) for _ in range(4)]
        assert isinstance(first, OrderUpdate)
        assert isinstance(second, OrderUpdate)
        assert (first.order.order_id, second.order.order_id) == ("o-1", "o-2")
        assert isinstance(third, TradeUpdate)
        assert isinstance(fourth, TickerUpdate)

    virtually(main)


@pytest.mark.parametrize(("frames", "payload"), [(10_001, {}), (20, {"data": "x" * 900_000})])
def test_what_comes_before_an_answer_is_not_kept_without_bounds(frames: int, payload: object) -> None:
    async def main(clock: VirtualClock) -> None:
        def flood(peer: Peer, _frame: dict[str, Any]) -> None:
            for _ in range(frames):
                peer.say("something_new", payload)

        async with stream_to(Switchboard([Peer({"phx_join": flood})]), clock).open() as events:
            down = await anext(events)
        assert isinstance(down, StreamDown)
        assert "too much comes before an answer" in down.why

    virtually(main)


def test_a_trade_is_told_once_and_again_only_where_it_has_changed() -> None:
    async def main(clock: VirtualClock) -> None:
        peer = Peer()
        async with stream_to(Switchboard([peer]), clock).open(["m-1"]) as events:
            await up(events)
            for number in range(3):
                peer.say("new_trade", {"data": trade_data(f"t-{number}")})
            for number in range(3):
                peer.say("update_trade", {"data": trade_data(f"t-{number}", price="2.00" if number else "2.01")})
            heard = await listen(events, 1)
        assert [event.trade.trade_id for event in heard if isinstance(event, TradeUpdate)] == [
            "t-0",
            "t-1",
            "t-2",
            "t-0",
        ]

    virtually(main)


def test_two_that_listen_hear_every_trade_each() -> None:
    async def main(clock: VirtualClock) -> None:
        peers = [Peer(), Peer()]
        stream = stream_to(Switchboard(peers), clock)
        async with stream.open(["m-1"]) as one, stream.open(["m-1"]) as other:
            for events in (one, other):
                await up(events)
            for peer in peers:
                peer.say("new_trade", {"data": trade_data()})
            for events in (one, other):
                assert [type(event) for event in await listen(events, 1)] == [TradeUpdate]

    virtually(main)


@pytest.mark.parametrize("step", ["phx_join", "authenticate", "subscribe"])
def test_a_step_that_is_not_answered_in_time_is_given_up(step: str) -> None:
    async def main(clock: VirtualClock) -> None:
        peer = Peer({step: silence})
        async with stream_to(Switchboard([peer]), clock).open() as events:
            why = await down(events)
            assert why == f"no answer to '{step.removeprefix('phx_')}' within 10 s"
            assert clock.now() == NOW + timedelta(seconds=10)
            assert peer.closed
            await up(events)

    virtually(main)


@pytest.mark.parametrize("step", ["phx_join", "authenticate", "subscribe"])
def test_a_refusal_is_told_and_respected_for_longer_and_longer(step: str) -> None:
    async def main(clock: VirtualClock) -> None:
        board = Switchboard(make=lambda: Peer({step: no("you are nobody")}))
        async with stream_to(board, clock).open() as events:
            assert "you are nobody" in await down(events)
            await clock.sleep(4.9 / 2)
            assert len(board.connected) == 1
            await clock.sleep(10 * HOUR)
            assert 120 <= len(board.connected) <= 250  # about every 300 s, less up to a half

    virtually(main)


def test_a_refused_time_stamp_is_made_anew_with_the_offset_that_is_known_by_then() -> None:
    async def main(clock: VirtualClock) -> None:
        peers = [Peer({"authenticate": no("timestamp is stale")}), Peer()]
        offsets = iter([0.0, 3600.0])
        async with stream_to(Switchboard(peers), clock, clock_offset=lambda: next(offsets)).open() as events:
            await down(events)
            await up(events)
            then = int(clock.now().timestamp()) + 3600
            assert peers[1].sent[1]["payload"]["timestamp"] == str(then)

    virtually(main)


def hang_up_when_subscribed(peer: Peer, frame: dict[str, Any]) -> None:
    ack(peer, frame)
    peer.hang_up()


def hang_up_at_once() -> Peer:
    peer = Peer()
    peer.hang_up()
    return peer


@pytest.mark.parametrize(
    "make",
    [
        partial(ConnectionRefusedError, "refused"),
        partial(TimeoutError, "too slow"),
        hang_up_at_once,
        partial(Peer, {"subscribe": hang_up_when_subscribed}),
    ],
    ids=["refused", "too slow", "hangs up at once", "hangs up after the subscription"],
)
def test_whatever_goes_wrong_there_is_no_tight_loop(make: Callable[[], Peer | Exception]) -> None:
    async def main(clock: VirtualClock) -> None:
        board = Switchboard(make=make)
        async with stream_to(board, clock).open() as events:
            await listen(events, 30)
            assert 5 <= len(board.connected) <= 9
            await listen(events, 10 * HOUR)
            assert 600 <= len(board.connected) <= 1300  # about once a minute, less up to a half

    virtually(main)


def test_a_connection_that_held_for_a_while_is_opened_again_soon() -> None:
    async def main(clock: VirtualClock) -> None:
        board = Switchboard([ConnectionRefusedError("refused")] * 10)
        async with stream_to(board, clock).open() as events:
            for _ in range(10):
                await down(events)
            await up(events)
            await clock.sleep(31)
            lost_at = clock.now()
            peer = board.connected[-1]
            assert isinstance(peer, Peer)
            peer.hang_up("good bye")
            assert await down(events) == "good bye"
            await up(events)
            assert clock.now() - lost_at <= timedelta(seconds=0.5)

    virtually(main)


def test_an_exchange_without_a_stream_is_told_to_whoever_listens() -> None:
    async def main(clock: VirtualClock) -> None:
        board = Switchboard([ConnectionRefusedError("refused"), NotFound("no stream here")])
        async with stream_to(board, clock).open() as events:
            await down(events)
            for _ in range(2):
                with pytest.raises(NotFound, match="no stream here"):
                    await anext(events)
            await clock.sleep(HOUR)
            assert len(board.connected) == 2

    virtually(main)


def test_heartbeats_keep_a_quiet_connection_for_hours() -> None:
    async def main(clock: VirtualClock) -> None:
        peer = Peer()
        board = Switchboard([peer])
        async with stream_to(board, clock).open():
            await clock.sleep(2 * HOUR + 1)
        assert board.connected == [peer]
        beats = [frame for frame in peer.sent if frame["event"] == "heartbeat"]
        assert len(beats) == 240
        assert {frame["topic"] for frame in beats} == {"phoenix"}
        assert len({frame["ref"] for frame in peer.sent}) == len(peer.sent)

    virtually(main)


def test_a_heartbeat_without_an_answer_ends_the_connection_though_other_events_come() -> None:
    async def main(clock: VirtualClock) -> None:
        peer = Peer({"heartbeat": silence})
        async with stream_to(Switchboard([peer]), clock).open() as events:
            await up(events)
            await clock.sleep(35)
            peer.say("new_trade", {"data": trade_data()})
            assert isinstance(await anext(events), TradeUpdate)
            assert await down(events) == "no answer to a heartbeat within 10 s"
            assert clock.now() == NOW + timedelta(seconds=40)
            assert peer.closed
            await up(events)

    virtually(main)


def test_a_slow_listener_gets_every_order_and_trade_and_of_each_market_the_newest_ticker() -> None:
    async def main(clock: VirtualClock) -> None:
        peer = Peer()
        board = Switchboard([peer])
        async with stream_to(board, clock, capacity=20).open(["m-1", "m-2"]) as events:
            await up(events)
            for number in range(100):
                peer.say("market_ticker", ticker_data("m-1", last_price=number + 1))
                peer.say("market_ticker", ticker_data("m-2", last_price=number + 1))
                peer.say("new_trade", {"data": trade_data(f"t-{number}")})
                peer.say("order_update", {"data": order_data(f"o-{number}")})
            await clock.sleep(HOUR)  # no answer to a heartbeat is read all this time
            assert peer.unread >= 300, "the socket is not read while nobody listens"
            heard = await listen(events, 60)
        assert board.connected == [peer]
        assert [event.trade.trade_id for event in heard if isinstance(event, TradeUpdate)] == [
            f"t-{number}" for number in range(100)
        ]
        assert [event.order.order_id for event in heard if isinstance(event, OrderUpdate)] == [
            f"o-{number}" for number in range(100)
        ]
        for market_id in ("m-1", "m-2"):
            prices = [
                event.ticker.last_price
                for event in heard
                if isinstance(event, TickerUpdate) and event.ticker.market_id == market_id
            ]
            assert prices == sorted(prices, key=lambda price: price or 0)
            assert prices[0] != 1, "older tickers give way to newer ones"
            assert prices[-1] == 100

    virtually(main)


def test_a_connection_that_dies_under_a_slow_listener_is_noticed_once_it_listens_again() -> None:
    async def main(clock: VirtualClock) -> None:
        peer = Peer({"heartbeat": silence})
        async with stream_to(Switchboard([peer]), clock, capacity=5).open() as events:
            await up(events)
            for number in range(20):
                peer.say("new_trade", {"data": trade_data(f"t-{number}")})
            await clock.sleep(HOUR)
            assert not peer.closed
            heard = await listen(events, 60)
            assert [type(event) for event in heard] == [TradeUpdate] * 20 + [StreamDown, StreamUp]

    virtually(main)


def test_a_socket_that_takes_nothing_is_given_up() -> None:
    class Stuck(Peer):
        async def send(self, frame: str) -> None:
            if "heartbeat" in frame:
                await asyncio.Event().wait()
            await super().send(frame)

    async def main(clock: VirtualClock) -> None:
        async with stream_to(Switchboard([Stuck()]), clock).open() as events:
            await up(events)
            assert "heartbeat" in await down(events)
            await up(events)

    virtually(main)


def test_frames_that_make_no_sense_are_passed_over_and_logged_once_a_kind() -> None:
    async def main(clock: VirtualClock) -> None:
        peer = Peer()
        async with stream_to(Switchboard([peer]), clock).open() as events:
            await up(events)
            with capture_logs() as logs:
                for _ in range(3):
                    peer.say_text("{not json")
                    peer.say("new_trade", {"data": trade_data(price="a lot")})
                    peer.say("market_ticker", {"bid": "1"})
                peer.say("new_trade", {"data": trade_data()})
                assert isinstance(await anext(events), TradeUpdate)
        assert [entry["kind"] for entry in logs] == ["frame", "new_trade", "market_ticker"]

    virtually(main)


@pytest.mark.parametrize(
    "frame",
    [
        '{"event": "order_update", "payload": {"data": {"order_id": null}}}',
        '{"event": "new_order", "payload": {"data": {"order_id": "o-1", "price": "a lot"}}}',
        '{"event": "order_update", "payload": {"data": NaN}}',
    ],
)
def test_news_of_an_order_that_makes_no_sense_is_as_bad_as_a_lost_connection(frame: str) -> None:
    async def main(clock: VirtualClock) -> None:
        peer = Peer()
        async with stream_to(Switchboard([peer]), clock).open() as events:
            await up(events)
            peer.say_text(frame)
            assert "orders cannot be understood" in await down(events)
            assert peer.closed
            await up(events)

    virtually(main)


@pytest.mark.parametrize(
    "streams",
    [
        [{"name": "user.orders"}, {"name": "market.ticker", "market": "m-1"}],
        [{"name": "user.orders"}, {"name": "market.ticker", "market_id": "m-1"}],
        ["user.orders", "market.ticker:m-1"],
    ],
)
def test_a_market_that_is_not_streamed_is_logged_and_the_rest_goes_on(streams: list[object]) -> None:
    async def main(clock: VirtualClock) -> None:
        peer = Peer({"subscribe": partial(ack, status="partial", streams=streams)})
        with capture_logs() as logs:
            async with stream_to(Switchboard([peer]), clock).open(["m-1"]) as events:
                await up(events)
        [missing] = [entry for entry in logs if "market_id" in entry]
        assert (missing["stream"], missing["market_id"]) == ("market.trades", "m-1")

    virtually(main)


@pytest.mark.parametrize(("status", "streams"), [("partial", [{"name": "market.trades"}]), ("error", None), ("", None)])
def test_a_subscription_without_our_orders_is_a_refusal(status: str, streams: list[object] | None) -> None:
    async def main(clock: VirtualClock) -> None:
        board = Switchboard(make=lambda: Peer({"subscribe": partial(ack, status=status, streams=streams)}))
        async with stream_to(board, clock).open() as events:
            assert "does not stream our orders" in await down(events)
            await listen(events, HOUR)
            assert len(board.connected) < 40

    virtually(main)


@pytest.mark.parametrize("step", ["phx_join", "subscribe"])
def test_an_answer_that_makes_no_sense_is_no_answer(step: str) -> None:
    def answer(peer: Peer, frame: dict[str, Any]) -> None:
        peer.say("ack" if step == "subscribe" else "phx_reply", {"status": ["ok"]}, ref=frame["ref"])

    async def main(clock: VirtualClock) -> None:
        async with stream_to(Switchboard([Peer({step: answer})]), clock).open() as events:
            assert "cannot be understood" in await down(events)
            await up(events)

    virtually(main)


@pytest.mark.parametrize("event", ["phx_close", "phx_error"])
def test_a_channel_that_is_closed_is_opened_again(event: str) -> None:
    async def main(clock: VirtualClock) -> None:
        peer = Peer()
        async with stream_to(Switchboard([peer]), clock).open() as events:
            await up(events)
            peer.say(event, {})
            assert await down(events) == "the exchange closed the channel"
            await up(events)

    virtually(main)


def test_an_error_of_the_listener_surfaces_as_itself_and_closes_the_socket() -> None:
    async def main(clock: VirtualClock) -> None:
        peer = Peer()

        async def fail() -> None:
            async with stream_to(Switchboard([peer]), clock).open() as events:
                await up(events)
                raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            await fail()
        assert peer.closed
        assert len(asyncio.all_tasks()) == 1

    virtually(main)


def test_a_listener_that_is_cancelled_leaves_nothing_behind() -> None:
    async def main(clock: VirtualClock) -> None:
        peer = Peer()

        async def forever() -> None:
            async with stream_to(Switchboard([peer]), clock).open() as events:
                await listen(events, 10 * HOUR)

        async with asyncio.TaskGroup() as tasks:
            listening = tasks.create_task(forever())
            await clock.sleep(100)
            listening.cancel()
        assert listening.cancelled()
        assert peer.closed
        assert len(asyncio.all_tasks()) == 1

    virtually(main)


def test_a_fault_of_the_dialer_is_not_hidden() -> None:
    async def main(clock: VirtualClock) -> None:
        with pytest.raises(ZeroDivisionError):
            async with stream_to(Switchboard([ZeroDivisionError("a fault")]), clock).open() as events:
                await anext(events)

    virtually(main)
