"""Reading the files that hold a key, be it for trading or for inference."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import NamedTuple

from bot.errors import KeyMaterialError

MAX_FILE_BYTES = 4096
"""A key file is far smaller; a larger file is something else."""

_OTHERS_MAY_READ = 0o044


class KeyFile(NamedTuple):
    """What a key file holds, and what is unsafe about it, in words for its owner."""

    text: str
    findings: tuple[str, ...]


def read_key_file(path: Path, what: str) -> KeyFile:
    """Read a key file; characters that no key has are replaced. `what` is the key, such as `signing key`.

    A directory, a pipe or a device is none; they are not waited for.

    Raises:
        KeyMaterialError: it cannot be read, or is too large to hold a key.
    """
    try:
        with open(path, "rb", opener=_without_waiting) as file:
            mode = os.fstat(file.fileno()).st_mode
            content = file.read(MAX_FILE_BYTES + 1) if stat.S_ISREG(mode) else None
    except OSError as error:
        raise KeyMaterialError(f"the {what} file {path} cannot be read: {error.strerror}") from None
    if content is None:
        raise KeyMaterialError(f"the {what} file {path} cannot be read: it is not a regular file")
    if len(content) > MAX_FILE_BYTES:
        raise KeyMaterialError(f"the {what} file {path} is too large to be one")
    text = content.decode("ascii", errors="replace")
    if mode & _OTHERS_MAY_READ:
        return KeyFile(text, (f"other users of this machine can read the {what} file {path}; run: chmod 600 {path}",))
    return KeyFile(text, ())


def _without_waiting(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NONBLOCK)
