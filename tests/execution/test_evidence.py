"""What the Trading balance says of an unclear transfer."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.fill import Fill
from bot.domain.order import Side
from bot.domain.transfer import VenueTransfer
from bot.execution.evidence import Baseline, Evidence, Shown, weigh

AT = datetime(2026, 1, 5, tzinfo=UTC)
THERE, GONE, UNSURE = Evidence.THERE, Evidence.GONE, Evidence.UNSURE


def at(seconds: float) -> datetime:
    return AT + timedelta(seconds=seconds)


def before(units: int = 10, *, newest_fill: float | None = None, is_alone: bool = True) -> Baseline:
    return Baseline(units, AT, AT, None if newest_fill is None else at(newest_fill), is_alone)


def bought(units: int, seconds: float) -> Fill:
    side = Side.BUY if units > 0 else Side.SELL
    return Fill(f"t{seconds}", "o-1", "m", side, Decimal(2), abs(units), at(seconds))


def moved(units: int, seconds: float | None, status: str = "completed") -> VenueTransfer:
    return VenueTransfer(f"x{seconds}", "i", units, status, None if seconds is None else at(seconds))


ROWS: list[tuple[str, Baseline, int, list[Fill], list[VenueTransfer], Evidence]] = [
    ("nothing happened: they are there", before(), 10, [], [], THERE),
    ("so many are missing: they are gone", before(), 5, [], [], GONE),
    ("more are there than before", before(), 11, [], [], THERE),
    ("a part is missing", before(), 8, [], [], UNSURE),
    ("a buy explains what came", before(), 12, [bought(7, 30)], [], GONE),
    ("a sell explains what went", before(), 5, [bought(-5, 30)], [], THERE),
    ("a sell explains only a part", before(), 2, [bought(-3, 30)], [], GONE),
    ("a buy that was known before counts in both", before(newest_fill=-2), 10, [bought(7, -2)], [], THERE),
    ("a buy long before counts in both", before(), 10, [bought(7, -6)], [], THERE),
    ("a buy at the same moment may count in either", before(), 10, [bought(7, 0)], [], UNSURE),
    ("a buy just now may not show yet", before(), 10, [bought(7, 99)], [], UNSURE),
    ("a sell just now explains what is missing, or does not", before(), 5, [bought(-5, 99)], [], UNSURE),
    ("another transfer explains what went", before(), 0, [], [moved(10, 30)], THERE),
    ("another transfer explains only a part", before(), 0, [], [moved(5, 30)], GONE),
    ("another transfer long before counts in both", before(), 10, [], [moved(5, -30)], THERE),
    ("another transfer at an unknown time", before(), 5, [], [moved(5, None)], UNSURE),
    ("a transfer that failed took nothing", before(), 5, [], [moved(5, 30, "failed")], GONE),
    ("another one of ours was under way", before(is_alone=False), 10, [], [], UNSURE),
]


@pytest.mark.parametrize(
    ("_why", "baseline", "units", "fills", "others", "expected"), ROWS, ids=[row[0] for row in ROWS]
)
def test_what_the_balance_says(
    _why: str,
    baseline: Baseline,
    units: int,
    fills: list[Fill],
    others: list[VenueTransfer],
    expected: Evidence,
) -> None:
    assert weigh(5, baseline, Shown(units, at(100), fills, others)) is expected


changes = st.lists(st.tuples(st.integers(-9, 9).filter(bool), st.integers(-20, 120), st.booleans()), max_size=6)


@given(changes, st.integers(1, 9), st.booleans(), st.integers(-4, 4), st.integers(0, 4))
def test_it_never_says_what_is_not_so(
    happened: list[tuple[int, int, bool]], quantity: int, applied: bool, skew: int, travel: int
) -> None:
    """Whatever is traded and moved meanwhile, wherever in its travel a request is answered, whatever the clocks say."""
    asked_again, start = 100, 1000
    shown = Shown(
        start + sum(units for units, when, _ in happened if when <= asked_again + travel) - quantity * applied,
        at(asked_again),
        [bought(units, when + skew) for units, when, is_fill in happened if is_fill or units > 0],
        [moved(-units, when + skew) for units, when, is_fill in happened if not is_fill and units < 0],
    )
    held = start + sum(units for units, when, _ in happened if when <= travel)
    verdict = weigh(quantity, Baseline(held, AT, at(4), None), shown)
    assert verdict is not (THERE if applied else GONE)
