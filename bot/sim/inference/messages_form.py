"""The body of `POST /messages`, as Anthropic's documentation describes it."""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeAlias

from msgspec import Meta, Struct

from bot.sim.inference.ask import Ask, Count, ToolCall, ToolName, as_json, count, forced_call


class TextBlock(Struct, tag_field="type", tag="text"):
    """A block of text."""

    text: str


class ToolUseBlock(Struct, tag_field="type", tag="tool_use"):
    """A tool call that the assistant made."""

    id: str
    name: str
    input: dict[str, Any]


class ToolResultBlock(Struct, tag_field="type", tag="tool_result"):
    """What a tool answered."""

    tool_use_id: str
    content: str | list[TextBlock] | None = None


Block: TypeAlias = TextBlock | ToolUseBlock | ToolResultBlock
"""A piece of a message; those that are neither text nor of tools are not offered."""


class Message(Struct):
    """One message of a conversation."""

    role: Literal["user", "assistant"]
    content: str | list[Block]

    @property
    def text(self) -> str:
        """All that is said in it; a tool call as its JSON."""
        return _text(self.content)


class MessagesTool(Struct, omit_defaults=True):
    """A tool that the model may use."""

    name: ToolName
    input_schema: dict[str, Any]
    description: str | None = None
    type: Literal["custom"] | None = None


class ToolChoice(Struct):
    """Whether, and which, tool must be used."""

    type: Literal["auto", "any", "tool", "none"]
    name: str | None = None


class MessagesForm(Struct):
    """A request in Anthropic's form. Parameters that are not named here change nothing."""

    model: str
    max_tokens: Count
    messages: Annotated[list[Message], Meta(min_length=1)]
    system: str | list[TextBlock] | None = None
    temperature: Annotated[float, Meta(ge=0, le=1)] | None = None
    top_p: Annotated[float, Meta(ge=0, le=1)] | None = None
    stream: bool | None = None
    tools: list[MessagesTool] | None = None
    tool_choice: ToolChoice | None = None

    def ask(self) -> Ask:
        """What it asks for. Raises `BadParameter` where its parameters contradict one another."""
        system = [] if self.system is None else [_text(self.system)]
        return Ask(
            model=self.model,
            prompt_tokens=count(
                [*system, *(message.text for message in self.messages), *map(as_json, self.tools or ())]
            ),
            last_words=next((message.text for message in reversed(self.messages) if message.role == "user"), ""),
            max_tokens=self.max_tokens,
            stream=bool(self.stream),
            call=self._call(),
        )

    def _call(self) -> ToolCall | None:
        schemas: dict[str, object] = {tool.name: tool.input_schema for tool in self.tools or ()}
        match self.tool_choice:
            case ToolChoice(type="tool", name=name):
                return forced_call(name or "", schemas)
            case ToolChoice(type="any"):
                return forced_call(None, schemas)
            case _:
                return None


def _text(content: str | list[TextBlock] | list[Block] | None) -> str:
    if content is None or isinstance(content, str):
        return content or ""
    return "\n".join(_block_text(block) for block in content)


def _block_text(block: Block) -> str:
    match block:
        case TextBlock(text=text):
            return text
        case ToolResultBlock(content=content):
            return _text(content)
        case _:
            return as_json(block)
