"""Where the trading key of the settings comes from: a setting, a file, or the system keyring."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType

import structlog

from bot.errors import ConfigError, KeyMaterialError
from bot.grid.key_files import read_key_file
from bot.grid.keys import SIGNING_KEY, SigningKey, key_in
from bot.settings import ExchangeSettings

KEYRING_SERVICE = "gridbot"
"""The service under which the system keyring holds trading keys."""

log = structlog.stdlib.get_logger("keys")


@dataclass(frozen=True, slots=True)
class KeyMaterial:
    """What was found where a trading key should be; whether it is one, `key` says.

    Attributes:
        source: where it was found, in words.
        text: the secret.
        findings: what is unsafe about the place, in words for its owner.
        is_file: whether the place is a file.
    """

    source: str
    text: str = field(repr=False)
    findings: tuple[str, ...] = ()
    is_file: bool = False

    def key(self) -> SigningKey:
        """The key in it. Raises `KeyMaterialError`, which names the source and never shows the secret."""
        return key_in(self.source, self.text)


def signing_key(exchange: ExchangeSettings, warn: Callable[[str], object] | None = None) -> SigningKey:
    """The trading key of the settings; `warn` is told what is unsafe about its file; without it, the log is.

    Raises:
        ConfigError: there is none, or the system keyring cannot be used.
        KeyMaterialError: it cannot be used.
    """
    found = key_material(exchange)
    for finding in found.findings:
        (warn or log.warning)(finding)
    return found.key()


def key_material(exchange: ExchangeSettings) -> KeyMaterial:
    """What the settings name as the trading key.

    Raises:
        ConfigError: they name none, or the system keyring cannot be used.
        KeyMaterialError: it is not there.
    """
    if exchange.signing_key is not None:
        return KeyMaterial("the setting exchange.signing_key", exchange.signing_key.get_secret_value())
    if exchange.signing_key_file is not None:
        return file_material(exchange.signing_key_file)
    if exchange.signing_key_keyring is not None:
        return keyring_material(exchange.signing_key_keyring)
    raise ConfigError(
        "no trading key: make one with `gridbot keys new FILE`, register its public key with the exchange, and name it "
        "as exchange.signing_key_file, or give the key as GRIDBOT_EXCHANGE__SIGNING_KEY"
    )


def has_key(exchange: ExchangeSettings) -> bool:
    """Whether the settings name a trading key, usable or not."""
    return any((exchange.signing_key, exchange.signing_key_file, exchange.signing_key_keyring))


def file_material(path: Path) -> KeyMaterial:
    """What a key file holds. Raises `KeyMaterialError` when it cannot be read."""
    text, findings = read_key_file(path, SIGNING_KEY)
    return KeyMaterial(f"the {SIGNING_KEY} file {path}", text, findings, is_file=True)


def keyring_material(name: str) -> KeyMaterial:
    """What the system keyring holds under this name.

    Raises:
        ConfigError: the keyring cannot be used.
        KeyMaterialError: it holds nothing under this name.
    """
    text = _kept(name)
    if text is None:
        raise KeyMaterialError(
            f"the system keyring holds no key {name!r}; make one with `gridbot keys new --keyring {name}`"
        )
    return KeyMaterial(f"the system keyring, service {KEYRING_SERVICE}, name {name!r}", text)


def keep_in_keyring(name: str, key: SigningKey) -> None:
    """Store a key in the system keyring, never over another.

    Raises:
        ConfigError: the keyring cannot be used.
        KeyMaterialError: it holds a key of this name already.
    """
    if _kept(name) is not None:
        raise KeyMaterialError(
            f"the system keyring holds a key {name!r} already; it is never overwritten, choose another name"
        )
    keyring = _keyring()
    try:
        keyring.set_password(KEYRING_SERVICE, name, key.seed_text)
    except Exception as error:  # noqa: BLE001 - they raise whatever what is behind them raises
        raise _unusable(keyring, error) from None


def _kept(name: str) -> str | None:
    keyring = _keyring()
    try:
        text: str | None = keyring.get_password(KEYRING_SERVICE, name)
    except Exception as error:  # noqa: BLE001 - as above
        raise _unusable(keyring, error) from None
    return text


def _keyring() -> ModuleType:
    """The package, which is optional and is imported by those only who use it."""
    try:
        import keyring
        import keyring.errors
    except ImportError:
        raise ConfigError(
            "the system keyring needs the package 'keyring': install gridbot[keyring], or keep the key in a file "
            "(exchange.signing_key_file)"
        ) from None
    return keyring


def _unusable(keyring: ModuleType, error: Exception) -> ConfigError:
    """The words of an error that is not the package's own are not shown: a failed command, for one, shows its input."""
    words = " ".join(str(error).split()) if isinstance(error, keyring.errors.KeyringError) else ""
    return ConfigError(
        f"the system keyring cannot be used: {words or type(error).__name__}. Unlock it, or set one up; or keep "
        "the key in a file (exchange.signing_key_file)"
    )
