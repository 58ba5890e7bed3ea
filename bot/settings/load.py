"""From the places where settings are written to one `Settings`, or to one error that lists every fault."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from bot.errors import ConfigError
from bot.settings import variables
from bot.settings.faults import explain
from bot.settings.layer import Fault, KeyPath, Layer
from bot.settings.models import Settings
from bot.settings.strategies import CheckStrategy, adopter_faults, strategy_faults
from bot.settings.yaml_file import read_yaml

DEFAULT_FILE = Path("config.yaml")
"""The file that is read when none is named, if it is there."""


DOTENV = Path(".env")
"""The file of variables that is read, if it is there."""


def config_file(path: Path | None) -> Path | None:
    """The file that `load_settings` reads: the one named, else `config.yaml` in the working folder if there is one."""
    return path or (DEFAULT_FILE if DEFAULT_FILE.exists() else None)


def load_settings(
    path: Path | None = None,
    *,
    env: Mapping[str, str] | None = None,
    dotenv: Path | None = None,
    overrides: Mapping[str, Any] | None = None,
    check_strategy: CheckStrategy | None = None,
) -> Settings:
    """Read the settings from, in rising order, a YAML file, a `.env` file, the environment, and the command line.

    Args:
        path: the YAML file; without one, `config.yaml` in the working folder if it is there.
        env: the environment variables; without them, those of this process.
        dotenv: the `.env` file; one that does not exist says nothing.
        overrides: what was given on the command line, nested like the file.
        check_strategy: says what is wrong with a strategy's name or parameters; without it they are not looked at.

    Raises:
        ConfigError: something is wrong; its text lists every fault with its source, the setting, and what to write.
    """
    layers = [variables.overrides(overrides or {}), variables.environment(os.environ if env is None else env)]
    if dotenv is not None and dotenv.exists():
        layers.append(variables.read_dotenv(dotenv))
    if file := config_file(path):
        layers.append(read_yaml(file))
    settings, found = _merge(layers)
    found += strategy_faults(_written(layers, "strategies"), _written(layers, "strategy_folders"), check_strategy)
    found += adopter_faults(settings) if settings else []
    faults = [fault for layer in reversed(layers) for fault in layer.faults]
    faults += [Fault(place, path, text) for path, text in found for place in _places(layers, path)]
    if faults or settings is None:
        raise ConfigError(_listed(faults))
    return settings


def _merge(strongest_first: Sequence[Layer]) -> tuple[Settings | None, list[tuple[KeyPath, str]]]:
    class Layered(Settings):
        @classmethod
        def settings_customise_sources(cls, *_: Any, **__: Any) -> tuple[Layer, ...]:
            return tuple(strongest_first)

    try:
        return Settings(**dict(Layered())), []
    except ValidationError as error:  # goes no further: it holds what was written, secrets too
        return None, [(detail["loc"], explain(detail)) for detail in error.errors(include_url=False)]


def _written(strongest_first: Sequence[Layer], name: str) -> object:
    return next((layer.values[name] for layer in strongest_first if name in layer.values), None)


def _places(strongest_first: Sequence[Layer], path: KeyPath) -> list[str]:
    return next((layer.where(path) for layer in strongest_first if layer.decides(path)), [""])


def _listed(faults: Sequence[Fault]) -> str:
    head = "1 fault in the settings:" if len(faults) == 1 else f"{len(faults)} faults in the settings:"
    return "\n".join([head, *(f"  {fault}" for fault in faults)])
