"""The keys of a simulated exchange's users, and the file that tells a client where to go and what to sign with."""

from __future__ import annotations

import base64
import random
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
from nacl.signing import SigningKey

from bot.errors import DataError
from bot.sim.files import read_private, write_private
from bot.sim.ledger import fingerprint_of
from bot.sim.venue import Venue

_SEED_BYTES = 32


@dataclass(frozen=True, slots=True)
class Keys:
    """What a user signs orders with, and what authorises its inference requests."""

    signing: SigningKey = field(repr=False)
    consumption: str = field(repr=False)

    @property
    def verify_key(self) -> bytes:
        """The 32 bytes of the public key."""
        return bytes(self.signing.verify_key)

    @property
    def signing_text(self) -> str:
        """Base64 of the 32-byte seed of the signing key."""
        return base64.b64encode(bytes(self.signing)).decode()


@dataclass(frozen=True, slots=True)
class MarketRef:
    """How a market is named."""

    market_id: str
    instrument_id: str
    symbol: str


@dataclass(frozen=True, slots=True)
class AccountKeys:
    """How to use one account; `signing_key` is None where only its owner has it, `fingerprint` where nobody signs."""

    name: str
    role: str
    signing_key: str | None = field(repr=False)
    fingerprint: str | None
    consumption_key: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Credentials:
    """All that a client needs, as the credentials file holds it. An address that nothing serves is None.

    The keys at the top are those of the first account.

    Attributes:
        base_url: the Trading API, with its `/v1`.
        ws_url: the stream.
        consumption_url: the Consumption API in OpenAI's form.
        messages_url: the Consumption API in Anthropic's form.
        signing_key: base64 of the 32-byte Ed25519 seed.
        fingerprint: unpadded base64 of the SHA-256 of the public key; it names the key in requests.
        consumption_key: authorises inference requests.
        markets: what can be traded.
        accounts: the keys of all accounts, the first included.
    """

    base_url: str
    ws_url: str | None
    consumption_url: str | None
    messages_url: str | None
    signing_key: str = field(repr=False)
    fingerprint: str
    consumption_key: str = field(repr=False)
    markets: tuple[MarketRef, ...]
    accounts: tuple[AccountKeys, ...] = ()

    def keys(self) -> Keys:
        """The keys in it."""
        return Keys(SigningKey(base64.b64decode(self.signing_key, validate=True)), self.consumption_key)


def new_keys(rng: random.Random) -> Keys:
    """Draw keys.

    From a seeded generator they can be drawn again by anybody who knows the seed: such keys are for simulation only.
    `random.SystemRandom()` makes keys that nobody can guess.
    """
    return Keys(SigningKey(rng.randbytes(_SEED_BYTES)), f"sim-{rng.randbytes(24).hex()}")


def credentials_for(venue: Venue, keys: Keys, base_url: str, accounts: Iterable[AccountKeys] = ()) -> Credentials:
    """What a client with these keys needs to reach the exchange at an address, and the keys of all accounts."""
    markets = venue.markets.values()
    return Credentials(
        base_url=base_url,
        ws_url=f"{base_url.replace('http', 'ws', 1)}/",
        consumption_url=base_url,
        messages_url=base_url,
        signing_key=keys.signing_text,
        fingerprint=fingerprint_of(keys.verify_key),
        consumption_key=keys.consumption,
        markets=tuple(MarketRef(market.market_id, market.instrument_id, market.symbol) for market in markets),
        accounts=tuple(accounts),
    )


def write_credentials(path: Path, credentials: Credentials) -> None:
    """Write the credentials file, whole and readable by its owner alone.

    Raises:
        DaemonError: the file system refuses.
    """
    write_private(path, msgspec.json.format(msgspec.json.encode(credentials)) + b"\n")


def read_credentials(path: Path) -> Credentials:
    """Read a credentials file.

    Raises:
        DataError: it cannot be read, or does not hold credentials.
    """
    try:
        credentials = msgspec.json.decode(read_private(path), type=Credentials)
        credentials.keys()
    except ValueError:
        raise DataError(
            f"{path} does not hold a simulated exchange's credentials; move it away to begin anew"
        ) from None
    return credentials
