"""What goes wrong, in words and in kind; and that the key is in none of it."""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import AsyncIterator
from typing import Any

import pytest
from pydantic import SecretStr

from bot.clock import VirtualClock, run_virtual
from bot.errors import (
    AccessDenied,
    AuthenticationFailed,
    ConfigError,
    ExchangeError,
    ExchangeUnavailable,
    InvalidRequest,
    NoStock,
    NotFound,
    NotSentError,
    OutcomeUnknown,
    RateLimited,
    RedirectRefused,
    RequestRefused,
)
from bot.grid.consumption import ConsumptionClient
from tests.grid.inference.scripted_web import BASE, HELLO, KEY, Reply, client_of, moved, said, streamed
from tests.grid.scripted import NOW

OPENAI_FORM = {"error": {"message": "the words", "type": "invalid", "code": "the_code"}}
ANTHROPIC_FORM = {"type": "error", "error": {"type": "invalid", "message": "the words"}}
GRID_FORM = {"errors": {"detail": "the words"}}
SHORT_FORM = {"message": "the words", "code": "the_code"}


async def failed(*replies: Reply | Exception, **options: Any) -> ExchangeError:
    """What asking for inference raises."""
    inference, web = client_of(*replies, **options)
    with pytest.raises(ExchangeError) as caught:
        await inference.chat("text-prime", HELLO)
    assert len(web.requests) == len(replies), "each request is sent once"
    return caught.value


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, InvalidRequest),
        (401, AuthenticationFailed),
        (402, NoStock),
        (403, AccessDenied),
        (404, NotFound),
        (408, OutcomeUnknown),
        (409, RequestRefused),
        (413, RequestRefused),
        (422, InvalidRequest),
        (429, RateLimited),
        (500, OutcomeUnknown),
        (502, OutcomeUnknown),
        (503, NoStock),
        (504, OutcomeUnknown),
        (529, OutcomeUnknown),
    ],
)
@pytest.mark.parametrize("body", [OPENAI_FORM, ANTHROPIC_FORM, GRID_FORM, SHORT_FORM])
async def test_every_status_has_its_error_in_every_form(status: int, kind: type[ExchangeError], body: Any) -> None:
    error = await failed(said(body, status, x_request_id="r1"))
    assert type(error) is kind
    assert str(error).startswith(f"POST /v1/chat/completions {status}: the words (request r1)")
    assert (error.method, error.path, error.status, error.request_id) == ("POST", "/v1/chat/completions", status, "r1")
    assert error.code == ("the_code" if body in (OPENAI_FORM, SHORT_FORM) else "the words")


async def test_an_error_without_words_says_what_its_status_means() -> None:
    assert str(await failed(said(b"", 403))).startswith("POST /v1/chat/completions 403: Forbidden. ")


async def test_no_stock_says_of_what_and_what_to_do_in_one_line() -> None:
    error = await failed(said(OPENAI_FORM, 402))
    assert isinstance(error, NoStock)
    assert error.instrument == "text-prime"
    assert str(error) == (
        "POST /v1/chat/completions 402: the words. "
        "Buy text-prime, and move it to Consumption with `gridbot transfer text-prime UNITS`. Nothing was billed."
    )


async def test_stock_that_is_on_its_way_says_so() -> None:
    error = await failed(said(OPENAI_FORM, 503))
    assert isinstance(error, NoStock)
    assert error.instrument == "text-prime"
    assert "text-prime is being replenished" in str(error)


async def test_an_unknown_key_names_the_settings_of_the_key() -> None:
    assert "consumption.api_key_file" in str(await failed(said(OPENAI_FORM, 401)))


async def test_an_unknown_instrument_says_where_they_are_listed() -> None:
    assert str(await failed(said(OPENAI_FORM, 404))).endswith("`gridbot models` lists the instruments.")


async def test_a_rate_limit_carries_the_wait() -> None:
    error = await failed(said(OPENAI_FORM, 429, retry_after="17"))
    assert isinstance(error, RateLimited)
    assert error.retry_after == 17


@pytest.mark.parametrize("status", [400, 402, 429, 500, 503])
async def test_the_other_name_that_a_requests_id_has_is_known_too(status: int) -> None:
    assert (await failed(said(ANTHROPIC_FORM, status, request_id="m-1"))).request_id == "m-1"


@pytest.mark.parametrize("status", [200, 401, 402, 429, 500])
async def test_a_key_that_the_exchange_repeats_is_not_shown(status: int) -> None:
    error = await failed(said({"error": {"message": f"Incorrect API key provided: {KEY}."}}, status))
    assert "Incorrect API key provided: ***" in str(error)
    assert KEY not in f"{error!r} {vars(error)}"


async def test_a_key_that_a_stream_repeats_is_not_shown() -> None:
    inference, _ = client_of(streamed({"error": {"message": f"Incorrect API key provided: {KEY}."}}))
    with pytest.raises(OutcomeUnknown, match=r"provided: \*\*\*") as caught:
        async with inference.stream_chat("text-prime", HELLO) as pieces:
            [_ async for _ in pieces]
    assert KEY not in f"{caught.value!r} {vars(caught.value)}"


async def test_an_unclear_outcome_says_that_tokens_may_be_used() -> None:
    assert str(await failed(said(OPENAI_FORM, 500))).endswith(
        "Tokens may have been used, although what failed at the exchange is not billed. It was not tried again."
    )


