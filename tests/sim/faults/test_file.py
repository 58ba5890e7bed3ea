"""Plans of faults in files."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from bot.errors import DataError
from bot.sim.faults.file import read_faults
from bot.sim.faults.kinds import (
    KINDS,
    ClockJump,
    LateFills,
    Latency,
    Maintenance,
    RateLimit,
    ResetAfterApply,
    ServerError,
)
from bot.sim.faults.plan import FaultPlan
from bot.sim.faults.presets import PRESETS, plan_of

PLAN = """
seed: 7
faults:
  - {kind: latency, route: "POST orders", probability: 0.1, seconds: [0.1, 2.0]}
  - {kind: reset_after_apply, route: "POST orders", at: [3, 7]}
  - {kind: status, status: 503, route: "GET *", probability: 0.02}
  - {kind: rate_limit, retry_after: 7, probability: 0.01}
  - {kind: late_fills, seconds: 5, probability: 0.2}
  - {kind: clock_jump, seconds: -120, from: 10m, until: 1200}
  - {kind: maintenance, from: 1h, until: 1h5m}
"""


def read(tmp_path: Path, text: str) -> FaultPlan:
    path = tmp_path / "faults.yaml"
    path.write_text(text)
    return read_faults(path)


def test_a_plan_is_read_as_it_would_be_written_in_code(tmp_path: Path) -> None:
    assert read(tmp_path, PLAN) == FaultPlan(
        (
            Latency(route="POST orders", probability=0.1, seconds=(0.1, 2.0)),
            ResetAfterApply(route="POST orders", at=(3, 7)),
            ServerError(status=503, route="GET *", probability=0.02),
            RateLimit(retry_after=7, probability=0.01),
            LateFills(seconds=(5, 5), probability=0.2),
            ClockJump(seconds=-120, begin=timedelta(minutes=10), until=timedelta(minutes=20)),
            Maintenance(begin=timedelta(hours=1), until=timedelta(minutes=65)),
        ),
        seed=7,
    )


def test_a_plan_may_hold_nothing(tmp_path: Path) -> None:
    assert read(tmp_path, "faults: []") == FaultPlan()


@pytest.mark.parametrize(
    ("text", "line", "why"),
    [
        ("seed: 1\nfaluts: []", 2, "unknown name 'faluts'; did you mean 'faults'?"),
        ("seed: soon", 1, "seed must be a whole number"),
        ("faults: 3", 1, "must be a list"),
        ("- 3", 1, "given as names and values"),
        ("faults:\n- 3", 2, "given as names and values"),
        ("faults:\n- {seconds: 3}", 2, "needs its kind: one of latency, refused"),
        ("faults:\n- seconds: 3\n  kind: latensy", 3, "unknown kind 'latensy'; did you mean 'latency'?"),
        ("faults:\n- kind: xyz", 2, "unknown kind 'xyz'; there are latency, refused"),
        ("faults:\n- kind: latency\n  second: 3", 3, "unknown parameter 'second'; did you mean 'seconds'?"),
        ("faults:\n- kind: refused\n  begin: 3", 3, "unknown parameter 'begin'"),
        ("faults:\n- kind: latency\n  route: '*'", 2, "latency: seconds is missing"),
        ("faults:\n- kind: latency\n  seconds: [2, 1]", 3, "the smaller first"),
        ("faults:\n- kind: latency\n  seconds: -1", 3, "a number of seconds from 0"),
        ("faults:\n- kind: latency\n  seconds: .nan", 3, "a number of seconds from 0"),
        ("faults:\n- kind: refused\n  from: soon", 3, "from must be a length of time such as 90s, 10m or 1h5m"),
        ("faults:\n- kind: refused\n  from: -5", 3, "from must be from 0s"),
        ("faults:\n- kind: refused\n  from: .inf", 3, "from must be from 0s"),
        ("faults:\n- kind: refused\n  until: " + "9" * 40 + "d", 3, "until must be from 0s"),
        ("faults:\n- {kind: refused, from: 5m, until: 300}", 2, "until must be later than from"),
        ("faults:\n- {kind: refused, at: 3, probability: 0.1}", 2, "at and probability exclude one another"),
        ("faults:\n- kind: refused\n  at: [0]", 3, "whole numbers from 1"),
        ("faults:\n- kind: refused\n  at: []", 3, "whole numbers from 1"),
        ("faults:\n- kind: refused\n  probability: 2", 3, "probability must be less than or equal to 1"),
        ("faults:\n- kind: status\n  status: 418", 3, "status must be 500, 502, 503 or 504"),
        ("faults:\n- kind: refused\n  route: POST order", 3, "did you mean 'orders'?"),
        ("faults:\n- kind: refused\n  route: /v1/trading/orders", 3, "did you mean 'orders'?"),
        ("faults:\n- kind: refused\n  route: FETCH orders", 3, "must begin with one of DELETE, GET, POST, PUT or \\*"),
        ("faults:\n- kind: refused\n  route: PUT markets/*", 3, "no such route takes PUT"),
        ("faults:\n- kind: refused\n  kind: latency", 3, "'kind' is given twice"),
        ("faults: [", 1, "not YAML"),
    ],
)
def test_what_is_wrong_in_a_file_is_told_with_its_line(tmp_path: Path, text: str, line: int, why: str) -> None:
    with pytest.raises(DataError, match=rf"faults.yaml, line {line}: .*{why.replace('?', '[?]')}"):
        read(tmp_path, text)


@pytest.mark.parametrize(("text", "why"), [("", "is empty"), ("[" * 5000, "is not YAML"), ("a: \x07", "is not YAML")])
def test_what_is_no_plan_at_all_is_told(tmp_path: Path, text: str, why: str) -> None:
    with pytest.raises(DataError, match=why):
        read(tmp_path, text)


def test_a_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="cannot be read: Is a directory"):
        read_faults(tmp_path)
    (tmp_path / "picture").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(DataError, match="cannot be read: it is no text"):
        read_faults(tmp_path / "picture")


def test_presets_and_files_are_found_by_name(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text("faults: [kind: refused]")
    assert plan_of("none") == FaultPlan()
    assert plan_of(str(tmp_path / "mine.yaml")) == read_faults(tmp_path / "mine.yaml")
    with pytest.raises(DataError, match="neither a file, nor one of none, network, exchange, stream, all"):
        plan_of("netwrk")


def test_the_preset_of_all_faults_has_every_kind() -> None:
    assert {fault.kind for fault in PRESETS["all"].faults} == set(KINDS)
