"""Who sent a request, or opened a stream: the check of its signature.

Every signed request names a key by its fingerprint and signs `timestamp + METHOD + path + body` with it, the path
without its query; the exchange's documentation describes the three headers. On the stream, `timestamp + fingerprint`
is signed.
"""

from __future__ import annotations

import re
from base64 import b64decode
from collections.abc import Callable, Mapping
from datetime import datetime

from nacl.exceptions import BadSignatureError
from nacl.signing import VerifyKey

from bot.ports import Request
from bot.sim.ledger import Account
from bot.sim.refusals import unauthorized

TIMESTAMP = "x-thegrid-timestamp"
FINGERPRINT = "x-thegrid-fingerprint"
SIGNATURE = "x-thegrid-signature"

_UNIX_SECONDS = re.compile(r"[0-9]{1,12}")


class SignatureCheck:
    """Tells whose request or stream it is.

    Args:
        account_of_key: finds the account that signs with a key, by the key's fingerprint.
        tolerance_seconds: how far a time stamp may be from the exchange's clock, either way.
    """

    def __init__(self, account_of_key: Callable[[str], Account | None], tolerance_seconds: int) -> None:
        self._account_of_key = account_of_key
        self._tolerance = tolerance_seconds

    def account(self, request: Request, headers: Mapping[str, str], now: datetime) -> Account:
        """The account that signed the request; `headers` are its headers under lower-case names.

        Raises:
            Refusal: a header is missing, the key unknown, the time stamp too far off, or the signature wrong.
        """
        try:
            timestamp = headers[TIMESTAMP]
            fingerprint = headers[FINGERPRINT]
            signature = headers[SIGNATURE]
        except KeyError as missing:
            raise unauthorized(f"header {missing.args[0]} is missing") from None
        signed = f"{timestamp}{request.method}{request.path}".encode(errors="surrogateescape") + request.body
        return self.signer(timestamp, fingerprint, signature, signed, now)

    def signer(self, timestamp: str, fingerprint: str, signature: str, signed: bytes, now: datetime) -> Account:
        """The account whose key, named by its fingerprint, signed these bytes at this time.

        Raises:
            Refusal: the key is unknown, the time stamp too far off, or the signature wrong.
        """
        account = self._account_of_key(fingerprint)
        if account is None:
            raise unauthorized("unknown signing key")
        if not _UNIX_SECONDS.fullmatch(timestamp) or abs(int(timestamp) - int(now.timestamp())) > self._tolerance:
            raise unauthorized("timestamp is not Unix seconds, or too far from the exchange's clock")
        if not _is_signed(signed, signature, account.verify_keys[fingerprint]):
            raise unauthorized("invalid signature")
        return account


def _is_signed(message: bytes, signature: str, verify_key: bytes) -> bool:
    try:
        VerifyKey(verify_key).verify(message, b64decode(signature, validate=True))
    except (ValueError, BadSignatureError):
        return False
    return True
