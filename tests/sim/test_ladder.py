"""The ladder of prices against a plain set."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.sim.ladder import Ladder


@given(st.lists(st.integers(-1_000, 1_000)))
def test_it_holds_what_was_put_in_and_not_taken_out_in_order(keys: list[int]) -> None:
    ladder, expected = Ladder(), set[int]()
    for key in keys:
        if key in expected:
            ladder.remove(key)
        else:
            ladder.add(key)
        expected ^= {key}
        assert ladder.last == max(expected, default=None)
    assert list(reversed(ladder)) == sorted(expected, reverse=True)


@pytest.mark.parametrize("count", [512, 513, 5_000])
def test_many_are_held_in_order_too(count: int) -> None:
    ladder, keys = Ladder(), list(range(count))
    random.Random(count).shuffle(keys)
    for key in keys:
        ladder.add(key)
    assert list(reversed(ladder)) == list(reversed(range(count)))
    for key in keys[: count // 2]:
        ladder.remove(key)
    left = sorted(keys[count // 2 :])
    assert list(reversed(ladder)) == left[::-1]
    assert ladder.last == left[-1]
