"""The client of the exchange's Consumption API: inference itself."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import Any, Self, TypeAlias, Unpack

import msgspec
from pydantic import SecretStr

from bot.clock import SystemClock
from bot.grid.endpoint import Endpoint
from bot.grid.headers import BODY_HEADERS, HEADERS
from bot.grid.inference.answers import Answer, chat_answer, mappings, messages_answer, word
from bot.grid.inference.api_key import checked_key, consumption_key
from bot.grid.inference.caller import InferenceCaller, Reply
from bot.grid.inference.hosts import TrustedHosts
from bot.grid.inference.pieces import ChatPieces, MessagesPieces, PieceReader
from bot.grid.inference.problems import Call
from bot.grid.inference.requests import ChatOptions, ChatRequest, Json, MessagesOptions, MessagesRequest
from bot.grid.inference.streams import AnswerStream
from bot.grid.refusals import READ, request_id, shortened
from bot.grid.web import AiohttpWeb
from bot.ports import Clock, Web
from bot.settings import DOTENV, ConsumptionSettings, Settings, load_settings

Message: TypeAlias = Mapping[str, Any]
"""One message of a conversation, such as `{"role": "user", "content": "Hello"}`."""

AnyRequest: TypeAlias = ChatRequest | MessagesRequest

MESSAGES_VERSION = "2023-06-01"
"""The version of the Messages form, which its requests name in a header."""

_DEFAULT = ConsumptionSettings()


@dataclass(frozen=True, slots=True)
class _Form:
    """How one of the two forms is spoken, and by what."""

    root: str
    caller: InferenceCaller
    headers: Mapping[str, str]
    answer: Callable[[Json, str | None], Answer]
    reader: Callable[[], PieceReader]


class ConsumptionClient:
    """Inference on The Grid, for one consumption key, in both forms: Chat Completions and Messages.

        async with ConsumptionClient.from_settings() as inference:
            answer = await inference.chat("text-prime", [{"role": "user", "content": "Hello"}], max_tokens=100)
            print(answer.text, answer.usage)

    Every request is sent once: it may use tokens, and whether it did is not known of one without an answer. The
    exchange redirects to suppliers; the key goes with the request to hosts that are allowed, and to no others.

    Options are the documented ones of each form; `extra` holds whatever else is to be sent, as it is.

    Every method that asks for inference raises:
        NoStock: no tokens of the instrument in Consumption, or no USD, or more is on its way.
        AuthenticationFailed: the exchange does not know the key.
        RedirectRefused: it was to be sent to a host that is not trusted.
        InvalidRequest: it is malformed, as the exchange says, or as was seen before it was sent.
        OutcomeUnknown: there was no usable answer, or an answer broke off; tokens may have been used.
        ExchangeError: whatever else became of it; see `bot.errors`.

    Args:
        web: carries the requests; the client closes it.
        api_key: the consumption key.
        base_url: where the Chat Completions API is.
        messages_url: where the Messages API is.
        allowed_hosts: hosts, besides the one that was asked, that the exchange may redirect to; `*.example.org` is
            every host below example.org.
        clock: tells the time; None: the machine's.

    Raises:
        ConfigError: a URL or the key cannot be used.
    """

    def __init__(
        self,
        web: Web,
        api_key: SecretStr,
        *,
        base_url: str = _DEFAULT.base_url,
        messages_url: str = _DEFAULT.messages_url,
        allowed_hosts: Iterable[str] = _DEFAULT.allowed_hosts,
        clock: Clock | None = None,
    ) -> None:
        key = checked_key(api_key.get_secret_value(), "the argument api_key").get_secret_value()
        allowed = tuple(allowed_hosts)
        clock = clock or SystemClock()
        self._web = web

        def caller(url: str, header: str, value: str) -> InferenceCaller:
            return InferenceCaller(web, clock, TrustedHosts.of(url, allowed), (header, SecretStr(value)))

        self._chat = _Form(
            _root(base_url), caller(base_url, "authorization", f"Bearer {key}"), {}, chat_answer, ChatPieces
        )
        self._messages = _Form(
            _root(messages_url),
            caller(messages_url, "x-api-key", key),
            {"anthropic-version": MESSAGES_VERSION},
            messages_answer,
            MessagesPieces,
        )

    @classmethod
    def from_settings(cls, settings: Settings | None = None) -> Self:
        """A client of the exchange that the settings name, over HTTPS.

        Args:
            settings: None: those of `./config.yaml`, `.env` and the environment.

        Raises:
            ConfigError: a setting is wrong, or there is no usable consumption key.
        """
        consumption = (settings or load_settings(dotenv=DOTENV)).consumption
        return cls(
            AiohttpWeb(consumption.timeout_seconds),
            consumption_key(consumption),
            base_url=consumption.base_url,
            messages_url=consumption.messages_url,
            allowed_hosts=consumption.allowed_hosts,
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_exc_info: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Let go of connections; nothing can be sent afterwards."""
        await self._web.close()

    async def chat(
        self,
        model: str,
        messages: Sequence[Message],
        *,
        extra: Mapping[str, Any] | None = None,
        **options: Unpack[ChatOptions],
    ) -> Answer:
        """The model's answer to a conversation, in the Chat Completions form. `model` is an instrument's symbol."""
        return await self.send(ChatRequest.build(model, messages, options, extra))

    def stream_chat(
        self,
        model: str,
        messages: Sequence[Message],
        *,
        extra: Mapping[str, Any] | None = None,
        **options: Unpack[ChatOptions],
    ) -> AbstractAsyncContextManager[AnswerStream]:
        """Like `chat`, piece by piece as the answer comes. Leaving the block early closes the connection."""
        return self.stream(ChatRequest.build(model, messages, options, extra))

    async def messages(
        self,
        model: str,
        messages: Sequence[Message],
        *,
        max_tokens: int,
        extra: Mapping[str, Any] | None = None,
        **options: Unpack[MessagesOptions],
    ) -> Answer:
        """The model's answer to a conversation, in the Messages form. `model` is an instrument's symbol."""
        return await self.send(MessagesRequest.build(model, messages, options, extra, max_tokens=max_tokens))

    def stream_messages(
        self,
        model: str,
        messages: Sequence[Message],
        *,
        max_tokens: int,
        extra: Mapping[str, Any] | None = None,
        **options: Unpack[MessagesOptions],
    ) -> AbstractAsyncContextManager[AnswerStream]:
        """Like `messages`, piece by piece as the answer comes. Leaving the block early closes the connection."""
        return self.stream(MessagesRequest.build(model, messages, options, extra, max_tokens=max_tokens))

    async def send(self, request: AnyRequest) -> Answer:
        """The answer to a request of either form, as a whole."""
        form = self._form(request)
        async with self._open(form, request.whole()) as reply:
            return form.answer(_object(reply, await reply.whole()), request_id(reply.head))

    @asynccontextmanager
    async def stream(self, request: AnyRequest) -> AsyncIterator[AnswerStream]:
        """The answer to a request of either form, piece by piece, while the block runs."""
        form = self._form(request)
        async with self._open(form, request.streamed()) as reply:
            yield AnswerStream(reply, form.reader())

    async def models(self) -> list[str]:
        """The symbols of the instruments that can be asked.

        Raises:
            ExchangeUnavailable: there was no usable answer; asking again is safe.
            ExchangeError: whatever else became of it.
        """
        call = Call(READ, f"{self._chat.root}/models", HEADERS)
        async with self._chat.caller.open(call) as reply:
            listed = _object(reply, await reply.whole()).get("data")
            if not isinstance(listed, list):
                raise call.misunderstood("the answer holds no list of models", reply.head)
            return [name for one in mappings(listed) if (name := word(one.get("id")))]

    def _form(self, request: AnyRequest) -> _Form:
        return self._chat if isinstance(request, ChatRequest) else self._messages

    def _open(self, form: _Form, request: AnyRequest) -> AbstractAsyncContextManager[Reply]:
        headers = {**BODY_HEADERS, **form.headers}
        return form.caller.open(
            Call("POST", f"{form.root}{request.PATH}", headers, request.encode(), request.body["model"])
        )


def _root(url: str) -> str:
    endpoint = Endpoint.of(url)
    return f"{endpoint.origin}{endpoint.base_path}"


def _object(reply: Reply, body: bytes) -> Json:
    """The JSON object that an answer is, unless it is an error after all."""
    call, head = reply.call, reply.head
    try:
        raw = msgspec.json.decode(body, type=Json)
    except (ValueError, RecursionError) as error:
        raise call.misunderstood(f"the answer cannot be understood: {shortened(str(error))}", head) from None
    if raw.get("error") is not None:
        problem = reply.problem(body)
        raise call.unclear(problem.detail, head, code=problem.code)
    return raw
