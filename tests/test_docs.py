"""The documentation keeps up with the code."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import fields
from datetime import timedelta
from inspect import signature
from pathlib import Path
from typing import Any

import pytest

from bot.cli.exchange import serve
from bot.cli.root import app
from bot.domain.order import OrderType, TimeInForce
from bot.grid.consumption import ConsumptionClient
from bot.grid.trading import TradingClient
from bot.sim.config import VenueConfig
from bot.sim.credentials import Credentials
from bot.sim.faults.file import read_faults
from bot.sim.faults.kinds import KINDS, Fault, Strike
from bot.sim.faults.presets import PRESETS as FAULT_PRESETS
from bot.sim.presets import CALM, STRESSED, CrowdConfig

ROOT = Path(__file__).resolve().parent.parent
CLIENT = (ROOT / "docs" / "client.md").read_text()
EXCHANGE = (ROOT / "docs" / "paper-exchange.md").read_text()
PROGRAMS = re.findall(r"```python\n(.*?)```", EXCHANGE, re.DOTALL)
PLUMBING = {"close", "from_settings"}
PATIENCE_SECONDS = 60.0


def row_of(name: str) -> list[str]:
    """The cells of the row of the paper exchange's page that begins with this name."""
    [row] = re.findall(rf"^\| `{re.escape(name)}\b[^|]*\|(.*)\|$", EXCHANGE, re.MULTILINE)
    return [cell.strip() for cell in row.split("|")]


@pytest.mark.parametrize("client", [TradingClient, ConsumptionClient])
def test_every_method_of_a_client_is_on_its_page(client: type) -> None:
    names = {name for name in dir(client) if not name.startswith("_")} - PLUMBING
    assert [name for name in sorted(names) if not re.search(rf"\b{name}\b", CLIENT)] == []


def test_every_python_example_is_a_whole_program() -> None:
    examples = re.findall(r"```python\n(.*?)```", CLIENT, re.DOTALL)
    assert len(examples) >= 4
    for example in examples:
        compile(example, "client.md", "exec")


def test_every_command_is_told_of() -> None:
    texts = " ".join(path.read_text() for path in [ROOT / "README.md", ROOT / "CHANGELOG.md", *ROOT.glob("docs/*.md")])
    commands = [command.callback.__name__ for command in app.registered_commands if command.callback is not None]
    groups = [group.name for group in app.registered_groups]
    assert [name for name in [*commands, *groups] if not re.search(rf"\b{name}\b", texts)] == []


@pytest.mark.parametrize("path", [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")], ids=lambda path: path.name)
def test_links_between_pages_lead_somewhere(path: Path) -> None:
    for link in re.findall(r"\]\(([^)#]+)", path.read_text()):
        assert link.startswith("https://") or (path.parent / link).exists(), link


def test_every_option_of_the_exchange_is_on_its_page_and_no_other() -> None:
    options = {f"--{name.replace('_', '-')}" for name in signature(serve).parameters}
    assert set(re.findall(r"^\| `(--[a-z-]+)", EXCHANGE, re.MULTILINE)) == options


@pytest.mark.parametrize("field", fields(CrowdConfig), ids=lambda field: field.name)
def test_every_parameter_of_a_crowd_is_told_with_its_presets(field: Any) -> None:
    calm, stressed, meaning = row_of(field.name)
    assert [calm, stressed] == ["-".join(_numbers(getattr(crowd, field.name))) for crowd in (CALM, STRESSED)]
    assert meaning


def _numbers(value: Any) -> list[str]:
    return [f"{one:g}" for one in (value if isinstance(value, tuple) else (value,))]


@pytest.mark.parametrize("kind", KINDS.values(), ids=list(KINDS))
def test_every_kind_of_fault_is_told_with_its_parameters(kind: type[Fault]) -> None:
    parameters, meaning = row_of(kind.kind)
    told = re.findall(r"`([a-z_]+)`", parameters)
    assert sorted(told) == sorted(kind.model_fields.keys() - Strike.model_fields.keys())
    assert meaning


def test_every_preset_of_faults_is_told_fault_by_fault() -> None:
    found = re.findall(r"^\| `(\w+)` \| `(\w+)` \| (always|[0-9.]+ %) \|(.*)\|$", EXCHANGE, re.MULTILINE)
    parts = ("network", "exchange", "stream")
    assert [(name, kind, often, given.strip()) for name, kind, often, given in found] == [
        (name, fault.kind, _often(fault), _given(fault)) for name in parts for fault in FAULT_PRESETS[name].faults
    ]
    assert FAULT_PRESETS["all"].faults == tuple(fault for name in parts for fault in FAULT_PRESETS[name].faults)
    assert FAULT_PRESETS.keys() == {*parts, "all", "none"}


def _often(fault: Fault) -> str:
    return f"{100 * fault.probability:g} %" if isinstance(fault, Strike) else "always"


def _given(fault: Fault) -> str:
    names = [name for name in type(fault).model_fields if name in fault.model_fields_set - {"probability"}]
    return ", ".join(f"{'from' if name == 'begin' else name} {_shown(getattr(fault, name))}" for name in names)


def _shown(value: Any) -> str:
    if isinstance(value, timedelta):
        hours, minutes = divmod(value // timedelta(minutes=1), 60)
        return (f"{hours}h" if hours else "") + (f"{minutes}m" if minutes else "")
    return str(value).lower() if isinstance(value, bool) else " to ".join(_numbers(value))


def test_the_example_of_faults_can_be_read(tmp_path: Path) -> None:
    [example] = re.findall(r"```yaml\n(.*?)```", EXCHANGE, re.DOTALL)
    (tmp_path / "faults.yaml").write_text(example)
    assert len(read_faults(tmp_path / "faults.yaml").faults) == 5


def test_every_rule_of_the_exchange_and_every_word_of_an_order_is_told() -> None:
    assert [field.name for field in fields(VenueConfig) if not row_of(field.name)[1]] == []
    terms = row_of("type")[0] + row_of("time_in_force")[0]
    assert [word for word in [*OrderType, *TimeInForce] if f"`{word}`" not in terms] == []
    assert [field.name for field in fields(Credentials) if f"`{field.name}`" not in EXCHANGE] == []


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The folder of an exchange where much is going on, and whose account has units in Consumption."""
    folder = tmp_path_factory.mktemp("exchange")
    options = ("--port", "0", "--credentials-out", "credentials.json", "--config-out", "config.yaml")
    busy = ("--speed", "60", "--auto-transfer")
    with (folder / "log.txt").open("w") as log:
        exchange = subprocess.Popen(gridbot("exchange", "serve", *options, *busy), cwd=folder, stdout=log, stderr=log)
    try:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while "Ctrl-C" not in (folder / "log.txt").read_text():
            assert exchange.poll() is None, (folder / "log.txt").read_text()
            assert time.monotonic() < deadline
            time.sleep(0.1)
        subprocess.run(
            gridbot("-c", "config.yaml", "order", "place", "text-prime", "buy", "2", "--yes"), cwd=folder, check=True
        )
        yield folder
    finally:
        exchange.terminate()
        exchange.wait()


def gridbot(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "bot.cli", *arguments]


@pytest.mark.parametrize("program", PROGRAMS, ids=["signing", "stream", "openai", "anthropic"])
def test_every_program_of_the_paper_exchanges_page_runs(served: Path, program: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=served, capture_output=True, text=True, timeout=PATIENCE_SECONDS
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert re.search("filled 2 units|new_trade|Say hello", done.stdout)
