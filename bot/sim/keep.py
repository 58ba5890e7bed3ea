"""From a living exchange to what is kept of it."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from bot.domain.order import Side
from bot.sim.history import History
from bot.sim.ledger import Account
from bot.sim.lots import Lots
from bot.sim.market import SimMarket
from bot.sim.snapshot import (
    FORMAT,
    KeptAccount,
    KeptAnswer,
    KeptBalance,
    KeptFill,
    KeptLots,
    KeptMarket,
    KeptOrder,
    KeptVenue,
)
from bot.sim.venue import Venue


def kept(venue: Venue, seed: int | None, answers: Iterable[KeptAnswer]) -> KeptVenue:
    """The markets and the users' accounts of an exchange, as they are now, and what is told of it besides."""
    return KeptVenue(
        format=FORMAT,
        now=venue.now,
        clock=venue.tempo.when(venue.now),
        answers=list(answers),
        seed=None if seed is None else str(seed),
        markets=[_market(market) for market in venue.markets.values()],
        accounts=[
            _account(account, venue.history(account)) for account in venue.accounts.values() if not account.house
        ],
    )


def _market(market: SimMarket) -> KeptMarket:
    resting = [
        order.order_id
        for side in Side
        for level in market.book.side(side).levels()
        for order in level
        if not order.account.house
    ]
    waiting = [order.order_id for order in market.stops if not order.account.house]
    return KeptMarket(market.market_id, market.instrument_id, market.symbol, market.created_at, resting, waiting)


def _account(account: Account, history: History) -> KeptAccount:
    return KeptAccount(
        account_id=account.account_id,
        user_id=account.user_id,
        name=account.name,
        auto_transfer=account.auto_transfer,
        created_at=account.created_at,
        updated_at=account.updated_at,
        verify_keys=list(account.verify_keys.values()),
        cash=KeptBalance(account.cash.available, account.cash.locked),
        units={key: KeptBalance(units.available, units.locked) for key, units in account.units.items()},
        lots={key: _lots(lots) for key, lots in account.lots.items()},
        orders=[msgspec.convert(order, KeptOrder, from_attributes=True) for order in history.orders],
        fills=[KeptFill(fill.order.order_id, fill.trade) for fill in history.fills],
        transfers=history.transfers,
        mode=account.mode,
        supplier=account.supplier,
        issuances=history.issuances,
    )


def _lots(lots: Lots) -> KeptLots:
    return KeptLots(list(lots), lots.received, lots.used, lots.expired, lots.in_transit, lots.committed, lots.withdrawn)
