"""Crowds to choose from, and single parameters of theirs."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import asdict
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import ConfigError
from bot.sim.presets import CALM, PRESETS, STRESSED, CrowdConfig, changed


def test_a_stressed_market_is_thin_wide_volatile_and_runs_out_of_supply() -> None:
    assert PRESETS == {"calm": CALM, "stressed": STRESSED}
    assert CrowdConfig() == CALM
    assert STRESSED.depth * STRESSED.size[1] < CALM.depth * CALM.size[0]
    assert STRESSED.spread > CALM.spread
    assert STRESSED.volatility > CALM.volatility
    assert STRESSED.shocks_per_day > CALM.shocks_per_day == 0


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("depth", "7", 7),
        ("size", "5-20", (5, 20)),
        ("spread", "0.02", 0.02),
        ("spread", "0", 0.0),
        ("shock_at", "1.5,26", (1.5, 26.0)),
        ("shock_at", "3", (3.0,)),
        ("shock_at", "", ()),
    ],
)
def test_parameters_are_given_as_text(name: str, text: str, value: object) -> None:
    assert asdict(changed(STRESSED, {name: text})) == asdict(STRESSED) | {name: value}


def test_parameters_are_given_as_json() -> None:
    made = changed(CALM, {"depth": 3, "spread": 1, "taker_size": [1, 2], "shock_at": [0.5]})
    assert (made.depth, made.spread, made.taker_size, made.shock_at) == (3, 1.0, (1, 2), (0.5,))


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"dept": 3}, "a crowd has no 'dept'; did you mean 'depth'?"),
        ({"zzz": 3}, "a crowd has no 'zzz'; it has depth, size"),
        ({"depth": 0}, "depth of a crowd is wrong: Expected int >= 1"),
        ({"depth": 2.5}, "depth of a crowd is wrong: Expected int, got float"),
        ({"depth": "many"}, "depth of a crowd is wrong: Expected int"),
        ({"depth": True}, "depth of a crowd is wrong: Expected int, got bool"),
        ({"size": ["5", "20"]}, "size of a crowd is wrong: Expected int, got str"),
        ({"size": "20"}, "size of a crowd is wrong: Expected array of length 2"),
        ({"size": "20-5"}, "size of a crowd is wrong: its smallest is larger than its largest"),
        ({"taker_size": [9, 5]}, "taker_size of a crowd is wrong: its smallest"),
        ({"spread": 1.1}, "spread of a crowd is wrong: Expected float <= 1.0"),
        ({"spread": "nan"}, "spread of a crowd is wrong"),
        ({"volatility": "inf"}, "volatility of a crowd is wrong"),
        ({"shock_hours": 0}, "shock_hours of a crowd is wrong: Expected float > 0.0"),
    ],
)
def test_what_is_wrong_is_told(changes: dict[str, Any], fault: str) -> None:
    with pytest.raises(ConfigError) as caught:
        changed(CALM, changes)
    assert fault in str(caught.value)


@given(st.sampled_from(sorted(asdict(CALM))), st.text(alphabet="0123456789-.,einf ", max_size=8))
def test_any_text_is_within_its_range_or_a_clear_error(name: str, text: str) -> None:
    with suppress(ConfigError):
        value = asdict(changed(CALM, {name: text}))[name]
        assert changed(CALM, {name: value}) == changed(CALM, {name: text})
