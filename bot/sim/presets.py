"""How background traders behave: every parameter of a crowd, and two crowds to choose from."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from difflib import get_close_matches
from typing import Annotated, TypeAlias

import msgspec
from msgspec import Meta

from bot.errors import ConfigError

_Units: TypeAlias = Annotated[int, Meta(ge=1, le=100_000)]
_Fraction: TypeAlias = Annotated[float, Meta(ge=0, le=1)]


@dataclass(frozen=True, slots=True, kw_only=True)
class CrowdConfig:
    """How a market's background traders behave. Sizes are kept within what the market allows.

    Attributes:
        depth: price levels that they quote on each side.
        size: smallest and largest order at a level, units.
        spread: from their best bid to their best ask, a fraction of the reference price.
        level_gap: from one level to the next, a fraction of the first reference price; at least a tick.
        takers_per_hour: how many market orders come in, in the mean; buys and sells alike.
        taker_size: smallest and largest market order, units.
        interval_seconds: how often they look at the reference price.
        volatility: standard deviation of a day's log return of the reference price, where it walks at random.
        shocks_per_day: how often supply vanishes, in the mean: they sell nothing for a while.
        shock_hours: how long supply stays away.
        shock_at: when it vanishes besides, hours after the exchange starts.
    """

    depth: Annotated[int, Meta(ge=1, le=200)] = 20
    size: tuple[_Units, _Units] = (10, 60)
    spread: _Fraction = 0.01
    level_gap: _Fraction = 0.005
    takers_per_hour: Annotated[float, Meta(ge=0, le=36_000)] = 120.0
    taker_size: tuple[_Units, _Units] = (1, 15)
    interval_seconds: Annotated[float, Meta(ge=1, le=3600)] = 10.0
    volatility: Annotated[float, Meta(ge=0, le=10)] = 0.06
    shocks_per_day: Annotated[float, Meta(ge=0, le=100)] = 0.0
    shock_hours: Annotated[float, Meta(gt=0, le=720)] = 1.0
    shock_at: tuple[Annotated[float, Meta(ge=0, le=100_000)], ...] = ()


CALM = CrowdConfig()
"""A deep book with a narrow spread, around a price that moves little."""

STRESSED = CrowdConfig(
    depth=5,
    size=(1, 12),
    spread=0.06,
    level_gap=0.01,
    takers_per_hour=240.0,
    taker_size=(1, 10),
    volatility=0.6,
    shocks_per_day=4.0,
)
"""A thin book with a wide spread, around a price that moves much, and without sellers for an hour now and then."""

PRESETS: Mapping[str, CrowdConfig] = {"calm": CALM, "stressed": STRESSED}
"""The crowds to choose from, by name."""

_NAMES = [field.name for field in fields(CrowdConfig)]
_LISTS = ("size", "taker_size", "shock_at")


def changed(config: CrowdConfig, changes: Mapping[str, object]) -> CrowdConfig:
    """A crowd with some parameters changed; texts stand for numbers, `10-60` for a pair, `1.5,26` for a list.

    Raises:
        ConfigError: there is no such parameter, or a value is out of its range.
    """
    for name in changes:
        if name not in _NAMES:
            close = get_close_matches(name, _NAMES, n=1)
            raise ConfigError(f"a crowd has no {name!r}; " + (f"did you mean {close[0]!r}?" if close else _known()))
    for name, value in changes.items():
        config = _with(config, name, value)
    return config


def _with(config: CrowdConfig, name: str, value: object) -> CrowdConfig:
    is_text = isinstance(value, str)
    if isinstance(value, str) and name in _LISTS:
        value = [piece for piece in re.split(r"[-,]", value) if piece]
    try:
        made = msgspec.convert(asdict(config) | {name: value}, CrowdConfig, strict=not is_text)
    except msgspec.ValidationError as error:
        raise ConfigError(f"{name} of a crowd is wrong: {_reason(error)}") from None
    least, most = made.size if name == "size" else made.taker_size
    if least > most:
        raise ConfigError(f"{name} of a crowd is wrong: its smallest is larger than its largest")
    return made


def _reason(error: msgspec.ValidationError) -> str:
    """What msgspec says, without where: the name says that."""
    return str(error).partition(" - at ")[0].replace("`", "")


def _known() -> str:
    return f"it has {', '.join(_NAMES)}"
