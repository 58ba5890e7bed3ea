"""HTTP sessions that send every request once."""

from __future__ import annotations

from types import SimpleNamespace

import aiohttp

KEEP_IDLE_SECONDS = 5.0
"""How long an idle connection is kept: shorter than servers keep theirs, since a request that meets a closing
connection is one of which nobody knows whether it arrived."""


class Attempt(SimpleNamespace):
    """What became of one request; passed along as its `trace_request_ctx`.

    Attributes:
        connected: whether there was a connection, so that the server may have seen the request.
    """

    connected = False


def one_shot_session(timeout: aiohttp.ClientTimeout) -> aiohttp.ClientSession:
    """A session with pooled connections and without cookies, which retries nothing."""
    trace = aiohttp.TraceConfig()
    trace.on_connection_create_end.append(_note_connected)
    trace.on_connection_reuseconn.append(_note_connected)
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(keepalive_timeout=KEEP_IDLE_SECONDS),
        cookie_jar=aiohttp.DummyCookieJar(),
        headers={"accept-encoding": "identity"},
        middlewares=(_send_once,),
        skip_auto_headers=("content-type",),
        timeout=timeout,
        trace_configs=[trace],
    )


async def _note_connected(_session: aiohttp.ClientSession, context: SimpleNamespace, _params: object) -> None:
    """From here on the server may have seen the request."""
    context.trace_request_ctx.connected = True


async def _send_once(request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
    """Hide a broken connection from aiohttp, which would send a GET, PUT or DELETE again."""
    try:
        return await handler(request)
    except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as error:
        raise aiohttp.ClientConnectionError(str(error)) from error
