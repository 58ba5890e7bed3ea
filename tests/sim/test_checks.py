"""Diagnostics, and accounts in Auto Mode, over the API."""

from __future__ import annotations

import pytest

from bot.ports import Request
from bot.sim.api import ExchangeApi
from bot.sim.ledger import AccountMode
from tests.sim.client import Client, open_account

RESTRICTED = "auto_mode_trading_restricted"


@pytest.fixture
def eve(api: ExchangeApi) -> Client:
    """Has an account in Auto Mode."""
    return open_account(api, "eve", mode=AccountMode.EASY)


@pytest.mark.parametrize("layout", ["/v1/trading", "/v1"])
def test_diagnostics_tell_that_all_is_well(alice: Client, layout: str) -> None:
    report = alice.get(f"{layout}/diagnostics").data
    checks = report.pop("checks")
    assert report == {
        "status": "ok",
        "service": "trading",
        "server_time": "2026-07-01T00:30:00Z",
        "summary": "ready to trade",
    }
    assert [(check["name"], check["status"]) for check in checks] == [
        ("authentication", "ok"),
        ("account_mode", "ok"),
        ("trading_access", "ok"),
    ]
    assert all(list(check) == ["name", "status", "code", "detail"] for check in checks)
    assert all(isinstance(value, str) and value for check in checks for value in check.values())


def test_diagnostics_are_signed(alice: Client) -> None:
    assert alice.send(Request("GET", "/v1/diagnostics")).status == 401


def test_an_account_in_auto_mode_is_told_so(eve: Client) -> None:
    report = eve.get("/v1/diagnostics").data
    assert (report["status"], report["summary"]) == ("failed", "failed: trading_access")
    codes = {check["name"]: (check["status"], check["code"]) for check in report["checks"]}
    assert codes["trading_access"] == ("failed", RESTRICTED)
    assert codes["account_mode"] == ("ok", "easy")
    assert eve.get("/v1/me").data["account_mode"] == "easy"


def test_an_account_in_auto_mode_places_no_orders(eve: Client) -> None:
    got = eve.order()
    assert (got.status, got.code, got.detail) == (403, RESTRICTED, RESTRICTED)
    assert eve.get("/v1/orders").data == []
    assert eve.account.cash.locked == 0


def test_an_account_in_auto_mode_moves_its_units(eve: Client) -> None:
    instrument_id = eve.api.venue.market_by_symbol("text-prime").instrument_id
    body = {"instrument_id": instrument_id, "quantity": 5}
    assert eve.post("/v1/transfers/trading-to-consumption", body).status == 202
