from __future__ import annotations

import stat
from pathlib import Path

from bot.grid.keys import SigningKey
from tests.cli.conftest import Gridbot


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
