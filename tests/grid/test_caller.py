"""How requests are sent: when again, when not, and with which time stamp."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import TypeVar

import pytest
import stamina
from structlog.testing import capture_logs

from bot.clock import VirtualClock, run_virtual
from bot.errors import (
    AuthenticationFailed,
    ExchangeError,
    ExchangeUnavailable,
    InvalidRequest,
    NotSentError,
    OutcomeUnknown,
    RateLimited,
)
from bot.grid.trading import TradingClient
from bot.ports import Request, Response
from tests.grid.scripted import KEY, answered, wrapped

START = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)
NO_CASH = wrapped([])
MOVED = answered({"status": "pending", "transfer_id": "t1"}, 202)
T = TypeVar("T")


class Server:
    """Answers what a test tells it to, and notes when it was asked; the last answer is given for ever."""

    def __init__(self, clock: VirtualClock, answers: Iterator[Response | Exception], ahead: float = 0.0) -> None:
        self._clock = clock
        self._answers = answers
        self._ahead = ahead
        self.requests: list[Request] = []
        self.times: list[float] = []

    async def send(self, request: Request) -> Response:
        self.requests.append(request)
        self.times.append((self._clock.now() - START).total_seconds())
        await self._clock.sleep(0)
        answer = next(self._answers)
        if isinstance(answer, Exception):
            raise answer
        now = self._clock.now() + timedelta(seconds=self._ahead)
        if abs(int(request.headers.get("x-thegrid-timestamp", "0")) - now.timestamp()) > 30:
            answer = answered({"errors": {"detail": "timestamp too far off"}}, 401)
        return Response(answer.status, {"date": format_datetime(now, usegmt=True), **answer.headers}, answer.body)

    async def close(self) -> None:
        pass


def virtually(
    *answers: Response | Exception, use: Callable[[TradingClient], Awaitable[object]], ahead: float = 0.0
) -> tuple[Server, ExchangeError | None]:
    """What a client sends to a server with these answers, and what it raised."""

    async def main(clock: VirtualClock) -> tuple[Server, ExchangeError | None]:
        server = Server(clock, iter(answers), ahead)
        client = TradingClient(server, KEY, clock)
        try:
            await use(client)
        except ExchangeError as error:
            return server, error
        return server, None

    return run_virtual(main, START)


async def read(client: TradingClient) -> object:
    return await client.cash()


async def move(client: TradingClient) -> object:
    return await client.transfer_to_consumption("text-prime", 1, key="k1")


def busy(status: int, **headers: str) -> Response:
    return answered({"errors": {"detail": "busy"}}, status, **headers)


PASSING = [busy(408), busy(502), busy(503), busy(504), ConnectionError("reset"), TimeoutError("slow")]


@pytest.mark.parametrize("failure", PASSING, ids=str)
def test_a_read_is_tried_again_with_growing_waits(failure: Response | Exception) -> None:
    server, error = virtually(failure, failure, failure, NO_CASH, use=read)
    assert error is None
    waits = [later - sooner for sooner, later in zip(server.times, server.times[1:], strict=False)]
    assert len(waits) == 3
    for wait, most in zip(waits, (0.25, 0.5, 1.0), strict=True):
        assert most / 2 <= wait <= most


def test_a_read_is_given_up_in_the_end() -> None:
    server, error = virtually(*[busy(503)] * 4, use=read)
    assert isinstance(error, ExchangeUnavailable)
    assert len(server.requests) == 4


def test_a_read_that_never_left_is_tried_again() -> None:
    server, error = virtually(NotSentError("refused"), NO_CASH, use=read)
    assert error is None
    assert len(server.requests) == 2


def test_a_fault_of_the_exchange_is_given_one_more_chance() -> None:
    server, error = virtually(*[busy(500)] * 3, use=read)
    assert error is not None
    assert error.status == 500
    assert len(server.requests) == 2


@pytest.mark.parametrize("status", [400, 401, 403, 404, 422])
def test_a_read_that_is_refused_is_not_tried_again(status: int) -> None:
    server, error = virtually(*[busy(status)] * 2, use=read)
    assert error is not None
    assert error.status == status
    assert len({request.path for request in server.requests}) == len(server.requests), "the same path twice"


def test_tries_are_logged() -> None:
    stamina.instrumentation.set_on_retry_hooks([stamina.instrumentation.StructlogOnRetryHook])
    try:
        with capture_logs() as logged:
            virtually(busy(503), NO_CASH, use=read)
    finally:
        stamina.instrumentation.set_on_retry_hooks(None)
    assert [(line["log_level"], line["callable"]) for line in logged] == [
        ("warning", "GET /v1/trading/currency-trading-accounts")
    ]
    assert KEY.seed_text not in str(logged)


@pytest.mark.parametrize("failure", [*PASSING, busy(500)], ids=str)
def test_a_write_of_unclear_outcome_is_sent_once_and_carried_by_the_error(failure: Response | Exception) -> None:
    server, error = virtually(failure, MOVED, use=move)
    assert len(server.requests) == 1
    assert isinstance(error, OutcomeUnknown)
    assert error.request is not None
    assert (error.request.method, error.request.body) == ("POST", server.requests[0].body)
    assert error.request.headers["idempotency-key"] == "k1"
    assert not any(name.startswith("x-thegrid") for name in error.request.headers)
    assert "before you send it again" in str(error)


def test_a_write_that_never_left_is_not_sent_again_either() -> None:
    server, error = virtually(NotSentError("refused"), MOVED, use=move)
    assert isinstance(error, NotSentError)
    assert len(server.requests) == 1


def test_after_a_rate_limit_a_read_waits_exactly_what_the_exchange_says() -> None:
    server, error = virtually(busy(429, retry_after="7"), NO_CASH, use=read)
    assert error is None
    assert server.times == [0.0, 7.0]


@pytest.mark.parametrize("ahead", [300.0, -300.0])
def test_the_moment_at_which_a_rate_limit_ends_is_one_of_the_exchanges_clock(ahead: float) -> None:
    ends = START + timedelta(seconds=ahead + 7)
    for told in (
        {"retry_after": format_datetime(ends, usegmt=True)},
        {"x_ratelimit_reset": str(int(ends.timestamp()))},
    ):
        server, error = virtually(NO_CASH, busy(429, **told), NO_CASH, use=read, ahead=ahead)
        assert error is None
        assert server.times == [0.0, 0.0, pytest.approx(7.0, abs=1.0)]


def test_after_a_rate_limit_the_next_request_waits_whoever_sends_it() -> None:
    async def use(client: TradingClient) -> None:
        with pytest.raises(RateLimited) as caught:
            await move(client)
        assert caught.value.retry_after == 7
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(move(client))
            tasks.create_task(read(client))

    server, error = virtually(busy(429, retry_after="7"), MOVED, NO_CASH, use=use)
    assert error is None
    assert server.times == [0.0, 7.0, 7.0]
    assert [request.method for request in server.requests] == ["POST", "POST", "GET"], "reads yield to writes"


@pytest.mark.parametrize("use", [read, move])
@pytest.mark.parametrize("ahead", [300.0, -300.0, 7200.0])
def test_with_a_clock_that_is_off_the_first_call_succeeds_after_one_correction(
    use: Callable[[TradingClient], Awaitable[object]], ahead: float
) -> None:
    server, error = virtually(*[NO_CASH if use is read else MOVED] * 2, use=use, ahead=ahead)
    assert error is None
    assert len(server.requests) == 2
    first, second = server.requests
    assert (first.body, first.path) == (second.body, second.path)
    assert int(second.headers["x-thegrid-timestamp"]) == pytest.approx(START.timestamp() + ahead, abs=1)


def test_a_correction_is_remembered() -> None:
    async def use(client: TradingClient) -> None:
        await client.cash()
        assert client.clock_offset_seconds == pytest.approx(300, abs=1)
        await client.cash()

    server, error = virtually(*[NO_CASH] * 3, use=use, ahead=300.0)
    assert error is None
    assert len(server.requests) == 3


def test_a_key_that_is_refused_at_the_right_time_is_not_tried_again() -> None:
    server, error = virtually(busy(401), use=read)
    assert isinstance(error, AuthenticationFailed)
    assert len(server.requests) == 1


def test_a_server_that_never_accepts_the_time_is_asked_twice_only() -> None:
    stale = answered(
        {"errors": {"detail": "stale"}}, 401, date=format_datetime(START + timedelta(hours=9), usegmt=True)
    )
    server, error = virtually(stale, stale, stale, use=read)
    assert isinstance(error, AuthenticationFailed)
    assert len(server.requests) == 2


def test_what_is_refused_before_it_is_sent_carries_no_request() -> None:
    async def use(client: TradingClient) -> object:
        return await client.transfer_to_consumption("text-prime", 0)

    server, error = virtually(use=use)
    assert isinstance(error, InvalidRequest)
    assert error.request is None
    assert server.requests == []


@pytest.mark.parametrize(
    "use",
    [
        lambda client: client.order("\udcff"),
        lambda client: client.orders(market_id="\udcff"),
        lambda client: client.transfer_to_consumption("\udcff", 1),
        lambda client: client.transfer_to_consumption("i1", 1, key="\udcff"),
    ],
)
def test_a_text_that_cannot_be_sent_is_refused(use: Callable[[TradingClient], Awaitable[object]]) -> None:
    server, error = virtually(use=use)
    assert isinstance(error, InvalidRequest)
    assert server.requests == []


def test_writes_that_may_not_go_any_more_do_not_and_reads_do() -> None:
    async def use(client: TradingClient) -> None:
        client.write_only_while(lambda: False)
        await client.cash()
        await client.transfer_to_consumption("i-1", 1)

    server, error = virtually(NO_CASH, MOVED, use=use)
    assert isinstance(error, NotSentError)
    assert [request.method for request in server.requests] == ["GET"]
