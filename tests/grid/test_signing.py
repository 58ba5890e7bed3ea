"""Signatures, against the exchange's vectors."""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from pathlib import Path
from typing import Any

import pytest

from bot.grid.keys import SigningKey
from bot.grid.signing import sign, sign_stream


@pytest.fixture(scope="module")
def vectors(shared: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((shared / "vectors" / "signing.json").read_text())
    return content


def test_requests_are_signed_as_the_vectors_say(vectors: dict[str, Any]) -> None:
    for seed in vectors["seeds"]:
        raw = bytes.fromhex(seed["seed_hex"])
        for key in (
            SigningKey.from_text(seed["signing_key"]),
            SigningKey.from_text(b64encode(raw + b64decode(seed["public_key"])).decode()),
        ):
            assert (key.public_key, key.fingerprint) == (seed["public_key"], seed["fingerprint"])
            for vector in seed["vectors"]:
                body = vector["body"].encode()
                headers = sign(key, vector["method"], vector["path"], body, vectors["timestamp"])
                assert headers == vector["headers"]


def test_streams_are_signed_as_the_vectors_say(vectors: dict[str, Any]) -> None:
    keys = {seed["name"]: SigningKey.from_text(seed["signing_key"]) for seed in vectors["seeds"]}
    for vector in vectors["websocket"]:
        payload = sign_stream(keys[vector["seed"]], vectors["timestamp"])
        assert payload == vector["frame"]["payload"]


def test_the_method_is_signed_in_upper_case() -> None:
    key = SigningKey(bytes(32))
    assert sign(key, "delete", "/v1/orders/1", b"", 7) == sign(key, "DELETE", "/v1/orders/1", b"", 7)
