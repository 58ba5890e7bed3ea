"""Requests for inference, in both forms: what is documented is checked, everything else passes as it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, ClassVar, Generic, NotRequired, Required, Self, TypeAlias, TypedDict, TypeVar

import msgspec

from bot.errors import InvalidRequest

Json: TypeAlias = dict[str, Any]
"""A JSON object, as it was read."""

Fields: TypeAlias = Mapping[str, Any]
"""A JSON object, as it is to be sent."""


class ChatOptions(TypedDict, total=False):
    """What a request in the Chat Completions form may say besides model and messages."""

    max_tokens: int | None
    max_completion_tokens: int | None
    temperature: float | None
    top_p: float | None
    n: int | None
    stop: str | Sequence[str] | None
    seed: int | None
    presence_penalty: float | None
    frequency_penalty: float | None
    logit_bias: Mapping[str, float] | None
    logprobs: bool | None
    top_logprobs: int | None
    tools: Sequence[Fields] | None
    tool_choice: str | Fields | None
    parallel_tool_calls: bool | None
    response_format: Fields | None
    reasoning_effort: str | None
    stream_options: Fields | None
    user: str | None
    metadata: Mapping[str, str] | None


class ChatBody(ChatOptions):
    """A whole request in the Chat Completions form."""

    model: Required[str]
    messages: Required[Sequence[Fields]]
    stream: NotRequired[bool | None]


class MessagesOptions(TypedDict, total=False):
    """What a request in the Messages form may say besides model, messages and `max_tokens`."""

    system: str | Sequence[Fields]
    temperature: float
    top_p: float
    top_k: int
    stop_sequences: Sequence[str]
    tools: Sequence[Fields]
    tool_choice: Fields
    thinking: Fields
    metadata: Fields


class MessagesBody(MessagesOptions):
    """A whole request in the Messages form."""

    model: Required[str]
    messages: Required[Sequence[Fields]]
    max_tokens: Required[int]
    stream: NotRequired[bool]


B = TypeVar("B", ChatBody, MessagesBody)


@dataclass(frozen=True, slots=True)
class _Request(Generic[B]):
    """`body` is the JSON object that is sent. Make one with `of` or `decode`, which check it."""

    body: B

    PATH: ClassVar[str]
    _SHAPE: ClassVar[type]
    _OPTIONS: ClassVar[type]

    @classmethod
    def of(cls, fields: Fields) -> Self:
        """A request of these fields, documented or not.

        Raises:
            InvalidRequest: one that is needed is missing, or a documented one is of the wrong type.
        """
        try:
            msgspec.convert(fields, cls._SHAPE)
        except msgspec.ValidationError as error:
            raise cls._invalid(str(error)) from None
        body: Any = dict(fields)
        return cls(body)

    @classmethod
    def build(
        cls,
        model: str,
        messages: Sequence[Fields],
        options: Fields,
        extra: Fields | None = None,
        **needed: Any,
    ) -> Self:
        """A request of documented options, and of `extra` fields that are taken as they are.

        Raises:
            InvalidRequest: something is of the wrong type.
            TypeError: an option has a name that is not documented.
        """
        for name in options.keys() - cls._OPTIONS.__annotations__.keys():
            close = get_close_matches(name, cls._OPTIONS.__annotations__, n=1)
            meant = f"did you mean {close[0]}?" if close else "what is not documented goes into `extra`"
            raise TypeError(f"there is no option {name}; {meant}")
        return cls.of({**(extra or {}), "model": model, "messages": list(messages), **needed, **options})

    @classmethod
    def decode(cls, text: bytes) -> Self:
        """The request that a JSON text is; encoding it gives the same JSON. Raises `InvalidRequest`."""
        try:
            fields = msgspec.json.decode(text, type=Json)
        except (ValueError, RecursionError) as error:
            raise cls._invalid(str(error)) from None
        return cls.of(fields)

    def encode(self) -> bytes:
        """The request as JSON. Raises `InvalidRequest` for what JSON cannot hold."""
        try:
            return msgspec.json.encode(self.body)
        except (TypeError, ValueError, RecursionError) as error:
            raise self._invalid(f"not possible in JSON: {error}") from None

    def whole(self) -> Self:
        """The same request, for an answer in one piece."""
        body: Any = {name: value for name, value in self.body.items() if name not in ("stream", "stream_options")}
        return type(self)(body)

    @classmethod
    def _invalid(cls, why: str) -> InvalidRequest:
        return InvalidRequest(why, method="POST", path=cls.PATH, hint="Nothing was sent.")


class ChatRequest(_Request[ChatBody]):
    """A request in the OpenAI Chat Completions form."""

    __slots__ = ()
    PATH = "/chat/completions"
    _SHAPE = ChatBody
    _OPTIONS = ChatOptions

    def streamed(self) -> ChatRequest:
        """The same request, for an answer that comes piece by piece and tells its usage, unless it says otherwise."""
        options = {"include_usage": True, **(self.body.get("stream_options") or {})}
        return ChatRequest({**self.body, "stream": True, "stream_options": options})


class MessagesRequest(_Request[MessagesBody]):
    """A request in the Anthropic Messages form."""

    __slots__ = ()
    PATH = "/messages"
    _SHAPE = MessagesBody
    _OPTIONS = MessagesOptions

    def streamed(self) -> MessagesRequest:
        """The same request, for an answer that comes piece by piece."""
        return MessagesRequest({**self.body, "stream": True})
