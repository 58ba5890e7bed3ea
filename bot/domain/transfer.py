"""Transfers of units between our accounts, suppliers' issues of new ones, and how one changes.

The exchange takes no id of ours for a transfer and answers before it is done, so a transfer is journaled like an
order and settled by the exchange's history; so is an issue.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from bot.domain.transitions import IllegalTransition


class Way(StrEnum):
    """Which way units take.

    TO_CONSUMPTION: from Trading to Consumption.
    ISSUE: out of nothing into a supplier's issuance account.
    TO_TRADING: from there to Trading.
    """

    TO_CONSUMPTION = "to_consumption"
    ISSUE = "issue"
    TO_TRADING = "to_trading"


class TransferState(StrEnum):
    """What we know of a transfer.

    SUBMITTING: the journal row is committed; a request may be on its way.
    UNKNOWN: the request's outcome is unclear; nothing new is moved for that instrument until it is settled.
    NOT_SENT: settled: the exchange never had it. It may be sent again, under the same key.
    PENDING: the exchange took it; the units are under way.
    COMPLETED, FAILED, REFUSED: over.
    """

    SUBMITTING = "submitting"
    UNKNOWN = "unknown"
    NOT_SENT = "not_sent"
    PENDING = "pending"
    COMPLETED = "completed"
    FAILED = "failed"
    REFUSED = "refused"

    @property
    def is_open(self) -> bool:
        """Whether units may still be under way as far as we know."""
        return self in OPEN_TRANSFER_STATES


T = TransferState

OPEN_TRANSFER_STATES = frozenset({T.SUBMITTING, T.UNKNOWN, T.PENDING})
"""The states in which units may still be under way as far as we know."""

_NEXT: frozenset[tuple[TransferState, TransferState]] = frozenset(
    {
        (T.SUBMITTING, T.UNKNOWN),
        (T.SUBMITTING, T.REFUSED),
        (T.SUBMITTING, T.PENDING),
        (T.SUBMITTING, T.COMPLETED),
        (T.SUBMITTING, T.FAILED),
        (T.SUBMITTING, T.NOT_SENT),
        (T.UNKNOWN, T.NOT_SENT),
        (T.UNKNOWN, T.PENDING),
        (T.UNKNOWN, T.COMPLETED),
        (T.UNKNOWN, T.FAILED),
        (T.NOT_SENT, T.PENDING),  # it turned up after all
        (T.NOT_SENT, T.COMPLETED),
        (T.NOT_SENT, T.FAILED),
        (T.NOT_SENT, T.SUBMITTING),  # it is sent again
        (T.PENDING, T.COMPLETED),
        (T.PENDING, T.FAILED),
    }
)


@dataclass(frozen=True, slots=True)
class Transfer:
    """One of our transfers or issues, as the journal keeps it.

    Attributes:
        key: our own id, given before it is sent; the journal's key. The exchange may ignore it, and never shows it.
        strategy: the name of the strategy instance that wanted it.
        instrument_id: what is moved.
        quantity: units.
        created_at: when it was journaled.
        updated_at: when its state last changed.
        state: what we know of it.
        transfer_id: the exchange's id, once known.
        reason: why it was refused, failed or is unclear, or how many units arrived when not all did; empty when there
            is nothing to say.
        way: which way the units take.
    """

    key: str
    strategy: str
    instrument_id: str
    quantity: int
    created_at: datetime
    updated_at: datetime
    state: TransferState = TransferState.SUBMITTING
    transfer_id: str | None = None
    reason: str = ""
    way: Way = Way.TO_CONSUMPTION

    @property
    def is_unsettled(self) -> bool:
        """Whether it may or may not have reached the exchange."""
        return self.state in (TransferState.SUBMITTING, TransferState.UNKNOWN)

    @property
    def taken(self) -> int:
        """Units that it takes from Trading as far as we know, or below zero, that it has brought there."""
        match self.way:
            case Way.TO_CONSUMPTION if self.state.is_open or self.state is TransferState.COMPLETED:
                return self.quantity
            case Way.TO_TRADING if self.state is TransferState.COMPLETED:
                return -self.quantity
        return 0

    def become(
        self, state: TransferState, at: datetime, *, transfer_id: str | None = None, reason: str = ""
    ) -> Transfer:
        """The transfer in its next state; becoming what it is already changes nothing but the id.

        Raises:
            IllegalTransition: the state cannot follow, or the transfer is already known under another id.
        """
        if state is not self.state and (self.state, state) not in _NEXT:
            raise IllegalTransition(f"transfer {self.key} is {self.state} and cannot become {state}")
        if transfer_id is not None and self.transfer_id not in (None, transfer_id):
            raise IllegalTransition(f"transfer {self.key} is {self.transfer_id} and cannot become {transfer_id}")
        return replace(
            self,
            state=state,
            updated_at=at,
            transfer_id=transfer_id or self.transfer_id,
            reason=reason,
        )


@dataclass(frozen=True, slots=True)
class VenueTransfer:
    """A transfer or issue as the exchange's history shows it. `status` is its word: pending, completed, failed."""

    transfer_id: str
    instrument_id: str | None
    quantity: int | None
    status: str
    created_at: datetime | None = None
    way: Way = Way.TO_CONSUMPTION
