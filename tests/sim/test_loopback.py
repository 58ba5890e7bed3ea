from __future__ import annotations

import asyncio

import pytest

from bot.clock import SystemClock, VirtualClock, run_virtual
from bot.errors import NotSentError
from bot.ports import Request
from bot.sim.api import ExchangeApi
from bot.sim.loopback import LoopbackTransport
from tests.sim.client import START, Client


def test_requests_are_answered_at_the_clocks_time(api: ExchangeApi, alice: Client) -> None:
    async def main(clock: VirtualClock) -> None:
        transport = LoopbackTransport(api, clock)
        await clock.sleep(20)
        response = await transport.send(alice.signed("GET", "/v1/me"))
        assert (response.status, response.headers["date"]) == (200, "Wed, 01 Jul 2026 00:30:20 GMT")
        await clock.sleep(20)
        assert (await transport.send(alice.signed("GET", "/v1/me"))).status == 401

    run_virtual(main, START)


async def test_concurrent_requests_are_in_flight_together(api: ExchangeApi) -> None:
    transport = LoopbackTransport(api, SystemClock())
    order: list[str] = []

    async def send(name: str) -> None:
        order.append(f"{name} sent")
        await transport.send(Request("GET", "/v1/health"))
        order.append(f"{name} answered")

    async with asyncio.TaskGroup() as group:
        group.create_task(send("a"))
        group.create_task(send("b"))
    assert order == ["a sent", "b sent", "a answered", "b answered"]


async def test_nothing_is_sent_after_close(api: ExchangeApi) -> None:
    transport = LoopbackTransport(api, SystemClock())
    await transport.close()
    with pytest.raises(NotSentError, match="GET /v1/health: the transport is closed"):
        await transport.send(Request("GET", "/v1/health"))
