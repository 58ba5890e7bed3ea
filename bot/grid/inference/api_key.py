"""Where the consumption key of the settings comes from: a setting, or a file."""

from __future__ import annotations

from pathlib import Path

import structlog
from pydantic import SecretStr

from bot.errors import ConfigError
from bot.settings import ConsumptionSettings

_MAX_FILE_BYTES = 4096
_OTHERS_MAY_READ = 0o044

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
        with path.open("rb") as file:
            content = file.read(_MAX_FILE_BYTES + 1)
            mode = path.stat().st_mode
    except OSError as error:
        raise ConfigError(
            f"the consumption key file {path} (consumption.api_key_file) cannot be read: {error.strerror}"
        ) from None
    if mode & _OTHERS_MAY_READ:
        log.warning(f"other users of this machine can read the consumption key file {path}; run: chmod 600 {path}")
    if len(content) > _MAX_FILE_BYTES:
        raise ConfigError(f"the consumption key file {path} holds too much to be one")
    return checked_key(content.decode(errors="replace"), f"the consumption key file {path}")
