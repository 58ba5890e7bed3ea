"""The daemons as real processes, over real loopback HTTP."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

PATIENCE_SECONDS = 30.0
"""How long to wait for a process to do something; nothing is asserted of how fast it is, its stop apart."""

STOP_SECONDS = 5.0

CONFIG = """
strategies:
  - name: stock
    strategy: replenish
    markets: [text-prime]
    schedule: {every: 1s}
    parameters: {floor: 5, target: 15, max_price: "MAX"}
engine: {poll_seconds: 1, on_stop: ON_STOP}
paper: {tokens_per_hour: 60000000}
"""


class Processes:
    """Starts `gridbot` in a folder, and leaves none behind."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._started: list[subprocess.Popen[bytes]] = []

    def start(self, *arguments: str) -> subprocess.Popen[bytes]:
        environment = {name: value for name, value in os.environ.items() if not name.startswith("GRIDBOT_")}
        with (self.folder / "log.txt").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "bot.cli", *arguments], cwd=self.folder, env=environment, stdout=log, stderr=log
            )
        self._started.append(process)
        return process

    def run(self, *arguments: str) -> Any:
        """What a command prints as JSON."""
        done = subprocess.run(
            [sys.executable, "-m", "bot.cli", *arguments, "--json"], cwd=self.folder, capture_output=True, check=True
        )
        return json.loads(done.stdout)

    @property
    def log(self) -> str:
        return (self.folder / "log.txt").read_text()

    def configure(self, *, max_price: str = "2.50", on_stop: str = "cancel") -> None:
        (self.folder / "config.yaml").write_text(CONFIG.replace("MAX", max_price).replace("ON_STOP", on_stop))

    def until(self, happened: Callable[[], bool]) -> None:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not happened():
            assert self._started[-1].poll() is None, f"it has ended: {self.log}"
            assert time.monotonic() < deadline, self.log
            time.sleep(0.1)

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """What the database holds; nothing before the daemon has made it."""
        if '"started"' not in self.log:
            return []
        database = sqlite3.connect(f"file:{self.folder}/gridbot.db?mode=ro", uri=True)
        try:
            return database.execute(query).fetchall()
        finally:
            database.close()

    def states(self) -> list[str]:
        return [state for (state,) in self.rows("SELECT state FROM orders ORDER BY seq")]

    def end(self) -> None:
        for process in self._started:
            if process.poll() is None:
                process.kill()
            process.wait()


@pytest.fixture
def processes(tmp_path: Path) -> Iterator[Processes]:
    made = Processes(tmp_path)
    yield made
    made.end()


def stop(process: subprocess.Popen[bytes], how: signal.Signals) -> int:
    process.send_signal(how)
    return process.wait(timeout=STOP_SECONDS)


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_paper_trades_over_http_and_stops_cleanly(processes: Processes, how: signal.Signals) -> None:
    processes.configure()
    daemon = processes.start("paper")
    processes.until(lambda: "filled" in processes.states())
    processes.until(lambda: bool(processes.rows("SELECT * FROM transfers")))
    assert stop(daemon, how) == 0
    assert set(processes.states()) <= {"filled", "cancelled"}
    assert '"stopped"' in processes.log
    assert "Traceback" not in processes.log


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_paper_takes_up_its_resting_order_after_a_restart(processes: Processes, how: signal.Signals) -> None:
    processes.configure(max_price="0.50", on_stop="keep")
    for _ in range(2):
        daemon = processes.start("paper")
        started = processes.log.count('"started"') if (processes.folder / "log.txt").exists() else 0
        processes.until(lambda before=started: processes.log.count('"started"') > before)  # type: ignore[misc]
        processes.until(lambda: processes.states() == ["open"])
        time.sleep(1.5)
        stop(daemon, how)
        (order,) = processes.run("orders")
        assert (order["state"], order["quantity"], order["price"]) == ("open", 15, "0.5")
    kept = json.loads((processes.folder / "gridbot-paper.json").read_text())
    (account,) = kept["accounts"]
    assert [order["client_order_id"] for order in account["orders"]] == [order["client_order_id"]]
    assert "Traceback" not in processes.log


def test_run_trades_on_an_exchange_served_by_another_process(processes: Processes) -> None:
    processes.configure()
    processes.start("exchange", "serve", "--port", "0", "--seed", "3", "--credentials-out", "credentials.json")
    processes.until((processes.folder / "credentials.json").exists)
    assert (processes.folder / "credentials.json").stat().st_mode & 0o777 == 0o600
    credentials = json.loads((processes.folder / "credentials.json").read_text())
    assert credentials["consumption_url"] == credentials["messages_url"] == credentials["base_url"]
    assert "text-prime" in [market["symbol"] for market in credentials["markets"]]
    (processes.folder / "trading.key").write_text(credentials["signing_key"])
    (processes.folder / "trading.key").chmod(0o600)
    settings = (
        "--set",
        f"exchange.base_url={credentials['base_url']}",
        "--set",
        "exchange.signing_key_file=trading.key",
    )
    daemon = processes.start(*settings, "run")
    processes.until(lambda: "filled" in processes.states())
    assert stop(daemon, signal.SIGINT) == 0
    assert credentials["signing_key"] not in processes.log


