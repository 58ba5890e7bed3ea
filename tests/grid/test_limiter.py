"""What is sent keeps to the exchange's limits, the urgent before the rest."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import TypeVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.clock import VirtualClock, run_virtual
from bot.grid.limiter import Kind, Limiter, Limits
from bot.grid.routes import CANCEL_ORDER, ORDERS, PLACE_ORDER, TRANSFER_TO_CONSUMPTION, Route

START = datetime(2026, 3, 1, tzinfo=UTC)
T = TypeVar("T")


def virtually(main: Callable[[VirtualClock], Awaitable[T]]) -> T:
    return run_virtual(main, START)


async def send(limiter: Limiter, clock: VirtualClock, kind: Kind, takes: float = 0.0) -> float:
    """One request; when it was sent, in seconds from the start."""
    await limiter.admit(kind)
    at = (clock.now() - START).total_seconds()
    if takes:
        await clock.sleep(takes)
    limiter.done(kind)
    return at


async def send_all(
    limiter: Limiter, clock: VirtualClock, kinds: Iterable[Kind], takes: float = 0.0
) -> list[tuple[float, Kind]]:
    """Requests that all want to go at once; when each was sent."""
    sent: list[tuple[float, Kind]] = []

    async def one(kind: Kind) -> None:
        sent.append((await send(limiter, clock, kind, takes), kind))

    async with asyncio.TaskGroup() as tasks:
        for kind in kinds:
            tasks.create_task(one(kind))
    return sorted(sent)


def most_in_a_minute(times: list[float]) -> int:
    times = sorted(times)
    return max(sum(start <= at < start + 60 for at in times) for start in times)


def test_what_a_route_is_for() -> None:
    replace_order = Route("PUT", "orders/{}")
    routes = (CANCEL_ORDER, PLACE_ORDER, replace_order, TRANSFER_TO_CONSUMPTION, ORDERS)
    assert [Kind.of(route) for route in routes] == [Kind.CANCEL, Kind.ORDER, Kind.ORDER, Kind.WRITE, Kind.READ]


def test_no_minute_has_more_requests_than_the_limit_and_none_is_lost() -> None:
    async def main(clock: VirtualClock) -> list[tuple[float, Kind]]:
        return await send_all(Limiter(Limits(), clock), clock, [Kind.READ] * 300)

    sent = virtually(main)
    assert len(sent) == 300
    assert most_in_a_minute([at for at, _ in sent]) == 70  # the rest is kept for writes and cancels
    assert sent[69][0] == 0
    assert sent[70][0] == 60


@pytest.mark.parametrize(("kind", "count"), [(Kind.CANCEL, 100), (Kind.WRITE, 90), (Kind.ORDER, 50), (Kind.READ, 70)])
def test_each_kind_has_its_own_most(kind: Kind, count: int) -> None:
    async def main(clock: VirtualClock) -> list[tuple[float, Kind]]:
        return await send_all(Limiter(Limits(), clock), clock, [kind] * 200)

    assert sum(at < 60 for at, _ in virtually(main)) == count


def test_cancels_go_before_orders_and_reads_go_last() -> None:
    order: list[tuple[float, Kind]] = []

    async def main(clock: VirtualClock) -> None:
        limiter = Limiter(Limits(), clock)
        limiter.block(5)

        async def one(kind: Kind) -> None:
            order.append((await send(limiter, clock, kind), kind))

        async with asyncio.TaskGroup() as tasks:
            for kind in [Kind.READ, Kind.WRITE, Kind.ORDER, Kind.CANCEL] * 3:
                tasks.create_task(one(kind))

    virtually(main)
    assert order == [(5.0, kind) for kind in Kind for _ in range(3)]


def test_a_cancel_goes_at_once_when_reads_have_used_up_theirs() -> None:
    async def main(clock: VirtualClock) -> tuple[float, float]:
        limiter = Limiter(Limits(), clock)
        async with asyncio.TaskGroup() as tasks:
            for _ in range(150):
                tasks.create_task(send(limiter, clock, Kind.READ))
            await clock.sleep(1)
            return await send(limiter, clock, Kind.CANCEL), await send(limiter, clock, Kind.ORDER)

    assert virtually(main) == (1.0, 1.0)


def test_orders_that_wait_for_their_own_limit_do_not_hold_up_reads() -> None:
    async def main(clock: VirtualClock) -> list[tuple[float, Kind]]:
        return await send_all(Limiter(Limits(), clock), clock, [*[Kind.ORDER] * 60, *[Kind.READ] * 10])

    sent = virtually(main)
    assert [at for at, kind in sent if kind is Kind.READ] == [0.0] * 10
    assert sorted(at for at, kind in sent if kind is Kind.ORDER)[-10:] == [60.0] * 10


def test_a_request_counts_until_a_minute_after_its_answer() -> None:
    async def main(clock: VirtualClock) -> list[float]:
        limiter = Limiter(Limits(requests_per_minute=1, cancel_share=0, write_share=0), clock)
        return [await send(limiter, clock, Kind.READ, takes=7) for _ in range(3)]

    assert virtually(main) == [0, 67, 134]


def test_nothing_goes_while_the_exchange_asks_to_wait() -> None:
    async def main(clock: VirtualClock) -> list[float]:
        limiter = Limiter(Limits(), clock)
        limiter.block(7)
        first = await send(limiter, clock, Kind.CANCEL)
        limiter.block(2)
        limiter.block(1)
        return [first, await send(limiter, clock, Kind.READ)]

    assert virtually(main) == [7, 9]


def test_headers_teach_a_lower_limit_and_never_a_higher_one() -> None:
    async def main(clock: VirtualClock) -> list[int]:
        sent = []
        for limit in ("500", "-1", "x", "20"):
            limiter = Limiter(Limits(), clock)
            limiter.learn(Kind.READ, {"x-ratelimit-limit": limit})
            began = (clock.now() - START).total_seconds()
            times = await send_all(limiter, clock, [Kind.CANCEL] * 150)
            sent.append(sum(at < began + 60 for at, _ in times))
        return sent

    assert virtually(main) == [100, 100, 100, 20]


def test_the_limit_of_orders_is_learned_from_the_answers_to_orders() -> None:
    async def main(clock: VirtualClock) -> list[tuple[float, Kind]]:
        limiter = Limiter(Limits(), clock)
        limiter.learn(Kind.ORDER, {"x-ratelimit-limit": "10"})
        return await send_all(limiter, clock, [*[Kind.ORDER] * 20, *[Kind.READ] * 30])

    early = [kind for at, kind in virtually(main) if at < 60]
    assert (early.count(Kind.ORDER), early.count(Kind.READ)) == (10, 30)


def test_what_is_left_of_orders_holds_up_orders_alone() -> None:
    async def main(clock: VirtualClock) -> list[tuple[float, Kind]]:
        limiter = Limiter(Limits(), clock)
        reset = str(int(START.timestamp()) + 50)
        limiter.learn(Kind.ORDER, {"x-ratelimit-limit": "50", "x-ratelimit-remaining": "2", "x-ratelimit-reset": reset})
        return await send_all(limiter, clock, [*[Kind.ORDER] * 5, *[Kind.READ] * 30, *[Kind.CANCEL] * 5])

    sent = virtually(main)
    assert [at for at, kind in sent if kind is Kind.ORDER] == [0, 0, 50, 50, 50]
    assert {at for at, kind in sent if kind is not Kind.ORDER} == {0.0}


def test_what_is_left_is_learned_and_forgotten_at_its_reset() -> None:
    async def main(clock: VirtualClock) -> list[tuple[float, Kind]]:
        limiter = Limiter(Limits(cancel_share=0, write_share=0), clock)
        reset = str(int((START + timedelta(seconds=40)).timestamp()) + 3)
        limiter.learn(Kind.READ, {"x-ratelimit-remaining": "5", "x-ratelimit-reset": reset}, server_offset=3)
        return await send_all(limiter, clock, [Kind.READ] * 20)

    times = [at for at, _ in virtually(main)]
    assert times == [0.0] * 5 + [40.0] * 15


def test_a_stale_answer_does_not_raise_what_is_left_and_a_later_one_does() -> None:
    async def main(clock: VirtualClock) -> list[float]:
        limiter = Limiter(Limits(cancel_share=0, write_share=0), clock)
        at = int(START.timestamp())
        limiter.learn(Kind.READ, {"x-ratelimit-remaining": "1", "x-ratelimit-reset": str(at + 30)})
        limiter.learn(Kind.READ, {"x-ratelimit-remaining": "9", "x-ratelimit-reset": str(at + 30)})
        sent = [await send(limiter, clock, Kind.READ) for _ in range(2)]
        limiter.learn(Kind.READ, {"x-ratelimit-remaining": "0", "x-ratelimit-reset": str(at + 50)})
        limiter.learn(Kind.READ, {"x-ratelimit-remaining": "9", "x-ratelimit-reset": str(at + 58)})
        return [*sent, await send(limiter, clock, Kind.READ)]

    assert virtually(main) == [0, 30, 30]


def test_a_rate_of_orders_a_second_is_kept_besides() -> None:
    async def main(clock: VirtualClock) -> list[tuple[float, Kind]]:
        limiter = Limiter(Limits(), clock)
        limiter.learn_order_rate(3, 1.0)
        limiter.learn_order_rate(2, 1.0)
        limiter.learn_order_rate(0, 1.0)
        return await send_all(limiter, clock, [Kind.ORDER] * 6)

    assert [at for at, _ in virtually(main)] == [0, 0, 1, 1, 2, 2]


def test_orders_under_way_count_against_a_rate_that_is_learned_meanwhile() -> None:
    async def main(clock: VirtualClock) -> list[tuple[float, Kind]]:
        limiter = Limiter(Limits(), clock)
        await limiter.admit(Kind.ORDER)
        limiter.learn_order_rate(1, 2.0)
        limiter.done(Kind.ORDER)
        return await send_all(limiter, clock, [Kind.ORDER] * 3)

    assert [at for at, _ in virtually(main)] == [2, 4, 6]


@pytest.mark.parametrize("jump", [timedelta(minutes=5), timedelta(hours=-1)])
def test_a_clock_that_is_set_meanwhile_changes_nothing(jump: timedelta) -> None:
    class SetClock:
        def __init__(self, clock: VirtualClock) -> None:
            self.clock, self.set_by = clock, timedelta()

        def now(self) -> datetime:
            return self.clock.now() + self.set_by

        async def sleep(self, seconds: float) -> None:
            await self.clock.sleep(seconds)

    async def main(clock: VirtualClock) -> list[tuple[float, Kind]]:
        here = SetClock(clock)
        limiter = Limiter(Limits(), here)
        await send_all(limiter, clock, [Kind.CANCEL] * 100)
        limiter.block(3)
        here.set_by = jump
        return await send_all(limiter, clock, [Kind.CANCEL] * 2)

    assert [at for at, _ in virtually(main)] == [60, 60]


@pytest.mark.parametrize("left", ["0", "-3", "0.9", " 0 "])
def test_what_is_left_may_be_told_oddly(left: str) -> None:
    async def main(clock: VirtualClock) -> float:
        limiter = Limiter(Limits(), clock)
        milliseconds = str(int(START.timestamp() + 30) * 1000)
        limiter.learn(Kind.READ, {"x-ratelimit-remaining": left, "x-ratelimit-reset": milliseconds})
        return await send(limiter, clock, Kind.CANCEL)

    assert virtually(main) == 60  # a reset that is no moment soon counts as one in a minute


def test_who_gives_up_waiting_makes_room_for_the_next() -> None:
    async def main(clock: VirtualClock) -> float:
        limiter = Limiter(Limits(requests_per_minute=1, cancel_share=0, write_share=0), clock)
        await send(limiter, clock, Kind.READ)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(5):
                await send(limiter, clock, Kind.CANCEL)
        return await send(limiter, clock, Kind.READ)

    assert virtually(main) == 60


@settings(max_examples=40, deadline=None)
@given(
    plan=st.lists(
        st.tuples(st.sampled_from(list(Kind)), st.floats(0, 90), st.floats(0, 20)),
        min_size=1,
        max_size=60,
    ),
    limits=st.builds(
        Limits,
        requests_per_minute=st.integers(1, 20),
        orders_per_minute=st.integers(1, 10),
        cancels_per_minute=st.integers(1, 10),
    ),
)
def test_no_span_of_the_exchanges_clock_ever_has_too_many(
    plan: list[tuple[Kind, float, float]], limits: Limits
) -> None:
    """Wherever between sending and answer the exchange counts a request."""
    spans: list[tuple[float, float, Kind]] = []

    async def main(clock: VirtualClock) -> None:
        limiter = Limiter(limits, clock)

        async def one(kind: Kind, begins: float, takes: float) -> None:
            await clock.sleep(begins)
            sent = await send(limiter, clock, kind, takes)
            spans.append((sent, sent + takes, kind))

        async with asyncio.TaskGroup() as tasks:
            for kind, begins, takes in plan:
                tasks.create_task(one(kind, begins, takes))

    virtually(main)
    assert len(spans) == len(plan)
    for most, kinds in (
        (limits.requests_per_minute, set(Kind)),
        (limits.orders_per_minute, {Kind.ORDER}),
        (limits.cancels_per_minute, {Kind.CANCEL}),
    ):
        times = sorted((sent, answered) for sent, answered, kind in spans if kind in kinds)
        for (_, answered), (sent, _) in zip(sorted(times, key=lambda one: one[1]), times[most:], strict=False):
            assert sent >= answered + 60 - 1e-5
