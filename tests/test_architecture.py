"""The rules that keep the rooms apart: which package may import which, and who may look at the clock."""

from __future__ import annotations

import ast
import graphlib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

GROUND = {"errors", "ports", "clock", "redaction", "plain_data", "tables", "candle_file"}
"""Modules at the foot of `bot` that everything above `domain` may use."""

MAY_IMPORT = {
    "domain": set(),
    "errors": {"ports"},  # for the type checker alone
    "redaction": set(),
    "plain_data": {"domain", "redaction"},
    "tables": {"domain", "errors"},
    "candle_file": {"domain", "errors", "tables"},
    "ports": {"domain"},
    "clock": set(),
    "grid": {"domain", "settings", *GROUND},  # settings: clients can be made from them
    "sim": {"domain", *GROUND},
    "storage": {"domain", *GROUND},
    "treasury": {"domain", *GROUND},
    "strategy": {"domain", *GROUND},
    "execution": {"domain", *GROUND},
    "risk": {"domain", "execution", *GROUND},
    "portfolio": {"domain", *GROUND},
    "testing": {"domain", "strategy"},
    "backtest": {"domain", "strategy", "execution", "treasury", "settings", *GROUND},
    "engine": {"domain", "strategy", "execution", "portfolio", "risk", "treasury", *GROUND},
    "logs": {"domain", *GROUND},
    "settings": {"domain", *GROUND},
}
"""What each part of `bot` may import of the others. `SEES_ALL` is what puts everything together."""

SEES_ALL = {"app", "cli", "paper", "rehearsal", "__init__"}


def sources(*folders: str) -> list[Path]:
    return sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))


def part(path: Path) -> str:
    """`engine` for bot/engine/loop.py, `errors` for bot/errors.py."""
    return path.relative_to(ROOT / "bot").parts[0].removesuffix(".py")


def imports(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute here"
            assert node.module is not None
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def parts_imported(path: Path) -> set[str]:
    names = [name.split(".") for name in imports(ast.parse(path.read_text()))]
    found = {name[1] for name in names if name[0] == "bot" and len(name) > 1}
    return {name for name in found if (ROOT / "bot" / name).exists() or (ROOT / "bot" / f"{name}.py").exists()}


@pytest.mark.parametrize("path", sources("bot"), ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_point_down(path: Path) -> None:
    here = part(path)
    if here in SEES_ALL:
        return
    assert here in MAY_IMPORT, f"say in MAY_IMPORT what {here} may import"
    forbidden = parts_imported(path) - MAY_IMPORT[here] - {here}
    assert not forbidden, f"{path.name} imports {sorted(forbidden)}"


@pytest.mark.parametrize("path", sources("bot/domain"), ids=lambda path: path.name)
def test_the_domain_imports_the_standard_library_only(path: Path) -> None:
    import sys

    roots = {name.split(".")[0] for name in imports(ast.parse(path.read_text()))}
    assert roots <= {*sys.stdlib_module_names, "bot"}


@pytest.mark.parametrize("path", sources("strategies"), ids=lambda path: path.name)
def test_strategies_import_nothing_of_bot_but_what_it_offers(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] == "bot":
            assert node.module == "bot"
        if isinstance(node, ast.Import):
            assert not any(alias.name.startswith("bot.") for alias in node.names)


def test_no_import_cycles_among_modules() -> None:
    modules = {".".join(path.relative_to(ROOT).with_suffix("").parts): path for path in sources("bot", "strategies")}
    modules = {name.removesuffix(".__init__"): path for name, path in modules.items()}
    graph: dict[str, set[str]] = {}
    for name, path in modules.items():
        tree = ast.parse(path.read_text())
        for node in ast.walk(tree):  # what is imported for the type checker only is no cycle at run time
            if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
                node.body = []
        graph[name] = {
            one for one in imports(tree) if one in modules and one != name and not name.startswith(f"{one}.")
        }
    graphlib.TopologicalSorter(graph).prepare()


FROM_THE_AIR = {
    "time.time",
    "time.time_ns",
    "time.monotonic",
    "datetime.now",
    "datetime.utcnow",
    "datetime.datetime.now",
    "date.today",
    "uuid.uuid4",
    "uuid4",
    "secrets.token_hex",
    "secrets.token_bytes",
}
"""Calls that take the time or an id from the machine."""


def calls_from_the_air(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = ast.unparse(node.func)
            is_shared_random = name.startswith("random.") and name not in ("random.Random", "random.SystemRandom")
            if name in FROM_THE_AIR or is_shared_random:
                yield f"line {node.lineno}: {name}"


@pytest.mark.parametrize("path", sources("bot", "strategies"), ids=lambda path: str(path.relative_to(ROOT)))
def test_time_randomness_and_ids_are_injected(path: Path) -> None:
    if path.relative_to(ROOT).as_posix() in ("bot/clock.py", "bot/app.py"):
        return
    assert list(calls_from_the_air(ast.parse(path.read_text()))) == []


def test_the_clock_rule_would_notice() -> None:
    bad = ast.parse("import time, random\ntime.time()\nrandom.choice([1])\nrandom.Random(1)\nrng.choice([1])")
    assert list(calls_from_the_air(bad)) == ["line 2: time.time", "line 3: random.choice"]
