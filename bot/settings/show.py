"""The settings as they may be shown."""

from __future__ import annotations

from typing import Any

from bot.plain_data import plain_data
from bot.redaction import redact
from bot.settings.models import Settings


def as_shown(settings: Settings) -> dict[str, Any]:
    """The settings as JSON can hold them, in their order, with `***` for every secret."""
    shown: dict[str, Any] = redact(plain_data(settings))
    return shown
