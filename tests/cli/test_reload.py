"""`gridbot paper --reload`, a real process whose strategy is edited while it trades."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cli.test_processes import Processes, stop

CONFIG = """
strategy_folders: [mine]
strategies:
  - {name: patient, strategy: patient, markets: [text-prime], schedule: {every: 1s}}
engine: {poll_seconds: 1}
"""

STRATEGY = """
from bot import Context, Strategy


class Patient(Strategy):
    \"\"\"Rests a bid, and counts.\"\"\"

    async def on_tick(self, ctx: Context) -> None:
        ctx.quote(bids=[(ctx.price("0.50"), 3)])
        ctx.state["ticks"] = ctx.state.get("ticks", 0) + 1
        ctx.log.info("VERSION ticks", ticks=ctx.state["ticks"])

    async def on_stop(self, ctx: Context) -> None:
        ctx.log.info("VERSION stops")
"""


@pytest.fixture
def processes(tmp_path: Path) -> Iterator[Processes]:
    made = Processes(tmp_path)
    (tmp_path / "config.yaml").write_text(CONFIG)
    (tmp_path / "mine").mkdir()
    yield made
    made.end()


def events(processes: Processes, event: str) -> list[dict[str, Any]]:
    """What was logged of this kind so far."""
    records = [json.loads(line) for line in processes.log.splitlines() if line.endswith("}")]
    return [record for record in records if record["event"] == event]


def test_a_strategy_is_edited_while_it_trades(processes: Processes) -> None:
    def save(text: str) -> None:
        (processes.folder / "mine" / "patient.py").write_text(text)

    def orders() -> list[tuple[Any, ...]]:
        return processes.rows("SELECT client_order_id, state FROM orders")

    save(STRATEGY.replace("VERSION", "first"))
    daemon = processes.start("paper", "--reload")
    processes.until(lambda: processes.states() == ["open"])
    placed = orders()

    save(STRATEGY.replace("VERSION", "second"))
    processes.until(lambda: bool(events(processes, "second ticks")))
    assert len(events(processes, "first stops")) == 1
    assert events(processes, "second ticks")[0]["ticks"] == events(processes, "first ticks")[-1]["ticks"] + 1

    save("class Patient(Strategy:\n")
    processes.until(lambda: bool(events(processes, "strategy not reloaded: the version that runs goes on")))
    (told,) = events(processes, "strategy not reloaded: the version that runs goes on")
    assert (told["level"], told["strategy"]) == ("error", "patient")
    assert "patient.py:1" in told["why"]
    ticked = len(events(processes, "second ticks"))
    processes.until(lambda: len(events(processes, "second ticks")) >= ticked + 2)
    assert orders() == placed

    assert stop(daemon, signal.SIGTERM) == 0
    assert len(events(processes, "second stops")) == 1
    assert "Traceback" not in processes.log
