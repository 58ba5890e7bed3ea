"""A strategy instance's durable state: what its hooks leave in `ctx.state`."""

from __future__ import annotations

import copy
import json
from typing import Any

from bot.errors import StrategyError
from bot.ports import Clock, Store

LARGEST = 1_000_000
"""Characters of JSON: a state is stored whole whenever it changes, while everything else waits."""


class DurableState:
    """Loads an instance's state, hands out copies, and stores what has changed."""

    def __init__(self, name: str, store: Store, clock: Clock) -> None:
        self._name = name
        self._store = store
        self._clock = clock
        self._state: dict[str, Any] = {}

    async def load(self) -> None:
        """Read it from the database."""
        self._state = await self._store.load_state(self._name)

    def copy(self) -> dict[str, Any]:
        """A copy for a hook to change."""
        return copy.deepcopy(self._state) if self._state else {}

    async def keep(self, state: dict[str, Any]) -> None:
        """Store a state, if it is not the present one.

        Raises:
            StrategyError: it cannot be stored; it stays as it was.
        """
        if state == self._state:
            return
        try:
            text = json.dumps(state, allow_nan=False)
            same = json.loads(text) == state
        except (TypeError, ValueError, RecursionError) as error:
            raise StrategyError(f"its state cannot be stored as JSON: {error}") from error
        if len(text) > LARGEST:
            raise StrategyError(f"its state is {len(text):,} characters of JSON; at most {LARGEST:,} are stored")
        if not same:
            raise StrategyError("its state would not come back from JSON as it is: no tuples, and only texts as keys")
        await self._store.save_state(self._name, state, self._clock.now())
        self._state = state
