"""An address that a part of the exchange listens on."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError
from yarl import URL

from bot.errors import DaemonError

KEEP_ALIVE_SECONDS = 75.0
"""How long a silent connection stays open: longer than clients keep theirs, so that none meets a closing one."""

SHUTDOWN_SECONDS = 0.4
"""How long a request under way may still take when the server stops."""


def _is_ours(record: logging.LogRecord) -> bool:
    """Whether what is logged went wrong here; what is no HTTP is the client's fault, and it is told so."""
    return record.exc_info is None or not isinstance(record.exc_info[1], HttpProcessingError)


_log = logging.getLogger("aiohttp.server.exchange")
_log.addFilter(_is_ours)


@asynccontextmanager
async def listening(app: web.Application, host: str, port: int) -> AsyncIterator[URL]:
    """Serve an application while the block runs; port 0 takes a free one.

    Raises:
        DaemonError: the address cannot be listened on.
    """
    runner = web.AppRunner(
        app,
        access_log=None,
        logger=_log,
        auto_decompress=False,
        keepalive_timeout=KEEP_ALIVE_SECONDS,
        lingering_time=SHUTDOWN_SECONDS,
        shutdown_timeout=SHUTDOWN_SECONDS,
    )
    await runner.setup()
    try:
        try:
            await web.TCPSite(runner, host, port).start()
        except OSError as error:
            raise DaemonError(
                f"the simulated exchange cannot listen on {host} port {port} ({error.strerror or error}); "
                "stop what uses the port, or choose another (0 takes a free one)"
            ) from None
        bound_host, bound_port = runner.addresses[0][:2]
        yield URL.build(scheme="http", host=bound_host, port=bound_port)
    finally:
        await runner.cleanup()
