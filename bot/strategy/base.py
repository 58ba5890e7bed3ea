"""The base class of every strategy."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, ClassVar, get_args

from pydantic import BaseModel, ConfigDict, ValidationInfo, field_validator

from bot.domain.duration import duration_of
from bot.strategy.definition import CheckedClass

if TYPE_CHECKING:
    from bot.domain.fill import Fill
    from bot.domain.order import Order
    from bot.domain.problem import Problem
    from bot.strategy.context import Context


class Strategy(BaseModel, metaclass=CheckedClass):
    """A strategy is its parameters (pydantic fields, defaults validated too) and its hooks.

    Hooks are called one at a time per strategy instance, each with a fresh, consistent `Context`. They state what
    they want through it and never talk to the exchange themselves. Override those that are of use.

    Attributes:
        resolutions: candles that `ctx.candles_of("1h")` offers besides those of the instance's own resolution.
        history: how many closed candles of each resolution hooks see at least, once the exchange has so many; 1 to
            10,000.
        depth: levels of `ctx.book`, at most 100; 0: the book is not read, and `ctx.book` is None.

    Raises:
        StrategyError: when a class is made that is written wrongly; says what, and what to write instead.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, validate_default=True)

    resolutions: ClassVar[tuple[str, ...]] = ()
    history: ClassVar[int] = 500
    depth: ClassVar[int] = 0

    @field_validator("*", mode="before")
    @classmethod
    def _durations(cls, value: Any, info: ValidationInfo) -> Any:
        """Lengths of time are written as in the rest of the configuration, `90s` or `1h30m`; ISO 8601 is taken, too."""
        kind = cls.model_fields[info.field_name or ""].annotation
        is_iso = not isinstance(value, str) or value.strip().upper().startswith(("P", "-P", "+P"))
        return value if is_iso or timedelta not in (kind, *get_args(kind)) else _duration(value)

    @classmethod
    def overrides(cls, hook: str) -> bool:
        """Whether the class has a hook of its own, or inherits one from another strategy."""
        return getattr(cls, hook) is not getattr(Strategy, hook)

    async def on_start(self, ctx: Context) -> None:
        """Once, after the account was reconciled and before anything else."""

    async def on_tick(self, ctx: Context) -> None:
        """At every time of the instance's schedule."""

    async def on_candle(self, ctx: Context) -> None:
        """When a candle of the instance's resolution closed on one of its markets; several at once make one call."""

    async def on_book(self, ctx: Context) -> None:
        """When the best bid, the best ask or the last price of one of its markets changed.

        Several changes while a hook runs make one call.
        """

    async def on_order(self, ctx: Context, order: Order) -> None:
        """When one of the instance's resting orders was cancelled or expired; a refused one is told to `on_error`."""

    async def on_fill(self, ctx: Context, fill: Fill) -> None:
        """For every fill of the instance's orders, once each."""

    async def on_error(self, ctx: Context, problem: Problem) -> None:
        """When an order or transfer was refused, by the exchange or the risk gate, or another hook failed.

        A failure of this hook calls nothing.
        """

    async def on_stop(self, ctx: Context) -> None:
        """Once, on a clean stop, while orders can still be placed and cancelled."""


def _duration(text: str) -> timedelta | str:
    """The length of time, or the text as it is where it is none: a parameter may take other things besides."""
    try:
        return duration_of(text)
    except ValueError:
        return text


HOOKS = tuple(name for name in vars(Strategy) if name.startswith("on_"))
"""The names of all hooks."""
