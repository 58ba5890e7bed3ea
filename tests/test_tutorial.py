"""The tutorial is followed to the letter: its files are written, its commands run."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
TUTORIAL = (ROOT / "docs" / "first-strategy.md").read_text()
BLOCK = re.compile(r"```(\w+)(?: file=(\S+))?\n(.*?)```", re.DOTALL)
ENDLESS = "gridbot paper"
"""What it starts that does not end by itself; tests of processes run it."""


def run(line: str, folder: Path) -> str:
    """Run one of its command lines as a reader would, and answer with what it said."""
    program, *words = line.split()
    module = {"gridbot": ["-m", "bot.cli"], "pytest": ["-m", "pytest", "-p", "no:cacheprovider"], "python": []}[program]
    done = subprocess.run(
        [sys.executable, *module, *words],
        cwd=folder,
        env={"PYTHONPATH": f"{ROOT}:{folder}", "PATH": "", "COLUMNS": "120"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, f"{line}\n{done.stdout}{done.stderr}"
    return done.stdout


def test_every_step_of_the_tutorial_works(tmp_path: Path) -> None:
    (tmp_path / "pytest.ini").write_text("[pytest]\nasyncio_mode = auto\n")
    said = ""
    for language, file, text in BLOCK.findall(TUTORIAL):
        if file:
            path = tmp_path / file
            path.parent.mkdir(exist_ok=True)
            path.write_text(text)
        elif language == "sh":
            for line in text.splitlines():
                if not line.startswith(ENDLESS):
                    said += run(line, tmp_path)
    assert "2 passed" in said
    assert re.search(r"[1-9]\d* fills, \d+ units held, equity \d+", said)
    assert "no rule was broken" in said


@pytest.mark.parametrize("parameter", ["discuont: 0.01", "units: none", "units: 0"])
def test_a_mistake_in_its_configuration_is_told_in_one_line(parameter: str, tmp_path: Path) -> None:
    for _, file, text in BLOCK.findall(TUTORIAL):
        if file:
            path = tmp_path / file
            path.parent.mkdir(exist_ok=True)
            path.write_text(re.sub(r"parameters: {.*}", f"parameters: {{{parameter}}}", text))
    done = subprocess.run(
        [sys.executable, "-m", "bot.cli", "config", "check"],
        cwd=tmp_path,
        env={"PYTHONPATH": str(ROOT), "PATH": "", "COLUMNS": "200"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode != 0
    assert "Traceback" not in done.stderr
    [line] = [line for line in (done.stdout + done.stderr).splitlines() if parameter.partition(":")[0] in line]
    assert "config.yaml:8: strategies[0].parameters" in line
