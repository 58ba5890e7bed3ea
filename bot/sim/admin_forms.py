"""What the bodies of requests to the admin port ask for, strictly read."""

from __future__ import annotations

import binascii
from base64 import b64decode
from decimal import Decimal
from typing import Annotated, Literal, TypeAlias, TypeVar

import msgspec

from bot.domain.money import ZERO
from bot.errors import ConfigError
from bot.sim.ledger import AccountMode
from bot.sim.office import Grant, Opening, Role
from bot.sim.refusals import malformed

Form = TypeVar("Form", bound="_Form")

_Number: TypeAlias = int | float
_Hours: TypeAlias = Annotated[float, msgspec.Meta(ge=0, le=720)]


class _Form(msgspec.Struct, forbid_unknown_fields=True):
    pass


class AccountForm(_Form):
    """An account to be opened; with a public key its owner signs with that one, and no private key is made."""

    name: str
    role: Role = Role.CONSUMER
    cash: Decimal = ZERO
    units: dict[str, int] = {}
    mode: AccountMode = AccountMode.ADVANCED
    public_key: str | None = None

    def opening(self) -> Opening:
        """The account to be opened. Raises `Refusal`."""
        try:
            return Opening(self.name, self.role, Grant(self.cash, self.units), self.mode)
        except ConfigError as error:
            raise malformed(str(error)) from None


class KeyForm(_Form):
    """A key to be registered."""

    public_key: str


class DepositForm(_Form):
    """What an account is given."""

    cash: Decimal = ZERO
    units: dict[str, int] = {}

    def grant(self) -> Grant:
        """What it is given. Raises `Refusal`."""
        try:
            return Grant(self.cash, self.units)
        except ConfigError as error:
            raise malformed(str(error)) from None


class MarketForm(_Form):
    """How traders in the background are to behave from now on; without symbols, on all markets.

    `market` is a preset, `crowd` single parameters, `shock_hours` how long supply is gone from now on; 0 ends a shock.
    """

    symbols: list[str] | None = None
    market: Literal["calm", "stressed"] | None = None
    crowd: dict[str, _Number | list[_Number]] = {}
    shock_hours: _Hours | None = None


def read_form(body: bytes, form: type[Form]) -> Form:
    """Read a request's body.

    Raises:
        Refusal: it is no JSON, or has not the fields that it should have, each of its type and within its range.
    """
    try:
        return msgspec.json.decode(body, type=form)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise malformed(f"the body is wrong: {str(error).replace('`', '')}") from None


def read_public_key(text: str) -> bytes:
    """The 32 bytes of a public key in base64. Raises `Refusal`."""
    try:
        key = b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != 32:
        raise malformed("public_key must be base64 of the 32 bytes of an Ed25519 public key")
    return key
