from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.grid.inference import sse
from bot.grid.inference.sse import Event, EventReader


def events_of(*chunks: bytes) -> list[Event]:
    reader = EventReader()
    return [event for chunk in chunks for event in reader.feed(chunk)] + reader.finish()


@pytest.mark.parametrize(
    ("text", "events"),
    [
        (b"data: a\n\n", [Event("a")]),
        (b"data:a\n\ndata: b\n\n", [Event("a"), Event("b")]),
        (b"data:  two blanks\n\n", [Event(" two blanks")]),
        (b"data: a\r\n\r\ndata: b\r\rdata: c\n\n", [Event("a"), Event("b"), Event("c")]),
        (b"data: one\ndata\ndata: three\n\n", [Event("one\n\nthree")]),
        (b": a comment\n\n:\ndata: a\n: another\n\n", [Event("a")]),
        (b"event: ping\ndata: {}\n\ndata: x\n\n", [Event("{}", "ping"), Event("x")]),
        (b"event: lonely\n\ndata: x\n\n", [Event("x")]),
        (b"id: 7\nretry: 5\nunknown: z\ndata: a:b\n\n", [Event("a:b")]),
        (b"\xef\xbb\xbfdata: a\n\n", [Event("a")]),
        ("data: zażółć ✓\n\n".encode(), [Event("zażółć ✓")]),
        (b"data: \xff\n\n", [Event("\N{REPLACEMENT CHARACTER}")]),
        (b"\n\n\n", []),
        (b"", []),
    ],
)
def test_events_are_read_as_the_standard_says(text: bytes, events: list[Event]) -> None:
    assert events_of(text) == events


def test_a_last_event_without_its_empty_line_counts_but_a_last_line_cut_short_does_not() -> None:
    assert events_of(b"data: [DONE]\n") == [Event("[DONE]")]
    assert events_of(b"data: a\n\ndata: b\ndata: cut sho") == [Event("a")]


LINES = st.sampled_from(["data: a", "data:", "data: ✓ é", "event: e", ": note", "", "", "id: 1", "\ufeffdata: x"])


@given(
    lines=st.lists(st.tuples(LINES, st.sampled_from(["\n", "\r", "\r\n"])), max_size=20),
    cuts=st.lists(st.integers(0, 200)),
)
def test_however_the_bytes_are_cut_the_events_are_the_same(lines: list[tuple[str, str]], cuts: list[int]) -> None:
    text = "".join(line + end for line, end in lines).encode()
    places = sorted({0, len(text), *(cut for cut in cuts if cut < len(text))})
    chunks = [text[start:end] for start, end in pairwise(places)]
    assert events_of(*chunks) == events_of(text)
    assert events_of(*(text[place : place + 1] for place in range(len(text)))) == events_of(text)


@pytest.mark.parametrize("endless", [b"data: x", b"data: x\n"])
def test_an_event_without_end_is_refused(endless: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sse, "MAX_EVENT_BYTES", 1000)
    reader = EventReader()
    for _ in range(100):
        reader.feed(endless)
    with pytest.raises(ValueError, match="more than 1,000 bytes"):
        reader.feed(endless * 100)


def test_many_events_and_comments_together_may_be_longer_than_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sse, "MAX_EVENT_BYTES", 100)
    assert len(events_of(*[b"data: abcdefghi\n\n"] * 50, *[b": still here\n"] * 50)) == 50
