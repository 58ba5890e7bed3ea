"""Routes of the user, its limits, its balances, and the transfers between them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bot.sim.account_views import (
    consumption_account_view,
    currency_account_view,
    limits_view,
    me_view,
    trading_account_view,
    transfer_view,
)
from bot.sim.answers import Answer, answer, data
from bot.sim.forms import transfer_form
from bot.sim.history import Way
from bot.sim.listing import listing, span
from bot.sim.refusals import not_found
from bot.sim.routes import Call, Handler


def _me(call: Call) -> Answer:
    return data(me_view(call.account))


def _limits(call: Call) -> Answer:
    market_id = call.query.text("market_id")
    if market_id is not None:
        call.venue.market(market_id)  # every market has the same limits, but there must be such a market
    return data(limits_view(call.venue.config.clock_limits))


def _trading_rows(call: Call) -> list[dict[str, Any]]:
    return [trading_account_view(call.account, market) for market in call.venue.markets.values()]


def _consumption_rows(call: Call) -> list[dict[str, Any]]:
    return [consumption_account_view(call.account, market) for market in call.venue.markets.values()]


def _currency_rows(call: Call) -> list[dict[str, Any]]:
    return [currency_account_view(call.account)]


def rows_of(rows: Callable[[Call], list[dict[str, Any]]], *fields: str) -> Handler:
    """Answers the list of all rows, which can be filtered by some of their fields."""

    def handle(call: Call) -> Answer:
        readers = {name: lambda row, name=name: row[name] for name in fields}
        return listing(call.query, rows(call), dict, fields=readers)

    return handle


def _one_of(rows: Callable[[Call], list[dict[str, Any]]]) -> Handler:
    def handle(call: Call) -> Answer:
        for row in rows(call):
            if row["account_id"] == call.argument:
                return data(row)
        raise not_found("account")

    return handle


def transfer_along(way: Way) -> Handler:
    """Starts transfers of this way."""

    def handle(call: Call) -> Answer:
        form = transfer_form(call.body)
        transfer = call.venue.transfer(call.account, form.instrument_id, form.quantity, way)
        if call.trouble is not None:
            call.trouble.begun(transfer)
        return answer({"status": transfer.status, "transfer_id": transfer.transfer_id}, 202)

    return handle


def _transfers(call: Call) -> Answer:
    transfers = call.venue.history(call.account).transfers
    return listing(
        call.query,
        transfers,
        lambda transfer: transfer_view(transfer, call.account),
        fields={
            "instrument_id": lambda transfer: transfer.instrument_id,
            "status": lambda transfer: transfer.status,
            "from_account_type": lambda transfer: transfer.way.source,
            "to_account_type": lambda transfer: transfer.way.target,
        },
        shown=None if call.trouble is None else call.trouble.transfer,
        among=span(call.query, transfers, lambda transfer: transfer.created_at),
    )


ACCOUNT_ROUTES: dict[str, dict[str, Handler]] = {
    "me": {"GET": _me},
    "account/limits": {"GET": _limits},
    "trading-accounts": {"GET": rows_of(_trading_rows, "market_id", "instrument_id", "instrument_symbol", "status")},
    "trading-accounts/{}": {"GET": _one_of(_trading_rows)},
    "currency-trading-accounts": {"GET": rows_of(_currency_rows, "currency", "status")},
    "currency-trading-accounts/{}": {"GET": _one_of(_currency_rows)},
    "consumption-accounts": {"GET": rows_of(_consumption_rows, "instrument_id", "status")},
    "consumption-accounts/{}": {"GET": _one_of(_consumption_rows)},
    "transfers/trading-to-consumption": {"POST": transfer_along(Way.TO_CONSUMPTION)},
    "transfers/consumption-to-trading": {"POST": transfer_along(Way.TO_TRADING)},
    "transfer-histories": {"GET": _transfers},
    "transfers/histories": {"GET": _transfers},
}
"""Patterns, methods and handlers."""
