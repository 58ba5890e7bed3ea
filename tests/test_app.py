"""How a bot is put together from settings."""

from __future__ import annotations

import asyncio
import io
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bot import app, logs
from bot.clock import RandomIds, SystemClock
from bot.engine.pace import OnDrift, OnStop, Pace
from bot.errors import ConfigError, DataError, KeyMaterialError
from bot.grid.key_sources import signing_key
from bot.paper import paper_scenario, run_paper
from bot.ports import Run
from bot.settings import Settings
from bot.sim.build import SimExchange, open_exchange
from bot.sim.keeper import FileKeeper
from bot.sim.presets import STRESSED
from bot.storage import open_store

START = datetime(2026, 1, 5, tzinfo=UTC)
SEED_TEXT = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="


def settings(**sections: Any) -> Settings:
    return Settings.model_validate(sections)


def one_strategy(**changes: Any) -> dict[str, Any]:
    return {
        "name": "stock",
        "strategy": "replenish",
        "markets": ["text-prime"],
        "schedule": {"every": "60s"},
        "parameters": {"max_price": "2.50"},
    } | changes


def test_instances_have_their_parameters_and_schedules() -> None:
    by_cron = one_strategy(name="at nine", schedule={"cron": "0 9 * * *"})
    every, cron = app.instances(settings(strategies=[one_strategy(), by_cron]), START)
    assert every.strategy.model_dump()["floor"] == 5
    assert every.schedule is not None
    assert cron.schedule is not None
    assert every.schedule.next_after(START) == START + timedelta(seconds=60)
    assert cron.schedule.next_after(START) == START + timedelta(hours=9)
    assert (cron.name, cron.symbols) == ("at nine", ("text-prime",))


def test_without_a_strategy_there_is_nothing_to_run() -> None:
    with pytest.raises(ConfigError, match=r"no strategy is configured.*config\.example\.yaml"):
        app.instances(settings(), START)


def test_wrong_parameters_are_refused_all_at_once() -> None:
    wrong = one_strategy(parameters={"flor": 1, "max_price": "x"})
    with pytest.raises(ConfigError, match=r"(?s)max_price.*flor.*did you mean 'floor'"):
        app.instances(settings(strategies=[wrong]), START)


def test_the_pace_is_the_settings() -> None:
    engine = {
        "poll_seconds": 1,
        "stream_poll_seconds": 9,
        "settle_seconds": 2,
        "reconcile_seconds": 60,
        "snapshot_seconds": 3,
        "stop_seconds": 4.5,
        "on_stop": "keep",
    }
    made = app.pace(settings(engine=engine, strategies=[one_strategy(on_stop="reduce")]))
    (name,) = made.on_stop_of
    poll, streaming, settle, audit, snapshot, stop = (timedelta(seconds=count) for count in (1, 9, 2, 60, 3, 4.5))
    assert app.pace(settings(engine={"on_drift": "warn"})).on_drift is OnDrift.WARN
    assert made == Pace(poll, streaming, settle, audit, snapshot, stop, OnStop.KEEP, {name: OnStop.REDUCE})
    assert (made.stops(name), made.stops("another")) == (OnStop.REDUCE, OnStop.KEEP)


def test_the_key_comes_from_the_settings_or_from_a_file(tmp_path: Path) -> None:
    told = io.StringIO()
    logs.configure("warning", "json", SystemClock(), told)
    path = tmp_path / "trading.key"
    path.write_text(SEED_TEXT)
    path.chmod(0o644)
    from_file = signing_key(settings(exchange={"signing_key_file": str(path)}).exchange)
    given = signing_key(settings(exchange={"signing_key": SEED_TEXT}).exchange)
    assert from_file.fingerprint == given.fingerprint
    if os.name == "posix":
        assert "chmod 600" in told.getvalue()


def test_without_a_key_it_says_how_to_make_one() -> None:
    with pytest.raises(ConfigError, match="gridbot keys new"):
        signing_key(settings().exchange)
    with pytest.raises(KeyMaterialError):
        signing_key(settings(exchange={"signing_key": "nonsense"}).exchange)


async def paper_exchange(tmp_path: Path, symbol: str, **changes: Any) -> SimExchange:
    paper = settings(paper={"state_file": str(tmp_path / "paper.json")} | changes).paper
    keeper = FileKeeper(paper.state_file)
    scenario = paper_scenario(paper, symbol)
    made = await open_exchange(scenario, keeper, now=SystemClock().now(), seed=paper.seed, ids=RandomIds())
    await keeper.save(made.dump())
    return made


async def test_a_paper_exchange_goes_on_where_it_was_and_lists_every_instrument(tmp_path: Path) -> None:
    made = await paper_exchange(tmp_path, "text-prime")
    assert len(made.venue.markets) == 9
    again = await paper_exchange(tmp_path, "code-max")
    assert list(again.venue.markets) == list(made.venue.markets)
    assert again.account.account_id == made.account.account_id


async def test_a_paper_exchange_of_another_seed_is_not_taken_over(tmp_path: Path) -> None:
    await paper_exchange(tmp_path, "text-prime")
    with pytest.raises(DataError, match=r"paper\.json: .*another seed"):
        await paper_exchange(tmp_path, "text-prime", seed=2)


async def test_an_unlisted_instrument_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="text-prim; the exchange lists text-standard, text-prime"):
        await paper_exchange(tmp_path, "text-prim")


async def test_the_paper_market_is_as_stressed_as_the_settings_say(tmp_path: Path) -> None:
    made = await paper_exchange(tmp_path, "text-prime", market="stressed", crowd={"depth": 3}, speed=60)
    assert made.venue.config.speed == 60
    config = made.crowds["text-prime"].config
    assert (config.depth, config.spread) == (3, STRESSED.spread)
    with pytest.raises(ConfigError, match=r"paper\.crowd: .*did you mean 'depth'"):
        await paper_exchange(tmp_path, "text-prime", crowd={"dept": 3})


async def test_on_paper_the_bot_lives_in_the_exchanges_time(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/gridbot.db"
    fast = settings(
        paper={"state_file": str(tmp_path / "paper.json"), "speed": 1000},
        database={"url": url},
        strategies=[one_strategy()],
        engine={"poll_seconds": 0.1},
    )
    stop = asyncio.Event()
    began = SystemClock().now()
    async with asyncio.timeout(60), asyncio.TaskGroup() as tasks:
        tasks.create_task(run_paper(fast, stop))
        keeper = FileKeeper(tmp_path / "paper.json")
        while b'"orders":[{' not in (await keeper.load() or b""):  # noqa: ASYNC110 - it is kept as in a process
            await asyncio.sleep(0.05)
        stop.set()
    store = await open_store(url, create=False)
    (order, *_) = await store.recent_orders(5)
    await store.close()
    assert order.created_at > SystemClock().now()
    assert order.created_at - began > timedelta(minutes=1)


async def test_paper_and_money_never_share_a_database(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/gridbot.db"
    store = await open_store(url, create=True)
    await store.begin_run(Run("run-1", "paper", START))
    await store.close()
    live = settings(
        exchange={"base_url": "http://127.0.0.1:9/v1", "signing_key": SEED_TEXT},
        database={"url": url},
        strategies=[one_strategy()],
    )
    with pytest.raises(ConfigError, match=r"holds runs of `gridbot paper`; give `gridbot run` a database of its own"):
        await app.run_live(live, asyncio.Event())
