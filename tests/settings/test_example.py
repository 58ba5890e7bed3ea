"""`config.example.yaml` is right, complete and explained."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from bot.settings import ScheduleSettings, Settings, StrategySettings, load_settings
from bot.strategy.registry import check

EXAMPLE = Path(__file__).resolve().parent.parent.parent / "config.example.yaml"


def example() -> Settings:
    return load_settings(EXAMPLE, env={}, check_strategy=check)


def test_the_example_is_the_defaults_and_one_strategy() -> None:
    settings = example()
    assert settings.model_copy(update={"strategies": ()}) == Settings()
    (stock,) = settings.strategies
    assert (stock.name, stock.strategy, stock.markets) == ("stock-text-prime", "replenish", ("text-prime",))
    assert stock.parameters == {"floor": 5, "target": 15, "max_price": "2.50"}
    defaults = StrategySettings(name="n", strategy="s", markets=("m",))
    assert (stock.candles, stock.hook_seconds) == (defaults.candles, defaults.hook_seconds)


def test_the_folders_of_own_strategies_are_in_the_example() -> None:
    assert yaml.safe_load(EXAMPLE.read_text())["strategy_folders"] == []


SECTIONS = [
    (section, name)
    for section, field in Settings.model_fields.items()
    if section not in ("strategies", "strategy_folders")
    for name in type(field.default).model_fields
]


@pytest.mark.parametrize(("section", "name"), SECTIONS)
def test_every_setting_is_in_the_example(section: str, name: str) -> None:
    assert name in yaml.safe_load(EXAMPLE.read_text())[section]


@pytest.mark.parametrize("name", [*StrategySettings.model_fields, *ScheduleSettings.model_fields])
def test_every_setting_of_a_strategy_is_told_of_in_the_example(name: str) -> None:
    text = EXAMPLE.read_text()
    assert f"{name}:" in text or f"`{name}`" in text


def test_every_setting_in_the_example_has_its_comment_above_it() -> None:
    explained = False
    for line in EXAMPLE.read_text().splitlines():
        text = line.strip()
        if text.startswith("#"):
            explained = True
        elif not text:
            explained = False
        else:
            is_section = not line.startswith(" ")
            assert explained or is_section, f"{text} is not explained"
