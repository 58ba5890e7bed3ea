"""Where the consumption key of the settings comes from: a setting, or a file."""

from __future__ import annotations

from pathlib import Path

import structlog
from pydantic import SecretStr

from bot.errors import ConfigError, KeyMaterialError
from bot.grid.key_files import read_key_file
from bot.settings import ConsumptionSettings

_CONSUMPTION_KEY = "consumption key"

log = structlog.stdlib.get_logger("consumption")


def consumption_key(consumption: ConsumptionSettings) -> SecretStr:
    """The consumption key of the settings. A file that others can read is warned of.

    Raises:
        ConfigError: there is none, or it cannot be read or used; the text never shows it.
    """
    if consumption.api_key is not None:
        return checked_key(consumption.api_key.get_secret_value(), "the setting consumption.api_key")
    if consumption.api_key_file is not None:
        return _from_file(consumption.api_key_file)
    raise ConfigError(
        "no consumption key: make one in the exchange's dashboard, and name its file as consumption.api_key_file, or "
        "give the key as GRIDBOT_CONSUMPTION__API_KEY"
    )


def checked_key(text: str, source: str) -> SecretStr:
    """The key in a text, without the blanks around it.

    Raises:
        ConfigError: it holds none, or what cannot be one; the text names the source and never shows the key.
    """
    key = text.strip()
    if not key:
        raise ConfigError(f"{source} holds no consumption key")
    if " " in key or not (key.isascii() and key.isprintable()):
        raise ConfigError(f"{source} holds more than a consumption key, or a broken one: a key has no blanks in it")
    return SecretStr(key)


def _from_file(path: Path) -> SecretStr:
    try:
        text, findings = read_key_file(path, _CONSUMPTION_KEY)
    except KeyMaterialError as error:
        raise ConfigError(f"{error} (consumption.api_key_file)") from None
    for finding in findings:
        log.warning(finding)
    return checked_key(text, f"the {_CONSUMPTION_KEY} file {path}")
