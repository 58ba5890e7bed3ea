"""Routes that tell whether the exchange, and one's account at it, is fit for trading."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from bot.sim.answers import Answer, data
from bot.sim.ledger import Account, AccountMode
from bot.sim.refusals import auto_mode_restricted, wrong_method
from bot.sim.routes import Call, Handler

_OK = "ok"
_FAILED = "failed"


def health(method: str, now: datetime) -> Answer:
    """The answer to `health`, which needs no signature.

    Raises:
        Refusal: another method than GET.
    """
    if method != "GET":
        raise wrong_method(method, ("GET",))
    return data(_report(now, [], "simulated"))


def _diagnostics(call: Call) -> Answer:
    checks = _checks(call.account)
    failed = [check["name"] for check in checks if check["status"] != _OK]
    return data(_report(call.now, checks, f"failed: {', '.join(failed)}" if failed else "ready to trade"))


def _checks(account: Account) -> list[dict[str, Any]]:
    checks = [
        _check("authentication", detail="the signature is that of a registered key"),
        _check("account_mode", code=account.mode, detail=f"the account is in {account.mode} mode"),
    ]
    if account.mode is AccountMode.EASY:
        refusal = auto_mode_restricted()
        detail = "orders of one's own need Advanced Mode"
        return [*checks, _check("trading_access", _FAILED, code=refusal.code, detail=detail)]
    return [*checks, _check("trading_access", detail="orders are taken")]


def _check(name: str, status: str = _OK, *, code: str = _OK, detail: str) -> dict[str, Any]:
    return {"name": name, "status": status, "code": code, "detail": detail}


def _report(now: datetime, checks: list[dict[str, Any]], summary: str) -> dict[str, Any]:
    status = _OK if all(check["status"] == _OK for check in checks) else _FAILED
    return {"status": status, "service": "trading", "server_time": now, "checks": checks, "summary": summary}


CHECK_ROUTES: dict[str, dict[str, Handler]] = {"diagnostics": {"GET": _diagnostics}}
"""Patterns, methods and handlers; `health` is not among them, since it has no account."""
