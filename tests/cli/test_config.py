from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from tests.cli.conftest import Gridbot

STRATEGY = """
strategies:
  - {name: stock, strategy: replenish, markets: [text-prime], schedule: {every: 30s}, parameters: {max_price: "2.50"}}
"""

ROWS = "2026-01-05T00:00:00Z,1,2,1,2,5\n2026-01-05T01:00:00Z,2,3,1,2,5\n"


def test_check_says_which_file_is_right_and_how_many_strategies_it_has(gridbot: Gridbot, tmp_path: Path) -> None:
    assert gridbot("config", "check").out == "defaults (there is no config.yaml here): ok, 0 strategies\n"
    (tmp_path / "config.yaml").write_text(STRATEGY)
    assert gridbot("config", "check").out == "config.yaml: ok, 1 strategy\n"
    (tmp_path / "other.yaml").write_text("")
    assert gridbot("--config", "other.yaml", "config", "check").out == "other.yaml: ok, 0 strategies\n"


def test_check_opens_the_files_that_are_named_and_lists_what_is_wrong_with_them(
    gridbot: Gridbot, tmp_path: Path
) -> None:
    (tmp_path / "prices.csv").write_text("when,what\n1,2\n")
    names = {
        "exchange.signing_key_file": "none.key",
        "consumption.api_key_file": "none.txt",
        "paper.prices": "prices.csv",
        "paper.demand": "none.csv",
    }
    options = [word for name, file in names.items() for word in ("--set", f"{name}={file}")]
    result = gridbot(*options, "config", "check")
    assert (result.status, result.out) == (1, "")
    head, *faults = result.err.splitlines()
    assert head == "gridbot: 4 faults in what the settings name:"
    for fault, setting, file in zip(
        faults,
        ("exchange.signing_key", "consumption.api_key", "paper.prices", "paper.demand"),
        names.values(),
        strict=True,
    ):
        assert fault.startswith(f"  {setting}: ")
        assert file in fault


def test_check_is_content_with_good_files_and_warns_of_a_key_that_others_can_read(
    gridbot: Gridbot, tmp_path: Path
) -> None:
    (tmp_path / "grid.key").write_text("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=")
    (tmp_path / "grid.key").chmod(0o644)
    (tmp_path / "prices.csv").write_text("timestamp,open,high,low,close,volume\n" + ROWS)
    result = gridbot(
        "--set", "exchange.signing_key_file=grid.key", "--set", "paper.prices=prices.csv", "config", "check"
    )
    assert result.status == 0
    assert "chmod 600 grid.key" in result.err
    (tmp_path / "grid.key").write_text("swordfish")
    result = gridbot("--set", "exchange.signing_key_file=grid.key", "config", "check")
    assert result.status == 1
    assert "gridbot: 1 fault in what the settings name:\n  exchange.signing_key: " in result.err
    assert "swordfish" not in result.err


def test_check_looks_at_the_parameters_of_the_paper_crowd(gridbot: Gridbot, tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text("paper: {market: stressed, crowd: {spred: 0.1}}")
    result = gridbot("config", "check")
    assert (result.status, result.out) == (1, "")
    assert "  paper.crowd: a crowd has no 'spred'; did you mean 'spread'?" in result.err


@pytest.mark.parametrize("command", ["check", "show"])
def test_every_fault_is_listed_those_of_strategies_included(gridbot: Gridbot, tmp_path: Path, command: str) -> None:
    (tmp_path / "config.yaml").write_text(STRATEGY.replace("max_price", "flor: 5, max_price"))
    (tmp_path / ".env").write_text("GRIDBOT_ENGINE__POLL_SECONDS=0")
    result = gridbot("--set", "exchange.base_ulr=x", "config", command)
    assert (result.status, result.out) == (1, "")
    assert result.err.splitlines() == [
        "gridbot: 3 faults in the settings:",
        "  command line: exchange.base_ulr: unknown setting 'base_ulr'; did you mean 'base_url'?",
        "  .env:1: engine.poll_seconds: must be a number above 0 and at most 3600, not '0'",
        "  config.yaml:3: strategies[0].parameters.flor: unknown parameter; did you mean 'floor'?",
    ]


def test_the_name_of_a_secret_setting_is_told_when_it_is_wrong(
    gridbot: Gridbot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GRIDBOT_EXCHANGE__SIGNING_KEY", "")
    place = "environment variable GRIDBOT_EXCHANGE__SIGNING_KEY: exchange.signing_key"
    assert f"{place}: must be text that is not empty\n" in gridbot("config", "check").err


def test_show_prints_what_is_in_force_as_yaml_or_json_without_secrets(
    gridbot: Gridbot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GRIDBOT_EXCHANGE__SIGNING_KEY", "hunter2")
    monkeypatch.setenv("GRIDBOT_DATABASE__URL", "postgresql://ann:hunter2@db/grid")
    overrides = ["--set", "exchange.layout=documented", "--set", "exchange.layout=short", "--set", "paper.port=80"]
    shown = gridbot(*overrides, "config", "show")
    assert "hunter2" not in shown.out
    settings = yaml.safe_load(shown.out)
    assert settings["exchange"]["signing_key"] == "***"
    assert settings["exchange"]["layout"] == "short"
    assert settings["paper"]["port"] == 80
    assert settings["paper"]["cash"] == "10000"
    assert gridbot(*overrides, "config", "show", "--json").json == settings
