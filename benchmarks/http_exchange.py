"""Signed requests a second that the simulated exchange answers over HTTP.

    python benchmarks/http_exchange.py [REQUESTS] [ROUNDS]

The exchange, crowd, stream, inference and all, runs in a process of its own on uvloop, as the commands do. Another
sends requests that were signed beforehand, over twenty connections that stay open, so that what is measured is the
exchange. Printed are medians of the rounds, and what a request costs the exchange's process, which a busy machine
changes less; then the exchange is run once more under cProfile, to tell where its time
goes. Run it on an idle machine with two cores.
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
from collections.abc import Iterator
from decimal import Decimal
from multiprocessing.connection import Connection

import uvloop
from nacl.signing import SigningKey

from bot.clock import SeededIds, SystemClock
from bot.sim.build import Scenario, build_exchange
from bot.sim.config import VenueConfig
from bot.sim.ledger import fingerprint_of
from bot.sim.server import serve

CONNECTIONS = 20
SEED = 1


async def exchange(pipe: Connection, *, profiled: bool) -> None:
    """Serve until told to stop."""
    clock = SystemClock()
    scenario = Scenario(VenueConfig(rate_limits=None), seed=SEED, cash=Decimal(10**9))
    built = build_exchange(scenario, start=clock.now(), ids=SeededIds(SEED))
    async with serve(built.api, clock, stream=built.stream, inference=built.inference) as server:
        profile = cProfile.Profile()
        if profiled:
            profile.enable()
        pipe.send((server.url, built.keys.signing_text, next(iter(built.venue.markets))))
        while await asyncio.to_thread(pipe.recv) == "how long?":
            pipe.send(time.process_time())
        profile.disable()
    if profiled:
        pstats.Stats(profile).strip_dirs().sort_stats("tottime").print_stats(30)


def serve_exchange(pipe: Connection, *, profiled: bool) -> None:
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(exchange(pipe, profiled=profiled))


class Signer:
    """Makes requests as they go on the wire, signed."""

    def __init__(self, url: str, key: str) -> None:
        self.host = url.removeprefix("http://")
        self.key = SigningKey(base64.b64decode(key))
        self.fingerprint = fingerprint_of(bytes(self.key.verify_key))

    def request(self, method: str, target: str, body: bytes = b"") -> bytes:
        timestamp, path = str(int(time.time())), target.partition("?")[0]
        signature = base64.b64encode(self.key.sign(f"{timestamp}{method}{path}".encode() + body).signature).decode()
        head = (
            f"{method} {target} HTTP/1.1\r\nHost: {self.host}\r\nContent-Length: {len(body)}\r\n"
            "Accept: application/json\r\nContent-Type: application/json\r\nUser-Agent: benchmark\r\n"
            f"X-TheGrid-Timestamp: {timestamp}\r\nX-TheGrid-Fingerprint: {self.fingerprint}\r\n"
            f"X-TheGrid-Signature: {signature}\r\n\r\n"
        )
        return head.encode() + body


def reads(signer: Signer, market_id: str, count: int) -> Iterator[bytes]:
    """The ticker and the book by turns."""
    for number in range(count):
        yield signer.request("GET", f"/v1/trading/markets/{market_id}/{('ticker', 'orderbook?depth=20')[number % 2]}")


def orders(signer: Signer, market_id: str, count: int) -> Iterator[bytes]:
    """Bids that rest."""
    for number in range(count):
        order = {"market_id": market_id, "side": "buy", "type": "limit", "quantity": 1}
        price = f"{0.5 + number % 50 / 100:.2f}"
        yield signer.request("POST", "/v1/trading/orders", json.dumps(order | {"price": price}).encode())


def mixed(signer: Signer, market_id: str, count: int) -> Iterator[bytes]:
    """Six reads, three orders, and a cancel of all that rest."""
    each = zip(reads(signer, market_id, count), orders(signer, market_id, count), strict=True)
    for number, (read, order) in enumerate(each):
        if number % 10 == 9:
            yield signer.request("DELETE", f"/v1/trading/markets/{market_id}/orders")
        else:
            yield order if number % 3 == 0 else read


KINDS = {"reads": reads, "orders": orders, "mixed": mixed}


async def rate(url: str, requests: list[bytes]) -> float:
    """Requests a second, over twenty connections."""
    host, port = url.removeprefix("http://").split(":")
    waiting = iter(requests)

    async def send() -> None:
        reader, writer = await asyncio.open_connection(host, int(port))
        for request in waiting:
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
            assert head[9:10] == b"2", head
            length = head.lower().partition(b"content-length: ")[2].partition(b"\r")[0]
            if length:
                await reader.readexactly(int(length))
        writer.close()

    began = time.perf_counter()
    async with asyncio.TaskGroup() as tasks:
        for _ in range(CONNECTIONS):
            tasks.create_task(send())
    return len(requests) / (time.perf_counter() - began)


def busy(pipe: Connection) -> float:
    """Seconds that the exchange's process has computed for."""
    pipe.send("how long?")
    return float(pipe.recv())


def measure(kinds: list[str], count: int, rounds: int, *, profiled: bool = False) -> None:
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(
        target=serve_exchange, args=(theirs,), kwargs={"profiled": profiled}
    )
    process.start()
    try:
        url, key, market_id = ours.recv()
        signer = Signer(url, key)
        for kind in kinds:
            rates, costs = [], []
            for _ in range(rounds):
                requests = list(KINDS[kind](signer, market_id, count))
                before = busy(ours)
                with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
                    rates.append(runner.run(rate(url, requests)))
                costs.append((busy(ours) - before) / count)
            spread = f"from {min(rates):.0f} to {max(rates):.0f}"
            cost = f"{statistics.median(costs) * 1e6:.0f} us of the exchange's processor each"
            print(f"{kind:6} {statistics.median(rates):6.0f} a second ({spread}), {cost}")
    finally:
        ours.send("stop")
        process.join()


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 4000
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 5
    measure([*KINDS], count, rounds)
    print(f"\nThe exchange under the profiler, the dearest first, {count} mixed requests:")
    measure(["mixed"], count, 1, profiled=True)


if __name__ == "__main__":
    main()
