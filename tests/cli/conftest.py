"""How these tests run the command line: in an empty working folder and without settings from this machine."""

from __future__ import annotations

import asyncio
import io
import json
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.cli import main
from bot.clock import SeededIds, SystemClock
from bot.ports import Request, Response
from bot.sim.api import ExchangeApi
from bot.sim.build import Scenario, SimExchange, build_exchange
from bot.sim.config import VenueConfig
from bot.sim.presets import CrowdConfig
from bot.sim.server import serve


@dataclass(frozen=True, slots=True)
class Result:
    """What one command line came to."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The one JSON document on stdout."""
        assert (self.status, self.err) == (0, "")
        return self.json_out

    @property
    def json_out(self) -> Any:
        """The same, of a command that says on stderr what it is about to do."""
        return json.loads(self.out)


Gridbot = Callable[..., Result]


@pytest.fixture
def gridbot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Gridbot:
    """`gridbot("orders", "--json")` runs that command line."""
    monkeypatch.chdir(tmp_path)
    for name in os.environ:
        if name.upper().startswith("GRIDBOT_"):
            monkeypatch.delenv(name)

    def gridbot(*arguments: str) -> Result:
        capsys.readouterr()
        status = main(arguments)
        captured = capsys.readouterr()
        assert "Traceback" not in captured.err or "--debug" in arguments
        return Result(status, captured.out, captured.err)

    return gridbot


class Muffled(ExchangeApi):
    """Does what it is asked; while `muffled`, no write is told so."""

    muffled = False

    def handle(self, request: Request, now: datetime) -> Response:
        answer = super().handle(request, now)
        return Response(502) if self.muffled and request.method != "GET" else answer


@dataclass(frozen=True, slots=True)
class Served:
    """A simulated exchange, some hours old, that another thread serves over HTTP.

    Attributes:
        sim: the exchange; change what is in it between commands only.
        api: what answers for it.
        url: the base URL of its Trading API.
        options: what points the command line at it, with its user's trading key.
    """

    sim: SimExchange
    api: Muffled
    url: str
    options: tuple[str, ...]


class Terminal(io.StringIO):
    """Standard input at which somebody sits who types this."""

    def isatty(self) -> bool:
        return True


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    """One for all tests of a module. Its user has 10,000 USD and 50 units of text-prime."""
    with serving(CrowdConfig()) as exchange:
        yield exchange


@contextmanager
def serving(crowd: CrowdConfig) -> Iterator[Served]:
    """An exchange of two markets with such a crowd, three hours old, while the block runs."""
    clock = SystemClock()
    venue = VenueConfig(symbols=("text-prime", "code-max"), rate_limits=None, transfer_seconds=0.0)
    scenario = Scenario(venue=venue, crowd=crowd, units={"text-prime": 50}, tokens_per_hour=None)
    sim = build_exchange(scenario, start=clock.now() - timedelta(hours=3), ids=SeededIds(1))
    api = Muffled(sim.venue)
    ready, urls = threading.Event(), []
    loop, stop = asyncio.new_event_loop(), asyncio.Event()

    async def run() -> None:
        async with serve(api, clock, stream=sim.stream, inference=sim.inference) as server:
            urls.append(f"{server.url}/v1")
            ready.set()
            await stop.wait()

    thread = threading.Thread(target=lambda: loop.run_until_complete(run()))
    thread.start()
    try:
        assert ready.wait(30)
        key = sim.credentials("").signing_key
        settings = {"exchange.base_url": urls[0], "consumption.base_url": urls[0], "exchange.signing_key": key}
        options = tuple(word for name, value in settings.items() for word in ("--set", f"{name}={value}"))
        yield Served(sim, api, urls[0], options)
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join()
        loop.close()
