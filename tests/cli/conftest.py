"""How these tests run the command line: in an empty working folder and without settings from this machine."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from bot.cli import main


@dataclass(frozen=True, slots=True)
class Result:
    """What one command line came to."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The one JSON document on stdout."""
        assert (self.status, self.err) == (0, "")
        return json.loads(self.out)


Gridbot = Callable[..., Result]


@pytest.fixture
def gridbot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Gridbot:
    """`gridbot("orders", "--json")` runs that command line."""
    monkeypatch.chdir(tmp_path)
    for name in os.environ:
        if name.upper().startswith("GRIDBOT_"):
            monkeypatch.delenv(name)

    def gridbot(*arguments: str) -> Result:
        capsys.readouterr()
        status = main(arguments)
        captured = capsys.readouterr()
        assert "Traceback" not in captured.err or "--debug" in arguments
        return Result(status, captured.out, captured.err)

    return gridbot
