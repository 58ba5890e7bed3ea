"""Signed order placements a second: `TradingClient` beside a bare aiohttp + PyNaCl loop that sends the same requests.

    python benchmarks/place_orders.py [ORDERS] [ROUNDS]

One local server in a process of its own answers both with a fixed body. The two take turns, in one run, one request
at a time and ten at a time; printed are the medians of the rounds, and their ratio. Then the client is run once more
under cProfile, to tell what costs the rest. Run it on an idle machine.
"""

from __future__ import annotations

import asyncio
import base64
import cProfile
import json
import multiprocessing
import pstats
import statistics
import sys
import time
from collections.abc import Awaitable, Callable
from decimal import Decimal
from multiprocessing.connection import Connection

import aiohttp
import nacl.signing
from aiohttp import web

from bot.clock import SystemClock
from bot.domain.order import NewOrder, Side
from bot.grid.keys import SigningKey
from bot.grid.limiter import Limits
from bot.grid.trading import TradingClient
from bot.grid.transport import AiohttpTransport

SEED = bytes(range(32))
UNLIMITED = Limits(10**9, 10**9, 10**9)
ANSWER = json.dumps(
    {
        "data": {
            "order_id": "order-1",
            "client_order_id": "client-1",
            "market_id": "market-1",
            "instrument_id": "instrument-1",
            "side": "buy",
            "type": "limit",
            "status": "active",
            "quantity": 10,
            "filled_quantity": 0,
            "remaining_quantity": 10,
            "price": "2.05",
            "average_price": None,
            "fee": None,
            "time_in_force": "gtc",
            "created_at": "2026-03-01T12:00:00Z",
            "updated_at": "2026-03-01T12:00:00Z",
        }
    }
).encode()


def server(port: Connection) -> None:
    """Answer every request with the same order, until killed."""

    async def answer(request: web.Request) -> web.Response:
        await request.read()
        return web.Response(status=201, body=ANSWER, content_type="application/json")

    async def main() -> None:
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", answer)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        port.send(runner.addresses[0][1])
        await asyncio.Event().wait()

    asyncio.run(main())


async def spread(count: int, at_a_time: int, place: Callable[[int], Awaitable[object]]) -> float:
    """Orders a second, so many at a time."""
    numbers = iter(range(count))

    async def worker() -> None:
        for number in numbers:
            await place(number)

    began = time.perf_counter()
    async with asyncio.TaskGroup() as tasks:
        for _ in range(at_a_time):
            tasks.create_task(worker())
    return count / (time.perf_counter() - began)


async def bare(port: int, count: int, at_a_time: int) -> float:
    """The least that a signed placement takes."""
    key = nacl.signing.SigningKey(SEED)
    fingerprint = SigningKey(SEED).fingerprint
    path = "/v1/trading/orders"
    async with aiohttp.ClientSession(skip_auto_headers=("content-type",)) as session:

        async def place(number: int) -> None:
            order = {
                "market_id": "market-1",
                "side": "buy",
                "type": "limit",
                "quantity": 10,
                "client_order_id": f"client-{number}",
                "price": "2.05",
                "time_in_force": "gtc",
            }
            body = json.dumps(order, separators=(",", ":")).encode()
            timestamp = str(int(time.time()))
            signature = key.sign(f"{timestamp}POST{path}".encode() + body).signature
            headers = {
                "accept": "application/json",
                "content-type": "application/json",
                "user-agent": "gridbot",
                "idempotency-key": f"client-{number}",
                "x-thegrid-timestamp": timestamp,
                "x-thegrid-fingerprint": fingerprint,
                "x-thegrid-signature": base64.b64encode(signature).decode(),
            }
            async with session.post(f"http://127.0.0.1:{port}{path}", data=body, headers=headers) as answer:
                assert answer.status == 201
                json.loads(await answer.read())

        return await spread(count, at_a_time, place)


async def client(port: int, count: int, at_a_time: int) -> float:
    """The same through the client: limiter, signing, transport, decoding, clock."""
    transport = AiohttpTransport(f"http://127.0.0.1:{port}/v1")
    key = SigningKey(SEED)
    async with TradingClient(transport, key, SystemClock(), base_path=transport.base_path, limits=UNLIMITED) as grid:

        async def place(number: int) -> None:
            order = NewOrder(f"client-{number}", "market-1", Side.BUY, 10, Decimal("2.05"))
            placed = await grid.place(order)
            assert placed.order_id == "order-1"

        return await spread(count, at_a_time, place)


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 3000
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 5
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=server, args=(theirs,), daemon=True)
    process.start()
    port = ours.recv()
    try:
        for at_a_time in (1, 10):
            rates: dict[str, list[float]] = {"bare": [], "client": []}
            for _ in range(rounds):
                rates["bare"].append(asyncio.run(bare(port, count, at_a_time)))
                rates["client"].append(asyncio.run(client(port, count, at_a_time)))
            by_bare, by_client = statistics.median(rates["bare"]), statistics.median(rates["client"])
            print(
                f"{at_a_time:2} at a time: bare {by_bare:7.0f} a second, client {by_client:7.0f} a second, "
                f"ratio {by_client / by_bare:.2f}"
            )
        profile = cProfile.Profile()
        profile.runcall(lambda: asyncio.run(client(port, count, 10)))
        print(f"\nThe client's {count} placements under the profiler, the dearest first:")
        pstats.Stats(profile).strip_dirs().sort_stats("tottime").print_stats(22)
    finally:
        process.kill()
        process.join()


if __name__ == "__main__":
    main()
