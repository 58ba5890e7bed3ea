from __future__ import annotations

import io
import shlex
import stat
import urllib.request
from base64 import b64decode, b64encode
from collections.abc import Iterator
from pathlib import Path

import pytest
from nacl.signing import VerifyKey

from bot.grid.keys import SigningKey, write_key_file
from tests.cli.conftest import Gridbot, Served
from tests.memory_keyring import MemoryKeyring, memory_keyring

KEY = SigningKey(bytes(range(32)))


def test_a_new_key_is_for_its_owner_only_and_its_public_half_is_told(gridbot: Gridbot, tmp_path: Path) -> None:
    told = gridbot("keys", "new", "grid.key").out
    file = tmp_path / "grid.key"
    key = SigningKey.from_file(file)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert key.public_key in told
    assert key.fingerprint in told
    assert key.seed_text not in told
    assert "register the public key" in told
    assert "signing_key_file: grid.key" in told


def test_a_key_is_never_overwritten(gridbot: Gridbot, tmp_path: Path) -> None:
    first = gridbot("keys", "new", "grid.key", "--json").json
    written = (tmp_path / "grid.key").read_bytes()
    result = gridbot("keys", "new", "grid.key")
    assert (result.status, result.out) == (1, "")
    assert "grid.key exists already" in result.err
    assert (tmp_path / "grid.key").read_bytes() == written
    key = SigningKey.from_file(tmp_path / "grid.key")
    assert first == {"file": "grid.key", "public_key": key.public_key, "fingerprint": key.fingerprint}


def test_every_key_is_another(gridbot: Gridbot) -> None:
    keys = [gridbot("keys", "new", name, "--json").json["public_key"] for name in ("a.key", "b.key")]
    assert keys[0] != keys[1]


@pytest.fixture
def keyring() -> Iterator[MemoryKeyring]:
    with memory_keyring() as mine:
        yield mine


@pytest.fixture
def key_file(gridbot: Gridbot, tmp_path: Path) -> Path:
    path = tmp_path / "grid.key"
    write_key_file(path, KEY)
    return path


CONFIGURED = ("--set", "exchange.signing_key_file=grid.key")


def test_a_new_key_can_be_kept_in_the_keyring_once(gridbot: Gridbot, keyring: MemoryKeyring) -> None:
    told = gridbot("keys", "new", "--keyring", "main").out
    [kept] = keyring.kept.values()
    key = SigningKey.from_text(kept)
    assert key.public_key in told
    assert kept not in told
    assert "signing_key_keyring: main" in told
    again = gridbot("keys", "new", "--keyring", "main")
    assert (again.status, again.out) == (1, "")
    assert "'main' already" in again.err
    shown = gridbot("--set", "exchange.signing_key_keyring=main", "keys", "show", "--json").json
    assert (shown["fingerprint"], "keyring" in shown["source"]) == (key.fingerprint, True)


@pytest.mark.parametrize("arguments", [(), ("grid.key", "--keyring", "main"), ("--keyring", "")])
def test_a_new_key_goes_to_one_place(gridbot: Gridbot, keyring: MemoryKeyring, arguments: tuple[str, ...]) -> None:
    result = gridbot("keys", "new", *arguments)
    assert (result.status, result.out) == (2, "")
    assert not keyring.kept


def test_show_and_fingerprint_tell_the_public_half_of_a_file_or_of_the_settings(
    gridbot: Gridbot, key_file: Path
) -> None:
    told = gridbot("keys", "show", "grid.key")
    for part in (KEY.public_key, KEY.fingerprint, "the signing key file grid.key"):
        assert part in told.out
    assert KEY.seed_text not in told.out
    assert gridbot(*CONFIGURED, "keys", "show").out == told.out
    assert gridbot(*CONFIGURED, "keys", "fingerprint").out == f"{KEY.fingerprint}\n"
    assert gridbot("keys", "fingerprint", "grid.key", "--json").json == {"fingerprint": KEY.fingerprint}


@pytest.mark.parametrize("command", [("show",), ("fingerprint",), ("sign", "GET", "/v1/me")])
def test_without_a_key_the_way_to_one_is_told(gridbot: Gridbot, command: tuple[str, ...]) -> None:
    result = gridbot("keys", *command)
    assert (result.status, result.out) == (1, "")
    assert "gridbot keys new FILE" in result.err


def test_a_file_that_others_can_read_is_warned_of_on_stderr(gridbot: Gridbot, key_file: Path) -> None:
    key_file.chmod(0o644)
    result = gridbot("keys", "fingerprint", "grid.key")
    assert (result.status, result.out) == (0, f"{KEY.fingerprint}\n")
    assert result.err.startswith("gridbot: warning: other users")


