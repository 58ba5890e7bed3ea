"""What an inference request asks for, whichever API's form it came in."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, Protocol, TypeAlias

import msgspec

from bot.sim.inference.examples import example
from bot.sim.inference.tokens import pieces
from bot.sim.refusals import Refusal, malformed

Count: TypeAlias = Annotated[int, msgspec.Meta(ge=1)]
"""A number of tokens that is asked for."""

ToolName: TypeAlias = Annotated[str, msgspec.Meta(pattern=r"^[a-zA-Z0-9_-]{1,64}$")]
"""A name that both APIs let a tool have."""

_WHERE = re.compile(r"(?:at `\$\.|required field `)([^`]+)`")


class BadParameter(Refusal):
    """A request that can be read, but one of its parameters is not what it must be (422).

    Attributes:
        parameter: where it is, such as `messages[0].role`; empty where the whole body is at fault.
    """

    def __init__(self, detail: str, parameter: str = "") -> None:
        super().__init__(422, "", detail)
        self.parameter = parameter


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A call that the model was told to make. `arguments` are JSON in the shape of the tool's schema."""

    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class Ask:
    """A request for inference.

    Attributes:
        model: the instrument's symbol.
        prompt_tokens: what the prompt counts: for every message and tool one token, and those of its text or JSON.
        last_words: the text of the user's last message; empty where there is none.
        max_tokens: the most that the answer may count; None: no limit of the caller's.
        stream: whether the answer is to come as server-sent events.
        call: the tool that must be called; None: answer with text.
        include_usage: whether a stream in OpenAI's form ends with the usage.
    """

    model: str
    prompt_tokens: int
    last_words: str
    max_tokens: int | None
    stream: bool
    call: ToolCall | None
    include_usage: bool = False


class Form(Protocol):
    """The body of a request, decoded into one API's form."""

    def ask(self) -> Ask:
        """What it asks for. Raises `BadParameter` where its parameters contradict one another."""
        ...


def read(body: bytes, form: type[Form]) -> Ask:
    """Read the body of a request.

    Raises:
        Refusal: it is no JSON (400), or its parameters are not what they must be (422).
    """
    try:
        return msgspec.convert(msgspec.json.decode(body), form).ask()
    except msgspec.ValidationError as error:
        where = _WHERE.search(str(error))
        raise BadParameter(str(error), where[1] if where else "") from None
    except (ValueError, RecursionError):  # a text that is not UTF-8, nesting that is too deep
        raise malformed("the body must be JSON") from None


def count(texts: Iterable[str]) -> int:
    """What messages and tools of these texts count as a prompt."""
    return sum(1 + len(pieces(text)) for text in texts)


def as_json(value: object) -> str:
    """A value as compact JSON."""
    return msgspec.json.encode(value).decode()


def forced_call(name: str | None, schemas: dict[str, object]) -> ToolCall:
    """The call of a tool that must be called, or of the first one where any may be; `schemas` are those offered.

    Raises:
        BadParameter: no such tool is offered.
    """
    if name is None:
        name = next(iter(schemas), None)
    if name is None or name not in schemas:
        raise BadParameter("tool_choice names a tool that tools does not hold", "tool_choice")
    arguments = example(schemas[name])
    return ToolCall(name, as_json(arguments if isinstance(arguments, dict) else {}))
