"""Which error every other answer is, and what it tells."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.order import NewOrder, Side
from bot.errors import (
    AccessDenied,
    AuthenticationFailed,
    BadAnswer,
    DuplicateOrder,
    ExchangeError,
    ExchangeUnavailable,
    InsufficientFunds,
    InvalidRequest,
    NoStock,
    NotSentError,
    OrderAlreadyClosed,
    OutcomeUnknown,
    RateLimited,
    RequestRefused,
)
from bot.grid.trading import TradingClient
from bot.ports import Response
from tests.grid.scripted import KEY, answered, client_of

ORDER = NewOrder("gb-1", "m1", Side.BUY, 1, Decimal(1))


async def read(client: TradingClient) -> None:
    await client.ticker("m1")


async def place(client: TradingClient) -> None:
    await client.place(ORDER)


async def cancel(client: TradingClient) -> None:
    await client.cancel("o1")


async def transfer(client: TradingClient) -> None:
    await client.transfer_to_consumption("i1", 1)


WRITES = [place, cancel, transfer]


async def failure(action: Any, *answers: Response | Exception) -> ExchangeError:
    client, transport = client_of(*answers)
    with pytest.raises(ExchangeError) as failed:
        await action(client)
    assert len(transport.requests) == len(answers)
    return failed.value


def detail(words: str) -> dict[str, Any]:
    return {"errors": {"detail": words}}


def coded(code: str, message: str = "words") -> dict[str, Any]:
    return {"error": {"code": code, "message": message, "details": None}}


@pytest.mark.parametrize("action", [read, *WRITES])
@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, InvalidRequest),
        (401, AuthenticationFailed),
        (402, NoStock),
        (403, AccessDenied),
        (405, RequestRefused),
        (422, InvalidRequest),
        (429, RateLimited),
    ],
)
async def test_what_the_exchange_refuses_was_not_applied(action: Any, status: int, kind: type) -> None:
    error = await failure(action, answered(detail("no"), status))
    assert type(error) is kind


@pytest.mark.parametrize("status", [408, 500, 501, 502, 503, 504, 520])
async def test_a_fault_makes_a_read_unavailable_and_a_write_unknown(status: int) -> None:
    assert type(await failure(read, answered(detail("no"), status))) is ExchangeUnavailable
    for action in WRITES:
        assert type(await failure(action, answered(detail("no"), status))) is OutcomeUnknown


@pytest.mark.parametrize("fault", [TimeoutError("no answer within 5 s"), ConnectionError("reset"), TimeoutError()])
async def test_no_answer_makes_a_read_unavailable_and_a_write_unknown(fault: Exception) -> None:
    for action, kind in [(read, ExchangeUnavailable), *((write, OutcomeUnknown) for write in WRITES)]:
        error = await failure(action, fault)
        assert type(error) is kind
        assert error.detail
        assert error.status is None


@pytest.mark.parametrize("action", [read, *WRITES])
async def test_what_was_not_sent_stays_not_sent(action: Any) -> None:
    fault = NotSentError("cannot connect")
    assert await failure(action, fault) is fault


@pytest.mark.parametrize("status", [301, 302, 307])
async def test_a_redirect_is_not_an_answer(status: int) -> None:
    assert type(await failure(read, Response(status, {"location": "https://elsewhere"}))) is BadAnswer
    assert type(await failure(place, Response(status, {"location": "https://elsewhere"}))) is OutcomeUnknown


@pytest.mark.parametrize(
    "answer",
    [
        answered(detail("order_already_cancelled"), 500),
        answered(detail("order_already_cancelled"), 409),
        answered(coded("order_already_cancelled"), 500),
        answered(coded("CONFLICT", "Order is filled"), 409),
    ],
)
async def test_cancelling_a_closed_order_is_told_apart_from_a_fault(answer: Response) -> None:
    assert type(await failure(cancel, answer)) is OrderAlreadyClosed


async def test_only_a_cancel_can_be_of_a_closed_order() -> None:
    assert type(await failure(place, answered(detail("order_already_cancelled"), 500))) is OutcomeUnknown
    assert type(await failure(read, answered(detail("order_already_cancelled"), 500))) is ExchangeUnavailable


@pytest.mark.parametrize("status", [400, 422])
@pytest.mark.parametrize(
    "body", [coded("INSUFFICIENT_BALANCE"), coded("INSUFFICIENT_FUNDS"), detail("Insufficient balance for order")]
)
async def test_lack_of_funds_is_told_apart(status: int, body: dict[str, Any]) -> None:
    for action in (place, transfer):
        assert type(await failure(action, answered(body, status))) is InsufficientFunds


@pytest.mark.parametrize("status", [400, 409, 422])
@pytest.mark.parametrize(
    "body", [coded("DUPLICATE_CLIENT_ORDER_ID"), {"message": "Duplicate client_order_id", "code": 7}]
)
async def test_a_client_order_id_that_was_used_before_is_told_apart(status: int, body: dict[str, Any]) -> None:
    assert type(await failure(place, answered(body, status))) is DuplicateOrder


@pytest.mark.parametrize(
    ("body", "code", "words"),
    [
        (detail("market is closed"), "market is closed", "market is closed"),
        (coded("VALIDATION_ERROR", "price\n too  high"), "VALIDATION_ERROR", "price too high"),
        ({"error": {"code": "E1"}}, "E1", "E1"),
        ({"error": {"message": "words"}}, "words", "words"),
        ({"error": "words"}, "words", "words"),
        ({"message": "words", "code": "E2"}, "E2", "words"),
        ({"message": "words", "code": None}, "words", "words"),
        ({"errors": {"price": ["is too high"]}}, '{"price":["is too high"]}', '{"price":["is too high"]}'),
        (detail("x" * 1000), "x" * 300 + "...", "x" * 300 + "..."),
        ({}, "", "Unprocessable Entity"),
        ([], "", "Unprocessable Entity"),
        ({"errors": None}, "", "Unprocessable Entity"),
        (detail(""), "", "Unprocessable Entity"),
    ],
)
async def test_an_error_tells_the_exchanges_words_in_any_form(body: object, code: str, words: str) -> None:
    error = await failure(place, answered(body, 422, x_request_id="r7"))
    assert (error.method, error.path, error.status, error.request_id) == ("POST", "/v1/trading/orders", 422, "r7")
    assert (error.code, error.detail) == (code, words)
    assert str(error) == f"POST /v1/trading/orders 422: {words} (request r7). {error.hint}"


async def test_an_error_without_json_is_told_by_its_status() -> None:
    assert (await failure(read, Response(502, {}, b"<html>Bad</html>"))).detail == "Bad Gateway"
    assert (await failure(read, Response(599, {}, b""))).detail == "an answer without words"


async def test_auto_mode_comes_with_what_to_do_about_it() -> None:
    words = "auto_mode_trading_restricted"
    for body in (detail(words), coded(words), coded("FORBIDDEN", f"{words}: no orders")):
        error = await failure(place, answered(body, 403))
        assert type(error) is AccessDenied
        assert "Switch the account from Auto Mode to Advanced Mode" in str(error)


async def test_the_exchanges_words_cannot_take_control_of_a_terminal() -> None:
    error = await failure(read, answered(detail("no\x1b[2J\x9b \x1b]0;x\x07 \u202eevil"), 403))
    assert error.detail == "no?[2J? ?]0;x? ?evil"


async def test_a_failed_signature_comes_with_what_to_do_about_it() -> None:
    assert "clock is right" in str(await failure(read, answered(detail("invalid signature"), 401)))


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry_after": "7"}, 7),
        ({"retry_after": "0.5", "x_ratelimit_reset": "9999999999"}, 0.5),
        ({"retry_after": "Sun, 01 Mar 2026 12:00:30 GMT"}, 30),
        ({"retry_after": "Sun, 01 Mar 2026 11:00:00 -0000"}, 0),
        ({"x_ratelimit_retry_after": "12"}, 12),
        ({"retry_after": "soon", "x_ratelimit_retry_after": "3"}, 3),
        ({"x_ratelimit_reset": "1772366409"}, 9),
        ({"x_ratelimit_reset": "1"}, 0),
        ({"retry_after": "-1"}, 1),
        ({"retry_after": "nan"}, 1),
        ({"retry_after": "inf"}, 1),
        ({"retry_after": "1772366409"}, 9),
        ({"x_ratelimit_reset": "1772366409000"}, 9),
        ({"retry_after": "100000000"}, 86400),
        ({"retry_after": "1e300"}, 86400),
        ({"retry_after": "Sun, 01 Mar 20262026202620 12:00:30 GMT"}, 1),
        ({}, 1),
    ],
)
async def test_a_rate_limit_says_how_long_to_wait(headers: dict[str, str], seconds: float) -> None:
    error = await failure(place, answered(detail("slow down"), 429, **headers))
    assert isinstance(error, RateLimited)
    assert error.retry_after == seconds


@given(st.integers(300, 599), st.binary(max_size=40) | st.text(max_size=20).map(str.encode), st.text(max_size=10))
async def test_any_other_answer_is_an_exchange_error_without_a_secret(status: int, body: bytes, header: str) -> None:
    answer = Response(status, {"retry-after": header, "x-ratelimit-reset": header}, body)
    for action in (read, place, cancel, transfer):
        client, transport = client_of(answer, answer)
        with pytest.raises(ExchangeError) as failed:
            await action(client)
        assert KEY.seed_text not in str(failed.value)
        assert transport.requests[0].headers["x-thegrid-signature"] not in str(failed.value)
