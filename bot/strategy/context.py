"""Everything that a hook may use."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, TypeAlias

import structlog

from bot.domain.account import Cash
from bot.domain.intents import Intent
from bot.errors import StrategyError
from bot.ports.inference import Inference
from bot.strategy.snapshot import MarketSnapshot
from bot.strategy.view import MarketView

Logger: TypeAlias = structlog.stdlib.BoundLogger


class Context(MarketView):
    """Everything a hook may use. It is itself the view of the strategy's first market; `ctx["code-max"]` is another's.

    Attributes:
        now: when the snapshot was begun, UTC.
        cash: the account's US dollars.
        state: a dictionary that survives restarts; keys are strings and values JSON. Stored after every hook that
            changed it.
        log: a logger that carries the instance's name.
        inference: models to ask; None in a back-test, and where no consumption key is set.
        intents: what the hook has said so far, in order.
    """

    def __init__(
        self,
        *,
        now: datetime,
        cash: Cash,
        markets: Mapping[str, MarketSnapshot],
        state: dict[str, Any],
        log: Logger,
        inference: Inference | None = None,
    ) -> None:
        self.intents: list[Intent] = []
        super().__init__(next(iter(markets.values())), self.intents)
        self.now = now
        self.cash = cash
        self.state = state
        self.log = log
        self.inference = inference
        further = list(markets.items())[1:]
        self._views: dict[str, MarketView] = {self.market.symbol: self}
        self._views.update({symbol: MarketView(snapshot, self.intents) for symbol, snapshot in further})

    def __getitem__(self, symbol: str) -> MarketView:
        """The view of one of the strategy's markets. Raises `StrategyError` when it is not one of them."""
        try:
            return self._views[symbol]
        except KeyError:
            raise StrategyError(f"'{symbol}' is not one of this strategy's markets: {', '.join(self._views)}") from None

    @property
    def symbols(self) -> tuple[str, ...]:
        """The strategy's markets, in the order in which they are configured."""
        return tuple(self._views)
