"""A book drawn as a ladder: asks above, the spread, bids below, each level with a bar as long as it is large."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from bot.cli.amounts import usd
from bot.domain.book import Book, Level

_EIGHTHS = " ▏▎▍▌▋▊▉"
_FULL = "█"
_SHORTEST_BAR = 8

Paint = Callable[[str], str]


def ladder(book: Book, width: int, *, paint_ask: Paint = str, paint_bid: Paint = str) -> list[str]:
    """The lines of the drawing, none wider than `width` columns unless that is too little for its numbers.

    `paint_ask` and `paint_bid` colour the bars of their side.
    """
    asks, bids = tuple(reversed(book.asks)), book.bids
    texts = _texts([*asks, *bids])
    widths = [max(map(len, column)) for column in zip(*texts, strict=True)]
    room = max(_SHORTEST_BAR, width - sum(widths) - 2 * len(widths))
    largest = max((level.quantity for level in (*asks, *bids)), default=1)

    def line(cells: Sequence[str], quantity: int, paint: Paint) -> str:
        numbers = "  ".join(f"{cell:>{columns}}" for cell, columns in zip(cells, widths, strict=True))
        return f"{numbers}  {paint(_bar(quantity, largest, room))}" if quantity else numbers

    head, *rows = texts
    above, below = rows[: len(asks)], rows[len(asks) :]
    return [
        line(head, 0, str),
        *(line(row, level.quantity, paint_ask) for row, level in zip(above, asks, strict=True)),
        _spread(book),
        *(line(row, level.quantity, paint_bid) for row, level in zip(below, bids, strict=True)),
    ]


def _texts(levels: Sequence[Level]) -> list[tuple[str, str, str]]:
    places = max((-int(level.price.as_tuple().exponent) for level in levels), default=0)
    rows = [(f"{level.price:.{max(places, 0)}f}", f"{level.quantity:,}", str(level.order_count)) for level in levels]
    return [("price", "units", "orders"), *rows]


def _spread(book: Book) -> str:
    if not book.asks or not book.bids:
        sides = " and ".join(name for name, side in (("asks", book.asks), ("bids", book.bids)) if not side)
        return f"-- no {sides} --"
    bid, ask = book.bids[0].price, book.asks[0].price
    mid = (bid + ask) / 2
    return f"-- spread {usd(ask - bid)}, {(ask - bid) / mid:.2%} of the mid {usd(mid)} --"


def _bar(quantity: int, largest: int, room: int) -> str:
    eighths = max(1, quantity * room * 8 // largest)
    return (_FULL * (eighths // 8) + _EIGHTHS[eighths % 8]).rstrip()
