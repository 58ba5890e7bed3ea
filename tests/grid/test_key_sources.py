"""Where the trading key of the settings comes from."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from keyring.backends.fail import Keyring as NoKeyring
from pydantic import SecretStr

from bot.errors import ConfigError, KeyMaterialError
from bot.grid.key_sources import (
    file_material,
    has_key,
    keep_in_keyring,
    key_material,
    keyring_material,
    signing_key,
)
from bot.grid.keys import SigningKey, write_key_file
from bot.settings import ExchangeSettings
from tests.memory_keyring import MemoryKeyring, memory_keyring

KEY = SigningKey(bytes(range(32)))
OTHER = SigningKey(bytes(32))


@pytest.fixture
def keyring() -> Iterator[MemoryKeyring]:
    with memory_keyring() as mine:
        yield mine


def exchange(**settings: Any) -> ExchangeSettings:
    return ExchangeSettings(**settings)


def no_warning(text: str) -> None:
    raise AssertionError(text)


def test_a_key_comes_from_a_setting_a_file_or_the_keyring(tmp_path: Path, keyring: MemoryKeyring) -> None:
    path = tmp_path / "grid.key"
    write_key_file(path, KEY)
    keep_in_keyring("main", KEY)
    for source in (
        exchange(signing_key=SecretStr(KEY.seed_text)),
        exchange(signing_key_file=path),
        exchange(signing_key_keyring="main"),
    ):
        assert has_key(source)
        assert signing_key(source, no_warning).fingerprint == KEY.fingerprint


def test_no_key_is_told_with_what_to_do() -> None:
    assert not has_key(exchange())
    with pytest.raises(ConfigError, match="gridbot keys new FILE"):
        signing_key(exchange())


def test_a_file_that_others_can_read_is_warned_of_and_used(tmp_path: Path) -> None:
    path = tmp_path / "grid.key"
    path.write_text(KEY.seed_text)
    path.chmod(0o644)
    warnings: list[str] = []
    assert signing_key(exchange(signing_key_file=path), warnings.append).fingerprint == KEY.fingerprint
    [warning] = warnings
    assert f"chmod 600 {path}" in warning


def test_found_material_names_its_source_and_never_shows_the_secret(tmp_path: Path, keyring: MemoryKeyring) -> None:
    keyring.kept["gridbot", "main"] = "swordfish-not-a-key!"
    path = tmp_path / "grid.key"
    path.write_text("swordfish-not-a-key!")
    for found, name in (
        (key_material(exchange(signing_key=SecretStr("swordfish-not-a-key!"))), "exchange.signing_key"),
        (file_material(path), str(path)),
        (keyring_material("main"), "'main'"),
    ):
        assert "swordfish" not in repr(found)
        with pytest.raises(KeyMaterialError) as caught:
            found.key()
        assert name in str(caught.value)
        assert "swordfish" not in str(caught.value)


def test_a_key_in_the_keyring_is_never_overwritten(keyring: MemoryKeyring) -> None:
    keep_in_keyring("main", KEY)
    with pytest.raises(KeyMaterialError, match="'main' already"):
        keep_in_keyring("main", OTHER)
    assert keyring.kept == {("gridbot", "main"): KEY.seed_text}


def test_a_name_that_the_keyring_does_not_have_is_told_with_what_to_do(keyring: MemoryKeyring) -> None:
    with pytest.raises(KeyMaterialError, match="gridbot keys new --keyring main"):
        signing_key(exchange(signing_key_keyring="main"))


def test_a_keyring_that_cannot_be_used_is_told_with_what_to_do(keyring: MemoryKeyring) -> None:
    keyring.locked = True
    with pytest.raises(ConfigError, match=r"the keyring is locked\. Unlock it"):
        signing_key(exchange(signing_key_keyring="main"))


def test_a_machine_without_a_keyring_is_told_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    import keyring as package

    before = package.get_keyring()
    package.set_keyring(NoKeyring())  # type: ignore[no-untyped-call]
    try:
        with pytest.raises(ConfigError, match="keep the key in a file"):
            keep_in_keyring("main", KEY)
    finally:
        package.set_keyring(before)


def test_a_keyring_that_takes_nothing_in_is_told(keyring: MemoryKeyring, monkeypatch: pytest.MonkeyPatch) -> None:
    from keyring.errors import PasswordSetError

    def refuse(*_: str) -> None:
        raise PasswordSetError("the disk is full")

    monkeypatch.setattr(keyring, "set_password", refuse)
    with pytest.raises(ConfigError, match="the disk is full"):
        keep_in_keyring("main", KEY)


def test_a_keyring_that_fails_in_its_own_way_is_told_without_its_words(
    keyring: MemoryKeyring, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*words: str) -> None:
        raise RuntimeError(f"command failed: store {words}")

    monkeypatch.setattr(keyring, "set_password", fail)
    with pytest.raises(ConfigError, match="cannot be used: RuntimeError") as caught:
        keep_in_keyring("main", KEY)
    assert KEY.seed_text not in str(caught.value)
    monkeypatch.setattr(keyring, "get_password", fail)
    with pytest.raises(ConfigError, match="cannot be used: RuntimeError"):
        signing_key(exchange(signing_key_keyring="main"))


def test_gridbot_without_the_keyring_extra_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "keyring", None)
    with pytest.raises(ConfigError, match=r"install gridbot\[keyring\]"):
        signing_key(exchange(signing_key_keyring="main"))
