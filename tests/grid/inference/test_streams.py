"""Answers that come piece by piece, in both forms."""

from __future__ import annotations

import json
from collections.abc import Iterable
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import BadAnswer, OutcomeUnknown
from bot.grid.inference.answers import ToolCall, Usage
from bot.grid.inference.pieces import ToolCallPart
from tests.grid.inference.scripted_web import HELLO, Reply, client_of, said, streamed

MESSAGES_END = 'event: message_stop\ndata: {"type": "message_stop"}\n\n'


def delta(finish_reason: str | None = None, index: int = 0, **fields: Any) -> dict[str, Any]:
    return {
        "model": "tp",
        "choices": [{"index": index, "delta": fields, "finish_reason": finish_reason}],
        "usage": None,
    }


def call_part(index: int | None, **fields: Any) -> dict[str, Any]:
    place = {} if index is None else {"index": index}
    return delta(tool_calls=[{**place, **fields}])


USAGE = {"choices": [], "usage": {"prompt_tokens": 8, "completion_tokens": 2, "total_tokens": 10}}
HI = [delta(role="assistant", content=""), delta(content="Hi"), delta(content=" ✓"), delta("stop"), USAGE]


async def test_a_chat_comes_in_pieces_and_tells_its_usage_at_the_end() -> None:
    inference, web = client_of(streamed(*HI, x_request_id="r1"))
    async with inference.stream_chat("text-prime", HELLO, max_tokens=9) as pieces:
        assert (pieces.text, pieces.usage, pieces.finish_reason, pieces.model) == ("", None, None, "")
        texts, raws = [], []
        async for piece in pieces:
            texts.append(piece.text)
            raws.append(piece.raw)
            assert pieces.usage is None
    assert texts == ["", "Hi", " ✓", "", ""]
    assert raws == HI
    assert (pieces.text, pieces.usage, pieces.finish_reason) == ("Hi ✓", Usage(8, 2, 10), "stop")
    assert (pieces.model, pieces.request_id, pieces.tool_calls) == ("tp", "r1", ())
    assert web.bodies == [
        {
            "model": "text-prime",
            "messages": HELLO,
            "max_tokens": 9,
            "stream": True,
            "stream_options": {"include_usage": True},
        }
    ]
    assert web.opened[0].closed


async def test_a_stream_that_leaves_usage_out_has_none() -> None:
    inference, _ = client_of(streamed(*HI[:-1]))
    async with inference.stream_chat("text-prime", HELLO) as pieces:
        assert [piece.text async for piece in pieces] == ["", "Hi", " ✓", ""]
    assert (pieces.usage, pieces.text) == (None, "Hi ✓")


async def test_an_ended_stream_stays_ended() -> None:
    inference, _ = client_of(streamed(*HI))
    async with inference.stream_chat("text-prime", HELLO) as pieces:
        assert len([piece async for piece in pieces]) == 5
        assert [piece async for piece in pieces] == []


async def test_of_several_choices_the_first_is_read() -> None:
    inference, _ = client_of(streamed(delta(content="a"), delta("stop", 1, content="b"), delta(content="c")))
    async with inference.stream_chat("text-prime", HELLO, n=2) as pieces:
        assert [piece.text async for piece in pieces] == ["a", "", "c"]
    assert (pieces.text, pieces.finish_reason) == ("ac", None)


async def test_tool_calls_of_a_chat_come_in_fragments() -> None:
    events = [
        call_part(0, id="c1", type="function", function={"name": "weather", "arguments": ""}),
        call_part(0, function={"arguments": '{"city"'}),
        call_part(1, id="c2", function={"name": "time"}),
        call_part(None, function={"arguments": ':"Oslo"}'}),
    ]
    inference, _ = client_of(streamed(*events, delta("tool_calls")))
    async with inference.stream_chat("text-prime", HELLO) as pieces:
        parts = [part async for piece in pieces for part in piece.tool_calls]
    assert parts == [
        ToolCallPart(0, "c1", "weather"),
        ToolCallPart(0, arguments='{"city"'),
        ToolCallPart(1, "c2", "time"),
        ToolCallPart(0, arguments=':"Oslo"}'),
    ]
    assert pieces.tool_calls == (ToolCall("c1", "weather", '{"city":"Oslo"}'), ToolCall("c2", "time", "{}"))
    assert pieces.finish_reason == "tool_calls"


