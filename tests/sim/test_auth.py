"""Signatures: the published vectors, and everything that can be wrong with one."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from nacl.signing import SigningKey

from bot.ports import Request
from bot.sim.api import ExchangeApi
from bot.sim.auth import SignatureCheck
from bot.sim.ledger import fingerprint_of
from bot.sim.venue import Venue
from tests.sim.client import START, Client

ACCOUNTS = "/v1/trading/trading-accounts"


def test_the_published_signatures_are_those_of_their_keys(shared: Path, venue: Venue) -> None:
    vectors = json.loads((shared / "vectors" / "signing.json").read_text())
    now = datetime.fromtimestamp(vectors["timestamp"], UTC)
    check = SignatureCheck(venue.account_of_key, tolerance_seconds=0)
    checked = 0
    for seed in vectors["seeds"]:
        key = SigningKey(bytes.fromhex(seed["seed_hex"]))
        assert fingerprint_of(bytes(key.verify_key)) == seed["fingerprint"]
        account = venue.add_account(seed["name"], verify_key=bytes(key.verify_key))
        for vector in seed["vectors"]:
            request = Request(vector["method"].upper(), vector["path"], body=vector["body"].encode())
            assert check.account(request, vector["headers"], now) is account
            checked += 1
    assert checked > 5


@pytest.mark.parametrize("seconds", [-30, 30])
def test_a_time_stamp_may_be_off_by_the_tolerance(alice: Client, seconds: int) -> None:
    request = alice.signed("GET", ACCOUNTS)
    alice.later(seconds=seconds)
    assert alice.send(request).status == 200


@pytest.mark.parametrize("seconds", [-31, 31, 86_400])
def test_a_time_stamp_too_far_off_is_refused(alice: Client, seconds: int) -> None:
    request = alice.signed("GET", ACCOUNTS)
    alice.later(seconds=seconds)
    got = alice.send(request)
    assert got.status == 401
    assert "timestamp" in got.detail


def tampered(change: Callable[[dict[str, str]], object], request: Request) -> Request:
    headers = {name.lower(): value for name, value in request.headers.items()}
    change(headers)
    return Request(request.method, request.path, request.query, headers, request.body)


@pytest.mark.parametrize("name", ["x-thegrid-timestamp", "x-thegrid-fingerprint", "x-thegrid-signature"])
def test_every_signature_header_is_needed(alice: Client, name: str) -> None:
    got = alice.send(tampered(lambda headers: headers.pop(name), alice.signed("GET", ACCOUNTS)))
    assert (got.status, got.detail) == (401, f"header {name} is missing")


@pytest.mark.parametrize("timestamp", ["", "now", "1e9", "-1", "1782864600.5", "١٧٨٢٨٦٤٦٠٠", "9" * 400])
def test_a_time_stamp_is_unix_seconds(alice: Client, timestamp: str) -> None:
    got = alice.send(
        tampered(lambda headers: headers.update({"x-thegrid-timestamp": timestamp}), alice.signed("GET", ACCOUNTS))
    )
    assert got.status == 401


@pytest.mark.parametrize("signature", ["", "nonsense", "====", "AAAA", "A" * 86 + "==", "é" * 88, "\ud800"])
def test_a_wrong_signature_is_refused(alice: Client, signature: str) -> None:
    got = alice.send(
        tampered(lambda headers: headers.update({"x-thegrid-signature": signature}), alice.signed("GET", ACCOUNTS))
    )
    assert (got.status, got.detail) == (401, "invalid signature")


def test_an_unpadded_signature_is_refused(alice: Client) -> None:
    got = alice.send(
        tampered(
            lambda headers: headers.update({"x-thegrid-signature": headers["x-thegrid-signature"].rstrip("=")}),
            alice.signed("GET", ACCOUNTS),
        )
    )
    assert got.status == 401


def test_an_unknown_key_is_refused(api: ExchangeApi) -> None:
    got = Client(api, SigningKey(bytes(32))).get(ACCOUNTS)
    assert (got.status, got.detail) == (401, "unknown signing key")


def test_one_users_signature_is_not_anothers(alice: Client, bob: Client) -> None:
    fingerprint = fingerprint_of(bytes(bob.key.verify_key))
    got = alice.send(
        tampered(lambda headers: headers.update({"x-thegrid-fingerprint": fingerprint}), alice.signed("GET", ACCOUNTS))
    )
    assert got.status == 401


@pytest.mark.parametrize(
    "change",
    [
        lambda request: Request("DELETE", request.path, request.query, request.headers, request.body),
        lambda request: Request("POST", "/v1/orders", request.query, request.headers, request.body),
        lambda request: Request("POST", request.path, request.query, request.headers, request.body + b" "),
    ],
)
def test_method_path_and_body_are_signed(alice: Client, change: Callable[[Request], Request]) -> None:
    assert alice.send(change(alice.signed("POST", "/v1/trading/orders", body=b"{}"))).status == 401


def test_the_query_is_not_signed(alice: Client) -> None:
    signed = alice.signed("GET", ACCOUNTS)
    request = Request(signed.method, signed.path, (("limit", "1"),), signed.headers)
    assert len(alice.send(request).data) == 1


def test_an_unsigned_request_changes_nothing(api: ExchangeApi, alice: Client) -> None:
    got = alice.send(Request("DELETE", "/v1/trading/orders"))
    assert got.status == 401
    assert api.venue.now == START


def test_health_needs_no_signature(alice: Client) -> None:
    alice.later(seconds=5)
    got = alice.send(Request("GET", "/v1/trading/health"))
    assert (got.status, got.data["status"]) == (200, "ok")
    assert datetime.fromisoformat(got.data["server_time"]) == START + timedelta(seconds=5)
    assert alice.send(Request("POST", "/v1/health")).status == 405
