"""How hard tests that make up their requests try."""

from __future__ import annotations

import os

EFFORT = int(os.environ.get("GRIDBOT_FUZZ", "1"))
"""How many times as many requests are made up as usual."""
