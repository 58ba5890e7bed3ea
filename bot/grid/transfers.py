"""Transfers of units between our accounts."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from bot.domain.transfer import VenueTransfer
from bot.grid import routes, transfer_wire
from bot.grid.base import TradingApi, is_within, may_be
from bot.grid.listing import Listing
from bot.grid.payloads import units_payload
from bot.grid.results import TransferRecord
from bot.grid.routes import Route


class TransfersApi(TradingApi):
    """Moves units between Trading, where they can be sold, and Consumption, where inference can use them.

    A transfer is under way when it is answered, and done when the history says so.
    """

    async def transfer_to_consumption(
        self, instrument_id: str, quantity: int, *, key: str | None = None
    ) -> VenueTransfer:
        """Move units from Trading to Consumption. Sent once. Route: `POST transfers/trading-to-consumption`.

        `key` is sent as the `Idempotency-Key`; the exchange may ignore it.

        Raises:
            InsufficientFunds: there are not so many units.
            RequestRefused: it was not applied; `InvalidRequest` may be raised before anything is sent.
            NotSentError: it never left.
            OutcomeUnknown: it may have been applied.
        """
        return await self._moved(routes.TRANSFER_TO_CONSUMPTION, instrument_id, quantity, key)

    async def transfer_to_trading(self, instrument_id: str, quantity: int, *, key: str | None = None) -> VenueTransfer:
        """Move units that nothing has been promised of from Consumption back to Trading, where the exchange allows it.

        Otherwise like `transfer_to_consumption`. Route: `POST transfers/consumption-to-trading`.
        """
        return await self._moved(routes.TRANSFER_TO_TRADING, instrument_id, quantity, key)

    def transfers(self, *, instrument_id: str | None = None, since: datetime | None = None) -> Listing[VenueTransfer]:
        """Our transfers to Consumption, oldest first; `since` is inclusive.

        Route: `GET transfer-histories`, called `transfers/histories` in older documentation.

        Raises:
            InvalidRequest: `since` names no time zone.
        """
        return self._history(transfer_wire.transfer_to_consumption_of, since, instrument_id)

    def transfers_to_trading(self, *, since: datetime | None = None) -> Listing[VenueTransfer]:
        """A supplier's transfers of issued units to Trading, oldest first; `since` is inclusive.

        Route: `GET transfer-histories`, called `transfers/histories` in older documentation.

        Raises:
            InvalidRequest: `since` names no time zone.
        """
        return self._history(transfer_wire.transfer_to_trading_of, since)

    def transfer_history(
        self, *, instrument_id: str | None = None, since: datetime | None = None
    ) -> Listing[TransferRecord]:
        """All our transfers, whichever way they went, oldest first; `since` is inclusive.

        Route: `GET transfer-histories`, called `transfers/histories` in older documentation.

        Raises:
            InvalidRequest: `since` names no time zone.
        """
        return self._listing(
            routes.TRANSFER_HISTORY,
            transfer_wire.TRANSFERS,
            transfer_wire.transfer_record_of,
            key=lambda record: record.transfer_id,
            query=self._query(since, instrument_id=instrument_id),
            keep=lambda record: may_be(record.instrument_id, instrument_id) and is_within(record.at, since),
            at=lambda record: record.at,
        )

    def _history(
        self,
        made_of: Callable[[transfer_wire.TransferRow], VenueTransfer | None],
        since: datetime | None,
        instrument_id: str | None = None,
    ) -> Listing[VenueTransfer]:
        """The transfers that `made_of` makes something of."""
        return self._listing(
            routes.TRANSFER_HISTORY,
            transfer_wire.TRANSFERS,
            made_of,
            key=lambda transfer: transfer.transfer_id,
            query=self._query(since, instrument_id=instrument_id),
            keep=lambda transfer: (
                may_be(transfer.instrument_id, instrument_id) and is_within(transfer.created_at, since)
            ),
            at=lambda transfer: transfer.created_at,
        )

    async def _moved(self, route: Route, instrument_id: str, quantity: int, key: str | None) -> VenueTransfer:
        payload = units_payload(instrument_id, quantity)
        return await self._write(route, transfer_wire.TRANSFERS, transfer_wire.transfer_of, payload=payload, key=key)
