"""`gridbot strategies`: list, show, and new."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from bot.cli.strategies_show import yaml_to_run
from bot.settings import load_settings
from bot.strategy import registry
from bot.strategy.base import Strategy
from tests.cli.conftest import Gridbot

ROOT = Path(__file__).resolve().parent.parent.parent

DIP = '''
from datetime import timedelta
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field

from bot import Context, Side, Strategy


class Dip(Strategy):
    """Buy low
    and keep.

    It never sells.
    """

    resolutions = ("1h",)
    history = 50

    side: Side
    mode: Literal["slow", "fast"] = "slow"
    units: int = Field(gt=99, le=200, description="units to hold")
    price: Annotated[Decimal, Field(gt=0, lt=1, multiple_of=Decimal("0.25"))]
    share: float = Field(ge=0.5, examples=[0.75])
    wait: timedelta = timedelta(minutes=5)
    most: Annotated[int, Field(ge=1)] | None = None
    names: tuple[str, ...] = Field((), min_length=0, max_length=9)
    code: str = Field("a", pattern="[a-z]", min_length=1)
    seen: list[int] = Field(default_factory=list)
    odd: Annotated[str, Field(pattern="^q$")]

    async def on_candle(self, ctx: Context) -> None: ...

    async def on_tick(self, ctx: Context) -> None: ...
'''


@pytest.fixture(autouse=True)
def _own_path(monkeypatch: pytest.MonkeyPatch) -> None:
    """Folders in which a test finds strategies are not where the next one imports from."""
    monkeypatch.setattr(sys, "path", sys.path.copy())


@pytest.fixture
def mine(tmp_path: Path, gridbot: Gridbot) -> Path:
    """A folder of strategies that `config.yaml` names, with one in it."""
    (tmp_path / "config.yaml").write_text("strategy_folders: [mine]")
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "dip.py").write_text(DIP)
    return tmp_path / "mine"


def test_list_tells_what_each_does_and_where_it_is(gridbot: Gridbot, mine: Path) -> None:
    lines = gridbot("strategies", "list").out.splitlines()
    at = next(number for number, line in enumerate(lines) if line.startswith("dip "))
    assert lines[at].split(maxsplit=1)[1] == "Buy low and keep."
    assert lines[at + 1].strip() == f"folder: {mine / 'dip.py'}"
    at = next(number for number, line in enumerate(lines) if line.startswith("replenish "))
    assert "Keep `target` units of an instrument" in lines[at]
    assert lines[at + 1].strip() == "library: strategies.replenish"


def test_list_needs_no_settings(gridbot: Gridbot) -> None:
    assert "replenish" in gridbot("strategies", "list").out


def test_list_tells_of_broken_ones_beside_the_others(gridbot: Gridbot, mine: Path) -> None:
    (mine / "worse.py").write_text("import sys\nsys.exit(3)")
    result = gridbot("strategies", "list")
    assert (result.status, result.err) == (0, "")
    told = f"strategy 'worse' cannot be imported: SystemExit: 3 ({mine / 'worse.py'}:2)"
    assert f"  cannot be used: {told}\n" in result.out
    records = {record["name"]: record for record in gridbot("strategies", "list", "--json").json}
    assert records["worse"] == {
        "name": "worse",
        "does": None,
        "origin": "folder",
        "place": str(mine / "worse.py"),
        "error": told,
    }
    assert records["dip"]["error"] is None
    assert records["dip"]["does"] == "Buy low and keep."


def test_a_strategy_without_a_docstring_is_listed_too(gridbot: Gridbot, mine: Path) -> None:
    (mine / "mute.py").write_text("from bot import Strategy\nclass Mute(Strategy): ...")
    assert "(it does not say what it does)\n" in gridbot("strategies", "list").out
    shown = gridbot("strategies", "show", "mute").out
    assert "(it does not say what it does)" in shown
    assert "no parameters\n\nhooks: none\n" in shown
    assert "parameters:" not in shown


def test_show_tells_all_that_is_needed_to_run_it(gridbot: Gridbot, mine: Path) -> None:
    shown = gridbot("strategies", "show", "dip").out
    assert shown.startswith("dip\n\nBuy low\nand keep.\n\nIt never sells.\n\nparameters\n")
    for line in (
        "side: one of buy, sell, required",
        "mode: one of slow, fast, slow if not given",
        "units: int, above 99, at most 200, required\n      units to hold",
        "price: Decimal, above 0, below 1, a multiple of 0.25, required",
        "share: float, at least 0.5, required",
        "wait: length of time (90s, 4h), 300 if not given",
        "most: int or null, null if not given",
        "names: tuple[str, ...], of length 0 or more, of length 9 or less, [] if not given",
        "code: str, of length 1 or more, like [a-z], a if not given",
        "seen: list[int], [] if not given",
    ):
        assert f"  {line}\n" in shown
    assert "hooks: on_tick, on_candle\nclass variables: resolutions = [1h], history = 50, depth = 0\n" in shown


def test_what_show_prints_for_the_settings_is_yaml_with_values_that_fit(gridbot: Gridbot, mine: Path) -> None:
    shown = gridbot("strategies", "show", "dip")
    record = gridbot("strategies", "show", "dip", "--json").json
    assert shown.out.endswith(record["yaml"] + "\n")
    (instance,) = yaml.safe_load(record["yaml"])["strategies"]
    assert instance == {
        "name": "dip",
        "strategy": "dip",
        "markets": ["text-prime"],
        "candles": "1m",
        "schedule": {"every": "60s"},
        "parameters": {
            "side": "buy",
            "mode": "slow",
            "units": 100,
            "price": "0.5",
            "share": 0.75,
            "wait": 300,
            "most": None,
            "names": [],
            "code": "a",
            "seen": [],
            "odd": "CHANGE-ME",
        },
    }
    assert record["parameters"][2] == {
        "name": "units",
        "type": "int",
        "required": True,
        "default": None,
        "limits": ["above 99", "at most 200"],
        "description": "units to hold",
    }
    assert record["hooks"] == ["on_tick", "on_candle"]
    assert record["class_variables"] == {"resolutions": ["1h"], "history": 50, "depth": 0}


@pytest.mark.parametrize("name", registry.names())
def test_what_is_printed_for_a_strategy_of_the_library_can_be_pasted(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("config.yaml").write_text(yaml_to_run(name, registry.find(name)))
    (instance,) = load_settings(env={}, check_strategy=registry.check).strategies
    assert isinstance(registry.make(instance.strategy, instance.parameters), Strategy)


def test_show_takes_a_module_and_class_and_tells_what_there_is_not(gridbot: Gridbot) -> None:
    record = gridbot("strategies", "show", "strategies.replenish:Replenish", "--json").json
    (instance,) = yaml.safe_load(record["yaml"])["strategies"]
    assert (instance["name"], instance["strategy"]) == ("replenish", "strategies.replenish:Replenish")
    result = gridbot("strategies", "show", "replenis")
    assert (result.status, result.out) == (1, "")
    assert result.err.startswith("gridbot: there is no strategy 'replenis'; did you mean 'replenish'?")


def test_new_writes_a_strategy_whose_test_is_green_and_whose_settings_are_right(
    gridbot: Gridbot, tmp_path: Path
) -> None:
    result = gridbot("strategies", "new", "buy_low")
    assert (result.status, result.err) == (0, "")
    folder = tmp_path / "my_strategies"
    assert result.out.startswith("wrote my_strategies/buy_low.py and its test my_strategies/test_buy_low.py; ")
    head, settings = result.out.split("\n\n")
    assert head.endswith("add to the settings:")
    (tmp_path / "config.yaml").write_text(settings)
    assert gridbot("config", "check").out == "config.yaml: ok, 1 strategy\n"
    assert "buy_low " in gridbot("strategies", "list").out
    finished = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:asyncio", "-p", "no:cacheprovider", str(folder)],
        cwd=tmp_path,
        env={"PYTHONPATH": str(ROOT), "PATH": "", "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert finished.returncode == 0, finished.stdout + finished.stderr
    assert "3 passed" in finished.stdout
    assert sorted(path.name for path in folder.iterdir()) == ["buy_low.py", "test_buy_low.py"]


def test_new_writes_to_the_folder_of_the_settings_or_to_the_one_named(gridbot: Gridbot, mine: Path) -> None:
    out = gridbot("strategies", "new", "buy_low").out
    assert (mine / "buy_low.py").exists()
    assert "strategy_folders" not in out, "it is in the settings already"
    out = gridbot("strategies", "new", "sell_high", "--folder", "deep/down").out
    assert Path("deep/down/test_sell_high.py").exists()
    assert "strategy_folders: [mine, deep/down]\n" in out
    assert "class SellHigh(Strategy):" in Path("deep/down/sell_high.py").read_text()


@pytest.mark.parametrize(
    ("name", "fault"),
    [
        ("buy-low", "cannot be a name in Python"),
        ("class", "cannot be a name in Python"),
        ("test_it", "is the name of a file in which no strategy is looked for"),
        ("_mine", "is the name of a file in which no strategy is looked for"),
        ("replenish", "is the name of a strategy that there is already"),
        ("dip", "is the name of a strategy that there is already"),
        ("json", "is the name of something that is imported"),
        ("strategy", "is the name of something that is imported"),
    ],
)
def test_new_refuses_names_that_would_not_work(gridbot: Gridbot, mine: Path, name: str, fault: str) -> None:
    result = gridbot("strategies", "new", name)
    assert (result.status, result.out) == (2, "")
    assert f"'{name}' {fault}" in " ".join(result.err.replace("│", "").split())
    assert [path.name for path in mine.glob("*.py")] == ["dip.py"]


def test_new_writes_over_nothing(gridbot: Gridbot, mine: Path) -> None:
    (mine / "test_buy_low.py").write_text("precious")
    result = gridbot("strategies", "new", "buy_low")
    assert (result.status, result.out) == (1, "")
    assert result.err == "gridbot: mine/test_buy_low.py exists already, and nothing is written over\n"
    assert (mine / "test_buy_low.py").read_text() == "precious"
    assert not (mine / "buy_low.py").exists()


def test_new_tells_where_it_cannot_write(gridbot: Gridbot, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    result = gridbot("strategies", "new", "buy_low", "--folder", "file/mine")
    assert (result.status, result.out) == (1, "")
    assert result.err == "gridbot: cannot write to file/mine: Not a directory\n"
