"""Answers in the form of Anthropic's Messages API."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from bot.sim.inference.ask import Ask, as_json, read
from bot.sim.inference.completion import Completion
from bot.sim.inference.dialect import Served
from bot.sim.inference.messages_form import MessagesForm
from bot.sim.refusals import Refusal

_ERRORS = {
    401: "authentication_error",
    402: "billing_error",
    404: "not_found_error",
    503: "overloaded_error",
}


class MessagesDialect:
    """Anthropic's form."""

    def read(self, body: bytes) -> Ask:
        """What a body asks for. Raises `Refusal`."""
        return read(body, MessagesForm)

    def whole(self, served: Served) -> object:
        """The JSON of an answer in one piece."""
        completion = served.completion
        return _message(served) | {
            "content": [_block(served, completion.text)],
            "stop_reason": _stop_reason(completion),
            "usage": {"input_tokens": completion.prompt_tokens, "output_tokens": completion.output_tokens},
        }

    def events(self, served: Served) -> Iterator[bytes]:
        """An answer as typed server-sent events, with a delta for every token."""
        completion = served.completion
        yield _event("message_start", message=_message(served))
        yield _event("content_block_start", index=0, content_block=_block(served, ""))
        yield _event("ping")
        for piece in completion.pieces:
            yield _event("content_block_delta", index=0, delta=_delta(completion, piece))
        yield _event("content_block_stop", index=0)
        yield _event(
            "message_delta",
            delta={"stop_reason": _stop_reason(completion), "stop_sequence": None},
            usage={"output_tokens": completion.output_tokens},
        )
        yield _event("message_stop")

    def refused(self, refusal: Refusal) -> object:
        """The JSON of a refusal."""
        kind = _ERRORS.get(refusal.status, "invalid_request_error")
        return {"type": "error", "error": {"type": kind, "message": refusal.detail}}


def _message(served: Served) -> dict[str, object]:
    return {
        "id": f"msg_{served.number:08d}",
        "type": "message",
        "role": "assistant",
        "model": served.ask.model,
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
        "usage": {"input_tokens": served.completion.prompt_tokens, "output_tokens": 0},
    }


def _block(served: Served, content: str) -> dict[str, object]:
    call = served.completion.call
    if call is None:
        return {"type": "text", "text": content}
    arguments = msgspec.json.decode(content or "{}")
    return {"type": "tool_use", "id": f"toolu_{served.number:08d}", "name": call.name, "input": arguments}


def _delta(completion: Completion, piece: str) -> dict[str, object]:
    if completion.call is None:
        return {"type": "text_delta", "text": piece}
    return {"type": "input_json_delta", "partial_json": piece}


def _stop_reason(completion: Completion) -> str:
    if completion.call is not None:
        return "tool_use"
    return "max_tokens" if completion.is_cut else "end_turn"


def _event(kind: str, **fields: object) -> bytes:
    return f"event: {kind}\ndata: {as_json({'type': kind, **fields})}\n\n".encode()
