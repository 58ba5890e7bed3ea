"""What a supplier has issued, as the exchange's answers show it."""

from __future__ import annotations

from typing import Any

from bot.sim.account_views import sub_account_id
from bot.sim.history import SimIssuance, Way
from bot.sim.ledger import Account
from bot.sim.market import SimMarket


def issuance_account_view(account: Account, market: SimMarket) -> dict[str, Any]:
    """Units of one instrument that were issued and have not left for Trading; none of them is ever locked."""
    available = account.issued[market.instrument_id].available
    return {
        "account_id": sub_account_id(account, Way.ISSUED_TO_TRADING.source, market.instrument_id),
        "user_id": account.user_id,
        "instrument_id": market.instrument_id,
        "instrument_symbol": market.symbol,
        "status": "active",
        "total_balance": available,
        "available_balance": available,
        "created_at": account.created_at,
        "updated_at": account.updated_at,
    }


def issuance_view(issuance: SimIssuance) -> dict[str, Any]:
    """An issue of units; it is done as soon as it is taken."""
    return {
        "issuance_id": issuance.issuance_id,
        "instrument_id": issuance.instrument_id,
        "quantity": issuance.quantity,
        "status": "completed",
        "created_at": issuance.created_at,
    }


def supply_view(account: Account, market: SimMarket) -> dict[str, Any]:
    """What became of all the units of one instrument that were ever issued."""
    issued = account.issued[market.instrument_id]
    return {
        "instrument_id": market.instrument_id,
        "total_issued": issued.total,
        "total_transferred": issued.transferred,
        "available": issued.available,
    }
