"""Candles drawn with text."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from bot.cli.candle_chart import chart, fitting
from bot.domain.candle import Candle

START = datetime(2026, 1, 5, tzinfo=UTC)


def candle(hour: int, open_: str, high: str, low: str, close: str, volume: int = 10) -> Candle:
    start = START + timedelta(hours=hour)
    return Candle(start, Decimal(open_), Decimal(high), Decimal(low), Decimal(close), volume)


@st.composite
def histories(draw: st.DrawFn) -> list[Candle]:
    found = []
    for hour in range(draw(st.integers(1, 60))):
        prices = sorted(draw(st.lists(st.integers(1, 10**8), min_size=4, max_size=4)))
        low, one, two, high = (Decimal(price).scaleb(-4) for price in prices)
        open_, close = draw(st.permutations([one, two]))
        found.append(Candle(START + timedelta(hours=hour), open_, high, low, close, draw(st.integers(0, 10**9))))
    return found


@given(histories(), st.integers(20, 140), st.integers(2, 30))
def test_a_chart_fits_its_room_whatever_the_candles(candles: list[Candle], width: int, height: int) -> None:
    shown = fitting(candles, width)
    lines = chart(shown, width=width, height=height)
    assert len(lines) == height + 3
    assert max(map(len, lines)) <= width
    assert list(shown) == candles[-len(shown) :]


@given(histories())
def test_every_candle_has_a_body_in_its_own_column(candles: list[Candle]) -> None:
    lines = chart(candles, width=200, height=12)
    axis = lines[0].index("┤") + 1
    stride = 2 if 2 * len(candles) <= 200 - axis else 1
    for number in range(len(candles)):
        column = {line[axis + number * stride :][:1] for line in lines[:12]}
        assert column & set("┃╻╹╽╿")


def test_bodies_are_heavy_and_wicks_light() -> None:
    lines = chart([candle(0, "1.00", "2.00", "0.00", "1.50")], width=30, height=4)
    assert [line[-1] for line in lines[:4]] == ["│", "┃", "│", "│"]
    lines = chart([candle(0, "1.00", "2.00", "0.00", "1.75")], width=30, height=4)
    assert [line[-1] for line in lines[:4]] == ["╽", "┃", "│", "│"]


def test_the_axes_tell_prices_moments_and_volumes() -> None:
    candles = [candle(hour, "2.00", "2.10", "1.90", "2.00", volume) for hour, volume in enumerate((0, 1, 500, 1000))]
    *_, last, axis, moments, volumes = lines = chart(candles, width=60, height=6)
    assert lines[0].startswith(" 2.10 ┤")
    assert last.startswith(" 1.90 ┤")
    assert axis.strip().startswith("└┬")
    assert moments.strip() == "01-05 00:00"
    assert volumes == "units    ▁ ▄ █"


def test_moments_stand_under_their_ticks() -> None:
    lines = chart([candle(hour, "2", "3", "1", "2") for hour in range(40)], width=120, height=4)
    axis, moments = lines[4], lines[5]
    starts = [place for place, mark in enumerate(axis) if mark == "┬"]
    assert len(starts) > 3
    for place in starts:
        assert moments[place : place + 5] in ("01-05", "01-06")


def test_a_market_that_never_moved_is_drawn_in_the_middle() -> None:
    lines = chart([candle(0, "2.50", "2.50", "2.50", "2.50", 0)], width=40, height=6)
    assert [("╻" in line or "╹" in line) for line in lines[:6]].count(True) == 1
    assert "2.55" in lines[0]
    assert "2.45" in lines[5]


def test_only_what_belongs_to_a_candle_is_painted() -> None:
    painted: list[str] = []

    def paint(_: Candle, cell: str) -> str:
        painted.append(cell)
        return cell

    chart([candle(0, "1", "2", "1", "2", 5)], width=30, height=4, paint=paint)
    assert painted == ["┃", "┃", "┃", "┃", "█"]
