"""Operations of the user, its limits, balances, positions and transfers."""

from __future__ import annotations

from bot.sim.history import Way
from bot.sim.ledger import AccountMode
from bot.sim.openapi.lists import paged
from bot.sim.openapi.operations import PAGING, SPAN, Operation, Operations, asked, filters
from bot.sim.openapi.schemas import (
    COUNT,
    MOMENT,
    NAME,
    POSITIVE,
    TEXT,
    USD,
    Schema,
    Schemas,
    listed,
    nullable,
    record,
    ref,
    word,
    words,
    wrapped,
)

TRANSFER_STATUS: Schema = words(("pending", "completed", "failed"))
_CHECK_STATUS: Schema = words(("ok", "failed"))
_MOST: Schema = nullable(POSITIVE)

ACCOUNT_SCHEMAS: Schemas = {
    "User": record({"user_id": NAME, "email": NAME, "account_mode": words(AccountMode)}),
    "Limits": record(
        {
            "order_rate_limits": record(
                {
                    "scope": word("user"),
                    "max_orders_per_second": _MOST,
                    "max_orders_per_minute": _MOST,
                    "burst_capacity": _MOST,
                    "window_seconds": POSITIVE,
                }
            ),
            "response_headers": record({"limit": NAME, "remaining": NAME, "retry_after": NAME}),
        }
    ),
    "TradingAccount": record(
        {
            "account_id": NAME,
            "user_id": NAME,
            "market_id": NAME,
            "instrument_id": NAME,
            "instrument_symbol": NAME,
            "total_balance": COUNT,
            "available_balance": COUNT,
            "locked_balance": COUNT,
            "status": word("active"),
            "updated_at": MOMENT,
        }
    ),
    "CurrencyAccount": record(
        {
            "account_id": NAME,
            "user_id": NAME,
            "currency": word("usd"),
            "total_balance": USD,
            "available_balance": USD,
            "locked_balance": USD,
            "status": word("active"),
            "updated_at": MOMENT,
        }
    ),
    "ConsumptionAccount": record(
        {
            "account_id": NAME,
            "user_id": NAME,
            "instrument_id": NAME,
            "status": word("active"),
            "available_balance": COUNT,
            "committed_balance": COUNT,
            "total_balance": COUNT,
            "total_deposits": COUNT,
            "total_withdrawals": COUNT,
            "total_commitments": COUNT,
            "total_transfers_in": COUNT,
            "total_transfers_out": COUNT,
            "created_at": MOMENT,
            "updated_at": MOMENT,
        }
    ),
    "Position": record(
        {
            "instrument_id": NAME,
            "status": words(("open", "closed")),
            "quantity": COUNT,
            "average_cost": nullable(USD),
            "total_cost": USD,
            "current_market_value": nullable(USD),
            "last_trade_price": nullable(USD),
            "opened_at": MOMENT,
            "closed_at": nullable(MOMENT),
        }
    ),
    "Transfer": record(
        {
            "transfer_id": NAME,
            "instrument_id": NAME,
            "quantity": POSITIVE,
            "from_account_type": words(way.source for way in Way),
            "sender_account_id": NAME,
            "to_account_type": words(dict.fromkeys(way.target for way in Way)),
            "account_id": NAME,
            "status": TRANSFER_STATUS,
            "created_at": MOMENT,
            "transferred_at": nullable(MOMENT),
        }
    ),
    "TransferStarted": record({"status": TRANSFER_STATUS, "transfer_id": NAME}),
    "Health": record(
        {
            "status": _CHECK_STATUS,
            "service": word("trading"),
            "server_time": MOMENT,
            "checks": listed(record({"name": NAME, "status": _CHECK_STATUS, "code": NAME, "detail": TEXT})),
            "summary": TEXT,
        }
    ),
}


HEALTH_OPERATIONS: Operations = {
    "health": {"GET": Operation("checkHealth", "Whether the exchange is up", {200: wrapped(ref("Health"))})}
}
"""Operations by path and method that need no signature."""


def transferring(name: str, summary: str, *refusals: int) -> Operation:
    """An operation that starts a transfer."""
    return Operation(name, summary, {202: ref("TransferStarted")}, (400, 404, 422, *refusals), body=ref("TransferForm"))


def rows(name: str, summary: str, schema: str, *fields: str, refusals: tuple[int, ...] = ()) -> Operation:
    """An operation that lists all rows of a kind, which can be filtered by some of their fields."""
    return Operation(name, summary, {200: paged(ref(schema))}, (400, 422, *refusals), (*filters(*fields), *PAGING))


def _one(name: str, summary: str, schema: str) -> Operation:
    return Operation(name, summary, {200: wrapped(ref(schema))}, (404,))


def _transfers(name: str) -> Operation:
    fields = filters("instrument_id", "status", "from_account_type", "to_account_type")
    return Operation(name, "Transfers", {200: paged(ref("Transfer"))}, (400, 422), (*fields, *SPAN, *PAGING))


ACCOUNT_OPERATIONS: Operations = {
    "me": {"GET": Operation("getUser", "The user", {200: wrapped(ref("User"))})},
    "account/limits": {
        "GET": Operation(
            "getLimits",
            "How many orders may be placed",
            {200: wrapped(ref("Limits"))},
            (404,),
            (asked("market_id", "at which market", TEXT),),
        )
    },
    "trading-accounts": {
        "GET": rows(
            "listTradingAccounts",
            "Units that can be sold or moved",
            "TradingAccount",
            *("market_id", "instrument_id", "instrument_symbol", "status"),
        )
    },
    "trading-accounts/{account_id}": {
        "GET": _one("getTradingAccount", "Units of one instrument that can be sold or moved", "TradingAccount")
    },
    "currency-trading-accounts": {
        "GET": rows("listCurrencyAccounts", "US dollars", "CurrencyAccount", "currency", "status")
    },
    "currency-trading-accounts/{account_id}": {
        "GET": _one("getCurrencyAccount", "US dollars", "CurrencyAccount"),
    },
    "consumption-accounts": {
        "GET": rows(
            "listConsumptionAccounts", "Units that inference can use", "ConsumptionAccount", "instrument_id", "status"
        )
    },
    "consumption-accounts/{account_id}": {
        "GET": _one("getConsumptionAccount", "Units of one instrument that inference can use", "ConsumptionAccount")
    },
    "positions": {
        "GET": rows("listPositions", "What units on Trading have cost", "Position", "instrument_id", "status")
    },
    "transfers/trading-to-consumption": {
        "POST": transferring("transferToConsumption", "Send units to Consumption; they arrive later")
    },
    "transfers/consumption-to-trading": {
        "POST": transferring("transferToTrading", "Send unused units back to Trading; they arrive later")
    },
    "transfer-histories": {"GET": _transfers("listTransfers")},
    "transfers/histories": {"GET": _transfers("listTransfersOlderPath")},
    "diagnostics": {
        "GET": Operation("diagnose", "Whether the account is fit for trading", {200: wrapped(ref("Health"))})
    },
}
"""Operations by path and method."""
