"""The headers that every request to the exchange has."""

from __future__ import annotations

HEADERS = {"accept": "application/json", "user-agent": "gridbot"}

BODY_HEADERS = HEADERS | {"content-type": "application/json"}
"""Those of a request with a body."""
