"""Routes of suppliers: issuing units, and moving them to Trading."""

from __future__ import annotations

from typing import Any

from bot.sim.account_routes import rows_of, transfer_along
from bot.sim.answers import Answer, data
from bot.sim.forms import transfer_form
from bot.sim.history import Way
from bot.sim.listing import listing, span
from bot.sim.routes import Call, Handler
from bot.sim.supply import check_supplier
from bot.sim.supply_views import issuance_account_view, issuance_view, supply_view


def _suppliers_only(handler: Handler) -> Handler:
    def handle(call: Call) -> Answer:
        check_supplier(call.account)
        return handler(call)

    return handle


def _accounts(call: Call) -> list[dict[str, Any]]:
    return [issuance_account_view(call.account, market) for market in call.venue.markets.values()]


def _issue(call: Call) -> Answer:
    form = transfer_form(call.body)
    return data(issuance_view(call.venue.issue(call.account, form.instrument_id, form.quantity)), 201)


def _issuances(call: Call) -> Answer:
    issuances = call.venue.history(call.account).issuances
    return listing(
        call.query,
        issuances,
        issuance_view,
        fields={"instrument_id": lambda issuance: issuance.instrument_id},
        among=span(call.query, issuances, lambda issuance: issuance.created_at),
    )


def _summary(call: Call) -> Answer:
    return data([supply_view(call.account, market) for market in call.venue.markets.values()])


SUPPLY_ROUTES: dict[str, dict[str, Handler]] = {
    "issuance-accounts": {"GET": _suppliers_only(rows_of(_accounts, "instrument_id", "status"))},
    "issuance-accounts/transfer": {"POST": _suppliers_only(transfer_along(Way.ISSUED_TO_TRADING))},
    "supply-issuances": {"GET": _suppliers_only(_issuances), "POST": _suppliers_only(_issue)},
    "supply-issuances/summary": {"GET": _suppliers_only(_summary)},
}
"""Patterns, methods and handlers."""
