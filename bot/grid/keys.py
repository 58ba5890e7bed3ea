"""Trading keys: Ed25519 key pairs, and the files that hold them."""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
from base64 import b64decode, b64encode
from pathlib import Path
from typing import NoReturn

from nacl import signing

from bot.errors import KeyMaterialError
from bot.grid.key_files import read_key_file

SIGNING_KEY = "signing key"
"""What messages call it."""

SEED_BYTES = 32
"""Bytes of an Ed25519 seed, and of a public key."""

_NOT_BASE64 = re.compile(r"[^A-Za-z0-9+/]")
_URL_SAFE = str.maketrans("-_", "+/")


class SigningKey:
    """A trading key. Its secret half leaves it through `seed_text` only: not by `repr`, `str` or `pickle`.

    Attributes:
        public_key: base64 of the 32 public bytes; what is registered with the exchange.
        fingerprint: unpadded base64 of the SHA-256 of the public bytes; how requests name the key.
    """

    __slots__ = ("_key", "fingerprint", "public_key")

    def __init__(self, seed: bytes) -> None:
        if len(seed) != SEED_BYTES:
            raise KeyMaterialError(f"a signing key is made of {SEED_BYTES} bytes, not {len(seed)}")
        self._key = signing.SigningKey(seed)
        public = bytes(self._key.verify_key)
        self.public_key = b64encode(public).decode()
        self.fingerprint = b64encode(hashlib.sha256(public).digest()).decode().rstrip("=")

    @classmethod
    def generate(cls, entropy: bytes) -> SigningKey:
        """A new key, made of 32 bytes from a cryptographic source such as `os.urandom`.

        Raises:
            KeyMaterialError: it is not 32 bytes.
        """
        return cls(entropy)

    @classmethod
    def from_text(cls, text: str) -> SigningKey:
        """Read base64 of the 32-byte seed, or of the 64 bytes of seed and public key.

        Missing padding, the URL-safe alphabet and surrounding blanks are accepted.

        Raises:
            KeyMaterialError: it is neither; the text says what is wrong and never shows the material.
        """
        raw = _decoded(text)
        if len(raw) not in (SEED_BYTES, 2 * SEED_BYTES):
            raise KeyMaterialError(
                f"the signing key decodes to {len(raw)} bytes; it must be base64 of 32 bytes (the seed) "
                "or of 64 bytes (the seed and the public key)"
            )
        key = cls(raw[:SEED_BYTES])
        if raw[SEED_BYTES:] not in (b"", bytes(key._key.verify_key)):
            raise KeyMaterialError("the signing key's public half does not belong to its seed; copy it again, whole")
        return key

    @classmethod
    def from_file(cls, path: Path) -> SigningKey:
        """Read a key file, in the forms that `from_text` takes.

        Raises:
            KeyMaterialError: it cannot be read, or holds no key; the text names the file.
        """
        return key_in(f"the {SIGNING_KEY} file {path}", read_key_file(path, SIGNING_KEY).text)

    @property
    def seed_text(self) -> str:
        """The secret: base64 of the seed. For key files; never log or print it."""
        return b64encode(bytes(self._key)).decode()

    def sign(self, message: bytes) -> bytes:
        """The 64-byte Ed25519 signature of a message."""
        return self._key.sign(message).signature

    def __repr__(self) -> str:
        return f"SigningKey(fingerprint={self.fingerprint!r})"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a signing key is never pickled or copied")


def key_in(source: str, text: str) -> SigningKey:
    """The key in a text, in the forms that `SigningKey.from_text` takes.

    Raises:
        KeyMaterialError: it holds none; the text names the source.
    """
    try:
        return SigningKey.from_text(text)
    except KeyMaterialError as error:
        raise KeyMaterialError(f"{source} holds no key: {error}") from None


def is_whole_pair(text: str) -> bool:
    """Whether a key's text has the public half too, besides the seed. Raises `KeyMaterialError`."""
    return len(_decoded(text)) > SEED_BYTES


def write_key_file(path: Path, key: SigningKey) -> None:
    """Write a key file that only its owner can read: whole or not at all, and never over another file.

    Raises:
        KeyMaterialError: the file exists already, or cannot be written.
    """
    try:
        handle, draft = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")  # made with mode 0600
        try:
            with os.fdopen(handle, "w") as file:
                file.write(key.seed_text + "\n")
                file.flush()
                os.fsync(handle)
            os.link(draft, path)  # unlike a rename, refuses to replace
        finally:
            Path(draft).unlink()
    except FileExistsError:
        raise KeyMaterialError(f"{path} exists already; a key file is never overwritten, choose another name") from None
    except OSError as error:
        raise KeyMaterialError(f"the signing key file {path} cannot be written: {error.strerror}") from None


def _decoded(text: str) -> bytes:
    bare = text.strip().rstrip("=").translate(_URL_SAFE)
    if not bare:
        raise KeyMaterialError("the signing key is empty")
    if found := _NOT_BASE64.search(bare):
        raise KeyMaterialError(f"the signing key is not base64: its character {found.start() + 1} cannot be in one")
    if len(bare) % 4 == 1:
        raise KeyMaterialError(f"the signing key is not base64: {len(bare)} characters cannot be; is its end missing?")
    return b64decode(bare + "=" * (-len(bare) % 4))
