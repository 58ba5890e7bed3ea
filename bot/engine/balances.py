"""Stores what the account holds, every so often."""

from __future__ import annotations

from decimal import Decimal

import structlog

from bot.engine.feed import Account, Feed
from bot.engine.pace import Pace
from bot.errors import ExchangeError
from bot.ports import BalanceSnapshot, Clock, Store

log = structlog.stdlib.get_logger("balances")


class BalanceKeeper:
    """Stores balances now and every `Pace.snapshot`."""

    def __init__(self, feed: Feed, store: Store, pace: Pace, clock: Clock) -> None:
        self._feed = feed
        self._store = store
        self._pace = pace
        self._clock = clock

    async def run(self) -> None:
        """Store balances until cancelled."""
        while True:
            try:
                await self.save()
            except ExchangeError as error:
                log.warning("balances not stored: the exchange cannot be read", why=str(error))
            await self._clock.sleep(self._pace.snapshot.total_seconds())

    async def save(self) -> None:
        """Store balances once. Raises `ExchangeError`."""
        await self._store.save_balances(_rows(await self._feed.account()))


def _rows(account: Account) -> list[BalanceSnapshot]:
    holdings, at = account.holdings, account.at
    cash = holdings.cash
    rows = [BalanceSnapshot(at, "cash", "USD", cash.total, cash.available, cash.locked)]
    for name, balances in (("trading", holdings.trading), ("consumption", holdings.consumption)):
        rows += [
            BalanceSnapshot(at, name, asset, Decimal(units.total), Decimal(units.available), Decimal(units.locked))
            for asset, units in balances.items()
        ]
    return rows