@pytest.mark.parametrize("error", [ConnectionError("the connection broke"), ConnectionError(), TimeoutError("9 s")])
async def test_a_broken_connection_leaves_the_outcome_unknown(error: Exception) -> None:
    unknown = await failed(error)
    assert type(unknown) is OutcomeUnknown
    assert (unknown.detail, unknown.status) == (str(error) or "ConnectionError", None)
    assert unknown.__cause__ is error


@pytest.mark.parametrize("error", [ConnectionError("the connection broke"), TimeoutError("9 s")])
async def test_an_answer_that_breaks_off_leaves_the_outcome_unknown(error: Exception) -> None:
    unknown = await failed(Reply(pieces=[b'{"choices"', error]))
    assert type(unknown) is OutcomeUnknown
    assert (unknown.detail, unknown.status) == (str(error), 200)


async def test_an_endless_answer_is_given_up() -> None:
    assert "more than 64,000,000 bytes" in str(await failed(Reply(pieces=[b"x" * 1_000_000] * 65)))


async def test_an_error_whose_body_breaks_off_or_never_ends_is_known_by_its_status() -> None:
    assert type(await failed(Reply(404, pieces=[b'{"error"', ConnectionError()]))) is NotFound
    assert type(await failed(Reply(404, pieces=[b"x" * 50_000, b"x" * 50_000, AssertionError()]))) is NotFound


def test_an_error_whose_body_trickles_is_known_by_its_status_in_time() -> None:
    class Trickle(Reply):
        async def chunks(self) -> AsyncIterator[bytes]:
            while True:
                await asyncio.sleep(1)
                yield b" "

    async def main(clock: VirtualClock) -> float:
        began = clock.now()
        assert type(await failed(Trickle(404))) is NotFound
        return (clock.now() - began).total_seconds()

    assert run_virtual(main, NOW) == 10


async def test_what_never_left_is_known_not_to_have() -> None:
    error = await failed(NotSentError("Cannot connect to host api.thegrid.ai:443"))
    assert type(error) is NotSentError
    assert str(error).startswith("POST /v1/chat/completions: Cannot connect to host api.thegrid.ai:443. ")


async def test_errors_of_a_supplier_name_its_host_and_nothing_else_of_where_it_is() -> None:
    there = "https://s1.thegrid.ai:8443/route/s3cret/chat?token=s3cret"
    for reply in (
        said(OPENAI_FORM, 402),
        said(OPENAI_FORM, 500),
        ConnectionError("the words"),
        NotSentError("the words"),
    ):
        error = await failed(moved(there), reply)
        assert error.detail == "s1.thegrid.ai:8443: the words"
        assert error.path == "/v1/chat/completions"
        assert "s3cret" not in str(error)


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (said(OPENAI_FORM, 500), ExchangeUnavailable),
        (said(OPENAI_FORM, 503), ExchangeUnavailable),
        (ConnectionError(), ExchangeUnavailable),
        (TimeoutError(), ExchangeUnavailable),
        (Reply(pieces=[b"{", TimeoutError("9 s")]), ExchangeUnavailable),
        (said(OPENAI_FORM, 401), AuthenticationFailed),
        (said(OPENAI_FORM, 429), RateLimited),
        (said(OPENAI_FORM, 402), NoStock),
        (moved("https://evil.example/"), RedirectRefused),
    ],
)
async def test_listing_models_can_be_repeated(reply: Reply | Exception, kind: type[ExchangeError]) -> None:
    inference, _ = client_of(reply)
    with pytest.raises(ExchangeError) as caught:
        await inference.models()
    assert type(caught.value) is kind
    assert (caught.value.method, caught.value.path) == ("GET", "/v1/models")
    assert "Tokens" not in str(caught.value)


EVERY_ERROR: list[list[Reply | Exception]] = [
    [said(OPENAI_FORM, 400)],
    [said(OPENAI_FORM, 401)],
    [said(OPENAI_FORM, 402)],
    [said(OPENAI_FORM, 429)],
    [said(OPENAI_FORM, 500)],
    [said(b"nonsense")],
    [Reply(pieces=[ConnectionError()])],
    [ConnectionError("gone")],
    [NotSentError("no such host")],
    [moved("https://evil.example/")],
]


@pytest.mark.parametrize("replies", EVERY_ERROR)
async def test_the_key_is_in_no_error(replies: list[Reply | Exception]) -> None:
    inference, web = client_of(*replies)
    with pytest.raises(ExchangeError) as caught:
        await inference.messages("text-prime", HELLO, max_tokens=5)
    error = caught.value
    assert KEY in str(web.requests[0].headers)
    told = [str(error), repr(error), repr(vars(error)), *traceback.format_exception(error)]
    assert not any(KEY in text for text in told)
    assert error.request is not None
    assert error.request.body == web.requests[0].body
    assert (error.request.method, error.request.path) == ("POST", "/v1/messages")


async def test_the_key_is_in_no_text_about_the_client() -> None:
    inference, web = client_of()
    assert KEY not in repr(inference)
    assert KEY not in repr(vars(inference))
    await inference.close()
    assert web.closed


def test_a_key_that_cannot_be_one_is_refused_without_showing_it() -> None:
    for text in ("", "   ", "two words", "s3cret\r\nx-evil: 1", "s3crét"):
        _, web = client_of()
        with pytest.raises(ConfigError, match="the argument api_key holds") as refused:
            ConsumptionClient(web, SecretStr(text), base_url=BASE)
        assert "s3cr" not in str(refused.value)
