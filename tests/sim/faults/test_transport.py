"""What goes wrong on a request's way, in memory."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

import msgspec
import pytest

from bot.clock import SystemClock, VirtualClock, run_virtual
from bot.errors import NotSentError
from bot.ports import Request, Response
from bot.sim.faults.kinds import (
    Fault,
    Latency,
    Maintenance,
    Malformed,
    RateLimit,
    Refused,
    ResetAfterApply,
    ResetBeforeApply,
    ServerError,
    Truncated,
)
from bot.sim.faults.presets import PRESETS
from bot.sim.faults.transport import FaultyTransport
from bot.sim.loopback import LoopbackTransport
from tests.sim.client import START
from tests.sim.faults.world import FaultyWorld


def place(world: FaultyWorld, number: int = 1) -> Request:
    order = {"market_id": world.market_id, "side": "buy", "type": "limit", "quantity": 1, "price": "1.00"}
    order["client_order_id"] = f"gb-{number}"
    return world.alice.signed("POST", "/v1/trading/orders", body=msgspec.json.encode(order))


def orders(world: FaultyWorld) -> int:
    return len(world.venue.history(world.alice.account).orders)


def run(world: FaultyWorld, main: Callable[[FaultyTransport, VirtualClock], Awaitable[None]]) -> None:
    run_virtual(lambda clock: main(transport(world, clock), clock), START)


def transport(world: FaultyWorld, clock: VirtualClock) -> FaultyTransport:
    return FaultyTransport(LoopbackTransport(world.api, clock), world.faults, clock)


@pytest.mark.parametrize(
    ("fault", "error", "applied"),
    [
        (Refused(), NotSentError, 0),
        (ResetBeforeApply(), ConnectionError, 0),
        (ResetAfterApply(), ConnectionError, 1),
        (Truncated(), ConnectionError, 1),
    ],
)
def test_a_broken_connection_is_told_as_such(fault: Fault, error: type[Exception], applied: int) -> None:
    world = FaultyWorld(fault)

    async def main(transport: FaultyTransport, _: VirtualClock) -> None:
        with pytest.raises(error):
            await transport.send(place(world))

    run(world, main)
    assert orders(world) == applied
    assert world.faults.injected == {fault.kind: 1}


@pytest.mark.parametrize("applied", [False, True])
@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_a_server_error_may_come_before_and_after_the_order_is_placed(status: int, applied: bool) -> None:
    world = FaultyWorld(ServerError.model_validate({"status": status, "applied": applied}))

    async def main(transport: FaultyTransport, _: VirtualClock) -> None:
        answer = await transport.send(place(world))
        assert answer.status == status
        assert answer.headers["date"] == "Wed, 01 Jul 2026 00:30:00 GMT"
        assert answer.headers["content-type"] == ("application/json" if status == 500 else "text/html")
        assert str(status).encode() in answer.body or b"internal server error" in answer.body

    run(world, main)
    assert orders(world) == applied


def test_too_many_requests_are_told_with_a_wait() -> None:
    world = FaultyWorld(RateLimit(retry_after=7))

    async def main(transport: FaultyTransport, _: VirtualClock) -> None:
        answer = await transport.send(place(world))
        assert (answer.status, answer.headers["retry-after"]) == (429, "7")
        assert "wait 7 s" in msgspec.json.decode(answer.body)["errors"]["detail"]

    run(world, main)
    assert orders(world) == 0


def test_a_malformed_answer_is_no_json() -> None:
    world = FaultyWorld(Malformed())

    async def main(transport: FaultyTransport, _: VirtualClock) -> None:
        answer = await transport.send(place(world))
        assert answer.status == 201
        with pytest.raises(msgspec.DecodeError):
            msgspec.json.decode(answer.body)

    run(world, main)
    assert orders(world) == 1


def test_latency_delays_the_request_not_its_answer() -> None:
    world = FaultyWorld(Latency(seconds=(0.5, 2.0)), Latency(route="POST orders", seconds=(3, 3)))

    async def main(transport: FaultyTransport, clock: VirtualClock) -> None:
        await transport.send(place(world))
        took = (clock.now() - START).total_seconds()
        assert 3.5 <= took <= 5.0
        assert world.venue.history(world.alice.account).orders[0].created_at == clock.now()

    run(world, main)
    assert world.faults.injected == {"latency": 2}


def test_a_request_that_was_given_up_gets_there_all_the_same() -> None:
    world = FaultyWorld(Latency(at=(1,), seconds=(15, 15)))

    async def main(transport: FaultyTransport, clock: VirtualClock) -> None:
        with pytest.raises(TimeoutError, match="no answer within 10 s"):
            await transport.send(place(world))
        assert clock.now() == START + timedelta(seconds=10)
        await transport.send(Request("GET", "/v1/health"))
        assert orders(world) == 0
        await clock.sleep(5)
        await transport.send(Request("GET", "/v1/health"))
        assert orders(world) == 1

    run(world, main)


def test_what_was_given_up_never_gets_there_once_the_transport_is_closed() -> None:
    world = FaultyWorld(Latency(at=(1,), seconds=(15, 15)))

    async def main(transport: FaultyTransport, clock: VirtualClock) -> None:
        with pytest.raises(TimeoutError):
            await transport.send(place(world))
        await transport.close()
        await clock.sleep(6)
        with pytest.raises(NotSentError, match="closed"):
            await transport.send(Request("GET", "/v1/health"))

    run(world, main)
    assert orders(world) == 0


def test_faults_keep_to_their_route_their_script_and_their_time() -> None:
    world = FaultyWorld(
        ServerError(status=502, route="POST orders", at=(2,)),
        ServerError(status=503, route="get {}", begin=timedelta(seconds=5), until=timedelta(seconds=10)),
        ServerError(status=504, route="orders/*"),
    )

    async def main(transport: FaultyTransport, clock: VirtualClock) -> None:
        async def status(method: str, path: str) -> int:
            return (await transport.send(world.alice.signed(method, path))).status

        assert [(await transport.send(place(world, number))).status for number in (1, 2, 3)] == [201, 502, 201]
        assert await status("GET", "/v1/orders") == 200
        assert await status("DELETE", "/v1/trading/orders/none") == 504
        assert await status("GET", "/v1/nowhere") == 404
        await clock.sleep(5)
        assert await status("GET", "/v1/orders") == 503
        assert await status("GET", "/outside") == 404
        await clock.sleep(5)
        assert await status("GET", "/v1/orders") == 200

    run(world, main)


def test_of_several_faults_that_strike_the_first_befalls_a_request() -> None:
    world = FaultyWorld(ServerError(status=502), Refused())

    async def main(transport: FaultyTransport, _: VirtualClock) -> None:
        assert (await transport.send(place(world))).status == 502

    run(world, main)
    assert world.faults.injected == {"status": 1}


def test_maintenance_answers_everything_with_503() -> None:
    world = FaultyWorld(Maintenance(until=timedelta(minutes=1)), Refused())

    async def main(transport: FaultyTransport, clock: VirtualClock) -> None:
        assert (await transport.send(place(world))).status == 503
        assert (await transport.send(Request("GET", "/outside"))).status == 503
        await clock.sleep(60)
        with pytest.raises(NotSentError):
            await transport.send(place(world))

    run(world, main)
    assert orders(world) == 0
    assert world.faults.injected == {"maintenance": 2, "refused": 1}
    assert world.faults.told() == "2 maintenance, 1 refused"


def test_a_plan_counts_in_the_exchanges_own_time() -> None:
    world = FaultyWorld(Maintenance(begin=timedelta(minutes=10)), speed=60.0)

    async def main(transport: FaultyTransport, clock: VirtualClock) -> None:
        assert (await transport.send(place(world))).status == 201
        await clock.sleep(10)
        assert (await transport.send(place(world))).status == 503

    run(world, main)


def outcomes(*faults: Fault, seed: int) -> list[str]:
    """What comes of 300 requests, one a second."""
    world, found = FaultyWorld(*faults, seed=seed), []

    async def main(transport: FaultyTransport, clock: VirtualClock) -> None:
        for number in range(300):
            world.alice.now = clock.now()
            try:
                found.append(f"{(await transport.send(place(world, number))).status}")
            except (NotSentError, OSError) as error:
                found.append(type(error).__name__)
            await clock.sleep(1)
            found.append(clock.now().isoformat())

    run(world, main)
    return found


def test_the_same_seed_makes_the_same_go_wrong() -> None:
    faults = PRESETS["all"].faults
    assert outcomes(*faults, seed=1) == outcomes(*faults, seed=1) != outcomes(*faults, seed=2)


def test_what_is_drawn_for_one_fault_does_not_depend_on_the_others() -> None:
    refused = Refused(probability=0.3)
    alone = outcomes(refused, seed=1)
    beside = outcomes(refused, ServerError(status=500, probability=0.3), seed=1)
    assert [at for at, one in enumerate(alone) if one == "NotSentError"] == [
        at for at, one in enumerate(beside) if one == "NotSentError"
    ]
    assert "500" in beside


def test_a_fault_strikes_about_as_often_as_its_probability_says() -> None:
    world = FaultyWorld(Refused(probability=0.2))
    for _ in range(2000):
        world.faults.fate("GET", "/v1/orders", START)
    assert 320 < world.faults.injected["refused"] < 480


def test_without_faults_answers_are_the_same_bytes() -> None:
    plain, planned = FaultyWorld(), FaultyWorld(Refused(begin=timedelta(days=1)))

    async def answers(world: FaultyWorld, clock: VirtualClock) -> list[Response]:
        carrier = transport(world, clock)
        requests = [place(world), world.alice.signed("GET", "/v1/orders"), Request("GET", "/v1/health")]
        return [await carrier.send(request) for request in requests]

    assert run_virtual(lambda clock: answers(plain, clock), START) == run_virtual(
        lambda clock: answers(planned, clock), START
    )


async def test_concurrent_requests_each_have_their_own_fate() -> None:
    world, clock = FaultyWorld(ServerError(status=502, at=(2,))), SystemClock()
    carrier = FaultyTransport(LoopbackTransport(world.api, clock), world.faults, clock)
    answers = await asyncio.gather(*(carrier.send(Request("GET", "/v1/health")) for _ in range(3)))
    assert [answer.status for answer in answers] == [200, 502, 200]
