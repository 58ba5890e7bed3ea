"""The base class of every strategy."""

from __future__ import annotations

import difflib
import inspect
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict

from bot.domain.fill import Fill
from bot.domain.order import Order
from bot.errors import StrategyError

if TYPE_CHECKING:
    from bot.strategy.context import Context

HOOKS = ("on_start", "on_tick", "on_order", "on_fill", "on_stop")
"""The names of all hooks."""


class Strategy(BaseModel):
    """A strategy is its parameters (pydantic fields, defaults validated too) and its hooks.

    Hooks are called one at a time per strategy instance, each with a fresh, consistent `Context`. They state what
    they want through it and never talk to the exchange themselves. Override those that are of use.

    Raises:
        StrategyError: when the class is made, if it has a misspelt hook or one that is not async.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, validate_default=True)

    @classmethod
    def __pydantic_init_subclass__(cls, **_: Any) -> None:
        for name, member in vars(cls).items():
            if name in HOOKS and not inspect.iscoroutinefunction(member):
                raise StrategyError(f"strategy {cls.__name__}: its hook '{name}' must be written 'async def {name}'")
            if name.startswith("on_") and name not in HOOKS:
                close = difflib.get_close_matches(name, HOOKS, n=1)
                advice = f"did you mean '{close[0]}'?" if close else f"the hooks are {', '.join(HOOKS)}"
                raise StrategyError(f"strategy {cls.__name__} has a hook '{name}', which nothing would call; {advice}")

    async def on_start(self, ctx: Context) -> None:
        """Once, after the account was reconciled and before anything else."""

    async def on_tick(self, ctx: Context) -> None:
        """At every time of the instance's schedule."""

    async def on_order(self, ctx: Context, order: Order) -> None:
        """When one of the instance's resting orders was cancelled or expired.

        A refused order calls nothing: the next tick shows that it is not there.
        """

    async def on_fill(self, ctx: Context, fill: Fill) -> None:
        """For every fill of the instance's orders, once each."""

    async def on_stop(self, ctx: Context) -> None:
        """Once, on a clean stop, while orders can still be placed and cancelled."""
