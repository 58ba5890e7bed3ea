"""Routes of the user, its balances, and its transfers to Consumption."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bot.sim.account_views import (
    consumption_account_view,
    currency_account_view,
    me_view,
    trading_account_view,
    transfer_view,
)
from bot.sim.answers import Answer, answer, data
from bot.sim.forms import transfer_form
from bot.sim.listing import listing, span
from bot.sim.refusals import not_found
from bot.sim.routes import Call, Handler


def _me(call: Call) -> Answer:
    return data(me_view(call.account))


def _trading_rows(call: Call) -> list[dict[str, Any]]:
    return [trading_account_view(call.account, market) for market in call.venue.markets.values()]


def _consumption_rows(call: Call) -> list[dict[str, Any]]:
    return [consumption_account_view(call.account, market) for market in call.venue.markets.values()]


def _currency_rows(call: Call) -> list[dict[str, Any]]:
    return [currency_account_view(call.account)]


def _all_of(rows: Callable[[Call], list[dict[str, Any]]], *fields: str) -> Handler:
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


def _transfer(call: Call) -> Answer:
    form = transfer_form(call.body)
    transfer = call.venue.transfer(call.account, form.instrument_id, form.quantity)
    return answer({"status": transfer.status, "transfer_id": transfer.transfer_id}, 202)


def _transfers(call: Call) -> Answer:
    transfers = call.venue.history(call.account).transfers
    return listing(
        call.query,
        transfers,
        lambda transfer: transfer_view(transfer, call.account),
        fields={
            "instrument_id": lambda transfer: transfer.instrument_id,
            "status": lambda transfer: transfer.status,
        },
        among=span(call.query, transfers, lambda transfer: transfer.created_at),
    )


ACCOUNT_ROUTES: dict[str, dict[str, Handler]] = {
    "me": {"GET": _me},
    "trading-accounts": {"GET": _all_of(_trading_rows, "market_id", "instrument_id")},
    "trading-accounts/{}": {"GET": _one_of(_trading_rows)},
    "currency-trading-accounts": {"GET": _all_of(_currency_rows, "currency")},
    "currency-trading-accounts/{}": {"GET": _one_of(_currency_rows)},
    "consumption-accounts": {"GET": _all_of(_consumption_rows, "instrument_id")},
    "consumption-accounts/{}": {"GET": _one_of(_consumption_rows)},
    "transfers/trading-to-consumption": {"POST": _transfer},
    "transfer-histories": {"GET": _transfers},
    "transfers/histories": {"GET": _transfers},
}
"""Patterns, methods and handlers."""
