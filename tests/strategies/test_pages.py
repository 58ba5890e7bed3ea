"""Every strategy of the library has a page that tells all of its parameters."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from bot.settings import Settings
from bot.strategy import registry

PAGES = Path(__file__).resolve().parents[2] / "docs" / "strategies"
NAMES = ["batch_capacity", "dip_buyer", "market_maker", "replenish", "sma_cross", "supplier", "tier_switch", "twap"]


@pytest.mark.parametrize("name", NAMES)
def test_a_page_tells_every_parameter_and_no_other(name: str) -> None:
    rows = re.findall(r"^\| `(\w+)` \|", (PAGES / f"{name}.md").read_text(), re.MULTILINE)
    assert rows == list(registry.find(name).model_fields)


@pytest.mark.parametrize("name", NAMES)
def test_the_settings_on_a_page_are_valid(name: str) -> None:
    (text,) = re.findall(r"```yaml\n(.*?)```", (PAGES / f"{name}.md").read_text(), re.DOTALL)
    (one,) = Settings.model_validate(yaml.safe_load(text)).strategies
    assert registry.check(one.strategy, one.parameters) == []
    has_tick = registry.find(name).overrides("on_tick")
    assert (one.schedule is not None) is has_tick


@pytest.mark.parametrize("name", NAMES)
def test_links_of_a_page_lead_somewhere(name: str) -> None:
    for link in re.findall(r"\]\(([^)#]+)", (PAGES / f"{name}.md").read_text()):
        assert (PAGES / link).exists()
