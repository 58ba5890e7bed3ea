"""`replenish` keeps real clients' inference stocked while there is supply.

In the suite each client lives through its busiest hour. `GRIDBOT_DEMAND_HOURS=336` takes the first 336 hours of
all instead, the whole 14 days; `-o junit_family=xunit1 --junitxml=FILE` writes down what was served of each.
"""

from __future__ import annotations

import csv
import gzip
import math
import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.strategies.rehearsing import SCENARIO, instance, rehearse

CLIENTS = (
    "m-large_c10",
    "m-large_c47",
    "m-large_c57",
    "m-small_c7",
    "m-large_c80",
    "m-large_c56",
    "m-large_c34",
    "m-small_c2",
    "m-mid_c18",
    "m-small_c26",
)
"""From 6 to 270 units a day; the third uses up its whole day's in one burst."""

SERVED = 0.99
"""The part of all tokens asked for that has to be served."""

SLOT = 600
"""Seconds in a slot of the traces."""


@pytest.fixture(scope="module")
def demands(shared: Path) -> Mapping[str, list[int]]:
    """Tokens by client and slot."""
    found: dict[str, list[int]] = {client: [] for client in CLIENTS}
    with gzip.open(shared / "data/demand/servegen_14d_10min.csv.gz", "rt") as file:
        for row in csv.DictReader(file):
            if row["client"] in found:
                found[row["client"]].append(round(float(row["tokens"])))
    return found


def sized_for(units_per_hour: float) -> dict[str, Any]:
    """Parameters that suit a mean demand: two hours of it ready, and six in all, but enough for a small burst."""
    floor = max(8, math.ceil(2 * units_per_hour))
    return {"floor": floor, "target": 3 * floor, "lot": floor // 4, "max_price": "3.00"}


def busiest(slots: list[int], count: int) -> list[int]:
    """The part of so many slots that asks for the most."""
    start = max(range(len(slots) - count + 1), key=lambda first: sum(slots[first : first + count]))
    return slots[start : start + count]


@pytest.mark.parametrize("client", CLIENTS)
def test_real_demand_is_served_while_there_is_supply(
    client: str, demands: Mapping[str, list[int]], tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    slots = demands[client]
    units_per_hour = sum(slots) / len(slots) * 3600 / SLOT / 1e6
    hours = float(os.environ.get("GRIDBOT_DEMAND_HOURS", "1"))
    asked = slots if "GRIDBOT_DEMAND_HOURS" in os.environ else busiest(slots, 3600 // SLOT)
    trace = tmp_path / "trace.csv"
    rows = (f"{client},{number * SLOT},1,{tokens}" for number, tokens in enumerate(asked))
    trace.write_text("\n".join(("client,t_s,requests,tokens", *rows)))
    seen = rehearse(
        tmp_path,
        replace(SCENARIO, trace=trace, client=client),
        instance("replenish", **sized_for(units_per_hour)) | {"schedule": {"every": "30s"}},
        hours=[hours],
        every=timedelta(hours=1),
    )
    consumer = seen.sim.consumer
    assert consumer is not None
    record_property("asked", consumer.tokens_asked)
    record_property("refused", consumer.tokens_refused)
    assert consumer.tokens_refused <= (1 - SERVED) * consumer.tokens_asked
