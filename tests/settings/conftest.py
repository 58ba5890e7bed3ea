"""How these tests load settings: never from this machine's environment or working folder."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bot.errors import ConfigError
from bot.settings import Settings, load_settings

Load = Callable[..., Settings]
Faults = Callable[..., list[str]]


@pytest.fixture
def load(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Load:
    """`load(yaml, env={}, dotenv=text, overrides={})`, in an empty working folder."""
    monkeypatch.chdir(tmp_path)

    def load(yaml: str = "", *, env: dict[str, str] | None = None, dotenv: str = "", **options: Any) -> Settings:
        Path("config.yaml").write_text(yaml)
        Path(".env").write_text(dotenv)
        return load_settings(env=env or {}, dotenv=Path(".env"), **options)

    return load


@pytest.fixture
def faults(load: Load) -> Faults:
    """Load what must be refused, and return the faults that the one error lists."""

    def faults(*args: Any, **options: Any) -> list[str]:
        with pytest.raises(ConfigError) as caught:
            load(*args, **options)
        assert caught.value.__cause__ is caught.value.__context__ is None, "a cause would show what was written"
        head, *lines = str(caught.value).splitlines()
        assert head == ("1 fault in the settings:" if len(lines) == 1 else f"{len(lines)} faults in the settings:")
        return [line.removeprefix("  ") for line in lines]

    return faults
