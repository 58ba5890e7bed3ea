"""Operations of suppliers."""

from __future__ import annotations

from bot.sim.openapi.account_operations import rows, transferring
from bot.sim.openapi.lists import paged
from bot.sim.openapi.operations import PAGING, SPAN, Operation, Operations, filters
from bot.sim.openapi.schemas import COUNT, MOMENT, NAME, POSITIVE, Schemas, listed, record, ref, word, wrapped

SUPPLY_SCHEMAS: Schemas = {
    "IssuanceAccount": record(
        {
            "account_id": NAME,
            "user_id": NAME,
            "instrument_id": NAME,
            "instrument_symbol": NAME,
            "status": word("active"),
            "total_balance": COUNT,
            "available_balance": COUNT,
            "created_at": MOMENT,
            "updated_at": MOMENT,
        }
    ),
    "Issuance": record(
        {
            "issuance_id": NAME,
            "instrument_id": NAME,
            "quantity": POSITIVE,
            "status": word("completed"),
            "created_at": MOMENT,
        }
    ),
    "Supply": record({"instrument_id": NAME, "total_issued": COUNT, "total_transferred": COUNT, "available": COUNT}),
}

SUPPLY_OPERATIONS: Operations = {
    "issuance-accounts": {
        "GET": rows(
            "listIssuanceAccounts",
            "Units that were issued and have not left for Trading",
            "IssuanceAccount",
            *("instrument_id", "status"),
            refusals=(403,),
        )
    },
    "issuance-accounts/transfer": {
        "POST": transferring("transferIssuedUnits", "Send issued units to Trading; they arrive later", 403)
    },
    "supply-issuances": {
        "GET": Operation(
            "listIssuances",
            "Issues of units",
            {200: paged(ref("Issuance"))},
            (400, 403, 422),
            (*filters("instrument_id"), *SPAN, *PAGING),
        ),
        "POST": Operation(
            "issueUnits", "Make units", {201: wrapped(ref("Issuance"))}, (400, 403, 404, 422), body=ref("TransferForm")
        ),
    },
    "supply-issuances/summary": {
        "GET": Operation(
            "summariseSupply", "What became of issued units", {200: wrapped(listed(ref("Supply")))}, (403,)
        )
    },
}
"""Operations by path and method; all of them need the account of a supplier."""
