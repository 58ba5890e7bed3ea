"""What each state of trading lets through."""

from __future__ import annotations

from bot.domain.intents import Issue, Place, Stock
from bot.domain.latch import TradingState
from bot.domain.order import Side
from bot.risk.facts import Scope


def refused_in(state: TradingState, intent: Place | Stock | Issue, scope: Scope) -> str | None:
    """Why a state does not let an order, transfer or issue through, or None where it does. It never stops a cancel.

    While reducing, sells of what is held pass, and transfers: they spend nothing. An issue makes more to be sold, so it
    does not. Halted is halted, and moves nothing.
    """
    if state is TradingState.ACTIVE:
        return None
    if state is TradingState.HALTED:
        return "only cancels pass"
    if isinstance(intent, Stock):
        return None
    if isinstance(intent, Issue) or intent.side is Side.BUY:
        return "only cancels, transfers, and sells of what is held pass"
    held, on_ask = scope.held(intent.market_id), scope.on_order(intent.market_id, Side.SELL)
    if on_ask + intent.quantity <= held:
        return None
    return f"{held} units are held and {on_ask} of them on offer, so that {intent.quantity} more cannot be sold"
