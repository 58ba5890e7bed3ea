"""The body of `POST /chat/completions`, as OpenAI's documentation describes it."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from bot.sim.inference.ask import Ask, BadParameter, Count, ToolCall, ToolName, as_json, count, forced_call


class TextPart(Struct, tag_field="type", tag="text"):
    """A part of a message's content; parts that are not text are not offered."""

    text: str


class FunctionCall(Struct):
    """A call that the assistant made; `arguments` are JSON."""

    name: str
    arguments: str


class CallPart(Struct):
    """A tool call that the assistant made."""

    id: str
    type: Literal["function"]
    function: FunctionCall


class ChatMessage(Struct):
    """One message of a conversation."""

    role: Literal["system", "developer", "user", "assistant", "tool"]
    content: str | list[TextPart] | None = None
    tool_calls: list[CallPart] | None = None

    def __post_init__(self) -> None:
        if self.content is None and not (self.role == "assistant" and self.tool_calls):
            raise ValueError(f"a message of role {self.role} needs content")

    @property
    def text(self) -> str:
        """What is said in it."""
        content = self.content or ""
        return content if isinstance(content, str) else "\n".join(part.text for part in content)

    @property
    def all_text(self) -> str:
        """What is said in it, and the tool calls in it as JSON."""
        return self.text + (as_json(self.tool_calls) if self.tool_calls else "")


class FunctionTool(Struct, omit_defaults=True):
    """A function that the model may call."""

    name: ToolName
    description: str | None = None
    parameters: dict[str, Any] | None = None


class ChatTool(Struct):
    """A tool that the model may use."""

    type: Literal["function"]
    function: FunctionTool


class FunctionName(Struct):
    """A function, named."""

    name: str


class NamedChoice(Struct):
    """The function that the model must call."""

    type: Literal["function"]
    function: FunctionName


class StreamOptions(Struct):
    """What a stream is to hold."""

    include_usage: bool = False


class ChatForm(Struct):
    """A request in OpenAI's form. Parameters that are not named here change nothing."""

    model: str
    messages: Annotated[list[ChatMessage], Meta(min_length=1)]
    max_tokens: Count | None = None
    max_completion_tokens: Count | None = None
    temperature: Annotated[float, Meta(ge=0, le=2)] | None = None
    top_p: Annotated[float, Meta(ge=0, le=1)] | None = None
    n: Literal[1] | None = None
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    tools: list[ChatTool] | None = None
    tool_choice: Literal["none", "auto", "required"] | NamedChoice | None = None

    def ask(self) -> Ask:
        """What it asks for. Raises `BadParameter` where its parameters contradict one another."""
        if self.stream_options is not None and not self.stream:
            raise BadParameter("stream_options goes with stream alone", "stream_options")
        return Ask(
            model=self.model,
            prompt_tokens=count([*(message.all_text for message in self.messages), *map(as_json, self.tools or ())]),
            last_words=next((message.text for message in reversed(self.messages) if message.role == "user"), ""),
            max_tokens=self.max_completion_tokens or self.max_tokens,
            stream=bool(self.stream),
            call=self._call(),
            include_usage=self.stream_options is not None and self.stream_options.include_usage,
        )

    def _call(self) -> ToolCall | None:
        schemas: dict[str, object] = {tool.function.name: tool.function.parameters for tool in self.tools or ()}
        match self.tool_choice:
            case NamedChoice(function=function):
                return forced_call(function.name, schemas)
            case "required":
                return forced_call(None, schemas)
            case _:
                return None
