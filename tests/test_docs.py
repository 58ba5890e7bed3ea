"""The documentation keeps up with the code."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bot.cli.root import app
from bot.grid.consumption import ConsumptionClient
from bot.grid.trading import TradingClient

ROOT = Path(__file__).resolve().parent.parent
CLIENT = (ROOT / "docs" / "client.md").read_text()
PLUMBING = {"close", "from_settings"}


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
