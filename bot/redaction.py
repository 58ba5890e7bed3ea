"""Keeping secrets out of everything that people read: logs, error texts, the settings as shown."""

from __future__ import annotations

import re
from typing import Any

HIDDEN = "***"
"""What stands in for a secret."""

_NAMES = frozenset(
    {
        "api_key",
        "apikey",
        "authorization",
        "cookie",
        "credentials",
        "passphrase",
        "passwd",
        "password",
        "private_key",
        "secret",
        "secret_key",
        "set_cookie",
        "signature",
        "signing_key",
        "token",
        "x_api_key",
    }
)
_ENDINGS = ("_api_key", "_passphrase", "_password", "_private_key", "_secret", "_signature", "_signing_key", "_token")

_PASSWORD_IN_URL = re.compile(r"""(\b[a-z][a-z0-9+.-]*://[^\s:/@"']*):\S*@""", re.IGNORECASE)
_NAMED_IN_TEXT = re.compile(
    r"""\b((?:authorization|x-api-key|x-thegrid-signature)["']?\s*[:=]\s*["']?(?:bearer\s+)?  # a header's name
        |(?:password|secret|token|signing_key)(?:\s*=|["']\s*:)\s*["']?)                       # a setting's
        (?!["'\s])[^\s"',;&]+                                                                  # and its value""",
    re.IGNORECASE | re.VERBOSE,
)


def names_a_secret(name: str) -> bool:
    """Whether what goes by this name is not to be shown; `key` and names such as `tokens_served` are no secrets."""
    plain = name.lower().replace("-", "_")
    return plain in _NAMES or plain.endswith(_ENDINGS)


def mask(text: str) -> str:
    """The text without the passwords in its URLs and without the values of secret headers and settings."""
    return _NAMED_IN_TEXT.sub(rf"\1{HIDDEN}", _PASSWORD_IN_URL.sub(rf"\1:{HIDDEN}@", text))


def redact(data: Any) -> Any:
    """JSON-like data without its secrets: values by the names of their keys, and texts through `mask`."""
    if isinstance(data, str):
        return mask(data)
    if isinstance(data, list):
        return [redact(item) for item in data]
    if isinstance(data, dict):
        return {
            name: HIDDEN if names_a_secret(name) and value is not None else redact(value)
            for name, value in data.items()
        }
    return data
