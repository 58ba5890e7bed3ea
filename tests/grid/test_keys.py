"""Trading keys and key files."""

from __future__ import annotations

import copy
import os
import pickle
import stat
from base64 import b64decode, b64encode, urlsafe_b64encode
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nacl.signing import VerifyKey

from bot.errors import KeyMaterialError
from bot.grid.key_files import read_key_file
from bot.grid.keys import SIGNING_KEY, SigningKey, write_key_file

SEED = bytes(range(32))
KEY = SigningKey(SEED)
PUBLIC = b64decode(KEY.public_key)

seeds = st.binary(min_size=32, max_size=32)


@given(seeds, st.sampled_from([b64encode, urlsafe_b64encode]), st.booleans(), st.booleans())
def test_every_form_of_a_key_reads_as_the_same_key(
    seed: bytes, encode: Callable[[bytes], bytes], padded: bool, whole: bool
) -> None:
    key = SigningKey.generate(seed)
    text = encode(seed + b64decode(key.public_key) if whole else seed).decode()
    read = SigningKey.from_text(f" \t{text if padded else text.rstrip('=')}\r\n")
    assert (read.fingerprint, read.public_key, read.seed_text) == (
        key.fingerprint,
        key.public_key,
        b64encode(seed).decode(),
    )


@given(seeds, st.binary())
def test_a_signature_verifies_with_the_public_key(seed: bytes, message: bytes) -> None:
    key = SigningKey(seed)
    VerifyKey(b64decode(key.public_key)).verify(message, key.sign(message))


BAD_MATERIAL = {
    "": "empty",
    " \n": "empty",
    "====": "empty",
    "AAEC AwQF": "character 5",
    "AAECé": "character 5",
    b64encode(SEED).decode()[:-3]: "characters cannot be",
    b64encode(SEED[:-1]).decode(): "31 bytes",
    b64encode(SEED * 2 + b"0").decode(): "65 bytes",
    SEED.hex(): "48 bytes",
    b64encode(SEED + PUBLIC[::-1]).decode(): "public half",
    "-----BEGIN PRIVATE KEY-----": "character 11",
}


@pytest.mark.parametrize(("text", "why"), BAD_MATERIAL.items(), ids=BAD_MATERIAL.values())
def test_bad_material_is_refused_with_a_reason_that_does_not_show_it(text: str, why: str) -> None:
    with pytest.raises(KeyMaterialError) as refused:
        SigningKey.from_text(text)
    assert why in str(refused.value)
    assert len(text) < 8 or text[:8] not in str(refused.value)


@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=100))
def test_any_text_is_a_key_or_refused_without_showing_it(text: str) -> None:
    said = ""
    try:
        SigningKey.from_text(text)
    except KeyMaterialError as error:
        said = str(error)
    assert len(text) < 8 or text not in said


@pytest.mark.parametrize("entropy", [b"", b"short", bytes(33)])
def test_a_key_is_made_of_exactly_32_bytes(entropy: bytes) -> None:
    with pytest.raises(KeyMaterialError, match="32 bytes"):
        SigningKey.generate(entropy)


def test_a_key_does_not_show_its_secret() -> None:
    for text in (repr(KEY), str(KEY), f"{KEY}", f"{[KEY]}"):
        assert KEY.fingerprint in text
        assert KEY.seed_text.rstrip("=") not in text
    for leak in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError, match="never pickled"):
            leak(KEY)


def test_a_written_key_file_reads_back_and_is_private(tmp_path: Path) -> None:
    path = tmp_path / "trading.key"
    write_key_file(path, KEY)
    assert SigningKey.from_file(path).fingerprint == KEY.fingerprint
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert read_key_file(path, SIGNING_KEY).findings == ()
    assert list(tmp_path.iterdir()) == [path]


def test_a_key_file_is_never_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "trading.key"
    path.write_text("something precious")
    with pytest.raises(KeyMaterialError, match="exists already"):
        write_key_file(path, KEY)
    assert path.read_text() == "something precious"
    assert list(tmp_path.iterdir()) == [path]


def test_a_key_file_that_cannot_be_written_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(KeyMaterialError, match=r"no-folder/trading\.key cannot be written: No such file"):
        write_key_file(tmp_path / "no-folder" / "trading.key", KEY)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644])
def test_a_key_file_that_others_can_read_is_found_out(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "trading.key"
    write_key_file(path, KEY)
    path.chmod(mode)
    (finding,) = read_key_file(path, SIGNING_KEY).findings
    assert f"chmod 600 {path}" in finding


def test_files_that_hold_no_key_are_refused_by_name(tmp_path: Path) -> None:
    binary, long, empty = tmp_path / "binary", tmp_path / "long", tmp_path / "empty"
    binary.write_bytes(bytes(range(128, 160)))
    long.write_text("A" * 5000)
    empty.write_text("\n")
    for path, why in ((binary, "not base64"), (long, "too large"), (empty, "is empty"), (tmp_path, "directory")):
        with pytest.raises(KeyMaterialError) as refused:
            SigningKey.from_file(path)
        assert str(path) in str(refused.value)
        assert why in str(refused.value)


def test_a_missing_key_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "none.key"
    with pytest.raises(KeyMaterialError, match=r"none\.key cannot be read: No such file"):
        SigningKey.from_file(path)


def test_a_pipe_is_no_key_file_and_is_not_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path, 0o600)
    with pytest.raises(KeyMaterialError, match="pipe cannot be read: it is not a regular file"):
        SigningKey.from_file(path)
