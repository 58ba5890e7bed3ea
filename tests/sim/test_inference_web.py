"""Inference without a network: `LoopbackWeb`."""

from __future__ import annotations

import asyncio

import msgspec
import pytest

from bot.clock import VirtualClock, run_virtual
from bot.errors import NotSentError
from bot.ports import Web, WebRequest
from bot.sim.loopback_web import EXCHANGE_URL, SUPPLIER_URL, LoopbackWeb
from tests.sim.client import START
from tests.sim.inference import CHAT, MODELS, User, bearer, chat


def ask(url: str, **fields: object) -> WebRequest:
    return WebRequest("POST", url, bearer(), msgspec.json.encode(chat(**fields)))


async def chunks_of(web: Web, request: WebRequest) -> list[bytes]:
    async with web.open(request) as answer:
        assert answer.status == 200
        return [chunk async for chunk in answer.chunks()]


def test_exchange_and_supplier_are_told_apart_by_their_addresses() -> None:
    async def main(clock: VirtualClock) -> None:
        user = User()
        user.stock(1000)
        await clock.sleep(10)
        web: Web = LoopbackWeb(user.api, clock)
        async with web.open(ask(EXCHANGE_URL + CHAT)) as answer:
            assert answer.status == 307
            location = answer.headers["location"]
        assert location.startswith(f"{SUPPLIER_URL}/route/")
        (whole,) = await chunks_of(web, ask(location))
        assert msgspec.json.decode(whole)["created"] == int(START.timestamp()) + 10
        assert user.lots.tokens == 1000 - 9
        (models,) = await chunks_of(web, WebRequest("GET", EXCHANGE_URL + MODELS, bearer()))
        assert [model["id"] for model in msgspec.json.decode(models)["data"]] == ["text-prime", "code-max"]
        await clock.sleep(60)
        async with web.open(WebRequest("POST", location)) as answer:
            assert answer.status == 401

    run_virtual(main, START)


def test_a_stream_comes_piece_by_piece_while_others_run() -> None:
    async def main(clock: VirtualClock) -> None:
        user = User()
        user.stock(1000)
        await clock.sleep(5)
        web = LoopbackWeb(user.api, clock)
        streams = (chunks_of(web, ask(SUPPLIER_URL + CHAT, stream=True)) for _ in range(2))
        one, two = await asyncio.gather(*streams)
        assert one[-1] == two[-1] == b"data: [DONE]\n\n"
        assert len(one) == 7
        assert user.lots.tokens == 1000 - 18

    run_virtual(main, START)


def test_there_is_nothing_else_on_this_web_and_nothing_after_close() -> None:
    async def main(clock: VirtualClock) -> None:
        web = LoopbackWeb(User().api, clock)
        with pytest.raises(NotSentError, match=r"POST /v1/chat/completions: there is no http://127\.0\.0\.1:9"):
            await chunks_of(web, ask(f"http://127.0.0.1:9{CHAT}"))
        await web.close()
        with pytest.raises(NotSentError, match="the web is closed"):
            await chunks_of(web, ask(EXCHANGE_URL + CHAT))

    run_virtual(main, START)
