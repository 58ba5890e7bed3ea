"""A month's figures: what gathers is found, and what only comes and goes is not."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from sys import getsizeof

import pytest

from bot.domain.account import Units
from bot.rehearsal.plan import RehearsalPlan
from bot.rehearsal.run import rehearse_seed
from bot.sim.faults.presets import PRESETS
from bot.sim.ledger import Balance
from soak.month_figures import KB, MB, Ends, Figures, broken, figures_of, growth_in_lives, line
from soak.month_heap import heap
from soak.month_sample import Sample, Sampler


def sample(day: int, **facts: object) -> Sample:
    """A day of a bot that is well, at an exchange that gathers half a megabyte a day."""
    usual = {
        "life": 1,
        "age": day,
        "rss": 100 * MB + day * MB,
        "bot": 50 * MB + (day % 2) * KB,
        "exchange": 2 * MB + day * MB // 2,
        "database": day * 400 * KB,
        "rows": {"orders": day * 200, "order_events": day * 600},
        "tasks": 14,
        "descriptors": 8,
        "connections": 2,
        "streams": 1,
    }
    return Sample(day=day, **(usual | facts))  # type: ignore[arg-type]


MONTH = [sample(day) for day in range(1, 30)]


def faults(samples: Sequence[Sample]) -> list[str]:
    return list(broken(figures(samples)))


def figures(samples: Sequence[Sample]) -> Figures:
    found = figures_of(samples, 30)
    assert found is not None
    return found


def test_a_month_in_which_nothing_gathers_breaks_no_limit() -> None:
    assert faults(MONTH) == []


def test_the_warm_up_is_left_out() -> None:
    growing = [replace(one, bot=50 * MB + min(one.day, 9) * 10 * MB) for one in MONTH]  # type: ignore[arg-type]
    assert faults(growing) == []
    assert figures(growing).samples == 19


def test_figures_are_growth_a_day() -> None:
    found = figures(MONTH)
    assert found.rss == pytest.approx(MB)
    assert found.exchange == pytest.approx(MB / 2)
    assert found.database.per_day == pytest.approx(400 * KB)
    assert found.rows.per_day == pytest.approx(800)
    assert found.unexplained == pytest.approx(MB / 2 - 400 * KB, abs=KB)
    assert found.grown == (18 * 400 * KB, 18 * 800)
    assert found.tasks == Ends(14, 14)


def test_a_slope_is_told_with_how_far_the_farthest_point_is_from_the_line() -> None:
    def value(one: Sample) -> float:
        return 5 + 3 * one.day + (10 if one.day == 15 else 0)

    fit = line(MONTH, value)
    assert fit.per_day == pytest.approx(3)
    assert fit.residual == pytest.approx(10 * 28 / 29)


def test_a_leak_in_the_bot_is_found() -> None:
    leaking = [replace(one, bot=one.bot + int(one.day * 200 * KB)) for one in MONTH]
    assert faults(leaking) == ["the bot's memory grows by 200 KB a day; 64 KB may be"]


def in_lives(days: int, of: Callable[[int, int], int]) -> list[Sample]:
    """The month in lives of so many days, in which the bot holds `of(life, day of it)` bytes."""
    return [
        replace(one, life=int(one.day) // days, age=one.day % days, bot=of(int(one.day) // days, int(one.day) % days))
        for one in MONTH
    ]


def test_a_leak_is_found_though_every_life_begins_anew() -> None:
    lives = in_lives(4, lambda _, day: 50 * MB + day * 200 * KB)
    assert line(lives, lambda one: one.bot).per_day < 10 * KB
    assert growth_in_lives(lives, lambda one: one.bot) == pytest.approx(200 * KB)
    assert faults(lives) == ["the bot's memory grows by 200 KB a day; 64 KB may be"]


def test_what_a_young_bot_remembers_first_is_no_leak() -> None:
    lives = in_lives(4, lambda _, day: (57 if day else 50) * MB)
    assert (growth_in_lives(lives, lambda one: one.bot) or 0) > MB
    assert figures(lives).bot == 0


def test_lives_of_different_size_are_no_leak() -> None:
    assert figures(in_lives(4, lambda life, _: (50 + life) * MB)).bot == 0


def test_lives_that_were_too_short_tell_nothing() -> None:
    lives = in_lives(2, lambda life, day: (life + day) * 100 * MB)
    assert figures(lives).bot is None
    (fault,) = faults(lives)
    assert "long enough" in fault


def test_a_leak_that_is_no_python_object_is_found() -> None:
    leaking = [replace(one, rss=100 * MB + int(one.day * 3 * MB)) for one in MONTH]
    (fault,) = faults(leaking)
    assert "grows by 2.11 MB a day that nothing explains" in fault


def test_a_database_that_grows_fast_or_faster_every_day_is_found() -> None:
    (fast,) = faults([replace(one, database=int(one.day * 2 * MB)) for one in MONTH])
    assert fast == "the database grows by 2048 KB a day; 1024 KB may be"
    squared = [replace(one, rows={"orders": int(one.day) ** 2 * 10}) for one in MONTH]
    (bent,) = faults(squared)
    assert bent.startswith("the database's rows is ")


def test_a_database_that_grows_more_slowly_in_the_end_is_none_the_worse() -> None:
    assert faults([replace(one, rows={"orders": 9000 - (30 - int(one.day)) ** 2 * 10}) for one in MONTH]) == []


@pytest.mark.parametrize("what", ["tasks", "descriptors", "connections"])
def test_what_there_is_more_of_at_the_end_is_found(what: str) -> None:
    leaking = [replace(one, **{what: 14 + int(one.day) // 20}) for one in MONTH]  # type: ignore[arg-type]
    assert faults(leaking) == [f"there are 15 {what} at the end; there were 14"]


def test_what_a_system_does_not_tell_breaks_no_limit() -> None:
    untold = figures([replace(one, rss=None, descriptors=None) for one in MONTH])
    assert (untold.rss, untold.unexplained, untold.descriptors) == (None, None, None)
    assert list(broken(untold)) == []


def test_too_few_samples_tell_nothing() -> None:
    assert figures_of(MONTH[:13], 30) is None


def test_what_the_bot_holds_is_told_from_what_the_exchange_holds() -> None:
    before = heap()
    ours = [Units(f"instrument-{number:030}") for number in range(2_000)]
    theirs = [Balance() for _ in range(4_000)]
    after = heap()
    assert after.bot - before.bot == pytest.approx(
        2_000 * (getsizeof(ours[0]) + getsizeof(ours[0].instrument_id)), rel=0.3
    )
    assert after.exchange - before.exchange == pytest.approx(4_000 * getsizeof(theirs[0]), rel=0.1)


def test_a_rehearsal_is_sampled_while_it_runs_and_is_not_disturbed() -> None:
    plan = RehearsalPlan(2, PRESETS["all"], 0.5)
    sampler = Sampler(timedelta(minutes=50), settled=timedelta(minutes=10))
    result = rehearse_seed(plan, 1, onlooker=sampler)
    assert result == rehearse_seed(plan, 1)
    first, last = sampler.samples
    assert 50 / 1440 <= first.day < last.day <= 2 / 24
    assert 0 < sum(first.rows.values()) < sum(last.rows.values())
    assert 0 < first.database <= last.database
    assert 0 < first.exchange < first.bot
    assert 5 < last.tasks < 40
    assert last.connections >= 1
    assert 1 <= first.life <= last.life <= result.crashes + result.stops + 1
