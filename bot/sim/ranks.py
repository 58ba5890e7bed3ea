"""Where a row stands in a list that is ordered by one of its fields."""

from __future__ import annotations

import re
from datetime import datetime
from decimal import Decimal
from typing import TypeAlias

Rank: TypeAlias = tuple[int, int | Decimal | datetime | str]
"""Compares with any other; of values that are no numbers, moments come before texts."""

OF_TIME = ("created_at", "submitted_at", "execution_timestamp", "settlement_timestamp")
"""Fields by which a list that grows with time is in order as it is."""

_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?")


def rank_of(value: object) -> Rank:
    """A field's value as it compares with those of other rows: absent first, a text of digits as a number."""
    match value:
        case None:
            return 0, 0
        case int() | Decimal():
            return 1, value
        case datetime():
            return 2, value
    text = str(value)
    return (1, Decimal(text)) if _NUMBER.fullmatch(text) else (3, text)
