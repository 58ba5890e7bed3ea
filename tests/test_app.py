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
from bot.clock import SeededIds, SystemClock
from bot.engine.daemon import OnStop, Pace
from bot.errors import ConfigError, DataError, KeyMaterialError
from bot.grid.key_sources import signing_key
from bot.ports import Run
from bot.settings import Settings
from bot.sim import state
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
        "snapshot_seconds": 3,
        "stop_seconds": 4.5,
        "on_stop": "keep",
    }
    poll, streaming, settle, snapshot, stop = (timedelta(seconds=count) for count in (1, 9, 2, 3, 4.5))
    assert app.pace(settings(engine=engine).engine) == Pace(poll, streaming, settle, snapshot, stop, OnStop.KEEP)


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


def paper(tmp_path: Path, **changes: Any) -> Any:
    return settings(paper={"state_file": str(tmp_path / "paper.json")} | changes).paper


def test_a_paper_exchange_goes_on_where_it_was_and_lists_every_instrument(tmp_path: Path) -> None:
    made = app.paper_exchange(paper(tmp_path), "text-prime", START, SeededIds(1))
    assert len(made.venue.markets) == 9
    state.save(tmp_path / "paper.json", state.dump(made.venue))
    again = app.paper_exchange(paper(tmp_path), "code-max", START + timedelta(hours=1), SeededIds(2))
    assert list(again.venue.markets) == list(made.venue.markets)
    assert again.account.account_id == made.account.account_id


def test_a_paper_exchange_of_another_seed_is_not_taken_over(tmp_path: Path) -> None:
    made = app.paper_exchange(paper(tmp_path), "text-prime", START, SeededIds(1))
    state.save(tmp_path / "paper.json", state.dump(made.venue))
    with pytest.raises(DataError, match="another seed"):
        app.paper_exchange(paper(tmp_path, seed=2), "text-prime", START, SeededIds(2))


def test_an_unlisted_instrument_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="text-prim; the exchange lists text-standard, text-prime"):
        app.paper_exchange(paper(tmp_path), "text-prim", START, SeededIds(1))


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
