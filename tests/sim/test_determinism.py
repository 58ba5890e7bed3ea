"""The same seed and the same requests give the same answers, byte for byte."""

from __future__ import annotations

import hashlib
import os
import random
import subprocess
import sys
from dataclasses import replace
from decimal import Decimal

from bot.clock import SeededIds
from bot.sim.build import Scenario, build_exchange
from bot.sim.config import VenueConfig
from bot.sim.inference import InferenceAnswer
from tests.sim.client import START, Client
from tests.sim.stream_client import USER_ORDERS, connected, ticker, trades
from tests.sim.traffic import SUPPLIER, Sent, Traffic

REQUESTS = 1000
CONFIG = VenueConfig(symbols=("text-prime", "code-max"), rate_limits=None, auto_transfer=True, sweep_hours=(1, 13))


def transcript(seed: int) -> list[object]:
    """All that an exchange says to a client that sends, and to one that follows its stream."""
    scenario = Scenario(CONFIG, seed=seed, cash=Decimal(1000), units={"text-prime": 50, "code-max": 50})
    exchange = build_exchange(scenario, start=START, ids=SeededIds(seed))
    market_id = next(iter(exchange.venue.markets))
    client = Client(exchange.api, exchange.keys.signing)
    follower = connected(exchange.stream, USER_ORDERS, trades(market_id), ticker(market_id), key=client.key)
    traffic = Traffic(exchange, random.Random(seed), client)
    told: list[object] = []
    for _ in range(REQUESTS):
        sent = traffic.next()
        told.append(answer := traffic.answer(sent))
        if isinstance(answer, InferenceAnswer) and answer.status == 307:
            way = answer.headers["location"].removeprefix(SUPPLIER)
            told.append(traffic.answer(Sent(replace(sent.request, path=way), inference=True)))
        told.extend(iter(follower.session.take, None))
    return told


def digest(seed: int) -> str:
    return hashlib.sha256(repr(transcript(seed)).encode()).hexdigest()


def test_the_same_seed_tells_the_same_story_and_another_one_another() -> None:
    story = transcript(1)
    assert story == transcript(1)
    assert story != transcript(2)
    statuses = {getattr(told, "status", "frame") for told in story}
    assert statuses >= {"frame", 200, 201, 202, 204, 307, 400, 404, 422, 500}


def test_the_story_is_the_same_whatever_order_sets_have() -> None:
    program = "from tests.sim.test_determinism import digest; print(digest(3))"
    digests = {
        subprocess.run(
            [sys.executable, "-c", program],
            env=os.environ | {"PYTHONHASHSEED": hash_seed},
            capture_output=True,
            check=True,
            text=True,
        ).stdout
        for hash_seed in ("1", "2")
    }
    assert len(digests) == 1
