"""Strategies are found by name in the library, in folders and in installed packages, or as `module:Class`."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.errors import ConfigError, StrategyError
from bot.strategy import registry
from bot.strategy.registry import Origin

MINE = """
from bot import Context, Strategy

class Mine(Strategy):
    size: int = 5

    async def on_tick(self, ctx: Context) -> None: ...
"""


@pytest.fixture(autouse=True)
def clean(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What a test imports and puts on the path is gone after it."""
    monkeypatch.setattr(sys, "path", sys.path.copy())
    before = set(sys.modules)
    yield
    for name in set(sys.modules) - before:
        if not name.startswith(("bot.", "strategies.")):
            del sys.modules[name]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "dip.py").write_text(MINE)
    return tmp_path / "mine"


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of an installed package that offers the strategies `bought` and `broken`."""
    site = tmp_path / "site"
    (site / "shop-1.0.dist-info").mkdir(parents=True)
    (site / "shop-1.0.dist-info" / "METADATA").write_text("Metadata-Version: 2.1\nName: shop\nVersion: 1.0\n")
    (site / "shop-1.0.dist-info" / "entry_points.txt").write_text(
        "[gridbot.strategies]\nbought = shop.wares:Mine\nbroken = shop.none:Mine\n"
    )
    (site / "shop").mkdir()
    (site / "shop" / "__init__.py").write_text("")
    (site / "shop" / "wares.py").write_text("from .size import SIZE\n" + MINE.replace("= 5", "= SIZE"))
    (site / "shop" / "size.py").write_text("SIZE = 8")
    monkeypatch.syspath_prepend(site)
    return site / "shop"


def test_a_file_in_a_folder_is_a_strategy_by_its_name(folder: Path) -> None:
    assert "dip" in registry.names([folder])
    assert "dip" not in registry.names()
    found = registry.find("dip", [folder])
    assert found.__name__ == "Mine"
    assert registry.find("dip", [folder, folder]) is found
    made = registry.make("dip", {"size": 7}, [folder])
    assert isinstance(made, found)
    assert made.model_dump() == {"size": 7}


def test_a_strategy_in_a_folder_may_import_what_lies_beside_it(folder: Path) -> None:
    (folder / "_sizes_of_ours.py").write_text("SIZE = 9")
    (folder / "dip.py").write_text("from _sizes_of_ours import SIZE\n" + MINE.replace("= 5", "= SIZE"))
    assert registry.make("dip", {}, [folder]).model_dump() == {"size": 9}


@pytest.mark.parametrize("file", ["_shared.py", "test_dip.py", "conftest.py", "not-a-name.py", "notes.txt"])
def test_files_that_are_no_strategies_are_not_looked_at(folder: Path, file: str) -> None:
    (folder / file).write_text("1 / 0")
    assert set(registry.names([folder])) - set(registry.names()) == {"dip"}


def test_installed_packages_offer_strategies_by_entry_points(installed: Path) -> None:
    assert {"bought", "broken"} < set(registry.names())
    assert registry.make("bought", {}).model_dump() == {"size": 8}
    assert registry.located("bought") == installed / "wares.py"
    assert registry.located("broken") is None
    with pytest.raises(StrategyError, match="strategy 'broken' cannot be imported: ModuleNotFoundError"):
        registry.find("broken")


def test_a_name_in_two_places_is_refused_with_both(folder: Path, tmp_path: Path) -> None:
    (folder / "replenish.py").write_text(MINE)
    with pytest.raises(StrategyError) as refused:
        registry.find("replenish", [folder])
    assert str(refused.value) == (
        f"there are 2 strategies 'replenish', in library (strategies.replenish) and folder ({folder}/replenish.py); "
        "rename all but one"
    )
    with pytest.raises(StrategyError, match="2 strategies 'replenish'"):
        registry.located("replenish", [folder])


def test_sources_tell_where_strategies_come_from_without_running_them(folder: Path, installed: Path) -> None:
    (folder / "dip.py").write_text("1 / 0")
    found = {source.name: (source.origin, source.place) for source in registry.sources([folder])}
    assert found["replenish"] == (Origin.LIBRARY, "strategies.replenish")
    assert found["dip"] == (Origin.FOLDER, str(folder / "dip.py"))
    assert found["bought"] == (Origin.ENTRY_POINT, "shop.wares:Mine")
    assert list(found) == sorted(found)


def test_a_strategy_that_is_not_there_is_told_with_what_there_is(folder: Path) -> None:
    with pytest.raises(StrategyError, match=r"there is no strategy 'dpi'; did you mean 'dip'\? Your own is a file in"):
        registry.find("dpi", [folder])
    with pytest.raises(
        StrategyError, match=r"the library has .*replenish.* Of strategy_folders there is no gone\. Your"
    ):
        registry.find("zzz", [folder, Path("gone")])


BROKEN = [
    ("import nothing_of_that_name", "ModuleNotFoundError: No module named 'nothing_of_that_name' ({file}:1)"),
    ("\n\ndef f(:\n", "SyntaxError: invalid syntax ({file}:3)"),
    ("x = 1\nimport sys\nsys.exit('enough')", "SystemExit: enough ({file}:3)"),
    ("x = 1\n\ndef f():\n    raise BaseException('a\\nb')\n\nf()", "BaseException: a b ({file}:4)"),
    ("import json\njson.loads('{')", "JSONDecodeError: Expecting property name enclosed in double quotes: line 1 "),
    ("size = \x00", "SyntaxError: source code string cannot contain null bytes ({file})"),
    (MINE.replace("on_tick", "on_tik"), "strategy Mine: it has a hook 'on_tik', which nothing would call; did you"),
    (MINE.replace("size: int", "size: Int"), "NameError: name 'Int' is not defined"),
]


@pytest.mark.parametrize(("code", "fault"), BROKEN, ids=[fault[:25] for _, fault in BROKEN])
def test_a_file_that_breaks_is_told_in_one_line_with_its_place(folder: Path, code: str, fault: str) -> None:
    (folder / "dip.py").write_text(code)
    modules = set(sys.modules)
    with pytest.raises(StrategyError) as refused:
        registry.find("dip", [folder])
    told = str(refused.value)
    assert told.startswith("strategy 'dip' cannot be imported: " + fault.format(file=folder / "dip.py"))
    assert "\n" not in told
    assert f"({folder / 'dip.py'}" in told
    assert registry.check("dip", {}, [folder]) == [(("strategy",), told)]
    assert not [name for name in set(sys.modules) - modules if "dip" in name], "what broke is not kept"


def test_a_module_that_breaks_is_told_in_one_line_with_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "breaks_here.py").write_text("x = 1\nraise SystemExit")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(StrategyError) as refused:
        registry.find("breaks_here:Mine")
    assert str(refused.value) == (
        f"strategy 'breaks_here:Mine' cannot be imported: SystemExit ({tmp_path}/breaks_here.py:2)"
    )
    assert registry.located("breaks_here:Mine") == tmp_path / "breaks_here.py"
    assert registry.located("no_such_package.module:Mine") is None


@pytest.mark.parametrize(
    "body", ["while True: pass", "while True:\n    try:\n        while True: pass\n    except Exception: pass"]
)
def test_a_file_that_never_finishes_loading_is_told(folder: Path, monkeypatch: pytest.MonkeyPatch, body: str) -> None:
    monkeypatch.setattr("bot.strategy.loading.LOAD_SECONDS", 0.5)
    (folder / "dip.py").write_text(body)
    with pytest.raises(StrategyError, match=r"'dip' cannot be imported: it was not done after 0\.5 s \(.*dip\.py:\d\)"):
        registry.find("dip", [folder])
    assert signal.getsignal(signal.SIGALRM) is signal.SIG_DFL


@pytest.mark.parametrize(
    ("does", "fault"),
    [("if self.size == 7: raise SystemExit(0)", "SystemExit: 0"), ("while self.size == 7: pass", "it was not done")],
)
def test_validators_that_end_the_program_or_never_end_are_told(
    folder: Path, monkeypatch: pytest.MonkeyPatch, does: str, fault: str
) -> None:
    check = f"    @model_validator(mode='after')\n    def check(self):\n        {does}\n"
    (folder / "dip.py").write_text("from pydantic import model_validator\n" + MINE + check + "        return self\n")
    registry.find("dip", [folder])
    monkeypatch.setattr("bot.strategy.loading.LOAD_SECONDS", 0.3)
    with pytest.raises(StrategyError, match=f"strategy 'dip' cannot check its parameters: {fault}"):
        registry.make("dip", {"size": 7}, [folder])


def test_an_interruption_is_not_taken_for_a_fault(folder: Path) -> None:
    (folder / "dip.py").write_text("raise KeyboardInterrupt")
    with pytest.raises(KeyboardInterrupt):
        registry.find("dip", [folder])


@pytest.mark.parametrize(
    ("code", "fault"),
    [
        ("x = 1", "must hold one Strategy class, not 0"),
        (MINE + MINE.replace("Mine", "Other"), "must hold one Strategy class, not 2: Mine, Other"),
        ("from strategies.replenish import Replenish", "must hold one Strategy class, not 0"),
    ],
)
def test_a_file_holds_one_strategy(folder: Path, code: str, fault: str) -> None:
    (folder / "dip.py").write_text(code)
    with pytest.raises(StrategyError, match=f"strategy 'dip': .*dip.py {fault}"):
        registry.find("dip", [folder])


def test_a_file_may_hold_private_strategies_besides(folder: Path) -> None:
    (folder / "dip.py").write_text(MINE.replace("Mine", "_Base") + "class Mine(_Base): ...\nAlias = Mine\n")
    assert registry.find("dip", [folder]).__name__ == "Mine"


def test_a_fresh_load_sees_the_file_as_it_is_now_and_leaves_the_old_class_alone(folder: Path) -> None:
    old = registry.find("dip", [folder])
    path = registry.located("dip", [folder])
    assert path == folder / "dip.py"
    for size in (6, 7):  # of the same length, and within a second
        path.write_text(MINE.replace("5", str(size)))
        fresh = registry.load_fresh("dip", [folder])
        assert fresh().model_dump() == {"size": size}
        assert fresh is not old
    assert old().model_dump() == {"size": 5}
    assert sys.modules[old.__module__].__dict__["Mine"] is old
    assert registry.find("dip", [folder]) is old


def test_modules_too_are_loaded_afresh_with_imports_from_their_package(installed: Path) -> None:
    old = registry.find("shop.wares:Mine")
    (installed / "wares.py").write_text((installed / "wares.py").read_text().replace("= SIZE", "= SIZE + 1"))
    fresh = registry.load_fresh("shop.wares:Mine")
    assert fresh().model_dump() == {"size": 9}
    assert old().model_dump() == {"size": 8}
    assert sys.modules["shop.wares"].__dict__["Mine"] is old
    with pytest.raises(StrategyError, match="has no Strategy class 'Yours'"):
        registry.load_fresh("shop.wares:Yours")
    with pytest.raises(StrategyError, match=r"strategy 'shop\.nothing:Mine': there is no file to load it from"):
        registry.load_fresh("shop.nothing:Mine")


def test_a_fresh_load_that_breaks_leaves_the_old_class_alone(folder: Path) -> None:
    old = registry.find("dip", [folder])
    (folder / "dip.py").write_text("1 / 0")
    with pytest.raises(StrategyError, match=r"ZeroDivisionError: division by zero \(.*dip.py:1\)"):
        registry.load_fresh("dip", [folder])
    assert old().model_dump() == {"size": 5}


def test_the_library_can_be_loaded_afresh() -> None:
    fresh = registry.load_fresh("replenish")
    assert fresh.__name__ == "Replenish"
    assert fresh is not registry.find("replenish")


def test_a_strategy_that_ticks_needs_a_schedule(folder: Path) -> None:
    told = [(("schedule",), "on_tick would never be called: give a schedule, such as {every: 60s}")]
    assert registry.check("dip", {}, [folder], has_schedule=False) == told
    assert registry.check("dip", {}, [folder], has_schedule=True) == []
    faults = registry.check("dip", {"siz": 1}, [folder], has_schedule=False)
    assert faults == [(("parameters", "siz"), "unknown parameter; did you mean 'size'?"), *told]
    assert registry.check("dip", {"colour": 1}, [folder])[0][1] == "unknown parameter; the parameters are size"
    (folder / "rename.py").write_text(MINE.replace("on_tick", "on_candle"))
    assert registry.check("rename", {}, [folder], has_schedule=False) == []
    assert registry.check("rename", {}, [folder], has_schedule=True) == []


def test_validators_that_break_are_told_and_wrong_parameters_listed(folder: Path) -> None:
    (folder / "dip.py").write_text(
        MINE
        + "    from pydantic import field_validator\n"
        + "    @field_validator('size')\n    @classmethod\n    def _v(cls, size):\n        return 1 // (size - 6)\n"
    )
    told = (
        f"strategy 'dip' cannot check its parameters: ZeroDivisionError: integer division or modulo by zero ({folder}"
    )
    assert registry.check("dip", {"size": 6}, [folder])[0][1].startswith(told)
    with pytest.raises(StrategyError, match="cannot check its parameters"):
        registry.make("dip", {"size": 6}, [folder])
    with pytest.raises(
        ConfigError, match=r"parameters\.size: Input should be a valid integer.*\nparameters\.x: unknown"
    ):
        registry.make("dip", {"size": "x", "x": 1}, [folder])
