"""How a transfer may change."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from bot.domain.transfer import OPEN_TRANSFER_STATES, Transfer, TransferState
from bot.domain.transitions import IllegalTransition

T = TransferState
AT = datetime(2026, 1, 5, tzinfo=UTC)
LATER = AT + timedelta(seconds=5)


def a_transfer(state: TransferState, transfer_id: str | None = None) -> Transfer:
    return Transfer("k-1", "s", "i", 5, AT, AT, state, transfer_id)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (T.SUBMITTING, T.PENDING),
        (T.SUBMITTING, T.UNKNOWN),
        (T.SUBMITTING, T.REFUSED),
        (T.UNKNOWN, T.COMPLETED),
        (T.UNKNOWN, T.NOT_SENT),
        (T.NOT_SENT, T.COMPLETED),
        (T.NOT_SENT, T.FAILED),
        (T.NOT_SENT, T.SUBMITTING),
        (T.PENDING, T.FAILED),
        (T.PENDING, T.PENDING),
    ],
)
def test_legal_changes(before: TransferState, after: TransferState) -> None:
    changed = a_transfer(before).become(after, LATER, transfer_id="x-1", reason="why")
    assert (changed.state, changed.transfer_id, changed.reason, changed.updated_at) == (after, "x-1", "why", LATER)
    assert changed.state.is_open == (after in OPEN_TRANSFER_STATES)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (T.UNKNOWN, T.SUBMITTING),
        (T.COMPLETED, T.PENDING),
        (T.REFUSED, T.COMPLETED),
        (T.PENDING, T.NOT_SENT),
        (T.FAILED, T.UNKNOWN),
    ],
)
def test_illegal_changes(before: TransferState, after: TransferState) -> None:
    with pytest.raises(IllegalTransition, match=f"k-1 is {before} and cannot become {after}"):
        a_transfer(before).become(after, LATER)


def test_a_transfer_keeps_its_id() -> None:
    known = a_transfer(T.PENDING, "x-1")
    assert known.become(T.COMPLETED, LATER).transfer_id == "x-1"
    with pytest.raises(IllegalTransition, match="x-1"):
        known.become(T.COMPLETED, LATER, transfer_id="x-2")
