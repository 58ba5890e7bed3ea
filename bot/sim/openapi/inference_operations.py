"""Operations of the Consumption API. Its requests' schemas are made of the forms that they are read with."""

from __future__ import annotations

import msgspec

from bot.sim.inference.chat_form import ChatForm
from bot.sim.inference.messages_form import MessagesForm
from bot.sim.openapi.operations import Operation, Operations
from bot.sim.openapi.schemas import (
    COUNT,
    NAME,
    NULL,
    POSITIVE,
    TEXT,
    Schemas,
    either,
    listed,
    nullable,
    record,
    ref,
    word,
    words,
)

_, _FORMS = msgspec.json.schema_components((ChatForm, MessagesForm), ref_template="#/components/schemas/{name}")

_TEXT_MESSAGE = record({"role": word("assistant"), "content": TEXT, "refusal": NULL})
_CALL = record({"id": NAME, "type": word("function"), "function": record({"name": NAME, "arguments": TEXT})})
_CALL_MESSAGE = record({"role": word("assistant"), "content": NULL, "refusal": NULL, "tool_calls": listed(_CALL)})

INFERENCE_SCHEMAS: Schemas = {
    **_FORMS,
    "Models": record(
        {
            "object": word("list"),
            "data": listed(
                record({"id": NAME, "object": word("model"), "created": POSITIVE, "owned_by": word("grid")})
            ),
        }
    ),
    "ChatCompletion": record(
        {
            "id": NAME,
            "object": word("chat.completion"),
            "created": POSITIVE,
            "model": NAME,
            "choices": listed(
                record(
                    {
                        "index": COUNT,
                        "message": either(_TEXT_MESSAGE, _CALL_MESSAGE),
                        "logprobs": NULL,
                        "finish_reason": words(("stop", "length", "tool_calls")),
                    }
                )
            ),
            "usage": record({"prompt_tokens": POSITIVE, "completion_tokens": COUNT, "total_tokens": POSITIVE}),
        }
    ),
    "MessageAnswer": record(
        {
            "id": NAME,
            "type": word("message"),
            "role": word("assistant"),
            "model": NAME,
            "content": listed(
                either(
                    record({"type": word("text"), "text": TEXT}),
                    record({"type": word("tool_use"), "id": NAME, "name": NAME, "input": {"type": "object"}}),
                )
            ),
            "stop_reason": words(("end_turn", "max_tokens", "tool_use")),
            "stop_sequence": NULL,
            "usage": record({"input_tokens": POSITIVE, "output_tokens": COUNT}),
        }
    ),
    "ChatRefusal": record(
        {"error": record({"message": TEXT, "type": NAME, "code": nullable(NAME), "param": nullable(NAME)})}
    ),
    "MessagesRefusal": record({"type": word("error"), "error": record({"type": NAME, "message": TEXT})}),
}

_REFUSALS = (400, 402, 404, 422, 503)

CHAT_OPERATIONS: Operations = {
    "models": {"GET": Operation("listModels", "Instruments that inference can use", {200: ref("Models")})},
    "chat/completions": {
        "POST": Operation(
            "completeChat",
            "Inference in the form of OpenAI's Chat Completions API",
            {200: ref("ChatCompletion"), 307: None},
            _REFUSALS,
            body=ref("ChatForm"),
            streams=True,
        )
    },
}
"""Operations by path and method that refuse in OpenAI's form."""

MESSAGES_OPERATIONS: Operations = {
    "messages": {
        "POST": Operation(
            "createMessage",
            "Inference in the form of Anthropic's Messages API",
            {200: ref("MessageAnswer"), 307: None},
            _REFUSALS,
            body=ref("MessagesForm"),
            streams=True,
        )
    },
}
"""Operations by path and method that refuse in Anthropic's form."""