def test_the_settings_that_an_exchange_writes_lead_to_it(processes: Processes) -> None:
    serve = ("exchange", "serve", "--port", "0", "--config-out", "config.yaml")
    processes.start(*serve)
    processes.until(lambda: "Ctrl-C stops it" in processes.log)
    states = {check["name"]: check["state"] for check in processes.run("doctor")}
    assert "fail" not in states.values()
    assert [states[name] for name in ("network", "key registered", "stream", "consumption key")] == ["ok"] * 4
    again = processes.start(*serve)
    assert again.wait(timeout=PATIENCE_SECONDS) == 1
    assert "config.yaml exists already and is not overwritten" in processes.log
    assert "Traceback" not in processes.log


@pytest.mark.parametrize("where", [("--state-file", "exchange.json"), ("--database-url", "sqlite:///exchange.db")])
def test_an_exchange_goes_on_where_it_was_after_a_kill(processes: Processes, where: tuple[str, str]) -> None:
    options = (
        "--port",
        "0",
        "--account",
        "ann",
        "--account",
        "sue:supplier:5",
        "--credentials-out",
        "credentials.json",
    )
    file, kept = processes.folder / "credentials.json", []
    for seed in (("--seed", "3"), ()):
        serving = processes.start("exchange", "serve", *options, *seed, *where)
        processes.until(file.exists)
        credentials = json.loads(file.read_text())
        file.unlink()
        (processes.folder / "trading.key").write_text(credentials["signing_key"])
        (processes.folder / "trading.key").chmod(0o600)
        settings = (f"exchange.base_url={credentials['base_url']}", "exchange.signing_key_file=trading.key")
        command = ("--set", settings[0], "--set", settings[1], "order")
        placed = processes.run(*command, "place", "text-prime", "buy", "2", "1.00", "--yes")
        shown = processes.run(*command, "list")
        kept.append((credentials["accounts"], placed["order_id"], [order["order_id"] for order in shown]))
        stop(serving, signal.SIGKILL)
    (accounts, first, _), (accounts_after, second, shown_after) = kept
    assert accounts_after == accounts
    assert [(account["name"], account["role"]) for account in accounts] == [("ann", "consumer"), ("sue", "supplier")]
    assert sorted(shown_after) == sorted([first, second])
    assert first != second
    assert (processes.folder / where[1].rpartition("/")[2]).stat().st_mode & 0o777 == 0o600
    assert "Traceback" not in processes.log


def test_a_port_in_use_is_told_in_a_line(processes: Processes) -> None:
    processes.start("exchange", "serve", "--port", "0", "--credentials-out", "credentials.json")
    processes.until((processes.folder / "credentials.json").exists)
    url = json.loads((processes.folder / "credentials.json").read_text())["base_url"]
    port = url.removesuffix("/v1").rpartition(":")[2]
    second = processes.start("exchange", "serve", "--port", port)
    assert second.wait(timeout=PATIENCE_SECONDS) == 1
    assert f"port {port}" in processes.log
    assert "Traceback" not in processes.log


def test_an_exchange_with_faults_tells_in_the_end_how_many_there_were(processes: Processes) -> None:
    options = ("--port", "0", "--faults", "network", "--fault-seed", "2", "--credentials-out", "credentials.json")
    exchange = processes.start("exchange", "serve", *options)
    processes.until((processes.folder / "credentials.json").exists)
    assert stop(exchange, signal.SIGINT) == 0
    assert "faults injected: 0 latency, 0 refused, 0 reset_before_apply" in processes.log
    assert "Traceback" not in processes.log


def test_an_exchange_that_is_not_there_is_told_in_a_line_and_waited_for(processes: Processes) -> None:
    processes.configure()
    (processes.folder / "trading.key").write_text("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=")
    settings = ("--set", "exchange.base_url=http://127.0.0.1:9/v1", "--set", "exchange.signing_key_file=trading.key")
    daemon = processes.start(*settings, "run")
    processes.until(lambda: "halted: nothing is traded" in processes.log)
    assert "127.0.0.1" in processes.log
    assert stop(daemon, signal.SIGINT) == 0
    assert "Traceback" not in processes.log


def test_run_without_a_key_says_how_to_make_one(processes: Processes) -> None:
    processes.configure()
    daemon = processes.start("run")
    assert daemon.wait(timeout=PATIENCE_SECONDS) == 1
    assert "gridbot keys new" in processes.log
