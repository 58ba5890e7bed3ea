"""The credentials file, and the keys in it."""

from __future__ import annotations

import base64
import hashlib
import json
import random
import stat
from pathlib import Path

import pytest

from bot.errors import DataError
from bot.sim.api import ExchangeApi
from bot.sim.credentials import credentials_for, new_keys, read_credentials, write_credentials
from bot.sim.venue import Venue
from tests.sim.client import Client


def test_the_file_holds_what_a_client_needs(venue: Venue, tmp_path: Path) -> None:
    keys = new_keys(random.Random(1))
    path = tmp_path / "credentials.json"
    write_credentials(path, credentials_for(venue, keys, "http://127.0.0.1:8000/v1"))
    held = json.loads(path.read_text())
    fingerprint = base64.b64encode(hashlib.sha256(keys.verify_key).digest()).decode().rstrip("=")
    assert held == {
        "base_url": "http://127.0.0.1:8000/v1",
        "ws_url": "ws://127.0.0.1:8000/v1/",
        "consumption_url": "http://127.0.0.1:8000/v1",
        "messages_url": "http://127.0.0.1:8000/v1",
        "signing_key": base64.b64encode(bytes(keys.signing)).decode(),
        "fingerprint": fingerprint,
        "consumption_key": keys.consumption,
        "markets": [
            {"market_id": market.market_id, "instrument_id": market.instrument_id, "symbol": market.symbol}
            for market in venue.markets.values()
        ],
        "accounts": [],
    }
    assert len(base64.b64decode(held["signing_key"])) == 32
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_what_was_written_is_read_back(venue: Venue, tmp_path: Path) -> None:
    credentials = credentials_for(venue, new_keys(random.Random(1)), "http://127.0.0.1:8000/v1")
    path = tmp_path / "credentials.json"
    write_credentials(path, credentials)
    assert read_credentials(path) == credentials
    assert read_credentials(path).keys() == new_keys(random.Random(1))


def test_the_keys_in_the_file_open_the_account(venue: Venue) -> None:
    keys = new_keys(random.Random(1))
    venue.add_account("user", verify_key=keys.verify_key)
    credentials = credentials_for(venue, keys, "http://127.0.0.1:8000/v1")
    assert Client(ExchangeApi(venue), credentials.keys().signing).get("/v1/me").status == 200


def test_a_seed_gives_the_same_keys_and_real_chance_others() -> None:
    assert new_keys(random.Random(1)) == new_keys(random.Random(1))
    assert new_keys(random.Random(1)) != new_keys(random.Random(2))
    assert new_keys(random.SystemRandom()) != new_keys(random.SystemRandom())


def test_no_secret_is_printed(venue: Venue) -> None:
    keys = new_keys(random.Random(1))
    credentials = credentials_for(venue, keys, "http://127.0.0.1:8000/v1")
    printed = f"{keys!r} {credentials!r}"
    assert credentials.signing_key not in printed
    assert keys.consumption not in printed
    assert repr(bytes(keys.signing)) not in printed


@pytest.mark.parametrize("damage", ["", "{", "[]", "{}", "no-key", "short-key"])
def test_a_damaged_file_is_told_with_its_name_and_a_remedy(venue: Venue, tmp_path: Path, damage: str) -> None:
    path = tmp_path / "credentials.json"
    write_credentials(path, credentials_for(venue, new_keys(random.Random(1)), "http://127.0.0.1:8000/v1"))
    held = json.loads(path.read_text())
    bad_keys = {"no-key": "!", "short-key": "AAAA"}
    path.write_text(json.dumps(held | {"signing_key": bad_keys[damage]}) if damage in bad_keys else damage)
    with pytest.raises(DataError, match=r"credentials\.json does not hold .*; move it away to begin anew"):
        read_credentials(path)
