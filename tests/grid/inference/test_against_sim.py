"""The client against the simulated exchange: in memory, and once over real HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import datetime
from typing import Any

import pytest
from pydantic import SecretStr

from bot.clock import SystemClock, VirtualClock, run_virtual
from bot.errors import AuthenticationFailed, InvalidRequest, NoStock, NotFound
from bot.grid.consumption import ConsumptionClient
from bot.settings import Settings
from bot.sim.api import ExchangeApi
from bot.sim.config import VenueConfig
from bot.sim.loopback_web import EXCHANGE_URL, LoopbackWeb
from bot.sim.server import serve
from tests.grid.inference.scripted_web import HELLO
from tests.sim.client import START
from tests.sim.inference import KEY, User

Test = Callable[[ConsumptionClient, User], Awaitable[None]]


def at_sim(test: Test, *, tokens: int = 1000, key: str = KEY, config: VenueConfig | None = None) -> None:
    """Run a test with a client, in memory and virtual time, of a user with so many tokens of text-prime."""

    async def main(clock: VirtualClock) -> None:
        user = User(config)
        if tokens:
            user.stock(tokens)
            await clock.sleep(10)
        base = f"{EXCHANGE_URL}/v1"
        web = LoopbackWeb(user.api, clock)
        async with ConsumptionClient(web, SecretStr(key), base_url=base, messages_url=base, clock=clock) as inference:
            await test(inference, user)

    run_virtual(main, START)


DIRECT = VenueConfig(symbols=("text-prime", "code-max"), direct_inference=True)


@pytest.mark.parametrize("config", [None, DIRECT], ids=["redirected", "direct"])
def test_a_chat_uses_the_tokens_that_it_says(config: VenueConfig | None) -> None:
    async def test(inference: ConsumptionClient, user: User) -> None:
        answer = await inference.chat("text-prime", HELLO, max_tokens=50)
        assert answer.text
        assert answer.finish_reason in ("stop", "length")
        assert answer.usage is not None
        assert answer.usage.total == answer.usage.input + answer.usage.output == 1000 - user.lots.tokens
        assert answer.request_id is not None

    at_sim(test, config=config)


def test_both_forms_streamed_or_not_say_and_use_the_same() -> None:
    async def test(inference: ConsumptionClient, user: User) -> None:
        whole = await inference.chat("text-prime", HELLO, max_tokens=50)
        message = await inference.messages("text-prime", HELLO, max_tokens=50)
        async with inference.stream_chat("text-prime", HELLO, max_tokens=50) as chat:
            assert len([piece async for piece in chat]) > 1
        async with inference.stream_messages("text-prime", HELLO, max_tokens=50) as pieces:
            assert len([piece async for piece in pieces]) > 1
        assert whole.text == message.text == chat.text == pieces.text
        assert whole.usage == message.usage == chat.usage == pieces.usage
        assert whole.usage is not None
        assert user.lots.tokens == 1000 - 4 * whole.usage.total

    at_sim(test)


def ways(inference: ConsumptionClient, symbol: str, **options: Any) -> list[Callable[[], Awaitable[object]]]:
    """The four ways to ask."""

    async def streamed() -> None:
        async with inference.stream_chat(symbol, HELLO, **options):
            pass

    async def streamed_messages() -> None:
        async with inference.stream_messages(symbol, HELLO, max_tokens=50, **options):
            pass

    return [
        lambda: inference.chat(symbol, HELLO, **options),
        lambda: inference.messages(symbol, HELLO, max_tokens=50, **options),
        streamed,
        streamed_messages,
    ]


def test_without_stock_every_way_of_asking_says_so() -> None:
    async def test(inference: ConsumptionClient, _: User) -> None:
        for ask in ways(inference, "text-prime"):
            with pytest.raises(NoStock, match=r"402.*gridbot transfer text-prime") as refused:
                await ask()
            assert refused.value.instrument == "text-prime"

    at_sim(test, tokens=0)


def test_stock_that_is_on_its_way_is_told_from_none() -> None:
    async def test(inference: ConsumptionClient, user: User) -> None:
        user.transfer()
        for ask in ways(inference, "text-prime"):
            with pytest.raises(NoStock, match=r"503.*is being replenished"):
                await ask()

    at_sim(test, tokens=0)


def test_unknown_instruments_and_bad_parameters_are_told() -> None:
    async def test(inference: ConsumptionClient, user: User) -> None:
        for ask in ways(inference, "text-primal"):
            with pytest.raises(NotFound, match="404"):
                await ask()
        for ask in ways(inference, "text-prime", temperature=99):
            with pytest.raises(InvalidRequest):
                await ask()
        assert user.lots.tokens == 1000

    at_sim(test)


def test_an_unknown_key_is_told() -> None:
    async def test(inference: ConsumptionClient, _: User) -> None:
        with pytest.raises(AuthenticationFailed, match=r"consumption\.api_key"):
            await inference.models()

    at_sim(test, key="unknown-key")


def test_models_are_the_instruments() -> None:
    async def test(inference: ConsumptionClient, _: User) -> None:
        assert await inference.models() == ["text-prime", "code-max"]

    at_sim(test)


class StillClock(SystemClock):
    """Stands still at a user's present."""

    def __init__(self, user: User) -> None:
        self._user = user

    def now(self) -> datetime:
        return self._user.now


@pytest.fixture
async def user() -> User:
    user = User()
    user.stock(1000)
    return user


@pytest.fixture
async def over_http(user: User) -> AsyncIterator[ConsumptionClient]:
    async with serve(ExchangeApi(user.venue), StillClock(user), inference=user.api) as server:
        base = f"{server.url}/v1"
        settings = Settings.model_validate({"consumption": {"base_url": base, "messages_url": base, "api_key": KEY}})
        async with ConsumptionClient.from_settings(settings) as inference:
            yield inference


async def test_over_http_the_redirect_to_the_supplier_is_followed_with_the_key(
    user: User, over_http: ConsumptionClient
) -> None:
    answer = await over_http.messages("text-prime", HELLO, max_tokens=50)
    async with over_http.stream_chat("text-prime", HELLO, max_tokens=50) as pieces:
        texts = [piece.text async for piece in pieces]
    assert "".join(texts) == pieces.text == answer.text
    assert answer.usage == pieces.usage
    assert answer.usage is not None
    assert user.lots.tokens == 1000 - 2 * answer.usage.total
    assert await over_http.models() == ["text-prime", "code-max"]
    with pytest.raises(NoStock):
        await over_http.chat("code-max", HELLO)
