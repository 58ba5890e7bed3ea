"""Files that hold keys or money: readable by their owner alone, and whole whenever they are there."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from bot.errors import DaemonError, DataError


def write_private(path: Path, data: bytes) -> None:
    """Put a file of mode 0600 in the place of what is there; a crash leaves the old file or the new one, whole.

    Raises:
        DaemonError: the file system refuses.
    """
    try:
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(handle)
            Path(name).replace(path)
        except OSError:
            Path(name).unlink()
            raise
        _sync(path.parent)
    except OSError as error:
        raise DaemonError(f"{path} cannot be written: {error.strerror}; check its folder and the disk") from None


def read_private(path: Path) -> bytes:
    """What such a file holds.

    Raises:
        DataError: it cannot be read.
    """
    try:
        return path.read_bytes()
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror}") from None


def _sync(folder: Path) -> None:
    """Make a rename in the folder durable."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
