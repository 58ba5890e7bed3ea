"""The state that trading is in: the strictest of what the latch says and what parts of the bot ask for."""

from __future__ import annotations

from bot.domain.intents import Place, Stock
from bot.domain.latch import Latch, TradingState
from bot.domain.order import Side
from bot.risk.facts import Scope

_SEVERITY = (TradingState.ACTIVE, TradingState.REDUCING, TradingState.HALTED)


class Standing:
    """The latch, and the holds of parts of the bot: each holder has one, and takes back no other's."""

    def __init__(self) -> None:
        self.latch: Latch | None = None
        self._holds: dict[str, tuple[TradingState, str]] = {}

    def hold(self, holder: str, state: TradingState, reason: str) -> None:
        """Keep trading in a state until this holder releases it."""
        self._holds[holder] = (state, reason)

    def release(self, holder: str) -> None:
        """Take back what this holder asked for; does nothing where it asked for nothing."""
        self._holds.pop(holder, None)

    @property
    def state(self) -> TradingState:
        """The strictest state that anybody asks for."""
        return self._strictest[0]

    @property
    def why(self) -> str:
        """Why it is so, in words; empty while trading is active."""
        return self._strictest[1]

    @property
    def _strictest(self) -> tuple[TradingState, str]:
        asked = [(TradingState.ACTIVE, ""), *self._holds.values()]
        if self.latch is not None and self.latch.state is not TradingState.ACTIVE:
            told = f"{self.latch.reason} (by {self.latch.by}); `gridbot resume REASON` lets it go on"
            asked.insert(1, (self.latch.state, told))
        return max(asked, key=lambda one: _SEVERITY.index(one[0]))


def refused_in(state: TradingState, intent: Place | Stock, scope: Scope) -> str | None:
    """Why a state does not let an order or transfer through, or None where it does. It never stops a cancel.

    While reducing, sells of what is held pass, and transfers: they spend nothing. Halted is halted, and moves nothing.
    """
    if state is TradingState.ACTIVE:
        return None
    if state is TradingState.HALTED:
        return "only cancels pass"
    if isinstance(intent, Stock):
        return None
    if intent.side is Side.BUY:
        return "only cancels, transfers, and sells of what is held pass"
    held, on_ask = scope.held(intent.market_id), scope.on_order(intent.market_id, Side.SELL)
    if on_ask + intent.quantity <= held:
        return None
    return f"{held} units are held and {on_ask} of them on offer, so that {intent.quantity} more cannot be sold"
