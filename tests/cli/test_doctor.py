"""`gridbot doctor`: everything is looked at, and what is wrong comes with a remedy."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from bot.cli.checks import Check, State, ok
from bot.cli.doctor import bounded
from bot.cli.exchange_checks import auto_transfer_of, clock
from bot.clock import VirtualClock, run_virtual
from bot.domain.fill import Fill
from bot.domain.order import Side
from bot.errors import ConfigError
from bot.grid.results import TransferRecord
from bot.sim.ledger import AccountMode
from tests.cli.conftest import Gridbot, Served

NAMES = [
    "configuration",
    "key",
    "key file",
    "key form",
    "fingerprint",
    "network",
    "clock",
    "key registered",
    "account mode",
    "auto-transfer",
    "limits",
    "stream",
    "consumption key",
    "database",
]
START = datetime(2026, 1, 5, tzinfo=UTC)

Checks = dict[str, dict[str, str]]


@pytest.fixture
def doctor(gridbot: Gridbot, served: Served) -> Iterator[Callable[..., tuple[int, Checks]]]:
    """`doctor("--set", "a=b")` runs it at the served exchange: exit status, and checks by name."""

    def doctor(*options: str) -> tuple[int, Checks]:
        result = gridbot(*served.options, *options, "doctor", "--json")
        assert result.err == ""
        return result.status, {check["name"]: check for check in result.json_out}

    yield doctor
    served.sim.account.mode = AccountMode.ADVANCED


Doctor = Callable[..., tuple[int, Checks]]


def states(checks: Checks, *names: str) -> list[str]:
    return [checks[name]["state"] for name in names]


def test_all_is_well_where_all_is_well(doctor: Doctor, gridbot: Gridbot, served: Served) -> None:
    gridbot("db", "upgrade")
    status, checks = doctor("--set", f"consumption.api_key={served.sim.keys.consumption}")
    assert status == 0
    assert list(checks) == NAMES
    assert {name for name, check in checks.items() if check["state"] not in ("ok", "skip")} == set()
    assert states(checks, "network", "clock", "key registered", "account mode", "stream", "database") == ["ok"] * 6
    assert checks["consumption key"]["state"] == "ok"
    assert "cannot be read" in checks["auto-transfer"]["reason"]


def test_what_is_told_to_people_has_its_remedy_below(gridbot: Gridbot, served: Served) -> None:
    result = gridbot(*served.options, "doctor")
    assert result.status == 0
    lines = result.out.splitlines()
    [place] = [number for number, line in enumerate(lines) if line.startswith("warn   database")]
    assert "there is no gridbot.db yet" in lines[place]
    assert lines[place + 1].strip().startswith("-> The first `gridbot run` makes it")


def test_auto_mode_fails_with_its_remedy(doctor: Doctor, served: Served) -> None:
    served.sim.account.mode = AccountMode.EASY
    status, checks = doctor()
    assert (status, checks["account mode"]["state"]) == (1, "fail")
    assert "Switch to Advanced Mode" in checks["account mode"]["remedy"]


def test_a_key_that_the_exchange_does_not_know_fails_and_the_rest_is_looked_at(doctor: Doctor) -> None:
    status, checks = doctor("--set", "exchange.signing_key=AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=")
    assert status == 1
    assert states(checks, "key registered", "account mode", "auto-transfer", "limits") == ["fail"] + ["skip"] * 3
    assert "gridbot keys show" in checks["key registered"]["remedy"]
    assert states(checks, "network", "stream", "database") == ["ok", "ok", "warn"]


def test_without_a_key_what_needs_none_is_looked_at(gridbot: Gridbot, served: Served) -> None:
    result = gridbot("--set", f"exchange.base_url={served.url}", "doctor", "--json")
    checks = {check["name"]: check for check in result.json_out}
    assert result.status == 1
    assert states(checks, "key", "network", "clock", "key registered", "limits", "stream") == [
        "fail",
        "ok",
        "ok",
        "skip",
        "skip",
        "ok",
    ]


def test_an_exchange_that_is_not_there_fails_and_what_hangs_on_it_is_skipped(doctor: Doctor) -> None:
    status, checks = doctor("--set", "exchange.base_url=http://127.0.0.1:9/v1")
    assert (status, checks["network"]["state"]) == (1, "fail")
    assert (
        states(checks, "clock", "key registered", "account mode", "auto-transfer", "limits", "stream") == ["skip"] * 6
    )
    assert checks["database"]["state"] == "warn"


def test_an_address_that_cannot_be_used_is_a_finding(doctor: Doctor) -> None:
    status, checks = doctor("--set", "exchange.base_url=https://grid.exämple.org/v1")
    assert (status, checks["network"]["state"], checks["clock"]["state"]) == (1, "fail", "skip")
    assert checks["database"]["state"] == "warn"


def test_a_place_that_is_no_exchange_is_told(doctor: Doctor, served: Served) -> None:
    _, checks = doctor("--set", f"exchange.base_url={served.url}/nothing")
    assert checks["network"]["state"] == "warn"
    assert "exchange.base_url" in checks["network"]["remedy"]
    assert checks["stream"]["state"] in ("warn", "ok")


def test_settings_that_are_wrong_stop_the_rest_only_if_it_needs_them(doctor: Doctor, tmp_path: Path) -> None:
    strategy = "{name: a, strategy: none.such:Thing, markets: [m], schedule: {every: 5}}"
    (tmp_path / "config.yaml").write_text(f"strategies: [{strategy}]")
    status, checks = doctor()
    assert (status, checks["configuration"]["state"], checks["network"]["state"]) == (1, "fail", "ok")
    (tmp_path / "config.yaml").write_text("exchange: {layuot: short}")
    status, checks = doctor()
    assert (status, {check["state"] for check in list(checks.values())[1:]}) == (1, {"skip"})
    assert set(checks) <= set(NAMES)
    assert "did you mean 'layout'?" in checks["configuration"]["reason"]


def test_a_stream_that_is_switched_off_is_not_dialled(doctor: Doctor) -> None:
    _, checks = doctor("--set", "exchange.stream=off")
    assert checks["stream"]["state"] == "skip"


def test_a_stream_that_cannot_be_opened_is_a_warning(doctor: Doctor) -> None:
    _, checks = doctor("--set", "exchange.stream_url=ws://127.0.0.1:9/v1/")
    assert checks["stream"]["state"] == "warn"
    assert "polled" in checks["stream"]["reason"]


def test_a_consumption_key_that_is_not_taken_fails(doctor: Doctor) -> None:
    status, checks = doctor("--set", "consumption.api_key=swordfish")
    assert (status, checks["consumption key"]["state"]) == (1, "fail")
    assert "swordfish" not in str(checks)


def test_a_database_of_another_schema_or_that_cannot_be_opened_fails(
    doctor: Doctor, gridbot: Gridbot, tmp_path: Path
) -> None:
    gridbot("db", "upgrade")
    gridbot("db", "downgrade", "base", "--yes")
    status, checks = doctor()
    assert (status, checks["database"]["state"]) == (1, "fail")
    assert "gridbot db upgrade" in checks["database"]["remedy"]
    (tmp_path / "text.db").write_text("this is no database, whatever its name says" * 100)
    assert doctor("--set", "database.url=sqlite:///text.db")[1]["database"]["state"] == "fail"
    assert doctor("--set", "database.url=postgresql://nobody@127.0.0.1:9/none")[1]["database"]["state"] == "fail"


@pytest.mark.parametrize(
    ("change", "remedy"),
    [
        ("UPDATE alembic_version SET version_num = 'newer'", "Upgrade gridbot."),
        (
            "CREATE TRIGGER sealed BEFORE UPDATE ON alembic_version BEGIN SELECT RAISE(ABORT, 'sealed'); END",
            "can be written",
        ),
    ],
)
def test_a_database_that_is_too_new_or_cannot_be_written_fails(
    doctor: Doctor, gridbot: Gridbot, tmp_path: Path, change: str, remedy: str
) -> None:
    gridbot("db", "upgrade")
    with closing(sqlite3.connect(tmp_path / "gridbot.db")) as database, database:
        database.execute(change)
    status, checks = doctor()
    assert (status, checks["database"]["state"]) == (1, "fail")
    assert remedy in checks["database"]["remedy"]


@pytest.mark.parametrize(
    ("offset", "state"),
    [
        (0.4, State.OK),
        (-2.0, State.OK),
        (2.5, State.WARN),
        (-24.0, State.WARN),
        (26.0, State.FAIL),
        (-90.0, State.FAIL),
    ],
)
def test_the_clock_is_judged_by_how_far_it_is_off(offset: float, state: State) -> None:
    assert clock(offset).state is state


def test_a_time_that_was_not_told_is_not_judged() -> None:
    assert clock(0.0).state is State.SKIP


def a_fill(side: Side = Side.BUY, quantity: int = 10) -> Fill:
    return Fill("trade-1", "order-1", "mkt-1", side, Decimal(2), quantity, START)


def a_transfer(seconds: float = 1, quantity: int = 10, to: str = "consumption") -> TransferRecord:
    at = START + timedelta(seconds=seconds)
    return TransferRecord(transfer_id="t", status="completed", quantity=quantity, to_account_type=to, created_at=at)


def test_auto_transfer_is_never_told_as_a_fact() -> None:
    for fills, transfers in (([], []), ([a_fill()], []), ([a_fill()], [a_transfer()]), ([a_fill(Side.SELL)], [])):
        found = auto_transfer_of(fills, transfers)
        assert found.state in (State.SKIP, State.WARN)
        assert "cannot be read" in found.reason
        assert "dashboard" in found.remedy


def test_units_that_moved_as_soon_as_they_were_bought_are_a_warning() -> None:
    assert auto_transfer_of([a_fill()], [a_transfer()]).state is State.WARN
    for other in (a_transfer(seconds=600), a_transfer(seconds=-5), a_transfer(quantity=3), a_transfer(to="trading")):
        assert auto_transfer_of([a_fill()], [other]).state is State.SKIP


def test_one_check_that_fails_or_hangs_is_a_finding() -> None:
    async def raises(error: Exception) -> Check:
        raise error

    async def hangs() -> Check:
        await asyncio.sleep(3600)
        return ok("slow", "at last")

    async def main(virtual: VirtualClock) -> list[Check]:
        found = [
            await bounded("settings", raises(ConfigError("no key"))),
            await bounded("bug", raises(ZeroDivisionError("oh"))),
            await bounded("slow", hangs()),
        ]
        assert (virtual.now() - START).total_seconds() < 10
        return found

    refused, bug, slow = run_virtual(main, START)
    assert {refused.state, bug.state, slow.state} == {State.FAIL}
    assert (refused.reason, bug.reason) == ("no key", "unexpected error: ZeroDivisionError: oh")
    assert "no answer within 5 s" in slow.reason
