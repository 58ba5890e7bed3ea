"""Where units come from: suppliers issue them, move them to Trading and sell them there."""

from __future__ import annotations

from datetime import datetime

from bot.ports import Ids
from bot.sim.history import History, SimIssuance
from bot.sim.ledger import Account
from bot.sim.refusals import forbidden, malformed, out_of_range

MOST_UNITS = 1_000_000
"""The most units that can be issued at a time."""


def check_supplier(account: Account) -> None:
    """Let only suppliers pass.

    Raises:
        Refusal: the account is none.
    """
    if not account.supplier:
        raise forbidden("only the account of a supplier has an issuance account")


def issue(
    account: Account, history: History, instrument_id: str, quantity: int, *, now: datetime, ids: Ids
) -> SimIssuance:
    """Make units out of nothing; they are in the issuance account when this returns.

    Raises:
        Refusal: the account is no supplier's, or the quantity is out of range.
    """
    check_supplier(account)
    if quantity < 1:
        raise malformed(f"quantity must be at least 1, not {quantity}")
    if quantity > MOST_UNITS:
        raise out_of_range(f"at most {MOST_UNITS} units can be issued at a time")
    account.issued[instrument_id].total += quantity
    issuance = SimIssuance(ids.new("issuance"), instrument_id, quantity, now)
    history.issuances.append(issuance)
    return issuance
