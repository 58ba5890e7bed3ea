"""Exit statuses and error messages."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from bot.cli import main, version
from bot.errors import KeyMaterialError
from tests.cli.conftest import Gridbot

PROGRAM = [sys.executable, "-c", "import sys; from bot.cli import main; sys.exit(main())"]
COMMANDS = (
    *("version", "config", "keys", "db", "doctor", "orders", "fills", "transfers", "balances", "account", "limits"),
    *("markets", "ticker", "book", "candles", "trades", "order", "transfer", "supply"),
)
ROOT = Path(__file__).resolve().parent.parent.parent


def fail_with(error: BaseException, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make `gridbot version` fail."""

    def number() -> str:
        local_secret = "swordfish"
        raise error if local_secret else AssertionError

    monkeypatch.setattr(version, "number", number)


def test_an_error_that_gridbot_knows_is_one_line_and_status_1(
    gridbot: Gridbot, monkeypatch: pytest.MonkeyPatch
) -> None:
    fail_with(KeyMaterialError("no key at postgresql://ann:hunter2@db"), monkeypatch)
    result = gridbot("version")
    assert (result.status, result.out) == (1, "")
    assert result.err == "gridbot: no key at postgresql://ann:***@db\n"


def test_a_bug_is_one_line_that_says_how_to_learn_more_and_status_70(
    gridbot: Gridbot, monkeypatch: pytest.MonkeyPatch
) -> None:
    fail_with(ZeroDivisionError("password=hunter2"), monkeypatch)
    result = gridbot("version")
    assert (result.status, result.out) == (70, "")
    assert result.err == (
        "gridbot: unexpected error: ZeroDivisionError: password=***; run again with --debug for the traceback\n"
    )


@pytest.mark.parametrize("error", [KeyMaterialError("x-api-key: hunter2"), ZeroDivisionError("x-api-key: hunter2")])
def test_debug_shows_the_traceback_without_secrets(
    gridbot: Gridbot, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    fail_with(error, monkeypatch)
    result = gridbot("--debug", "version")
    assert "Traceback (most recent call last):" in result.err
    assert result.err.splitlines()[-1].startswith("gridbot: ")
    assert "--debug for" not in result.err
    assert "hunter2" not in result.err
    assert result.err.count("swordfish") == 0


def test_an_interruption_is_status_130_and_says_nothing(gridbot: Gridbot, monkeypatch: pytest.MonkeyPatch) -> None:
    fail_with(KeyboardInterrupt(), monkeypatch)
    result = gridbot("version")
    assert (result.status, result.out, result.err) == (130, "", "")


@pytest.mark.parametrize(
    "arguments",
    [
        ["nothing-of-that-name"],
        ["version", "--nothing"],
        ["orders", "--limit", "0"],
        ["orders", "--limit", "many"],
        ["keys", "new"],
        ["--set", "exchange.layout", "version"],
        ["--set", "exchange.=short", "version"],
        ["--set", "exchange=x", "--set", "exchange.layout=short", "version"],
    ],
)
def test_wrong_usage_is_status_2_and_told_on_stderr(gridbot: Gridbot, arguments: list[str]) -> None:
    result = gridbot(*arguments)
    assert (result.status, result.out) == (2, "")
    assert "Usage: gridbot" in result.err


@pytest.mark.parametrize("arguments", [["config"], ["keys"], ["db"], ["order"], ["supply"]])
def test_a_group_without_a_command_shows_its_commands(gridbot: Gridbot, arguments: list[str]) -> None:
    result = gridbot(*arguments)
    assert "Commands" in result.out + result.err


def test_a_bare_gridbot_shows_its_commands_by_what_they_are_for(gridbot: Gridbot) -> None:
    told = gridbot().out
    panels = [told.index(panel) for panel in ("The bot", "The exchange, by hand", "from its database", "Setting up")]
    assert panels == sorted(panels)


def test_a_shared_option_after_the_command_is_told_where_it_belongs(gridbot: Gridbot) -> None:
    misplaced = gridbot("ticker", "--config", "config.yaml")
    assert (misplaced.status, misplaced.out) == (2, "")
    assert "--config, --set and --debug stand before the command" in misplaced.err
    assert "stand before the command" not in gridbot("--set", "no-value", "ticker").err


def test_help_names_every_command(gridbot: Gridbot) -> None:
    result = gridbot("--help")
    assert result.status == 0
    for command in COMMANDS:
        assert f" {command} " in result.out


def test_the_version_is_told_in_three_ways(gridbot: Gridbot) -> None:
    number = version.number()
    assert gridbot("--version").out == f"gridbot {number}\n"
    assert gridbot("version").out.startswith(f"gridbot {number} (Python 3.")
    told = gridbot("version", "--json").json
    assert told["gridbot"] == number
    assert set(told) == {"gridbot", "python"}


def test_the_command_line_comes_from_the_process_when_none_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["gridbot", "--version"])
    assert main() == 0


@pytest.mark.parametrize("command", [["config", "show"], ["strategies", "list"]])
def test_nothing_is_said_when_whoever_reads_has_read_enough(tmp_path: Path, command: list[str]) -> None:
    running = subprocess.Popen(
        [*PROGRAM, *command],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert running.stdout
    running.stdout.close()
    _, err = running.communicate(timeout=30)
    assert (running.returncode, err) == (1, "")


def test_slow_libraries_are_not_imported_before_they_are_needed() -> None:
    slow = "{'pandas', 'sqlalchemy', 'aiohttp', 'alembic', 'apscheduler', 'pydantic_settings', 'yaml', 'nacl'}"
    code = f"import sys; from bot.cli import main; main(['version']); sys.exit(str(sorted({slow} & set(sys.modules))))"
    finished = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert finished.stderr.strip() == "[]"
