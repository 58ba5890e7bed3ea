"""Opening accounts on a simulated exchange, and the keys that go with them."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum

from bot.domain.money import ZERO
from bot.errors import ConfigError
from bot.sim.credentials import AccountKeys, Keys, new_keys
from bot.sim.ledger import Account, AccountMode, fingerprint_of
from bot.sim.venue import Venue

USER = "user"
"""The name of the account that an exchange has unless others are asked for."""

LARGEST_GRANT = 1_000_000_000
"""The most USD, and the most units of an instrument, that are given at once."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


class Role(StrEnum):
    """What the owner of an account does on the exchange."""

    CONSUMER = "consumer"
    SUPPLIER = "supplier"

    @classmethod
    def of(cls, account: Account) -> Role:
        """An account's role."""
        return cls.SUPPLIER if account.supplier else cls.CONSUMER


@dataclass(frozen=True, slots=True)
class Grant:
    """What an account is given out of nothing.

    Attributes:
        cash: USD.
        units: Trading units, by symbol.

    Raises:
        ConfigError: it is less than nothing, or more than anybody needs.
    """

    cash: Decimal = ZERO
    units: Mapping[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.cash.is_finite() or not 0 <= self.cash <= LARGEST_GRANT or self.cash != round(self.cash, 6):
            raise ConfigError(f"cash must be from 0 to {LARGEST_GRANT} USD in whole micro-dollars, not {self.cash}")
        for symbol, amount in self.units.items():
            if not 0 <= amount <= LARGEST_GRANT:
                raise ConfigError(f"units of {symbol} must be from 0 to {LARGEST_GRANT}, not {amount}")


@dataclass(frozen=True, slots=True)
class Opening:
    """An account to be opened.

    Attributes:
        name: letters, digits, dots, dashes and underscores; unique on the exchange.
        role: a supplier's account may issue units besides.
        grant: what it begins with.
        mode: in Auto Mode its owner's orders are refused.

    Raises:
        ConfigError: the name has other characters in it, or too many.
    """

    name: str
    role: Role = Role.CONSUMER
    grant: Grant = Grant()
    mode: AccountMode = AccountMode.ADVANCED

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise ConfigError(f"an account's name has up to 64 letters, digits, '.', '-' and '_', unlike {self.name!r}")


class Office:
    """Opens the accounts of users, and knows the keys that it has given out.

    An account's keys are drawn from the exchange's seed and the account's name, so that they need not be kept: an
    exchange that is brought back draws them again.

    Attributes:
        seed: the exchange's.
        by_consumption_key: accounts, by the keys that authorise their inference.
    """

    def __init__(self, venue: Venue, seed: int) -> None:
        self._venue = venue
        self.seed = seed
        self.by_consumption_key: dict[str, Account] = {
            self.keys(account).consumption: account for account in self.accounts()
        }

    def accounts(self) -> Iterator[Account]:
        """The accounts of users, in the order in which they were opened."""
        return (account for account in self._venue.accounts.values() if not account.house)

    def open(self, opening: Opening, verify_key: bytes | None = None) -> Account:
        """Open an account, for the owner of a public key or with keys of our making.

        Raises:
            ValueError: the name or the key is taken, or the key is no key.
            Refusal: it is given units of an instrument that is not listed.
        """
        keys = keys_of(self.seed, opening.name)
        account = self._venue.add_account(
            opening.name,
            verify_key=keys.verify_key if verify_key is None else verify_key,
            cash=opening.grant.cash,
            units=opening.grant.units,
            mode=opening.mode,
            supplier=opening.role is Role.SUPPLIER,
        )
        self.by_consumption_key[keys.consumption] = account
        return account

    def keys(self, account: Account) -> Keys:
        """The keys drawn for an account; it does not sign with them if it was opened for a public key."""
        return keys_of(self.seed, account.name)

    def signs(self, account: Account) -> bool:
        """Whether an account signs with the key drawn for it."""
        return fingerprint_of(self.keys(account).verify_key) in account.verify_keys

    def credentials(self, account: Account) -> AccountKeys:
        """What its owner needs to know of an account; the private key only where it was made here."""
        keys = self.keys(account)
        ours = self.signs(account)
        return AccountKeys(
            name=account.name,
            role=Role.of(account),
            signing_key=keys.signing_text if ours else None,
            fingerprint=fingerprint_of(keys.verify_key) if ours else next(iter(account.verify_keys), None),
            consumption_key=keys.consumption,
        )


def keys_of(seed: int, name: str) -> Keys:
    """The keys of an account on an exchange of a seed."""
    source = f"keys {seed}" if name == USER else f"keys {seed} {name}"
    return new_keys(random.Random(source))  # noqa: S311 - repeatable, as documented
