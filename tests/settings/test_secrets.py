"""Secrets are never shown."""

from __future__ import annotations

import pytest

from bot.settings import Settings, as_shown
from tests.settings.conftest import Faults, Load

SECRET = "hunter2"
STRATEGY = (
    "{name: n, strategy: s, markets: [m], schedule: {every: 90s}, parameters: {floor: 5, api_key: hunter2, "
    "webhook: 'https://bot:hunter2@host/x'}}"
)


def with_secrets(load: Load) -> Settings:
    env = {
        "GRIDBOT_EXCHANGE__SIGNING_KEY": SECRET,
        "GRIDBOT_DATABASE__URL": f"postgresql://ann:{SECRET}@db.example/grid",
    }
    return load(f"strategies: [{STRATEGY}]", env=env)


def test_secrets_are_there_for_those_who_ask(load: Load) -> None:
    settings = with_secrets(load)
    assert settings.exchange.signing_key is not None
    assert settings.exchange.signing_key.get_secret_value() == SECRET
    assert settings.database.url.get_secret_value() == f"postgresql://ann:{SECRET}@db.example/grid"


def test_the_settings_as_shown_hold_everything_but_the_secrets(load: Load) -> None:
    shown = as_shown(with_secrets(load))
    assert SECRET not in str(shown)
    assert shown["exchange"]["signing_key"] == "***"
    assert shown["exchange"]["signing_key_file"] is None
    assert shown["database"] == {"url": "postgresql://ann:***@db.example/grid"}
    own_limits = shown["strategies"][0].pop("risk")
    assert set(own_limits.values()) == {None}
    assert shown["strategies"] == [
        {
            "name": "n",
            "strategy": "s",
            "markets": ["m"],
            "candles": "1m",
            "schedule": {"every": 90, "cron": None},
            "hook_seconds": 30,
            "parameters": {"floor": 5, "api_key": "***", "webhook": "https://bot:***@host/x"},
            "on_stop": None,
        }
    ]
    assert shown["paper"]["cash"] == "10000"
    assert list(shown) == list(Settings.model_fields)


def test_no_text_of_the_settings_holds_the_key_or_the_password(load: Load) -> None:
    settings = with_secrets(load)
    for text in (repr(settings.exchange), str(settings.exchange), repr(settings.database), f"{settings.database.url}"):
        assert SECRET not in text
    assert "db.example" in repr(settings)


@pytest.mark.parametrize(
    "env",
    [
        {"GRIDBOT_DATABASE__URL": f"mysql://ann:{SECRET}@host/db"},
        {"GRIDBOT_DATABASE__URL": SECRET},
        {"GRIDBOT_DATABASE": SECRET},
        {"GRIDBOT_DATABASE": f'{{"url": "{SECRET}'},
        {"GRIDBOT_DATABASE": f'{{"url": ["{SECRET}"]}}'},
        {"GRIDBOT_EXCHANGE": SECRET},
        {"GRIDBOT_EXCHANGE": f'["{SECRET}"]'},
        {"GRIDBOT_EXCHANGE": f'{{"signing_key": ["{SECRET}"]}}'},
        {"GRIDBOT_EXCHANGE__SIGNIN_KEY": SECRET},
        {"GRIDBOT_EXCHANGE__BASE_URL": f"https://ann:{SECRET}@host/v1"},
        {"GRIDBOT_EXCHANGE__LAYOUT": f"x://ann:{SECRET}@host/v1"},
        {"GRIDBOT_EXCHANGE__SIGNING_KEY": SECRET, "GRIDBOT_EXCHANGE__SIGNING_KEY_FILE": "grid.key"},
        {"GRIDBOT_EXCHANGE__SIGNING_KEY": SECRET, "GRIDBOT_EXCHANGE__LAYOUT": "x"},
    ],
)
def test_no_fault_shows_a_secret(faults: Faults, env: dict[str, str]) -> None:
    assert SECRET not in str(faults(env=env))
