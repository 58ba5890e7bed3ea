"""The most that strategies want, as far as that is known of them: what the bot does must never come to more."""

from __future__ import annotations

from collections.abc import Mapping

from bot.rehearsal.churner import Churner
from bot.rehearsal.invariants import Cap, Stock
from bot.settings import Settings
from bot.sim.market import SimMarket
from bot.strategy import registry
from strategies.replenish import Replenish


def caps_of(settings: Settings, markets: Mapping[str, SimMarket]) -> list[Cap]:
    """What the strategies want to rest on a side of their markets, at most; `markets` by symbol."""
    caps = []
    for one in settings.strategies:
        match registry.make(one.strategy, one.parameters):
            case Churner(size=units) | Replenish(target=units):
                caps += [Cap(one.name, markets[symbol].market_id, units) for symbol in one.markets]
    return caps


def stocks_of(settings: Settings, markets: Mapping[str, SimMarket]) -> list[Stock]:
    """What a `replenish` that trades its market alone wants to own of it, at most; `markets` by symbol."""
    traders = [symbol for one in settings.strategies for symbol in one.markets]
    stocks = []
    for one in settings.strategies:
        strategy = registry.make(one.strategy, one.parameters)
        if isinstance(strategy, Replenish):
            alone = (markets[symbol] for symbol in one.markets if traders.count(symbol) == 1)
            stocks += [Stock(market.market_id, market.instrument_id, strategy.target) for market in alone]
    return stocks
