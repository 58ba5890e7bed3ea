"""What a balance says of a transfer whose outcome is unclear: pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from bot.domain.fill import Fill
from bot.domain.order import Side
from bot.domain.transfer import VenueTransfer

SKEW = timedelta(seconds=5)
"""How far the exchange's clock and ours may be apart when it matters whether a balance counts a fill already."""


@dataclass(frozen=True, slots=True)
class Baseline:
    """What Trading, or the issuance account, showed of an instrument right before a transfer of it was sent.

    Attributes:
        units: all of them; in Trading, those that back resting sells included.
        asked_at: when it was asked for, by our clock.
        answered_at: when it was answered.
        newest_fill_at: when the newest fill traded that was known then, by the exchange's clock.
        is_alone: whether no other transfer of ours was under way then, whose units might still come back.
    """

    units: int
    asked_at: datetime
    answered_at: datetime
    newest_fill_at: datetime | None
    is_alone: bool = True


@dataclass(frozen=True, slots=True)
class Shown:
    """What Trading shows of the instrument now, and what has changed it besides.

    Attributes:
        units: all of them.
        asked_at: when they were asked for, by our clock.
        fills: trades of the instrument on the whole account, read after `units`.
        others: transfers of the instrument to Consumption that are none of ours.
    """

    units: int
    asked_at: datetime
    fills: Sequence[Fill] = ()
    others: Sequence[VenueTransfer] = ()


class Evidence(StrEnum):
    """What the balance says of the units that were to be moved or issued.

    THERE: they are still there, or were not issued, so nothing was done.
    GONE: they are not, or were, so it was done, whatever the history shows.
    UNSURE: it cannot be told, for too much else happened at the same time.
    """

    THERE = "there"
    GONE = "gone"
    UNSURE = "unsure"


def weigh(quantity: int, before: Baseline, now: Shown) -> Evidence:
    """Whether `quantity` units have left Trading, apart from what fills and other transfers explain.

    What may or may not be in one of the two balances is taken into account both ways; only what holds both ways counts.
    """
    if not before.is_alone:
        return Evidence.UNSURE
    least = most = before.units
    for units, is_certain in (*_by_fills(before, now), *_by_transfers(before, now)):
        least += units if is_certain else min(units, 0)
        most += units if is_certain else max(units, 0)
    if now.units >= most:
        return Evidence.THERE
    if least - now.units >= quantity:
        return Evidence.GONE
    return Evidence.UNSURE


def weigh_issued(change: int, before: Baseline, units: int) -> Evidence:
    """Whether the issuance account, now with so many units, has changed as it was to; nothing else should change it."""
    if not before.is_alone:
        return Evidence.UNSURE
    return {0: Evidence.THERE, change: Evidence.GONE}.get(units - before.units, Evidence.UNSURE)


def _by_fills(before: Baseline, now: Shown) -> Iterable[tuple[int, bool]]:
    """Units that fills brought since, less than none for sells, and whether it is certain that they count."""
    known_until = max(before.newest_fill_at or before.asked_at - SKEW, before.asked_at - SKEW)
    for fill in now.fills:
        if fill.executed_at > known_until:
            is_certain = before.answered_at + SKEW < fill.executed_at <= now.asked_at - SKEW
            yield (fill.quantity if fill.side is Side.BUY else -fill.quantity), is_certain


def _by_transfers(before: Baseline, now: Shown) -> Iterable[tuple[int, bool]]:
    """Units, as less than none, that other transfers took away since."""
    for other in now.others:
        at = other.created_at
        if other.status != "failed" and (at is None or at > before.asked_at - SKEW):
            yield -(other.quantity or 0), at is not None and at > before.answered_at + SKEW
