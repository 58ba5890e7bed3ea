"""A settings file with which gridbot's commands talk to a simulated exchange."""

from __future__ import annotations

import os
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bot.cli.demo import SYMBOL, replenishing
from bot.errors import ConfigError

if TYPE_CHECKING:
    from bot.sim.credentials import Credentials

_HEAD = """\
# Settings for the simulated exchange of `gridbot exchange serve`, made by it. The keys are good there and nowhere else.
# All that can be set is in config.example.yaml.

"""

_ALL_ADDRESSES = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - what a user may ask for
"""Hosts that stand for every address of this machine, and the one by which it reaches itself then."""


def is_reached_from_here(host: str) -> bool:
    """Whether gridbot on this machine reaches an exchange that listens on this host, by http as it is."""
    from bot.grid.endpoint import is_loopback

    return is_loopback(host) or host in _ALL_ADDRESSES


def as_seen_from_here(url: str) -> str:
    """The address of a server for clients on this machine; it differs where the server listens on all addresses."""
    from yarl import URL

    here = _ALL_ADDRESSES.get(URL(url).host or "")
    return url if here is None else str(URL(url).with_host(here)).rstrip("/")


def write_config(path: Path, credentials: Credentials, mean_price: Decimal) -> None:
    """Write a settings file that its owner alone can read, never over another file.

    With it gridbot's commands act for the exchange's first account, and `gridbot run` keeps it stocked with text-prime.

    Raises:
        ConfigError: there is such a file already, or the file system refuses.
    """
    import yaml

    text = _HEAD + yaml.safe_dump(_settings(path, credentials, mean_price), sort_keys=False)
    try:
        with open(path, "x", encoding="utf-8", opener=_private) as file:
            file.write(text)
    except FileExistsError:
        raise ConfigError(
            f"{path} exists already and is not overwritten: name another file, or, if it was made for this exchange, "
            "leave --config-out out"
        ) from None
    except OSError as error:
        raise ConfigError(f"{path} cannot be written: {error.strerror}") from None


def _settings(path: Path, credentials: Credentials, mean_price: Decimal) -> dict[str, Any]:
    return {
        "exchange": {
            "base_url": credentials.base_url,
            "stream_url": credentials.ws_url,
            "signing_key": credentials.signing_key,
        },
        "consumption": {
            "base_url": credentials.consumption_url,
            "messages_url": credentials.messages_url,
            "api_key": credentials.consumption_key,
        },
        "database": {"url": f"sqlite:///{path.stem}.db"},
        "strategies": [replenishing(SYMBOL, mean_price)],
    }


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, mode=0o600)
