"""Which hosts may be sent the consumption key."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self
from urllib.parse import urlsplit

from bot.grid.endpoint import is_loopback

_BELOW = "*."


@dataclass(frozen=True, slots=True)
class TrustedHosts:
    """The host of an API's base URL, and those that the user allows besides.

    Attributes:
        base: the host of the base URL.
        allowed: host names in lower case; `*.example.org` is every host below example.org, but not that one itself.
    """

    base: str
    allowed: tuple[str, ...]

    @classmethod
    def of(cls, base_url: str, allowed: Iterable[str]) -> Self:
        """The hosts to trust for a base URL that has been checked."""
        return cls(urlsplit(base_url).hostname or "", tuple(name.lower() for name in allowed))

    def trust(self, host: str) -> bool:
        """Whether a host, in lower case, may be sent the key; this machine, only when the base URL is on it, too."""
        if is_loopback(host):
            return is_loopback(self.base)
        return host == self.base or any(_covers(name, host) for name in self.allowed)


def _covers(name: str, host: str) -> bool:
    if name.startswith(_BELOW):
        return host.endswith(name[1:]) and host != name[1:]
    return host == name
