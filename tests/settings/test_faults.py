"""Every kind of fault is refused with its source, its path, what is wrong and what to write."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import UnionType
from typing import Any, get_args, get_origin

import pytest
from pydantic import BaseModel

from bot.settings import Settings
from tests.settings.conftest import Faults, Load

STRATEGY = "{name: n, strategy: s, markets: [m], schedule: {every: 5}}"


@pytest.mark.parametrize(
    ("yaml", "fault"),
    [
        ("exchange: {base_ulr: x}", "exchange.base_ulr: unknown setting 'base_ulr'; did you mean 'base_url'?"),
        ("exchange: {'layout ': short}", "exchange.layout : unknown setting 'layout '; did you mean 'layout'?"),
        ("engine: {poll: 5}", "engine.poll: unknown setting 'poll'; did you mean 'poll_seconds'?"),
        ("base_url: x", "base_url: unknown setting 'base_url'; did you mean 'exchange.base_url'?"),
        ("Paper: {}", "Paper: unknown setting 'Paper'; did you mean 'paper'?"),
        ("logging: {colour: x}", "logging.colour: unknown setting 'colour'; the settings here are level, format"),
        ("logging: {on: 1, 5: 1}", "logging.on: unknown setting 'on'; the settings here are level, format"),
        ("logging: {? [a] : 1}", "logging.?: unknown setting '?'; the settings here are level, format"),
        (
            f"strategies: [{STRATEGY[:-1]}, market: x}}]",
            "strategies[0].market: unknown setting 'market'; did you mean 'markets'?",
        ),
        ("exchange: {layout: short, layout: short}", "exchange.layout: given twice; the first is at config.yaml:1"),
        ("strategies: &s [*s]", "strategies[0]: contains itself"),
        ("logging: {level: INF}", "must be one of debug, info, warning, error, not 'INF'; did you mean 'info'?"),
        ("logging: {format: [xml]}", "logging.format: must be one of auto, console, json, not a list"),
        ("logging: loud", "logging: must be a group of settings, each as 'name: value', not text"),
        ("strategies: {}", "strategies: must be a list, not a group of settings, each as 'name: value'"),
        ("strategies: x", "strategies: must be a list, not text"),
        ("exchange: {base_url: 5}", "exchange.base_url: must be text, not 5"),
        ("exchange: {base_url: null}", "exchange.base_url: must be text, not nothing"),
        ("exchange: {timeout_seconds: yes}", "must be a number above 0 and at most 120, not true"),
        ("exchange: {timeout_seconds: soon}", "must be a number above 0 and at most 120, not 'soon'"),
        ("exchange: {timeout_seconds: 0}", "must be a number above 0 and at most 120, not 0"),
        ("exchange: {timeout_seconds: .inf}", "must be a number above 0 and at most 120, not inf"),
        ("paper: {port: 1.0}", "paper.port: must be a whole number of at least 0 and at most 65535, not 1.0"),
        ("paper: {port: 65536}", "must be a whole number of at least 0 and at most 65535, not 65536"),
        ("paper: {seed: no}", "paper.seed: must be a whole number, not false"),
        ("paper: {cash: yes}", "paper.cash: must be an amount of USD of at least 0 and at most 1000000000, not true"),
        ("paper: {cash: .nan}", "paper.cash: must be an amount of USD of at least 0 and at most 1000000000, not nan"),
        ("paper: {mean_price: 0.0}", "must be an amount of USD of at least 0.10 and at most 10000, not 0.0"),
        ("paper: {auto_transfer: 1}", "paper.auto_transfer: must be true or false, not 1"),
        ("paper: {host: ''}", "paper.host: must be text that is not empty, not ''"),
        ("paper: {prices: ' '}", "paper.prices: must not be empty; leave it out to have none"),
        ("paper: {prices: 5}", "paper.prices: must be a file name, not 5"),
        ("paper: {prices: ~nobody-of-that-name/x}", "paper.prices: names the home folder of a user who has none"),
        ("paper: {client: me}", "paper.client: names a client of a trace; give paper.demand, the trace, too"),
        ("paper: {client: 2024-01-01}", "paper.client: must be text that is not empty, not 2024-01-01"),
        ("database: {url: mysql://h/d}", "database.url: must be sqlite:///file.db or postgresql://user@host/database"),
        ("engine: {on_stop: reduced}", "one of cancel, keep, reduce, not 'reduced'; did you mean 'reduce'?"),
        ("engine: {adopt_foreign_orders: n}", "engine.adopt_foreign_orders: names no strategy of the settings: 'n'"),
        ("engine: {lease_seconds: 0}", "engine.lease_seconds: must be a number of at least 1 and at most 3600, not 0"),
        ("risk: {max_order_unit: 5}", "unknown setting 'max_order_unit'; did you mean 'max_order_units'?"),
        ("risk: {max_order_units: 0}", "risk.max_order_units: must be a whole number of at least 1, not 0"),
        ("risk: {max_order_usd: much}", "risk.max_order_usd: must be an amount of USD above 0, not 'much'"),
        ("risk: {price_collar: 20%}", "risk.price_collar: must be a number above 0 and at most 100, not '20%'"),
        ("risk: {markets: []}", "risk.markets: must be a list that is not empty, not an empty list"),
        (
            f"strategies: [{STRATEGY[:-1]}, risk: {{max_usd_per_day: -1}}}}]",
            "strategies[0].risk.max_usd_per_day: must be an amount of USD above 0, not -1",
        ),
        (
            f"strategies: [{STRATEGY[:-1]}, on_stop: stop}}]",
            "strategies[0].on_stop: must be one of cancel, keep, reduce",
        ),
        ("database: {url: 5}", "database.url: must be text"),
        ("strategies: [5]", "strategies[0]: must be a group of settings, each as 'name: value', not 5"),
        ("strategies: [{name: n, strategy: s}]", "strategies[0].markets: is missing: symbols of the markets"),
        (
            f"strategies: [{STRATEGY[:-1]}, candles: 2m}}]",
            "candles: must be one of 1m, 5m, 15m, 30m, 1h, 4h, 1d, 1w, 1M",
        ),
        (f"strategies: [{STRATEGY[:-1]}, candles: 1H}}]", "not '1H'; did you mean '1h'?"),
        (
            f"strategies: [{STRATEGY[:-1]}, hook_seconds: 0}}]",
            "strategies[0].hook_seconds: must be a number above 0 and at most 3600, not 0",
        ),
        ("strategy_folders: mine", "strategy_folders: must be a list, not text"),
        ("strategy_folders: ['']", "strategy_folders[0]: must not be empty"),
        (
            "strategies: [{name: n, strategy: s, markets: [], schedule: {every: 5}}]",
            "strategies[0].markets: must be a list that is not empty, not an empty list",
        ),
        (
            "strategies: [{name: n, strategy: s, markets: [m, 5], schedule: {every: 5}}]",
            "strategies[0].markets[1]: must be text, not 5",
        ),
        (
            "strategies: [{name: n, strategy: s, markets: [m, m], schedule: {every: 5}}]",
            "strategies[0].markets: market 'm' is named twice",
        ),
    ],
)
def test_a_fault_in_the_file_is_told_with_line_path_and_advice(faults: Faults, yaml: str, fault: str) -> None:
    told = faults(yaml)[0]
    assert told.startswith("config.yaml:1: ")
    assert fault in told


def test_the_client_of_a_trace_that_is_named_wrongly_is_no_second_fault(faults: Faults) -> None:
    assert len(faults("paper: {demand: 5, client: me}")) == 1


@pytest.mark.parametrize(
    ("schedule", "fault"),
    [
        ("{}", "schedule: must say when: every: 60s, or cron: '*/5 * * * *'"),
        ("{every: 5, cron: '* * * * *'}", "schedule.cron: the schedule is given twice; give either every or cron"),
        ("{every: 5x}", "schedule.every: must be a length of time such as 60s, 5m or 1h, not '5x'"),
        ("{every: yes}", "schedule.every: must be a length of time such as 60s, 5m or 1h, not true"),
        ("{every: 0.5}", "schedule.every: must be from 1s to 366d, not 0.5"),
        ("{every: 400d}", "schedule.every: must be from 1s to 366d, not 400d"),
        ("{every: .inf}", "schedule.every: must be from 1s to 366d, not inf"),
        ("{cron: '61 * * * *'}", "schedule.cron: '61 * * * *' is not a crontab line such as '*/5 * * * *': "),
        ("{cron: '* * *'}", "schedule.cron: '* * *' is not a crontab line such as '*/5 * * * *': Wrong number of"),
        ("{cron: '0 0 31 2 *'}", "schedule.cron: '0 0 31 2 *' names a day that never comes"),
    ],
)
def test_a_schedule_must_say_when_in_one_way(faults: Faults, schedule: str, fault: str) -> None:
    (told,) = faults(f"strategies:\n  - {{name: n, strategy: s, markets: [m], schedule: {schedule}}}")
    assert told.startswith(f"config.yaml:2: strategies[0].{fault}")


@pytest.mark.parametrize(
    "url",
    [
        "http://trading.api.thegrid.ai/v1",
        "http://127.evil.example/v1",
        "http://10.0.0.1/v1",
        "ftp://x/v1",
        "trading.api.thegrid.ai",
        "https:///v1",
        "https://host:port/v1",
        "https://[x/v1",
        "https://user:hunter2@host/v1",
        "https://host/v1?",
        "https://ho st/v1",
        "https://host/v1#x",
        "",
    ],
)
def test_the_exchange_must_be_reached_safely_at_a_plain_address(faults: Faults, url: str) -> None:
    (told,) = faults(overrides={"exchange": {"base_url": url}})
    assert told.startswith("command line: exchange.base_url: must be")
    assert "hunter2" not in told


def test_the_key_is_given_once(faults: Faults) -> None:
    env = {"GRIDBOT_EXCHANGE__SIGNING_KEY": "c2VjcmV0"}
    (told,) = faults("exchange: {signing_key_file: grid.key}", env=env)
    assert told == (
        "config.yaml:1: exchange.signing_key_file: the key is given twice; give either signing_key or signing_key_file"
    )


def test_names_of_strategies_differ(faults: Faults) -> None:
    yaml = f"strategies:\n  - {STRATEGY}\n  - {STRATEGY}\n"
    assert faults(yaml) == [
        "config.yaml:3: strategies[1].name: another strategy is named 'n' too; give each a name of its own"
    ]


def test_the_adopter_of_foreign_orders_is_one_of_the_strategies(faults: Faults, load: Load) -> None:
    yaml = f"engine: {{adopt_foreign_orders: m}}\nstrategies: [{STRATEGY}]"
    assert faults(yaml) == [
        "config.yaml:1: engine.adopt_foreign_orders: names no strategy of the settings: 'm'; they are named n"
    ]
    assert load(yaml.replace("orders: m", "orders: n")).engine.adopt_foreign_orders == "n"


def test_every_variable_that_names_no_setting_is_refused(faults: Faults) -> None:
    env = {
        "GRIDBOT_EXCHNGE__BASE_URL": "x",
        "GRIDBOT_EXCHNGE__LAYOUT": "x",
        "GRIDBOT_SIGNING_KEY": "hunter2",
        "GRIDBOT_EXCHANGE__LAYOUT ": "short",
        "GRIDBOT_": "x",
    }
    told = faults(env=env, dotenv="GRIDBOT_LOGGING__LEVEL__X=1\nGRIDBOT_ENGINE__POLL=1")
    assert sorted(told) == [
        ".env:1: logging.level: must be one of debug, info, warning, error, not a group of settings, "
        "each as 'name: value'",
        ".env:2: engine.poll: unknown setting 'poll'; did you mean 'poll_seconds'?",
        "environment variable GRIDBOT_: unknown setting ''; the settings here are exchange, limits, consumption, "
        "database, logging, engine, risk, strategy_folders, strategies, paper",
        "environment variable GRIDBOT_EXCHANGE__LAYOUT : exchange.layout : unknown setting 'layout '; "
        "did you mean 'layout'?",
        "environment variable GRIDBOT_EXCHNGE__BASE_URL: exchnge: unknown setting 'exchnge'; did you mean 'exchange'?",
        "environment variable GRIDBOT_EXCHNGE__LAYOUT: exchnge: unknown setting 'exchnge'; did you mean 'exchange'?",
        "environment variable GRIDBOT_SIGNING_KEY: signing_key: unknown setting 'signing_key'; "
        "did you mean 'exchange.signing_key'?",
    ]


def test_variables_that_contradict_each_other_or_are_no_json_are_refused(faults: Faults) -> None:
    env = {
        "GRIDBOT_PAPER": "x",
        "GRIDBOT_PAPER__SEED": "1",
        "GRIDBOT_LOGGING__LEVEL": "info",
        "gridbot_logging__level": "info",
        "GRIDBOT_STRATEGIES": "[{",
        "GRIDBOT_ENGINE": "[" * 100_000,
    }
    told = faults(env=env)
    assert "environment variable gridbot_logging__level: logging.level: given twice" in told
    assert (
        "environment variable GRIDBOT_PAPER__SEED: paper.seed: 'paper' has a value already, so it cannot have "
        "settings inside"
    ) in told
    assert any("GRIDBOT_STRATEGIES: strategies: begins like JSON but is not: " in fault for fault in told)
    assert any("GRIDBOT_ENGINE: engine: begins like JSON but is not: " in fault for fault in told)
    assert len(told) == 5, "and the group that is text"


def check(
    name: str, parameters: Mapping[str, Any], folders: Sequence[Path], *, has_schedule: bool
) -> list[tuple[tuple[str, ...], str]]:
    if name != "known":
        return [(("strategy",), f"there is no strategy '{name}' in {[str(folder) for folder in folders]}")]
    faults = [] if has_schedule else [(("schedule",), "on_tick would never be called")]
    return faults + [
        (("parameters", name), "unknown parameter; did you mean 'floor'?") for name in parameters if name != "floor"
    ]


def test_what_is_wrong_with_strategies_joins_the_other_faults_of_all_sources_in_one_message(faults: Faults) -> None:
    yaml = """
