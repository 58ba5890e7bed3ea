"""One request for inference: it follows redirects, with the key, to where the key may go, and nowhere else."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import replace

from pydantic import SecretStr

from bot.errors import NotSentError
from bot.grid.inference import problems
from bot.grid.inference.hosts import TrustedHosts
from bot.grid.inference.problems import Call
from bot.grid.inference.redirects import is_redirect, next_url
from bot.grid.refusals import Problem, problem_of
from bot.ports import Clock, Response, Web, WebAnswer, WebRequest
from bot.redaction import HIDDEN

MAX_ANSWER_BYTES = 64_000_000
"""The largest answer that is read as a whole."""

MAX_PROBLEM_BYTES = 64_000
"""About as much of an error's body is read."""

PROBLEM_SECONDS = 10.0
"""How long an error's body is waited for."""


class Reply:
    """A successful answer to a call, whose body may still be on its way; `hide` takes the key out of what it says."""

    def __init__(self, call: Call, answer: WebAnswer, hide: Callable[[bytes], bytes]) -> None:
        self.call = call
        self.head = Response(answer.status, answer.headers)
        self._chunks = answer.chunks()
        self._hide = hide

    async def chunk(self) -> bytes | None:
        """The next piece of the body; None at its end.

        Raises:
            OutcomeUnknown: the connection broke, or nothing more came in time; tokens were used.
            ExchangeUnavailable: likewise, when nothing but a list was asked for.
        """
        try:
            return await anext(self._chunks, None)
        except (ConnectionError, TimeoutError) as error:
            raise self.call.unclear(_words(error), self.head) from error

    async def whole(self) -> bytes:
        """The body. Raises what `chunk` raises, and for an endless body, too."""
        body = bytearray()
        while (chunk := await self.chunk()) is not None:
            body += chunk
            if len(body) > MAX_ANSWER_BYTES:
                raise self.call.unclear(f"an answer of more than {MAX_ANSWER_BYTES:,} bytes", self.head)
        return bytes(body)

    def problem(self, body: bytes) -> Problem:
        """What an error that came as, or in, this answer says."""
        return problem_of(replace(self.head, body=self._hide(body)))


class InferenceCaller:
    """Sends requests of one form, with its key, once each.

    Args:
        web: carries them.
        clock: tells the time.
        hosts: where redirects may lead.
        key_header: name of the header that carries the key, and what it says.
    """

    def __init__(self, web: Web, clock: Clock, hosts: TrustedHosts, key_header: tuple[str, SecretStr]) -> None:
        self._web = web
        self._clock = clock
        self._hosts = hosts
        self._key_header = key_header

    @asynccontextmanager
    async def open(self, call: Call) -> AsyncIterator[Reply]:
        """The successful answer, while the block runs; leaving it early closes the connection.

        Raises:
            ExchangeError: whatever else than a success the answer was, or that there was none.
        """
        async with AsyncExitStack() as stack:
            yield await self._follow(call, stack)

    async def _follow(self, call: Call, stack: AsyncExitStack) -> Reply:
        trail = [call.url]
        while True:
            answer = await self._send(call, stack)
            head = Response(answer.status, answer.headers)
            if answer.status < 300:
                return Reply(call, answer, self._without_key)
            if not is_redirect(answer.status):
                told = replace(head, body=self._without_key(await _beginning(answer)))
                raise problems.refusal(call, told, self._clock.now())
            url = next_url(trail, answer.status, answer.headers.get("location"), self._hosts, call.facts(head))
            trail.append(url)
            call = replace(call, redirected_to=url)
            await stack.aclose()

    async def _send(self, call: Call, stack: AsyncExitStack) -> WebAnswer:
        name, value = self._key_header
        headers = {**call.headers, name: value.get_secret_value()}
        try:
            return await stack.enter_async_context(
                self._web.open(WebRequest(call.method, call.target, headers, call.body))
            )
        except NotSentError as error:
            raise NotSentError(call.told(error.detail), **call.facts()) from error
        except (ConnectionError, TimeoutError) as error:
            raise call.unclear(_words(error)) from error

    def _without_key(self, body: bytes) -> bytes:
        """Some suppliers repeat in an error the key that they were sent."""
        _, value = self._key_header
        key = value.get_secret_value().split()[-1]
        return body.replace(key.encode(), HIDDEN.encode())


async def _beginning(answer: WebAnswer) -> bytes:
    """What can be had of an error's body; the status counts, whatever becomes of the rest."""
    body = bytearray()
    with suppress(ConnectionError, TimeoutError):
        async with asyncio.timeout(PROBLEM_SECONDS):
            async for chunk in answer.chunks():
                body += chunk
                if len(body) > MAX_PROBLEM_BYTES:
                    break
    return bytes(body)


def _words(error: Exception) -> str:
    return str(error) or type(error).__name__
