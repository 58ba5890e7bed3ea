"""The exchange's accounts: found by name or by signing key, each with its history."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from bot.ports import Ids
from bot.sim.history import History
from bot.sim.ledger import Account, AccountMode, Balance, fingerprint_of

_KEY_BYTES = 32


class Registry:
    """All accounts.

    Attributes:
        by_name: accounts by name.
        histories: what each did, by account id.
    """

    def __init__(self, ids: Ids) -> None:
        self._ids = ids
        self._by_fingerprint: dict[str, Account] = {}
        self.by_name: dict[str, Account] = {}
        self.histories: dict[str, History] = {}

    def of_key(self, fingerprint: str) -> Account | None:
        """The account that signs with a key; None when nobody does."""
        return self._by_fingerprint.get(fingerprint)

    def open(
        self,
        name: str,
        now: datetime,
        *,
        verify_key: bytes | None,
        cash: int,
        units: Mapping[str, int],
        auto_transfer: bool,
        house: bool,
        mode: AccountMode,
        supplier: bool,
    ) -> Account:
        """Open an account with so many micro-dollars, and so many units of every instrument by its id.

        Raises:
            ValueError: the name or the key is taken, the key is no key, or something granted is negative.
        """
        if cash < 0 or min(units.values(), default=0) < 0:
            raise ValueError(f"account {name!r} cannot begin with less than nothing")
        account = Account(
            account_id=self._ids.new("account"),
            user_id=self._ids.new("user"),
            name=name,
            house=house,
            auto_transfer=auto_transfer and not house,
            cash=Balance(cash),
            units={instrument_id: Balance(amount) for instrument_id, amount in units.items()},
            created_at=now,
            updated_at=now,
            verify_keys={} if verify_key is None else {fingerprint_of(verify_key): verify_key},
            mode=mode,
            supplier=supplier,
        )
        self.add(account, History(forgetful=house))
        return account

    def add(self, account: Account, history: History) -> None:
        """Take in an account with what it did.

        Raises:
            ValueError: the name or a key is taken, or a key is no key.
        """
        if account.name in self.by_name:
            raise ValueError(f"there is an account {account.name!r} already")
        for fingerprint, verify_key in account.verify_keys.items():
            self._check_key(account, fingerprint, verify_key)
        self._by_fingerprint |= dict.fromkeys(account.verify_keys, account)
        self.by_name[account.name] = account
        self.histories[account.account_id] = history

    def add_key(self, account: Account, verify_key: bytes) -> str:
        """Let an account sign with one more key; answers how requests name it.

        Raises:
            ValueError: the key is taken, or is no key.
        """
        fingerprint = fingerprint_of(verify_key)
        self._check_key(account, fingerprint, verify_key)
        account.verify_keys[fingerprint] = verify_key
        self._by_fingerprint[fingerprint] = account
        return fingerprint

    def _check_key(self, account: Account, fingerprint: str, verify_key: bytes) -> None:
        if len(verify_key) != _KEY_BYTES:
            raise ValueError(f"a public key has {_KEY_BYTES} bytes, that of account {account.name!r} {len(verify_key)}")
        if fingerprint in self._by_fingerprint:
            raise ValueError(f"account {self._by_fingerprint[fingerprint].name!r} has the key of {account.name!r}")
