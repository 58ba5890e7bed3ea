"""How a client is made, and let go."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
import structlog
from pydantic import SecretStr

from bot.errors import ConfigError
from bot.grid.consumption import ConsumptionClient
from bot.settings import Settings
from tests.grid.inference.scripted_web import CHAT, HELLO, KEY, client_of, said


def settings(**consumption: Any) -> Settings:
    return Settings.model_validate({"consumption": consumption})


@pytest.fixture
def open_key_file(key_file: Path) -> Path:
    key_file.chmod(0o644)
    return key_file


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    file = tmp_path / "consumption.key"
    file.write_text(f"\n {KEY} \r\n")
    file.chmod(0o600)
    return file


async def test_the_block_closes_the_client() -> None:
    inference, web = client_of(said(CHAT))
    async with inference as same:
        assert same is inference
        await inference.chat("text-prime", HELLO)
        assert not web.closed
    assert web.closed


async def test_base_urls_lose_their_last_slash_and_keep_their_paths() -> None:
    inference, web = client_of(said(CHAT), base_url="https://Grid.example:8443/a/v2/")
    await inference.chat("text-prime", HELLO)
    assert web.urls == ["https://grid.example:8443/a/v2/chat/completions"]


@pytest.mark.parametrize("option", ["base_url", "messages_url"])
@pytest.mark.parametrize("url", ["http://grid.example/v1", "grid.example", "https://me:pw@grid.example/v1"])
def test_a_base_url_that_the_key_must_not_go_to_is_refused(option: str, url: str) -> None:
    with pytest.raises(ConfigError):
        client_of(**{option: url})


async def test_the_key_of_the_settings_may_be_in_a_file(key_file: Path) -> None:
    with structlog.testing.capture_logs() as logged:
        async with ConsumptionClient.from_settings(settings(api_key_file=key_file)):
            pass
    assert logged == []


async def test_a_key_file_that_others_can_read_is_warned_of(open_key_file: Path) -> None:
    with structlog.testing.capture_logs() as logged:
        async with ConsumptionClient.from_settings(settings(api_key_file=open_key_file)):
            pass
    (warning,) = logged
    assert warning["log_level"] == "warning"
    assert f"chmod 600 {open_key_file}" in warning["event"]
    assert KEY not in str(logged)


def test_without_a_key_the_settings_are_named() -> None:
    with pytest.raises(
        ConfigError, match=r"no consumption key.*consumption\.api_key_file.*GRIDBOT_CONSUMPTION__API_KEY"
    ):
        ConsumptionClient.from_settings(settings())


def test_a_key_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"none\.key cannot be read: No such file.*\(consumption\.api_key_file\)"):
        ConsumptionClient.from_settings(settings(api_key_file=tmp_path / "none.key"))


def test_a_pipe_is_no_key_file_and_is_not_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path, 0o600)
    with pytest.raises(ConfigError, match=r"pipe .*cannot be read: it is not a regular file"):
        ConsumptionClient.from_settings(settings(api_key_file=path))


@pytest.mark.parametrize("content", [b"", b" \n", b"two words", b"\xff\xfe", b"x" * 5000 + b" y"])
def test_a_key_file_without_a_key_is_named_and_not_shown(key_file: Path, content: bytes) -> None:
    key_file.write_bytes(content)
    with pytest.raises(ConfigError, match=r"consumption key file .*consumption\.key (holds|is too large)") as refused:
        ConsumptionClient.from_settings(settings(api_key_file=key_file))
    assert "words" not in str(refused.value)


async def test_settings_are_loaded_where_none_are_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigError, match="no consumption key"):
        ConsumptionClient.from_settings()
    (tmp_path / ".env").write_text(f"GRIDBOT_CONSUMPTION__API_KEY={KEY}\n")
    async with ConsumptionClient.from_settings():
        pass


def test_the_key_of_the_settings_may_be_a_setting() -> None:
    assert ConsumptionClient.from_settings(settings(api_key=SecretStr(f" {KEY}\n")))
