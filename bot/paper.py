"""Paper trading: a simulated exchange on this machine, and the bot trading on it over HTTP."""

from __future__ import annotations

import asyncio
from typing import TypeVar

import structlog
from pydantic import SecretStr

from bot.app import run_over_http
from bot.clock import RandomIds, SystemClock
from bot.errors import ConfigError
from bot.settings import PaperSettings, Settings, StrategyRiskSettings
from bot.sim.build import Scenario, open_exchange
from bot.sim.config import VenueConfig
from bot.sim.credentials import Credentials
from bot.sim.keeper import FileKeeper
from bot.sim.presets import PRESETS, changed
from bot.sim.server import serve
from bot.sim.tempo import MarketClock

R = TypeVar("R", bound=StrategyRiskSettings)

log = structlog.stdlib.get_logger("paper")


async def run_paper(settings: Settings, stop: asyncio.Event, *, reload: bool = False) -> None:
    """Serve a simulated exchange on this machine and trade on it, in real time, until `stop` is set.

    The exchange's accounts, orders and trades are kept in `paper.state_file` over restarts. Raises `GridbotError`.
    """
    paper = settings.paper
    clock = SystemClock()
    keeper = FileKeeper(paper.state_file)
    scenario = paper_scenario(paper, _first_symbol(settings))
    exchange = await open_exchange(scenario, keeper, now=clock.now(), seed=paper.seed, ids=RandomIds())

    async def keep() -> None:
        await keeper.save(exchange.dump())

    await keep()
    async with serve(
        exchange.api,
        clock,
        host=paper.host,
        port=paper.port,
        on_change=keep,
        stream=exchange.stream,
        inference=exchange.inference,
    ) as server:
        log.info("simulated exchange", url=f"{server.url}/v1", kept_in=str(keeper))
        pointed = _pointed_at(exchange.credentials(f"{server.url}/v1"), settings)
        await run_over_http(pointed, "paper", stop, MarketClock(clock, exchange.venue.tempo), reload=reload)
    await keep()


def paper_scenario(paper: PaperSettings, demand_symbol: str) -> Scenario:
    """What goes on in the simulated exchange of paper trading. Raises `ConfigError` for a wrong `paper.crowd`."""
    try:
        crowd = changed(PRESETS[paper.market], paper.crowd)
    except ConfigError as error:
        raise ConfigError(f"paper.crowd: {error}") from None
    return Scenario(
        venue=VenueConfig(auto_transfer=paper.auto_transfer, speed=paper.speed),
        mean_price=paper.mean_price,
        candles=paper.prices,
        crowd=crowd,
        cash=paper.cash,
        demand_symbol=demand_symbol,
        tokens_per_hour=paper.tokens_per_hour or None,
        trace=paper.demand,
        client=paper.client,
    )


def _pointed_at(credentials: Credentials, settings: Settings) -> Settings:
    """The settings, but for a simulated exchange, and with limits a minute of its time."""
    exchange = {
        "base_url": credentials.base_url,
        "stream_url": credentials.ws_url,
        "signing_key": SecretStr(credentials.signing_key),
        "signing_key_file": None,
        "signing_key_keyring": None,
    }
    consumption = {
        "base_url": credentials.consumption_url,
        "messages_url": credentials.messages_url,
        "api_key": SecretStr(credentials.consumption_key),
        "api_key_file": None,
    }
    limits = settings.limits
    per_minute = {
        name: round(getattr(limits, name) * settings.paper.speed)
        for name in ("requests_per_minute", "orders_per_minute", "cancels_per_minute")
    }
    return settings.model_copy(
        update={
            "exchange": settings.exchange.model_copy(update=exchange),
            "consumption": settings.consumption.model_copy(update=consumption),
            "limits": limits.model_copy(update=per_minute),
            "risk": _at_speed(settings.risk, settings.paper.speed),
            "strategies": tuple(
                one.model_copy(update={"risk": _at_speed(one.risk, settings.paper.speed)})
                for one in settings.strategies
            ),
        }
    )


def _at_speed(risk: R, speed: float) -> R:
    """Limits for a market whose time runs faster: data is as many of its seconds older when it comes."""
    stale = None if risk.stale_seconds is None else risk.stale_seconds * speed
    return risk.model_copy(update={"stale_seconds": stale})


def _first_symbol(settings: Settings) -> str:
    """The market whose units inference uses up on paper: the first that a strategy trades."""
    return next((symbol for one in settings.strategies for symbol in one.markets), "text-prime")