def started(usage: object) -> dict[str, Any]:
    return {"type": "message_start", "message": {"model": "tp", "content": [], "usage": usage}}


def block_start(index: int, **block: Any) -> dict[str, Any]:
    return {"type": "content_block_start", "index": index, "content_block": block}


def block_delta(index: int, **fields: Any) -> dict[str, Any]:
    return {"type": "content_block_delta", "index": index, "delta": fields}


def message_delta(reason: str | None, usage: object) -> dict[str, Any]:
    return {"type": "message_delta", "delta": {"stop_reason": reason, "stop_sequence": None}, "usage": usage}


async def test_a_message_comes_in_pieces_and_tells_its_usage_at_the_end() -> None:
    events = [
        started({"input_tokens": 8, "cache_read_input_tokens": 3, "output_tokens": 1}),
        block_start(0, type="text", text=""),
        {"type": "ping"},
        block_delta(0, type="text_delta", text="Hi"),
        block_delta(0, type="thinking_delta", thinking="hm"),
        block_delta(0, type="text_delta", text=" ✓"),
        {"type": "content_block_stop", "index": 0},
        block_start(1, type="tool_use", id="t1", name="weather", input={}),
        block_delta(1, type="input_json_delta", partial_json=""),
        block_delta(1, type="input_json_delta", partial_json='{"city": '),
        block_delta(1, type="input_json_delta", partial_json='"Oslo"}'),
        block_start(2, type="tool_use", id="t2", name="time", input={"zone": "UTC"}),
        message_delta("tool_use", {"output_tokens": 20, "input_tokens": None}),
    ]
    inference, web = client_of(streamed(*events, end=MESSAGES_END, request_id="r1"))
    async with inference.stream_messages("text-prime", HELLO, max_tokens=9, system="Be brief.") as pieces:
        raws = [piece.raw async for piece in pieces]
    assert raws == events
    assert (pieces.text, pieces.model, pieces.finish_reason) == ("Hi ✓", "tp", "tool_use")
    assert pieces.usage == Usage(11, 20, 31)
    assert pieces.tool_calls == (
        ToolCall("t1", "weather", '{"city": "Oslo"}'),
        ToolCall("t2", "time", '{"zone":"UTC"}'),
    )
    assert pieces.request_id == "r1"
    (body,) = web.bodies
    assert (body["stream"], body["system"], "stream_options" in body) == (True, "Be brief.", False)


@pytest.mark.parametrize(
    ("first", "last", "usage"),
    [
        ({"input_tokens": 8, "output_tokens": 1}, None, None),
        ({"input_tokens": 8, "output_tokens": 1}, {}, None),
        (None, {"output_tokens": 5}, None),
        (None, {"input_tokens": 7, "output_tokens": 5}, Usage(7, 5, 12)),
        ({"input_tokens": 8, "output_tokens": 1}, {"input_tokens": 9, "output_tokens": 5}, Usage(9, 5, 14)),
    ],
)
async def test_the_output_that_a_message_begins_with_is_not_its_usage(
    first: object, last: object, usage: Usage | None
) -> None:
    inference, _ = client_of(streamed(started(first), message_delta("end_turn", last), end=MESSAGES_END))
    async with inference.stream_messages("text-prime", HELLO, max_tokens=9) as pieces:
        assert len([piece async for piece in pieces]) == 2
    assert pieces.usage == usage


async def consumed(reply: Reply) -> list[str]:
    """The texts that came before the error, which is raised."""
    texts: list[str] = []
    inference, web = client_of(reply)
    try:
        async with inference.stream_chat("text-prime", HELLO) as pieces:
            async for piece in pieces:
                texts.append(piece.text)  # noqa: PERF401 - what came before an error counts
    except (OutcomeUnknown, BadAnswer) as error:
        assert web.opened[0].closed
        assert pieces.usage is None
        error.add_note(json.dumps(texts))
        raise
    return texts


@pytest.mark.parametrize("end", ["", "data: [DON", 'data: {"choices": []}', ": closing\n\n"])
async def test_a_stream_that_ends_without_its_end_is_no_success(end: str) -> None:
    with pytest.raises(OutcomeUnknown, match=r"200: the stream broke off before its end.* Tokens may") as failed:
        await consumed(streamed(*HI, end=end))
    assert failed.value.__notes__ == ['["", "Hi", " \\u2713", "", ""]']


