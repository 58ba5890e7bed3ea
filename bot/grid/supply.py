"""For suppliers of inference: units are issued, moved to Trading, and sold there."""

from __future__ import annotations

from datetime import datetime

from bot.domain.account import Units
from bot.domain.issuance import SupplyIssuance
from bot.domain.transfer import VenueTransfer
from bot.grid import routes, supply_wire, transfer_wire
from bot.grid.base import TradingApi, is_within
from bot.grid.listing import Listing
from bot.grid.payloads import units_payload
from bot.grid.results import IssuanceAccount, SupplySummary


class SupplyApi(TradingApi):
    """Issues units. Everything here raises `AccessDenied` where the account is no supplier's. Quantities are units."""

    def issuance_accounts(self) -> Listing[IssuanceAccount]:
        """Units that were issued and not moved to Trading yet. Route: `GET issuance-accounts`."""
        return self._listing(
            routes.ISSUANCE_ACCOUNTS,
            supply_wire.ISSUANCE_ACCOUNTS,
            supply_wire.issuance_account_of,
            key=lambda account: account.account_id,
        )

    async def issued_units(self) -> dict[str, Units]:
        """Units that were issued and not moved to Trading yet, by instrument id. Route: `GET issuance-accounts`."""
        return {
            one.instrument_id: Units(one.instrument_id, one.total, one.available, one.total - one.available)
            for one in await self.issuance_accounts()
        }

    async def issue_supply(self, instrument_id: str, quantity: int, *, key: str | None = None) -> SupplyIssuance:
        """Issue units of an instrument. Sent once. Route: `POST supply-issuances`.

        `key` is sent as the `Idempotency-Key`; the exchange may ignore it.

        Raises:
            RequestRefused: it was not applied; `InvalidRequest` may be raised before anything is sent.
            NotSentError: it never left.
            OutcomeUnknown: it may have been applied.
        """
        return await self._write(
            routes.ISSUE_SUPPLY,
            supply_wire.ISSUANCES,
            supply_wire.issuance_of,
            payload=units_payload(instrument_id, quantity),
            key=key,
        )

    def supply_issuances(self, *, since: datetime | None = None) -> Listing[SupplyIssuance]:
        """What was issued, oldest first; `since` is inclusive. Route: `GET supply-issuances`.

        Raises:
            InvalidRequest: `since` names no time zone.
        """
        return self._listing(
            routes.SUPPLY_ISSUANCES,
            supply_wire.ISSUANCES,
            supply_wire.issuance_of,
            key=lambda issuance: issuance.issuance_id,
            query=self._query(since),
            keep=lambda issuance: is_within(issuance.created_at, since),
            at=lambda issuance: issuance.created_at,
        )

    async def supply_summary(self) -> list[SupplySummary]:
        """What was issued of each instrument, and what became of it. Route: `GET supply-issuances/summary`."""
        return await self._listing(
            routes.SUPPLY_SUMMARY,
            supply_wire.SUMMARIES,
            supply_wire.summary_of,
            key=lambda summary: summary.instrument_id,
            query=(),
        )

    async def transfer_issued(self, instrument_id: str, quantity: int, *, key: str | None = None) -> VenueTransfer:
        """Move issued units to Trading; done when `transfer_history` says so. Sent once.

        `key` is sent as the `Idempotency-Key`; the exchange may ignore it. Route: `POST issuance-accounts/transfer`.

        Raises:
            InsufficientFunds: there are not so many units.
            RequestRefused: it was not applied; `InvalidRequest` may be raised before anything is sent.
            NotSentError: it never left.
            OutcomeUnknown: it may have been applied.
        """
        return await self._write(
            routes.TRANSFER_ISSUED,
            transfer_wire.TRANSFERS,
            transfer_wire.transfer_of,
            payload=units_payload(instrument_id, quantity),
            key=key,
        )
