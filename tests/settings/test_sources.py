"""Where settings come from, and which source wins."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from bot.errors import ConfigError
from bot.settings import Settings, config_file, load_settings
from tests.settings.conftest import Faults, Load


def layout_and_level(settings: Settings) -> tuple[str, str]:
    return settings.exchange.layout, settings.logging.level


def test_without_any_source_everything_has_its_default(load: Load) -> None:
    assert load() == Settings()


def test_each_source_is_stronger_than_the_one_before(load: Load) -> None:
    yaml = "engine: {poll_seconds: 1, settle_seconds: 1, snapshot_seconds: 1, stop_seconds: 1}"
    dotenv = "".join(f"GRIDBOT_ENGINE__{name}_SECONDS=2\n" for name in ("SETTLE", "SNAPSHOT", "STOP"))
    env = {f"GRIDBOT_ENGINE__{name}_SECONDS": "3" for name in ("SNAPSHOT", "STOP")}
    engine = load(yaml, dotenv=dotenv, env=env, overrides={"engine": {"stop_seconds": "4"}}).engine
    assert (engine.poll_seconds, engine.settle_seconds, engine.snapshot_seconds, engine.stop_seconds) == (1, 2, 3, 4)


def test_a_stronger_source_replaces_a_list_as_a_whole(load: Load) -> None:
    one = "{name: %s, strategy: s, markets: [m], schedule: {every: 5}}"
    json = '[{"name": "c", "strategy": "s", "markets": ["m"], "schedule": {"cron": "0 * * * *"}}]'
    settings = load(f"strategies: [{one % 'a'}, {one % 'b'}]", env={"GRIDBOT_STRATEGIES": json})
    assert [instance.name for instance in settings.strategies] == ["c"]


def test_a_group_given_as_json_and_its_members_go_together_in_any_order(load: Load) -> None:
    env = {"GRIDBOT_PAPER__SEED": "5", "GRIDBOT_PAPER": '{"port": 80, "cash": 0.1}'}
    for variables in (env, dict(reversed(env.items()))):
        paper = load(env=variables).paper
        assert (paper.seed, paper.port, paper.cash) == (5, 80, Decimal("0.1"))


def test_variable_names_are_read_in_any_case_and_others_are_left_alone(load: Load) -> None:
    env = {"gridbot_Exchange__Layout": "short", "PATH": "/bin", "GRID": "x"}
    settings = load(env=env, dotenv="# a comment\nOTHER=1\nexport GRIDBOT_LOGGING__LEVEL='debug'  # another\n")
    assert layout_and_level(settings) == ("short", "debug")


def test_an_env_file_is_taken_literally(load: Load) -> None:
    settings = load(dotenv='GRIDBOT_PAPER__HOST="${HOME}"')
    assert settings.paper.host == "${HOME}"


def test_the_process_environment_counts_unless_another_is_given(load: Load, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRIDBOT_EXCHANGE__LAYOUT", "short")
    assert load_settings().exchange.layout == "short"
    assert load_settings(env={}).exchange.layout == "documented"
    assert Settings().exchange.layout == "documented"


def test_a_named_file_is_read_instead_of_the_one_in_the_working_folder(load: Load, tmp_path: Path) -> None:
    other = tmp_path / "other.yaml"
    other.write_text("exchange: {layout: short}")
    load("logging: {level: error}")
    assert layout_and_level(load_settings(env={})) == ("documented", "error")
    assert layout_and_level(load_settings(other, env={})) == ("short", "info")
    assert (config_file(None), config_file(other)) == (Path("config.yaml"), other)
    Path("config.yaml").unlink()
    assert config_file(None) is None


def test_a_section_whose_every_line_is_commented_out_is_as_good_as_none(load: Load) -> None:
    assert load("exchange:\n  # layout: short\nstrategies:\n") == Settings()


def test_yaml_anchors_may_be_used(load: Load) -> None:
    settings = load(
        """
        strategies:
          - {name: a, strategy: s, markets: [x], schedule: &often {every: 1m}}
          - {name: b, strategy: s, markets: [y], schedule: *often}
        """
    )
    assert settings.strategies[0].schedule == settings.strategies[1].schedule


@pytest.mark.parametrize(
    ("yaml", "fault"),
    [
        ("exchange: [", "config.yaml:1: not YAML: expected the node content, but found '<stream end>'"),
        ("a: b\nc: d: e", "config.yaml:2: not YAML: mapping values are not allowed here"),
        ("exchange:\n\tlayout: short", "config.yaml:2: not YAML: found character '\\t' that cannot start any token"),
        ("--- {}\n--- {}", "config.yaml:2: not YAML: but found another document"),
        ("paper: {seed: !!python/name:os.system }", "config.yaml:1: not YAML: could not determine a constructor for "),
        ("paper: !!python/object:os.system {}", "config.yaml:1: not YAML: could not determine a constructor for "),
        ("paper: {client: 2024-13-45}", "config.yaml: not YAML: month must be in 1..12"),
        ("paper: {client: \x00}", "config.yaml: not YAML: unacceptable character #x0000"),
        ("[" * 2000, "config.yaml: not YAML: maximum recursion depth exceeded"),
        ("- exchange", "config.yaml:1: must hold settings, each as 'name: value'"),
    ],
)
def test_what_is_no_yaml_is_refused_with_its_line_and_other_sources_are_still_read(
    faults: Faults, yaml: str, fault: str
) -> None:
    first, second = faults(yaml, env={"GRIDBOT_X": "1"})
    assert first.startswith(fault)
    assert second.startswith("environment variable GRIDBOT_X: x: unknown setting")


def test_a_file_that_cannot_be_read_is_refused(load: Load, tmp_path: Path) -> None:
    for name, fault in (("nowhere.yaml", "No such file or directory"), (".", "Is a directory")):
        with pytest.raises(ConfigError, match=f"{name}: cannot be read: {fault}"):
            load_settings(Path(name), env={})
    (tmp_path / "latin").write_bytes(b"paper: {client: \xff}")
    with pytest.raises(ConfigError, match="latin: not a text file in UTF-8"):
        load_settings(Path("latin"), env={}, dotenv=Path("latin"))
    with pytest.raises(ConfigError, match=r"\.: cannot be read: Is a directory"):
        load_settings(env={}, dotenv=Path())


def test_an_env_file_that_is_not_there_says_nothing(tmp_path: Path) -> None:
    assert load_settings(env={}, dotenv=tmp_path / ".env") == Settings()


def test_every_malformed_line_of_an_env_file_is_refused_with_its_number(faults: Faults) -> None:
    assert faults(dotenv="\n\nGRIDBOT_PAPER__PORT\nGRIDBOT PAPER=1\nGRIDBOT_PAPER__SEED=1") == [
        ".env:4: not of the form NAME=value",
        ".env:3: paper.port: must be a whole number of at least 0 and at most 65535, not ''",
    ]