def test_check_finds_nothing_wrong_with_a_good_key(gridbot: Gridbot, key_file: Path) -> None:
    assert gridbot(*CONFIGURED, "keys", "check").status == 0
    checks = {check["name"]: check for check in gridbot("keys", "check", "grid.key", "--json").json}
    assert {check["state"] for check in checks.values()} == {"ok"}
    assert "32 bytes" in checks["key form"]["reason"]
    assert checks["fingerprint"]["reason"] == KEY.fingerprint
    whole = b64encode(bytes(range(32)) + b64decode(KEY.public_key)).decode()
    checks = {
        check["name"]: check
        for check in gridbot("--set", f"exchange.signing_key={whole}", "keys", "check", "--json").json
    }
    assert "64 bytes" in checks["key form"]["reason"]
    assert checks["key file"]["state"] == "skip"


def test_check_fails_on_what_is_wrong_and_says_what_to_do(gridbot: Gridbot, key_file: Path) -> None:
    missing = gridbot("keys", "check", "none.key")
    assert (missing.status, missing.err) == (1, "")
    assert "none.key cannot be read" in missing.out
    key_file.chmod(0o640)
    readable = gridbot("keys", "check", "grid.key")
    assert readable.status == 1
    assert "chmod 600 grid.key" in readable.out
    key_file.write_text(b64encode(bytes(64)).decode())
    broken = gridbot("keys", "check", "grid.key")
    assert broken.status == 1
    assert "public half does not belong" in broken.out


def test_check_asks_the_exchange_whether_it_knows_the_key(gridbot: Gridbot, key_file: Path, served: Served) -> None:
    assert gridbot(*served.options, "keys", "check", "--online").status == 0
    unknown = gridbot(*served.options, "keys", "check", "grid.key", "--online")
    assert unknown.status == 1
    assert "Register the public key" in unknown.out


def test_an_exchange_that_does_not_answer_is_a_finding(gridbot: Gridbot, key_file: Path) -> None:
    nowhere = ("--set", "exchange.base_url=http://127.0.0.1:9/v1", "--set", "exchange.read_attempts=1")
    result = gridbot(*nowhere, "keys", "check", "grid.key", "--online")
    assert result.status == 1
    assert "127.0.0.1" in result.out


def test_a_signature_verifies_over_all_that_is_signed(gridbot: Gridbot, key_file: Path) -> None:
    headers = gridbot(
        *CONFIGURED, "keys", "sign", "post", "/v1/orders", "--body", '{"ü": 1}', "--timestamp", "1700000000", "--json"
    ).json
    signature = b64decode(headers["x-thegrid-signature"])
    VerifyKey(b64decode(KEY.public_key)).verify('1700000000POST/v1/orders{"ü": 1}'.encode(), signature)
    assert headers["x-thegrid-timestamp"] == "1700000000"
    assert headers["x-thegrid-fingerprint"] == KEY.fingerprint


def test_the_body_may_come_from_a_file_or_from_standard_input(
    gridbot: Gridbot, key_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = b'{"a":\xff}\n'
    (tmp_path / "body.json").write_bytes(body)
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(body)))
    sign = (*CONFIGURED, "keys", "sign", "POST", "/v1/orders", "--timestamp", "1", "--json")
    from_file = gridbot(*sign, "--body-file", "body.json").json
    assert gridbot(*sign, "--body-file", "-").json == from_file
    signature = b64decode(from_file["x-thegrid-signature"])
    VerifyKey(b64decode(KEY.public_key)).verify(b"1POST/v1/orders" + body, signature)
    assert gridbot(*sign).json != from_file
    missing = gridbot(*sign, "--body-file", "none.json")
    assert (missing.status, "none.json cannot be read" in missing.err) == (2, True)


def test_plain_signing_prints_what_curl_and_the_exchange_take(gridbot: Gridbot, key_file: Path, served: Served) -> None:
    told = gridbot(*served.options, "keys", "sign", "GET", "/v1/me").out
    assert told.count("\n") == 3
    options = shlex.split(told)
    assert options[0::2] == ["-H"] * 3
    request = urllib.request.Request(f"{served.url}/me")
    for header in options[1::2]:
        name, _, value = header.partition(": ")
        request.add_header(name, value)
    with urllib.request.urlopen(request, timeout=10) as answer:
        assert answer.status == 200


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("GET", "/v1/orders?status=open"), "not signed"),
        (("GET", "v1/orders"), "must begin with /"),
        (("GET", "/v1/a b"), "percent-encoded"),
        (("GET ME", "/v1/orders"), "not an HTTP method"),
        (("POST", "/v1/orders", "--body", "a", "--body-file", "b"), "give the body once"),
        (("GET", "/v1/orders", "--timestamp", "-1"), "timestamp"),
    ],
)
def test_what_cannot_be_signed_is_told(gridbot: Gridbot, key_file: Path, arguments: tuple[str, ...], why: str) -> None:
    result = gridbot(*CONFIGURED, "keys", "sign", *arguments)
    assert (result.status, result.out) == (2, "")
    assert why in " ".join(result.err.replace("│", " ").split())


def test_a_path_without_its_prefix_is_warned_of(gridbot: Gridbot, key_file: Path) -> None:
    result = gridbot(*CONFIGURED, "keys", "sign", "GET", "/me")
    assert result.status == 0
    assert "paths begin with /v1/" in result.err
