"""Whose inference a request is: the check of its consumption key."""

from __future__ import annotations

from collections.abc import Mapping

from bot.sim.inference.passes import Pass
from bot.sim.ledger import Account
from bot.sim.refusals import unauthorized


class KeyCheck:
    """Tells whose request it is; `accounts`, which may grow, are by the keys that authorise their inference."""

    def __init__(self, accounts: Mapping[str, Account]) -> None:
        self._accounts = accounts

    def account(self, headers: Mapping[str, str], granted: Pass | None) -> Account:
        """The account whose key the headers hold, or that a pass was given to; header names are lower-case.

        Libraries drop the key when a redirect leads to another host, so a pass will do alone; but a key that comes
        with it must be the right one.

        Raises:
            Refusal: there is neither key nor pass, a key is unknown, or they belong to different accounts.
        """
        found = [self._accounts.get(key) for key in _keys_in(headers)]
        if granted is not None:
            found.append(granted.account)
        if not found:
            raise unauthorized("send the consumption key as 'Authorization: Bearer <key>' or as 'x-api-key'")
        account = found[0]
        if account is None or any(other is not account for other in found):
            raise unauthorized("unknown consumption key")
        return account


def _keys_in(headers: Mapping[str, str]) -> list[str]:
    keys = []
    if "authorization" in headers:
        scheme, _, key = headers["authorization"].partition(" ")
        keys.append(key.strip() if scheme.lower() == "bearer" else "")
    if "x-api-key" in headers:
        keys.append(headers["x-api-key"])
    return keys
