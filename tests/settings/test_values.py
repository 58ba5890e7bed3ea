"""What settings become once they are accepted."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from bot.settings import PaperSettings, ScheduleSettings, Settings
from tests.settings.conftest import Faults, Load


@given(st.integers(min_value=10**6, max_value=10**9), st.integers(min_value=5, max_value=6))
def test_money_written_as_a_float_keeps_the_digits_that_were_written(digits: int, decimals: int) -> None:
    exact = Decimal(digits).scaleb(-decimals)
    for written in (exact, str(exact), float(str(exact))):
        assert PaperSettings(mean_price=written).mean_price == exact


@pytest.mark.parametrize("name", ["mean_price", "cash"])
def test_simulated_money_finer_than_a_micro_dollar_is_refused(load: Load, faults: Faults, name: str) -> None:
    [fault] = faults(f'paper: {{{name}: "2.0000001"}}')
    assert f"paper.{name}: must have six decimals at most, not 2.0000001" in fault
    assert getattr(load(f'paper: {{{name}: "2.0000010"}}').paper, name) == Decimal("2.000001")


def test_money_is_decimal_even_where_it_is_the_default() -> None:
    paper = Settings().paper
    assert (paper.cash, paper.mean_price) == (Decimal(10000), Decimal("2.00"))
    assert isinstance(paper.cash, Decimal)


@pytest.mark.parametrize(
    ("written", "seconds"),
    [
        (30, 30),
        (1.5, 1.5),
        ("30", 30),
        ("30s", 30),
        (" 1.5 m ", 90),
        ("1h", 3600),
        ("2d", 172800),
        (timedelta(0, 9), 9),
    ],
)
def test_lengths_of_time_are_written_in_any_unit(written: object, seconds: float) -> None:
    assert ScheduleSettings.model_validate({"every": written}).every == timedelta(seconds=seconds)


@given(st.integers(min_value=1, max_value=366 * 86_400))
def test_a_length_of_time_may_be_written_as_its_seconds_or_as_text(seconds: int) -> None:
    assert ScheduleSettings(every=seconds) == ScheduleSettings(every=f"{seconds}s")


def test_texts_from_the_environment_become_what_the_setting_is(load: Load) -> None:
    paper = load(
        env={
            "GRIDBOT_PAPER__PORT": "8080",
            "GRIDBOT_PAPER__AUTO_TRANSFER": "true",
            "GRIDBOT_PAPER__CASH": "12.34",
            "GRIDBOT_PAPER__PRICES": "candles.csv",
        }
    ).paper
    assert (paper.port, paper.auto_transfer, paper.cash) == (8080, True, Decimal("12.34"))
    assert paper.prices == Path("candles.csv")


def test_a_file_in_the_home_folder_is_found(load: Load, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/ann")
    settings = load("exchange: {signing_key_file: ~/grid.key}")
    assert settings.exchange.signing_key_file == Path("/home/ann/grid.key")


@pytest.mark.parametrize(
    ("written", "url"),
    [
        ("https://host/v1/", "https://host/v1"),
        ("https://host:8443/v1", "https://host:8443/v1"),
        ("http://127.0.0.1:8000/v1", "http://127.0.0.1:8000/v1"),
        ("http://localhost:8000", "http://localhost:8000"),
        ("http://[::1]:8000/v1", "http://[::1]:8000/v1"),
    ],
)
def test_the_exchange_is_reached_over_https_or_on_this_machine(load: Load, written: str, url: str) -> None:
    assert load(overrides={"exchange": {"base_url": written}}).exchange.base_url == url


def test_settings_are_read_only(load: Load) -> None:
    settings = load()
    with pytest.raises(ValidationError, match="frozen"):
        settings.paper.port = 1  # type: ignore[misc]
    with pytest.raises(ValidationError, match="frozen"):
        settings.paper = PaperSettings()  # type: ignore[misc]
