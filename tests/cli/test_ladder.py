"""A book drawn as a ladder."""

from __future__ import annotations

from decimal import Decimal

from bot.cli.ladder import ladder
from bot.domain.book import Book, Level


def level(price: str, quantity: int, orders: int = 1) -> Level:
    return Level(Decimal(price), quantity, orders)


BOOK = Book("m", bids=(level("2.50", 40), level("2.4", 80, 3)), asks=(level("2.53", 20), level("2.6", 1)))


def test_asks_stand_above_bids_with_the_best_beside_the_spread() -> None:
    assert ladder(BOOK, 40) == [
        "price  units  orders",
        " 2.60      1       1  ▏",
        " 2.53     20       1  ████▌",
        "-- spread 0.03 USD, 1.19% of the mid 2.515 USD --",
        " 2.50     40       1  █████████",
        " 2.40     80       3  ██████████████████",
    ]


def test_a_side_that_nobody_quotes_is_told() -> None:
    assert "-- no asks --" in ladder(Book("m", bids=BOOK.bids), 40)
    assert "-- no bids --" in ladder(Book("m", asks=BOOK.asks), 40)
    assert ladder(Book("m"), 40)[-1] == "-- no asks and bids --"


def test_bars_are_painted_by_their_side() -> None:
    lines = ladder(BOOK, 40, paint_ask=lambda bar: f"<{bar}>", paint_bid=lambda bar: f"[{bar}]")
    assert [line[-1] for line in lines] == ["s", ">", ">", "-", "]", "]"]


def test_bars_are_drawn_on_a_terminal_that_is_too_narrow_too() -> None:
    assert ladder(BOOK, 10)[-1].endswith("████████")
