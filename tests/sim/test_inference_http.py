"""Inference over real loopback HTTP, with the public SDKs of both APIs as clients."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any

import aiohttp
import anthropic
import msgspec
import openai
import pytest
from yarl import URL

from bot.clock import SeededIds, SystemClock
from bot.errors import DaemonError
from bot.ports import Request
from bot.sim.api import ExchangeApi
from bot.sim.inference import InferenceAnswer, InferenceApi
from bot.sim.server import serve
from tests.sim.inference import CHAT, KEY, MODELS, User, bearer, chat

HELLO = "Hello, world!"

SAID: Any = [{"role": "user", "content": HELLO}]


class StillClock(SystemClock):
    """Stands still at a user's present."""

    def __init__(self, user: User) -> None:
        self._user = user

    def now(self) -> datetime:
        return self._user.now


class Flood(InferenceApi):
    """Streams more than any buffer holds."""

    def at_front_door(self, request: Request, now: datetime, supplier_url: str) -> InferenceAnswer:
        return InferenceAnswer(200, {}, (bytes(200_000),) * 100)


@pytest.fixture
def user() -> User:
    """Has 1,000 tokens of text-prime in Consumption."""
    user = User()
    user.stock(1000)
    return user


@pytest.fixture
async def url(user: User) -> AsyncIterator[str]:
    async with serve(ExchangeApi(user.venue), StillClock(user), inference=user.api) as server:
        yield f"{server.url}/v1"


@pytest.fixture
async def chats(url: str) -> AsyncIterator[openai.AsyncOpenAI]:
    async with openai.AsyncOpenAI(base_url=url, api_key=KEY, max_retries=0) as client:
        yield client


@pytest.fixture
async def claude(url: str) -> AsyncIterator[anthropic.AsyncAnthropic]:
    async with anthropic.AsyncAnthropic(base_url=url.removesuffix("/v1"), api_key=KEY, max_retries=0) as client:
        yield client


async def test_openais_client_lists_models_and_chats(user: User, chats: openai.AsyncOpenAI) -> None:
    assert [model.id async for model in chats.models.list()] == ["text-prime", "code-max"]
    answer = await chats.chat.completions.create(model="text-prime", messages=SAID)
    assert answer.choices[0].message.content == HELLO
    assert answer.usage is not None
    assert user.lots.tokens == 1000 - answer.usage.total_tokens == 991


async def test_openais_client_streams(user: User, chats: openai.AsyncOpenAI) -> None:
    stream = await chats.chat.completions.create(
        model="text-prime",
        messages=SAID,
        stream=True,
        stream_options={"include_usage": True},
    )
    chunks = [chunk async for chunk in stream]
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices) == HELLO
    assert chunks[-1].usage is not None
    assert user.lots.tokens == 1000 - chunks[-1].usage.total_tokens


async def test_openais_client_tells_refusals_by_its_own_errors(url: str, chats: openai.AsyncOpenAI) -> None:
    async def ask(model: str, max_tokens: int = 1) -> None:
        await chats.chat.completions.create(model=model, messages=SAID, max_tokens=max_tokens)

    with pytest.raises(openai.APIStatusError) as refused:
        await ask("code-max")
    assert (refused.value.status_code, refused.value.code) == (402, "insufficient_tokens")
    assert refused.value.request_id
    with pytest.raises(openai.NotFoundError):
        await ask("no-such")
    with pytest.raises(openai.UnprocessableEntityError) as bad:
        await ask("text-prime", max_tokens=0)
    assert bad.value.param == "max_tokens"
    async with openai.AsyncOpenAI(base_url=url, api_key="wrong", max_retries=0) as stranger:
        with pytest.raises(openai.AuthenticationError):
            await stranger.models.list()


async def test_anthropics_client_lists_models_and_talks(user: User, claude: anthropic.AsyncAnthropic) -> None:
    assert [model.id async for model in claude.models.list()] == ["text-prime", "code-max"]
    answer = await claude.messages.create(model="text-prime", max_tokens=100, messages=SAID)
    assert answer.content[0].type == "text"
    assert (answer.content[0].text, answer.stop_reason) == (HELLO, "end_turn")
    assert user.lots.tokens == 1000 - answer.usage.input_tokens - answer.usage.output_tokens == 991


async def test_anthropics_client_streams(user: User, claude: anthropic.AsyncAnthropic) -> None:
    async with claude.messages.stream(model="text-prime", max_tokens=3, messages=SAID) as stream:
        assert "".join([text async for text in stream.text_stream]) == "Hello, world"
        last = await stream.get_final_message()
    assert (last.stop_reason, last.usage.input_tokens, last.usage.output_tokens) == ("max_tokens", 5, 3)
    assert user.lots.tokens == 1000 - 8


async def test_anthropics_client_tells_refusals_by_its_own_errors(claude: anthropic.AsyncAnthropic) -> None:
    with pytest.raises(anthropic.APIStatusError) as refused:
        await claude.messages.create(model="code-max", max_tokens=1, messages=SAID)
    assert (refused.value.status_code, refused.value.type) == (402, "billing_error")


async def test_the_redirect_leads_to_another_port_of_the_same_host(user: User, url: str) -> None:
    body = msgspec.json.encode(chat())
    async with aiohttp.ClientSession() as session:
        asked = session.post(url + CHAT.removeprefix("/v1"), data=body, headers=bearer(), allow_redirects=False)
        async with asked as answer:
            assert answer.status == 307
            location = answer.headers["location"]
        assert location.startswith("http://127.0.0.1:")
        assert not location.startswith(url.removesuffix("/v1"))
        async with session.post(location, data=body) as answer:
            assert answer.status == 200
        async with session.get(url + "/health") as answer:
            assert answer.status == 200, "the Trading API is at the same address"


async def test_a_client_that_leaves_a_stream_does_no_harm(user: User, caplog: pytest.LogCaptureFixture) -> None:
    flood = Flood(user.venue, {}, ids=SeededIds(3))
    async with serve(ExchangeApi(user.venue), StillClock(user), inference=flood) as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", URL(server.url).port)
        writer.write(f"POST {CHAT} HTTP/1.1\r\nhost: x\r\n\r\n".encode())
        await reader.readline()
        writer.transport.abort()
        async with aiohttp.request("GET", f"{server.url}/v1/health") as answer:
            assert answer.status == 200
    assert [record.message for record in caplog.records if record.name.startswith("aiohttp")] == []


async def test_without_inference_its_paths_are_unknown(user: User) -> None:
    async with (
        serve(ExchangeApi(user.venue), StillClock(user)) as server,
        aiohttp.request("GET", server.url + MODELS) as answer,
    ):
        assert answer.status == 404


async def test_a_suppliers_port_in_use_is_told(user: User, url: str) -> None:
    taken = URL(url).port
    assert taken is not None
    with pytest.raises(DaemonError, match=f"port {taken}"):
        async with serve(ExchangeApi(user.venue), StillClock(user), inference=user.api, supplier_port=taken):
            pass
