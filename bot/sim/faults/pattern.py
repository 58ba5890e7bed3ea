"""Which requests a fault is for."""

from __future__ import annotations

import difflib
from fnmatch import fnmatchcase

from bot.sim.inference.api import METHODS
from bot.sim.served import SERVED

_ROUTES = {
    "health": {"GET"},
    **{name: set(methods) for name, methods in SERVED.items()},
    **{path.removeprefix("/v1/"): {method} for path, method in METHODS.items()},
}
_METHODS = {method for methods in _ROUTES.values() for method in methods}


def resource_of(path: str) -> str:
    """A path without what comes before the resource, in either layout and at the supplier's door; empty outside."""
    _, found, rest = path.rpartition("/v1/")
    return rest.removeprefix("trading/") if found else ""


def checked_route(route: str) -> str:
    """The route, as `METHOD pattern`; a pattern alone is for every method, and stands for `*` where it is `*`.

    Raises:
        ValueError: no request could match.
    """
    method, _, pattern = route.strip().rpartition(" ")
    method, pattern = method.strip().upper() or "*", pattern.replace("{}", "*")
    if method not in (*_METHODS, "*"):
        raise ValueError(f"must begin with one of {', '.join(sorted(_METHODS))} or *, not {method}")
    served = [name for name in _ROUTES if fnmatchcase(name, pattern)]
    if not served:
        raise ValueError(f"matches no route of the exchange, such as 'POST orders'{_meant(pattern)}")
    if method != "*" and not any(method in _ROUTES[name] for name in served):
        raise ValueError(f"no such route takes {method}")
    return f"{method} {pattern}"


def matches(route: str, method: str, resource: str) -> bool:
    """Whether a request is one of those that a checked route means."""
    wanted, _, pattern = route.partition(" ")
    return wanted in ("*", method) and bool(resource) and (pattern == "*" or fnmatchcase(resource, pattern))


def _meant(pattern: str) -> str:
    close = difflib.get_close_matches(resource_of(pattern) or pattern.strip("/"), list(_ROUTES), n=1)
    return f"; did you mean '{close[0]}'?" if close else ""
