"""Inference as strategies ask for it, against the simulated exchange."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from bot.clock import SeededIds, VirtualClock, run_virtual
from bot.errors import ConfigError, NoStock, NotSentError
from bot.grid.strategy_inference import inference_of
from bot.ports.inference import Inference
from bot.rehearsal.inference import inference_of as inference_in_memory
from bot.settings import Settings
from bot.sim.api import ExchangeApi
from bot.sim.build import Scenario, SimExchange, build_exchange
from bot.sim.config import VenueConfig
from bot.sim.server import serve
from tests.grid.inference.scripted_web import HELLO
from tests.grid.inference.test_against_sim import StillClock
from tests.sim.client import START
from tests.sim.inference import KEY, User


def an_exchange() -> SimExchange:
    scenario = Scenario(venue=VenueConfig(symbols=("text-prime",)), units={"text-prime": 1}, tokens_per_hour=None)
    return build_exchange(scenario, start=START, ids=SeededIds(1))


def test_a_model_answers_with_text_and_is_paid_with_tokens() -> None:
    async def main(clock: VirtualClock) -> None:
        sim = an_exchange()
        models: Inference = inference_in_memory(sim, clock)
        with pytest.raises(NoStock):
            await models.complete("text-prime", HELLO, max_tokens=50)
        instrument = sim.venue.market_by_symbol("text-prime").instrument_id
        sim.venue.transfer(sim.account, instrument, 1)
        await clock.sleep(timedelta(minutes=1).total_seconds())
        whole = await models.complete("text-prime", HELLO, max_tokens=50)
        assert whole == HELLO[-1]["content"]
        assert whole.startswith(await models.complete("text-prime", HELLO, max_tokens=1))
        sim.inference.says = "four words are said"
        assert await models.complete("text-prime", HELLO, max_tokens=50) == "four words are said"
        assert await models.complete("text-prime", HELLO, max_tokens=2) == "four words"
        assert sim.account.lots[instrument].tokens < 1_000_000

    run_virtual(main, START)


async def test_over_http_it_is_as_the_settings_say_and_closed_in_the_end() -> None:
    user = User()
    user.stock(1000)
    async with serve(ExchangeApi(user.venue), StillClock(user), inference=user.api) as server:
        settings = Settings.model_validate({"consumption": {"base_url": f"{server.url}/v1", "api_key": KEY}})
        async with inference_of(settings) as models:
            assert models is not None
            assert await models.complete("text-prime", HELLO, max_tokens=50) == HELLO[-1]["content"]
        with pytest.raises(NotSentError):
            await models.complete("text-prime", HELLO, max_tokens=50)
        with pytest.raises(RuntimeError, match="the bot dies"):
            async with inference_of(settings) as models:
                raise RuntimeError("the bot dies")
        assert models is not None
        with pytest.raises(NotSentError):
            await models.complete("text-prime", HELLO, max_tokens=50)


async def test_without_a_consumption_key_there_are_no_models() -> None:
    async with inference_of(Settings()) as models:
        assert models is None


async def test_a_key_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    settings = Settings.model_validate({"consumption": {"api_key_file": str(tmp_path / "none.key")}})
    with pytest.raises(ConfigError, match=r"none\.key"):
        async with inference_of(settings):
            pass