async def test_a_message_that_ends_without_its_end_is_none_either() -> None:
    inference, _ = client_of(streamed(started(None), message_delta("end_turn", {"output_tokens": 5}), end=""))
    async with inference.stream_messages("text-prime", HELLO, max_tokens=9) as pieces:
        await anext(pieces)
        await anext(pieces)
        with pytest.raises(OutcomeUnknown, match="broke off"):
            await anext(pieces)
    assert pieces.usage is None


@pytest.mark.parametrize("error", [ConnectionError("the connection broke"), TimeoutError("nothing came for 9 s")])
async def test_a_connection_that_breaks_in_the_middle_leaves_the_outcome_unknown(error: Exception) -> None:
    reply = streamed(*HI[:2], end="")
    reply.pieces = [*reply.pieces, error]
    with pytest.raises(OutcomeUnknown, match=str(error)) as failed:
        await consumed(reply)
    assert failed.value.__notes__ == ['["", "Hi"]']


@pytest.mark.parametrize(
    ("event", "words"),
    [
        ('data: {"error": {"message": "overloaded", "code": "busy"}}\n\n', "overloaded"),
        ('event: error\ndata: {"type": "error", "error": {"type": "x", "message": "no tokens"}}\n\n', "no tokens"),
        ('event: error\ndata: {"message": "overloaded"}\n\n', "overloaded"),
        ('data: {"error": "out of order"}\n\n', "out of order"),
    ],
)
async def test_an_error_in_a_stream_is_raised_after_what_came_before(event: str, words: str) -> None:
    reply = Reply(
        pieces=[b'data: {"choices": [{"delta": {"content": "Hi"}}]}\n\n' + event.encode(), b"data: [DONE]\n\n"]
    )
    with pytest.raises(OutcomeUnknown, match=f"the stream ended in an error: {words}") as failed:
        await consumed(reply)
    assert failed.value.__notes__ == ['["Hi"]']


@pytest.mark.parametrize("data", ["nonsense", "[]", "null", "[" * 100_000])
async def test_a_piece_that_cannot_be_understood_is_an_error(data: str) -> None:
    with pytest.raises(BadAnswer, match=r"cannot be understood.* Tokens may have been used"):
        await consumed(Reply(pieces=[f"data: {data}\n\n".encode()]))


async def test_an_event_without_end_is_an_error() -> None:
    with pytest.raises(BadAnswer, match="more than 16,000,000 bytes"):
        await consumed(Reply(pieces=[b"data: ", *[b"x" * 1_000_000] * 17]))


async def test_leaving_early_closes_the_connection() -> None:
    inference, web = client_of(streamed(*HI))
    async with inference.stream_chat("text-prime", HELLO) as pieces:
        async for piece in pieces:
            if piece.text:
                break
    assert web.opened[0].closed
    assert (pieces.text, pieces.usage) == ("Hi", None)


async def test_what_goes_wrong_in_the_block_itself_is_left_alone_and_closes_the_connection() -> None:
    inference, web = client_of(streamed(*HI))
    with pytest.raises(ConnectionError, match="mine"):
        async with inference.stream_chat("text-prime", HELLO):
            raise ConnectionError("mine")
    assert web.opened[0].closed


@given(cuts=st.lists(st.integers(1, 400)))
async def test_however_the_bytes_come_the_answer_is_the_same(cuts: list[int]) -> None:
    inference, _ = client_of(Reply(pieces=recut(streamed(*HI).pieces, cuts)))
    async with inference.stream_chat("text-prime", HELLO) as pieces:
        assert [piece.raw async for piece in pieces] == HI
    assert (pieces.text, pieces.usage) == ("Hi ✓", Usage(8, 2, 10))


def recut(pieces: Iterable[bytes | Exception], cuts: list[int]) -> list[bytes]:
    text = b"".join(piece for piece in pieces if isinstance(piece, bytes))
    places = sorted({0, len(text), *(cut for cut in cuts if cut < len(text))})
    return [text[start:end] for start, end in pairwise(places)]


async def test_a_whole_answer_where_a_stream_was_asked_for_is_no_success() -> None:
    with pytest.raises(OutcomeUnknown, match="broke off"):
        await consumed(said({"choices": []}))
