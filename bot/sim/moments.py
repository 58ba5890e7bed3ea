"""Moments that are kept in files."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, TypeAlias

import msgspec

Moment: TypeAlias = Annotated[datetime, msgspec.Meta(tz=True)]
"""A moment with its time zone; one without is refused when it is read from a file."""
