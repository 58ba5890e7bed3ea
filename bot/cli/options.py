"""What stands before the command on the command line, and the settings that follow from it."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from bot.settings import Settings


@dataclass(slots=True)
class Options:
    """The options that every command shares.

    Attributes:
        config: the YAML file named with `--config`.
        overrides: what was given with `--set`, nested like the file.
        debug: whether errors come with a traceback.
    """

    config: Path | None = None
    overrides: dict[str, Any] = field(default_factory=dict)
    debug: bool = False

    @classmethod
    def of(cls, ctx: typer.Context) -> Options:
        """The options of the command line that a command belongs to."""
        return ctx.ensure_object(cls)

    def settings(self, *, check_strategies: bool = False) -> Settings:
        """The settings; with `check_strategies` their strategies' names and parameters are looked at, too.

        Raises:
            ConfigError: something is wrong; the text lists every fault.
        """
        from bot.settings import DOTENV, config_file, load_settings
        from bot.strategy import registry

        file = config_file(self.config)
        for folder in (str(Path.cwd()), str(file.resolve().parent) if file else ""):
            if folder and folder not in sys.path:
                sys.path.append(folder)  # where a user's own strategies lie
        check = registry.check if check_strategies else None
        return load_settings(self.config, dotenv=DOTENV, overrides=self.overrides, check_strategy=check)

    @property
    def source(self) -> str:
        """Where the settings are read from, in words."""
        from bot.settings import config_file

        return str(config_file(self.config) or "defaults (there is no config.yaml here)")

    def database_url(self, given: str | None) -> str:
        """The database URL given with the command, else that of the settings. Raises `ConfigError`."""
        return given or self.settings().database.url.get_secret_value()


def parse_overrides(assignments: Iterable[str]) -> dict[str, Any]:
    """`a.b=c`, several, as nested dicts; of two for the same setting the last counts.

    Raises:
        typer.BadParameter: one is not of that form, or is for a setting and a group of that name at once.
    """
    overrides: dict[str, Any] = {}
    for assignment in assignments:
        path, equals, value = assignment.partition("=")
        *groups, name = path.strip().split(".")
        if not equals or not name:
            raise typer.BadParameter(f"'{path}' is not of the form exchange.base_url=VALUE")
        inner = overrides
        for group in groups:
            inner = inner.setdefault(group, {})
            if not isinstance(inner, dict):
                raise typer.BadParameter(f"'{group}' is given a value and has settings inside")
        inner[name] = value
    return overrides
