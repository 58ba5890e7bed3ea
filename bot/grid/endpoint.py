"""Where an exchange is: its base URL, checked."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import ip_address
from typing import Self
from urllib.parse import urlsplit

from bot.errors import ConfigError

_LONGEST_LABEL = 63
"""Characters between two dots of a host name; the rules of the Domain Name System allow no more."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A base URL in its two parts: `origin` such as `https://example.org:8443`, `base_path` such as `/v1` or empty."""

    origin: str
    base_path: str

    @classmethod
    def of(cls, base_url: str) -> Self:
        """Read a base URL; plain http is good enough for this machine only.

        Raises:
            ConfigError: it is no such URL.
        """
        if not (base_url.isascii() and base_url.isprintable()) or " " in base_url:
            raise _refused("it has a blank, or a character that URLs cannot have")
        try:
            parts = urlsplit(base_url)
            host, port = parts.hostname or "", parts.port
        except ValueError as error:
            raise _refused(str(error)) from None
        if "@" in parts.netloc:
            raise _refused("it must not hold a user name or password")
        if parts.scheme not in ("https", "http") or not host or parts.query or parts.fragment:
            raise _refused("write it as https://host/v1")
        if not is_askable(host):
            raise _refused("no host has such a name")
        if parts.scheme == "http" and not is_loopback(host):
            raise _refused("requests to another machine need https")
        name = f"[{host}]" if ":" in host else host
        return cls(
            f"{parts.scheme}://{name}" if port is None else f"{parts.scheme}://{name}:{port}", parts.path.rstrip("/")
        )


def is_askable(host: str) -> bool:
    """Whether name servers can be asked for a host: a name with a part that is empty or too long cannot be sent."""
    return all(1 <= len(label) <= _LONGEST_LABEL for label in host.removesuffix(".").split("."))


def is_loopback(host: str) -> bool:
    """Whether a host name or address is this machine itself."""
    if host.lower() == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _refused(why: str) -> ConfigError:
    """The URL itself is not shown: it may hold a secret by mistake."""
    return ConfigError(f"the exchange's base URL cannot be used: {why}")
