"""What we hold, and what the account may do."""

from __future__ import annotations

import math

from bot.domain.account import Cash, Units
from bot.grid import account_wire, routes, status_wire
from bot.grid.base import TradingApi
from bot.grid.limiter import MINUTE
from bot.grid.listing import Listing
from bot.grid.queries import spelled
from bot.grid.results import (
    AccountLimits,
    ConsumptionAccount,
    CurrencyAccount,
    Health,
    OrderRateLimit,
    Position,
    TradingAccount,
    User,
)


class AccountsApi(TradingApi):
    """Balances, positions, limits, the user and the exchange's health. Cash is USD, quantities are units.

    Reads raise `ExchangeError`: `NotFound` of what the exchange does not have, `BadAnswer` of what cannot be
    understood.
    """

    async def cash(self) -> Cash:
        """US dollars. Route: `GET currency-trading-accounts`."""
        found = await self._listing(
            routes.CASH_ACCOUNTS, account_wire.ACCOUNTS, account_wire.cash_of, key=lambda cash: cash
        )
        return found[0] if found else Cash()

    async def trading_units(self) -> dict[str, Units]:
        """Units that can be sold or moved, by instrument id. Route: `GET trading-accounts`."""
        found = await self._listing(
            routes.TRADING_ACCOUNTS,
            account_wire.ACCOUNTS,
            account_wire.trading_units_of,
            key=lambda units: units.instrument_id,
        )
        return {units.instrument_id: units for units in found}

    async def consumption_units(self) -> dict[str, Units]:
        """Units that inference can use, by instrument id; a unit that is partly used does not count.

        Route: `GET consumption-accounts`.
        """
        found = await self._listing(
            routes.CONSUMPTION_ACCOUNTS,
            account_wire.CONSUMPTION_ACCOUNTS,
            account_wire.consumption_units_of,
            key=lambda units: units.instrument_id,
        )
        return {units.instrument_id: units for units in found}

    def trading_accounts(self) -> Listing[TradingAccount]:
        """Accounts of units that can be sold or moved. Route: `GET trading-accounts`.

        US dollars, which the exchange may list among them, are left out: they are in `currency_accounts`.
        """
        return self._listing(
            routes.TRADING_ACCOUNTS,
            account_wire.ACCOUNTS,
            account_wire.trading_account_of,
            key=lambda account: account.account_id,
        )

    async def trading_account(self, account_id: str) -> TradingAccount:
        """One of them. Route: `GET trading-accounts/{id}`."""
        return await self._read(
            routes.TRADING_ACCOUNT, account_wire.ACCOUNTS, account_wire.one_trading_account_of, account_id
        )

    def currency_accounts(self) -> Listing[CurrencyAccount]:
        """Accounts of money. Route: `GET currency-trading-accounts`."""
        return self._listing(
            routes.CASH_ACCOUNTS,
            account_wire.ACCOUNTS,
            account_wire.currency_account_of,
            key=lambda account: account.account_id,
        )

    async def currency_account(self, account_id: str) -> CurrencyAccount:
        """One of them. Route: `GET currency-trading-accounts/{id}`."""
        return await self._read(
            routes.CASH_ACCOUNT, account_wire.ACCOUNTS, account_wire.currency_account_of, account_id
        )

    def consumption_accounts(self) -> Listing[ConsumptionAccount]:
        """Accounts of units that inference can use. Route: `GET consumption-accounts`."""
        return self._listing(
            routes.CONSUMPTION_ACCOUNTS,
            account_wire.CONSUMPTION_ACCOUNTS,
            account_wire.consumption_account_of,
            key=lambda account: account.account_id,
        )

    async def consumption_account(self, account_id: str) -> ConsumptionAccount:
        """One of them. Route: `GET consumption-accounts/{id}`."""
        return await self._read(
            routes.CONSUMPTION_ACCOUNT,
            account_wire.CONSUMPTION_ACCOUNTS,
            account_wire.consumption_account_of,
            account_id,
        )

    def positions(self) -> Listing[Position]:
        """What is held and what it cost, oldest first, closed ones included. Route: `GET positions`."""
        return self._listing(
            routes.POSITIONS,
            account_wire.POSITIONS,
            account_wire.position_of,
            key=lambda position: (position.instrument_id, position.opened_at),
            at=lambda position: position.opened_at,
        )

    async def limits(self, market_id: str | None = None) -> AccountLimits:
        """How many orders the account may place, on one market or in all; the client keeps to that from then on.

        Route: `GET account/limits`.
        """
        limits = await self._read(
            routes.ACCOUNT_LIMITS,
            status_wire.LIMITS,
            status_wire.limits_of,
            query=spelled(self._spelling, {"market_id": market_id}),
        )
        for rate in limits.order_rate_limits:
            self._keep_to(rate)
        return limits

    async def me(self) -> User:
        """Whose the signing key is. Route: `GET me`."""
        return await self._read(routes.ME, status_wire.USERS, status_wire.user_of)

    async def health(self) -> Health:
        """How the exchange is; needs no key that it knows. Route: `GET health`."""
        return await self._read(routes.HEALTH, status_wire.HEALTH, status_wire.health_of)

    async def diagnostics(self) -> Health:
        """How the exchange is, and how it sees our key. Route: `GET diagnostics`."""
        return await self._read(routes.DIAGNOSTICS, status_wire.HEALTH, status_wire.health_of)

    def _keep_to(self, rate: OrderRateLimit) -> None:
        limiter = self._caller.limiter
        if rate.max_orders_per_minute is not None:
            limiter.learn_order_rate(rate.max_orders_per_minute, MINUTE)
        if rate.max_orders_per_second:
            orders = math.floor(rate.max_orders_per_second) or 1
            limiter.learn_order_rate(orders, max(1.0, float(orders / rate.max_orders_per_second)))
            if rate.burst_capacity is not None:
                limiter.learn_order_rate(rate.burst_capacity, float(rate.burst_capacity / rate.max_orders_per_second))
