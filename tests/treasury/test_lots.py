"""Lots, estimated from balances."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from bot.domain.lot import Lot
from bot.domain.money import TOKENS_PER_UNIT
from bot.sim.lots import Lots
from bot.treasury.lots import OVERDUE_FOR, LotBook

START = datetime(2026, 1, 5, tzinfo=UTC)
LIFETIME = timedelta(hours=4)


def moment(hours: float) -> datetime:
    return START + timedelta(hours=hours)


def after(*balances: tuple[float, int]) -> LotBook:
    """What is known after these balances, each at so many hours."""
    book = LotBook(LIFETIME)
    for hours, units in balances:
        book.observe(moment(hours), units)
    return book


def test_before_the_first_balance_there_is_nothing() -> None:
    assert LotBook(LIFETIME).lots == ()


def test_the_first_balance_is_of_unknown_age() -> None:
    assert after((0, 10)).lots == (Lot(10, None),)


def test_after_an_empty_start_all_ages_are_known() -> None:
    assert after((0, 0), (1, 10)).lots == (Lot(10, moment(5)),)


def test_a_rise_is_a_lot_that_came_then() -> None:
    assert after((0, 10), (1, 15), (2, 18)).lots == (Lot(10, None), Lot(5, moment(5)), Lot(3, moment(6)))


def test_a_balance_that_stays_changes_nothing() -> None:
    assert after((0, 10), (1, 15), (2, 15)).lots == after((0, 10), (1, 15)).lots


def test_a_fall_uses_the_oldest_lots_first() -> None:
    seen = [(0, 10), (1, 15), (2, 18)]
    assert after(*seen, (3, 14)).lots == (Lot(6, None), Lot(5, moment(5)), Lot(3, moment(6)))
    assert after(*seen, (3, 6)).lots == (Lot(3, moment(5)), Lot(3, moment(6)))
    assert after(*seen, (3, 0)).lots == ()


def test_a_lot_that_expires_leaves_those_that_came_later() -> None:
    assert after((0, 0), (1, 10), (2, 14), (5, 4)).lots == (Lot(4, moment(6)),)


def test_a_lot_may_stay_a_little_longer_than_its_time() -> None:
    late = OVERDUE_FOR / timedelta(hours=2)
    assert after((0, 0), (1, 10), (5 + late, 10)).lots == (Lot(10, moment(5)),)


def test_what_is_held_in_place_of_an_expired_lot_came_unseen() -> None:
    assert after((0, 0), (1, 10), (2, 14), (7, 12)).lots == (Lot(12, moment(11)),)
    assert after((0, 0), (1, 10), (2, 14), (5.5, 12)).lots == (Lot(4, moment(6)), Lot(8, moment(9.5)))


def test_units_of_unknown_age_are_gone_a_lifetime_after_they_were_first_seen() -> None:
    assert after((0, 10), (3, 15), (4.5, 9)).lots == (Lot(5, moment(7)), Lot(4, moment(8.5)))


def test_two_balances_at_one_moment_are_both_seen_and_older_ones_are_not() -> None:
    assert after((0, 0), (1, 10), (1, 12)).lots == (Lot(10, moment(5)), Lot(2, moment(5)))
    assert after((0, 0), (1, 10), (0.5, 3)).lots == (Lot(10, moment(5)),)


def balances(longest_pause: int) -> st.SearchStrategy[list[tuple[int, int]]]:
    """Minutes since the one before, and units."""
    return st.lists(st.tuples(st.integers(0, longest_pause), st.integers(0, 40)), min_size=1, max_size=40)


@given(balances(longest_pause=600))
def test_lots_add_up_to_the_last_balance_and_expire_in_their_order(seen: list[tuple[int, int]]) -> None:
    book, at = LotBook(LIFETIME), START
    for minutes, units in seen:
        at += timedelta(minutes=minutes)
        book.observe(at, units)
        assert sum(lot.units for lot in book.lots) == units
        assert all(lot.units > 0 for lot in book.lots)
        expiries = [lot.expires_at or START for lot in book.lots]
        assert expiries == sorted(expiries)


@given(balances(longest_pause=5))
def test_before_any_lot_expires_a_fall_takes_the_oldest_and_a_rise_changes_none(seen: list[tuple[int, int]]) -> None:
    book, at = LotBook(LIFETIME), START
    for minutes, units in seen:
        before, held = book.lots, sum(lot.units for lot in book.lots)
        at += timedelta(minutes=minutes)
        book.observe(at, units)
        if units >= held:
            assert book.lots[: len(before)] == before
        elif units:
            oldest, *newer = book.lots
            assert newer == list(before[len(before) - len(newer) :])
            assert oldest.expires_at == before[-len(book.lots)].expires_at


@given(st.lists(st.tuples(st.integers(1, 60), st.integers(0, 9), st.integers(0, 9)), max_size=60))
def test_seen_every_few_minutes_they_are_the_exchanges_own(steps: list[tuple[int, int, int]]) -> None:
    exchange, book, at = Lots(), LotBook(LIFETIME), START
    book.observe(at, 0)
    for minutes, received, used in steps:
        for _ in range(minutes):
            at += timedelta(minutes=1)
            exchange.expire(at)
            book.observe(at, exchange.units)
        exchange.use(used * TOKENS_PER_UNIT)
        book.observe(at, exchange.units)
        exchange.commit(received)
        if received:
            exchange.arrive(received, at, at + LIFETIME)
        book.observe(at, exchange.units)
        assert book.lots == tuple(Lot(lot.tokens // TOKENS_PER_UNIT, lot.expires_at) for lot in exchange)
