"""Where a redirect of inference may lead.

The exchange answers an inference request with 307 and the address of the supplier. Whoever follows sends the key there
as well, so that is done only where the user trusts the host.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from ipaddress import IPv6Address
from typing import Any
from urllib.parse import SplitResult, urljoin, urlsplit

from bot.errors import RedirectRefused
from bot.grid.endpoint import is_askable, is_loopback
from bot.grid.inference.hosts import TrustedHosts

MAX_HOPS = 3
"""Redirects that one request may go through."""

FOLLOWED = (307, 308)
"""The redirects that keep method and body."""

_HOST_NAME = re.compile(r"[a-z0-9]([a-z0-9._-]*[a-z0-9])?")


def is_redirect(status: int) -> bool:
    """Whether an answer of this status asks for the request to be sent elsewhere."""
    return 300 <= status < 400


def next_url(
    trail: Sequence[str], status: int, location: str | None, hosts: TrustedHosts, facts: Mapping[str, Any]
) -> str:
    """Where to send the request next.

    Args:
        trail: the URLs that it was sent to, in order; the last one redirects.
        status: the status of that answer.
        location: its `Location` header, absolute or relative.
        hosts: which hosts to trust.
        facts: what an error says of the request.

    Raises:
        RedirectRefused: it is not to be sent there; the text says why, and what to change.
    """
    if status not in FOLLOWED:
        raise RedirectRefused("a redirect of this kind would change the request; it is not followed", **facts)
    if not location:
        raise RedirectRefused("a redirect that does not say where to", **facts)
    if len(trail) > MAX_HOPS:
        raise RedirectRefused(f"more than {MAX_HOPS} redirects, one after the other", **facts)
    url, host = _read(trail[-1], location, facts)
    if url in trail:
        raise RedirectRefused(f"the redirects go in circles: {host} again", **facts)
    if not hosts.trust(host):
        raise RedirectRefused(
            f"redirected to {host}, which is not trusted; neither the request nor the key was sent there",
            **facts,
            hint=_hint(host),
        )
    return url


def _read(base: str, location: str, facts: Mapping[str, Any]) -> tuple[str, str]:
    """The URL, put together anew from the parts that were looked at, and its host. The URL itself is never shown."""
    if not (location.isascii() and location.isprintable()) or " " in location:
        raise RedirectRefused("redirected to a URL with a character that URLs cannot have", **facts)
    try:
        parts = urlsplit(urljoin(base, location))
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise RedirectRefused("redirected to what is no URL", **facts) from None
    if port == 0 or not _is_host(host):
        raise RedirectRefused("redirected to a URL without a usable host and port", **facts)
    if "@" in parts.netloc:
        raise RedirectRefused(f"redirected to a URL with a user name in it, at {host}", **facts)
    if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(host)):
        raise RedirectRefused(f"redirected to {host} by {parts.scheme}; the key goes out by https only", **facts)
    return _rebuilt(parts, host, port), host


def _is_host(host: str) -> bool:
    if ":" not in host:
        return _HOST_NAME.fullmatch(host) is not None and is_askable(host)
    try:
        return IPv6Address(host).scope_id is None
    except ValueError:
        return False


def _rebuilt(parts: SplitResult, host: str, port: int | None) -> str:
    name = f"[{host}]" if ":" in host else host
    origin = f"{parts.scheme}://{name}" if port is None else f"{parts.scheme}://{name}:{port}"
    return f"{origin}{parts.path or '/'}" + (f"?{parts.query}" if parts.query else "")


def _hint(host: str) -> str:
    if is_loopback(host):
        return "This machine is trusted only when consumption.base_url is on it, too."
    return f"If you trust {host} with your key, add it to the setting consumption.allowed_hosts."
