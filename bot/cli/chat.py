"""`gridbot chat`: inference from the command line, a question or a conversation."""

from __future__ import annotations

import asyncio
import sys
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

import typer

from bot.cli.client import log_to_stderr
from bot.cli.options import Options
from bot.cli.output import Json, announce, document
from bot.errors import ExchangeError

if TYPE_CHECKING:
    from bot.grid.consumption import AnyRequest, ConsumptionClient
    from bot.grid.inference.answers import Answer, Usage
    from bot.grid.inference.streams import AnswerStream

    Said: TypeAlias = Answer | AnswerStream

_MESSAGES_MAX_TOKENS = 1024
_TOKENS_A_UNIT = 1_000_000
_CUT_OFF = ("length", "max_tokens")
_NOT_PRINTED = dict.fromkeys({*range(32), *range(127, 160)} - {ord("\n"), ord("\t")})


class Form(StrEnum):
    """The two forms in which the exchange offers inference."""

    CHAT = "chat"
    MESSAGES = "messages"


@dataclass(slots=True)
class _Conversation:
    """What was said so far, and how to go on."""

    instrument: str
    form: Form
    system: str | None
    max_tokens: int | None
    messages: list[dict[str, Any]] = field(default_factory=list)

    def request(self, text: str) -> AnyRequest:
        """What asks for the next answer."""
        from bot.grid.inference.requests import ChatRequest, MessagesRequest

        messages = [*self.messages, {"role": "user", "content": text}]
        if self.form is Form.MESSAGES:
            options = {} if self.system is None else {"system": self.system}
            longest = self.max_tokens or _MESSAGES_MAX_TOKENS
            return MessagesRequest.build(self.instrument, messages, options, max_tokens=longest)
        opening = [] if self.system is None else [{"role": "system", "content": self.system}]
        limit = {} if self.max_tokens is None else {"max_tokens": self.max_tokens}
        return ChatRequest.build(self.instrument, [*opening, *messages], limit)

    def remember(self, text: str, answer: str) -> None:
        """Keep a question and its answer for those that follow."""
        self.messages += [{"role": "user", "content": text}, {"role": "assistant", "content": answer}]


def chat(
    ctx: typer.Context,
    instrument: Annotated[str, typer.Argument(metavar="INSTRUMENT", help="Whom to ask; see `gridbot models`.")],
    text: Annotated[
        str | None, typer.Argument(metavar="TEXT", help="The question; without it, stdin, or a conversation.")
    ] = None,
    *,
    system: Annotated[str | None, typer.Option(help="What the model is told before the conversation.")] = None,
    max_tokens: Annotated[
        int | None,
        typer.Option(min=1, help="The longest that an answer may be, tokens; 1024 for --form messages, if left out."),
    ] = None,
    form: Annotated[Form, typer.Option(help="Which of the exchange's two APIs to use.")] = Form.CHAT,
    stream: Annotated[
        bool, typer.Option("--stream/--no-stream", help="Print the answer as it comes, or when it is whole.")
    ] = True,
    as_json: Json = False,
) -> None:
    """Ask an instrument for inference; it uses tokens that are in Consumption.

    Without TEXT the question is read from stdin; on a terminal a conversation begins, which Ctrl-D ends.
    """
    settings = Options.of(ctx).settings()
    conversation = _Conversation(instrument, form, system, max_tokens)
    if text is None and not sys.stdin.isatty():
        text = sys.stdin.read()
    if text is not None and not text.strip():
        raise typer.BadParameter("there is nothing to ask; give a TEXT")
    if text is None and as_json:
        raise typer.BadParameter("--json answers one question; give a TEXT")
    log_to_stderr()
    from bot.grid.consumption import ConsumptionClient

    client = ConsumptionClient.from_settings(settings)
    with asyncio.Runner() as runner:
        try:
            if text is None:
                _converse(client, conversation, runner, stream=stream)
            elif as_json:
                document(_record(runner.run(client.send(conversation.request(text)))))
            else:
                runner.run(_answered(client, conversation.request(text), stream=stream))
        finally:
            runner.run(client.close())


def _converse(client: ConsumptionClient, conversation: _Conversation, runner: asyncio.Runner, *, stream: bool) -> None:
    """Ask one question after the other; one that fails is forgotten."""
    with suppress(ImportError):
        import readline  # noqa: F401 - makes `input` edit lines

    announce("(Ctrl-D ends the conversation)")
    while True:
        try:
            text = input("> ")
        except EOFError:
            announce("")
            return
        if not text.strip():
            continue
        try:
            said = runner.run(_answered(client, conversation.request(text), stream=stream))
        except ExchangeError as error:
            announce(f"gridbot: {error}")
        else:
            conversation.remember(text, said.text)


async def _answered(client: ConsumptionClient, request: AnyRequest, *, stream: bool) -> Said:
    """Print the answer on stdout, and what it cost on stderr."""
    said: Said
    if stream:
        async with client.stream(request) as said:
            try:
                async for piece in said:
                    _print(piece.text)
            finally:
                _print("\n")
    else:
        said = await client.send(request)
        _print(f"{said.text}\n")
    _tell_cost(request.body["model"], said)
    return said


def _print(text: str) -> None:
    """Print what a model said at once; on a terminal, without what could take control of that."""
    sys.stdout.write(text.translate(_NOT_PRINTED) if sys.stdout.isatty() else text)
    sys.stdout.flush()


def _tell_cost(instrument: str, said: Said) -> None:
    if said.finish_reason in _CUT_OFF:
        announce("(cut off at the longest that it may be; see --max-tokens)")
    for call in said.tool_calls:
        announce(f"(asks for the tool {call.name}: {call.arguments})")
    announce(f"({instrument}: {_cost(said.usage)})")


def _cost(usage: Usage | None) -> str:
    if usage is None:
        return "the exchange did not say how many tokens this used"
    return f"{usage.input:,} tokens in, {usage.output:,} out, {usage.total:,} of the {_TOKENS_A_UNIT:,} of a unit"


def _record(answer: Answer) -> dict[str, Any]:
    record = asdict(answer)
    del record["raw"]
    return record