strategies:
  - name: a
    strategy: known
    parameters:
      floor: 5
      flor: 5
  - {name: b, strategy: known, markets: [m], schedule: {every: 5}}
  - {name: a, strategy: unknown, markets: m, schedule: {every: 5}}
  - {name: c, strategy: 5, parameters: 6}
"""
    told = faults(
        yaml,
        dotenv="GRIDBOT_ENGINE__STOP_SECONDS=99",
        env={"GRIDBOT_X": "1"},
        overrides={"logging": {"level": "loud"}},
        check_strategy=check,
    )
    assert [fault.split(": ")[:2] for fault in told] == [
        ["command line", "logging.level"],
        [".env:1", "engine.stop_seconds"],
        ["config.yaml:3", "strategies[0].markets"],
        ["config.yaml:9", "strategies[2].markets"],
        ["config.yaml:10", "strategies[3].strategy"],
        ["config.yaml:10", "strategies[3].markets"],
        ["config.yaml:10", "strategies[3].parameters"],
        ["environment variable GRIDBOT_X", "x"],
        ["config.yaml:3", "strategies[0].schedule"],
        ["config.yaml:7", "strategies[0].parameters.flor"],
        ["config.yaml:9", "strategies[2].name"],
        ["config.yaml:9", "strategies[2].strategy"],
    ]
    assert told[9].endswith("unknown parameter; did you mean 'floor'?")


def test_strategies_are_looked_for_in_the_folders_of_the_strongest_source(faults: Faults) -> None:
    yaml = "strategy_folders: [a, ~/b]\nstrategies: [{name: n, strategy: mine, markets: [m]}]"
    (told,) = faults(yaml, env={}, check_strategy=check)
    assert "['a', '" in told
    assert "~" not in told
    (told,) = faults(yaml, env={"GRIDBOT_STRATEGY_FOLDERS": '["c"]'}, check_strategy=check)
    assert told.endswith("['c']")


def test_folders_that_are_none_do_not_keep_strategies_from_being_looked_at(faults: Faults) -> None:
    told = faults("strategy_folders: 5\nstrategies: [{name: n, strategy: mine, markets: [m]}]", check_strategy=check)
    assert told[0] == "config.yaml:1: strategy_folders: must be a list, not 5"
    assert told[1].endswith("there is no strategy 'mine' in []")


def fields_of(model: type[BaseModel], path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    for name, field in model.model_fields.items():
        yield (*path, name), field
        inner = (
            get_args(field.annotation)[0] if get_origin(field.annotation) in (tuple, UnionType) else field.annotation
        )
        if isinstance(inner, type) and issubclass(inner, BaseModel):
            yield from fields_of(inner, (*path, name))


class Unfit:
    """Fits no setting."""


@pytest.mark.parametrize(("path", "field"), [*fields_of(Settings)], ids=lambda value: str(value)[:40])
def test_every_setting_is_described_and_refuses_what_does_not_fit_in_words(
    faults: Faults, path: tuple[str, ...], field: Any
) -> None:
    assert field.description
    inside = {"name": "n", "strategy": "s", "markets": ["m"], "schedule": {"every": 5}}
    if path[0] == "strategies" and len(path) > 1:
        value: Any = Unfit()
        for part in reversed(path[1:]):
            value = {part: value}
        overrides: Any = {"strategies": [{**inside, **value}]}
    else:
        overrides = Unfit()
        for part in reversed(path):
            overrides = {part: overrides}
    (told,) = faults(overrides=overrides)
    assert ": must be " in told
