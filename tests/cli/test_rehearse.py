"""`gridbot rehearse`: what it prints, what it leaves behind, and that a failing seed can be repeated."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.cli import main
from bot.rehearsal.plan import RehearsalPlan
from bot.rehearsal.run import rehearse_seed
from bot.rehearsal.sweep import Outcome, outcome_of, sweep
from bot.sim.faults.presets import PRESETS
from tests.rehearsal.broken import journals_after_sending

SHORT = ("--hours", "0.3", "--crash-rate", "6")

Capture = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def _in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_the_document_has_all_figures_and_is_the_same_every_time(capsys: Capture) -> None:
    assert main(["rehearse", "--seed", "4", *SHORT, "--json"]) == 0
    first = capsys.readouterr().out
    assert main(["rehearse", "--seed", "4", *SHORT, "--json"]) == 0
    assert capsys.readouterr().out == first
    document = json.loads(first)
    assert list(document) == [
        "seeds",
        "failed",
        "orders",
        "fills",
        "transfers",
        "faults_injected",
        "crashes",
        "seconds",
    ]
    assert (document["seeds"], document["failed"], document["seconds"]) == (1, [], 1080)
    assert document["orders"] > 0


def test_people_get_a_table_and_a_verdict(capsys: Capture) -> None:
    assert main(["rehearse", *SHORT, "--faults", "none", "--crash-rate", "0"]) == 0
    out = capsys.readouterr().out
    assert "1 seeds, 0 virtual hours" in out
    assert out.endswith("no rule was broken\n")


def test_a_failing_seed_leaves_its_journal_and_the_command_that_repeats_it(
    capsys: Capture, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    journals_after_sending(monkeypatch)
    assert main(["rehearse", "--seed", "2", *SHORT, "--json"]) == 1
    (failed,) = json.loads(capsys.readouterr().out)["failed"]
    assert (failed["seed"], failed["invariant"]) == (2, "journal_before_send")
    journal = tmp_path / "rehearsal-2.jsonl"
    assert journal.stat().st_mode & 0o777 == 0o600
    written = journal.read_text()
    assert json.loads(written.splitlines()[-1])
    assert any(json.loads(line)["event"] == "violation" for line in written.splitlines())

    program, *arguments = shlex.split(failed["reproduce"])
    assert program == "gridbot"
    (tmp_path / "again").mkdir()
    assert main([*arguments, "--out", "again"]) == 1
    assert (tmp_path / "again" / "rehearsal-2.jsonl").read_text() == written
    out = capsys.readouterr().out
    assert "seed 2 broke 'journal_before_send'" in out
    assert f"again:  {failed['reproduce']}" in out


CONFIG = """
strategies:
  - name: mine
    strategy: replenish
    markets: [code-max]
    schedule: {every: 60s}
    parameters: {max_price: "3.00"}
"""


def test_the_command_that_repeats_a_seed_names_the_configuration(
    capsys: Capture, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "my config.yaml").write_text(CONFIG)
    journals_after_sending(monkeypatch)
    options = ("--config", "my config.yaml", "--set", "engine.poll_seconds=20")
    assert main([*options, "rehearse", *SHORT, "--faults", "network", "--json"]) == 1
    (failed,) = json.loads(capsys.readouterr().out)["failed"]
    assert failed["reproduce"] == (
        "gridbot --config 'my config.yaml' --set engine.poll_seconds=20 "
        "rehearse --seed 1 --hours 0.3 --faults network --crash-rate 6"
    )


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--faults", "nonsense"), "there are no faults 'nonsense'"),
        (("--hours", "0"), "Usage: gridbot rehearse"),
        (("--out", "/dev/null/journals"), "--out: the folder /dev/null/journals cannot be made: Not a directory"),
    ],
)
def test_wrong_options_are_told(capsys: Capture, arguments: tuple[str, ...], said: str) -> None:
    assert main(["rehearse", *arguments]) in (1, 2)
    assert said in capsys.readouterr().err


def test_a_journal_that_cannot_be_written_is_told(
    capsys: Capture, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    journals_after_sending(monkeypatch)
    (tmp_path / "rehearsal-1.jsonl").mkdir()
    assert main(["rehearse", *SHORT]) == 1
    assert "the event journal cannot be written to rehearsal-1.jsonl" in capsys.readouterr().err


def test_several_processes_find_what_one_does() -> None:
    plan = RehearsalPlan(0.1, PRESETS["all"], 6)
    outcomes = sorted(sweep(plan, range(3), workers=2), key=lambda one: one.result.seed)
    assert [outcome.result for outcome in outcomes] == [rehearse_seed(plan, seed) for seed in range(3)]


def test_ctrl_c_ends_it_and_tells_what_was_done(capsys: Capture, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(plan: RehearsalPlan, seeds: range) -> Iterator[Outcome]:
        yield outcome_of(plan, seeds[0])
        raise KeyboardInterrupt

    monkeypatch.setattr("bot.rehearsal.sweep.sweep", interrupted)
    assert main(["rehearse", "--seeds", "5", "--hours", "0.2"]) == 130
    told = capsys.readouterr()
    assert "no rule was broken" in told.out
    assert "stopped: 4 seeds were not rehearsed to their end" in told.err
