"""The most that strategies want, as far as that is known of them: what the bot does must never come to more."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from bot.domain.order import Side
from bot.rehearsal.churner import Churner
from bot.rehearsal.invariants import Bound, Cap, Stock
from bot.rehearsal.supplier import Supplier as Issuer
from bot.settings import Settings
from bot.sim.market import SimMarket
from bot.strategy import registry
from bot.strategy.base import Strategy
from strategies.batch_capacity import BatchCapacity
from strategies.dip_buyer import DipBuyer
from strategies.llm_agent import LlmAgent
from strategies.market_maker import MarketMaker
from strategies.replenish import Replenish
from strategies.sma_cross import SmaCross
from strategies.supplier import Supplier
from strategies.tier_switch import TierSwitch
from strategies.twap import Twap


class Wants(NamedTuple):
    """The most units that a strategy wants on a market: resting on each side, and bought, less sold, and on bid."""

    bid: int
    ask: int
    held: int | None = None


def wants_of(strategy: Strategy, symbol: str) -> Wants | None:
    """What a strategy wants on a market; None where it promises nothing."""
    match strategy:
        case Churner(size=size) | Issuer(size=size):
            return Wants(size, size)
        case Replenish(target=target):
            return Wants(target, 0)
        case TierSwitch(target=target, quality=quality):
            return Wants(int(target / quality[symbol]) if symbol in quality else 0, 0)
        case BatchCapacity(units=units) | Twap(side=Side.BUY, quantity=units):
            return Wants(units, 0, units)
        case Twap(quantity=units):
            return Wants(0, units, 0)
        case MarketMaker(size=size, max_inventory=most):
            return Wants(min(size, most), min(size, most), most)
        case DipBuyer(lot=lot, lots=lots):
            return Wants(lot, lot * lots, lot * lots)
        case SmaCross(size=most) | LlmAgent(max_holding=most):
            return Wants(most, most, most)
        case Supplier(size=size, levels=levels):
            return Wants(0, size * levels, 0)
    return None


def caps_of(settings: Settings, markets: Mapping[str, SimMarket]) -> list[Cap]:
    """What the strategies want to rest on each side of their markets, at most; `markets` by symbol."""
    caps = []
    for name, symbol, wants in _all(settings):
        market_id = markets[symbol].market_id
        caps += [Cap(name, market_id, Side.BUY, wants.bid), Cap(name, market_id, Side.SELL, wants.ask)]
    return caps


def bounds_of(settings: Settings, markets: Mapping[str, SimMarket]) -> list[Bound]:
    """What the strategies want to have bought and on bid, at most; `markets` by symbol."""
    every = _all(settings)
    return [Bound(name, markets[symbol].market_id, held) for name, symbol, (*_, held) in every if held is not None]


def stocks_of(settings: Settings, markets: Mapping[str, SimMarket]) -> list[Stock]:
    """What a `replenish` that trades its market alone wants to own of it, at most; `markets` by symbol."""
    traders = [symbol for one in settings.strategies for symbol in one.markets]
    stocks = []
    for one in settings.strategies:
        strategy = registry.make(one.strategy, one.parameters, settings.strategy_folders)
        if isinstance(strategy, Replenish):
            alone = (markets[symbol] for symbol in one.markets if traders.count(symbol) == 1)
            stocks += [Stock(market.market_id, market.instrument_id, strategy.target) for market in alone]
    return stocks


def _all(settings: Settings) -> Iterator[tuple[str, str, Wants]]:
    """Each instance's name with each of its markets and what it wants there, where anything is known of that."""
    for one in settings.strategies:
        strategy = registry.make(one.strategy, one.parameters, settings.strategy_folders)
        for symbol in one.markets:
            if (wants := wants_of(strategy, symbol)) is not None:
                yield one.name, symbol, wants
