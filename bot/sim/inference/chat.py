"""Answers in the form of OpenAI's Chat Completions API."""

from __future__ import annotations

from collections.abc import Iterator

from bot.sim.inference.ask import Ask, BadParameter, ToolCall, as_json, read
from bot.sim.inference.chat_form import ChatForm
from bot.sim.inference.completion import Completion
from bot.sim.inference.dialect import Served
from bot.sim.refusals import Refusal

_ERRORS = {
    401: ("authentication_error", "invalid_api_key"),
    402: ("insufficient_quota", "insufficient_tokens"),
    404: ("invalid_request_error", "not_found"),
    422: ("invalid_request_error", "invalid_parameter"),
    503: ("server_error", "replenishment_under_way"),
}


class ChatDialect:
    """OpenAI's form."""

    def read(self, body: bytes) -> Ask:
        """What a body asks for. Raises `Refusal`."""
        return read(body, ChatForm)

    def whole(self, served: Served) -> object:
        """The JSON of an answer in one piece."""
        completion = served.completion
        message: dict[str, object] = {"role": "assistant", "content": completion.text, "refusal": None}
        if completion.call is not None:
            message |= {"content": None, "tool_calls": [_call(served, completion.call, completion.text)]}
        choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": _finish_reason(completion)}
        return _head(served, "chat.completion") | {"choices": [choice], "usage": _usage(completion)}

    def events(self, served: Served) -> Iterator[bytes]:
        """An answer as server-sent events: a chunk for every token, the usage where it is asked for, and `[DONE]`."""
        head = _head(served, "chat.completion.chunk")
        if served.ask.include_usage:
            head["usage"] = None
        for delta in _deltas(served):
            yield _event(head | {"choices": [_choice(delta, None)]})
        yield _event(head | {"choices": [_choice({}, _finish_reason(served.completion))]})
        if served.ask.include_usage:
            yield _event(head | {"choices": [], "usage": _usage(served.completion)})
        yield b"data: [DONE]\n\n"

    def refused(self, refusal: Refusal) -> object:
        """The JSON of a refusal."""
        kind, code = _ERRORS.get(refusal.status, ("invalid_request_error", None))
        parameter = refusal.parameter or None if isinstance(refusal, BadParameter) else None
        return {"error": {"message": refusal.detail, "type": kind, "code": code, "param": parameter}}


def _head(served: Served, kind: str) -> dict[str, object]:
    return {
        "id": f"chatcmpl-{served.number:08d}",
        "object": kind,
        "created": int(served.at.timestamp()),
        "model": served.ask.model,
    }


def _deltas(served: Served) -> Iterator[dict[str, object]]:
    completion = served.completion
    if completion.call is None:
        yield {"role": "assistant", "content": "", "refusal": None}
        for piece in completion.pieces:
            yield {"content": piece}
    else:
        yield {"role": "assistant", "content": None, "tool_calls": [{"index": 0, **_call(served, completion.call, "")}]}
        for piece in completion.pieces:
            yield {"tool_calls": [{"index": 0, "function": {"arguments": piece}}]}


def _call(served: Served, call: ToolCall, arguments: str) -> dict[str, object]:
    function = {"name": call.name, "arguments": arguments}
    return {"id": f"call_{served.number:08d}", "type": "function", "function": function}


def _choice(delta: dict[str, object], finish_reason: str | None) -> dict[str, object]:
    return {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish_reason}


def _finish_reason(completion: Completion) -> str:
    if completion.call is not None:
        return "tool_calls"
    return "length" if completion.is_cut else "stop"


def _usage(completion: Completion) -> dict[str, int]:
    return {
        "prompt_tokens": completion.prompt_tokens,
        "completion_tokens": completion.output_tokens,
        "total_tokens": completion.total_tokens,
    }


def _event(payload: dict[str, object]) -> bytes:
    return f"data: {as_json(payload)}\n\n".encode()
