"""Which error an inference request without a success ends in, and what a user can do about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from bot.errors import (
    BadAnswer,
    ExchangeError,
    ExchangeUnavailable,
    NoStock,
    OutcomeUnknown,
    RateLimited,
    RequestRefused,
)
from bot.grid.refusals import BY_STATUS, READ, Problem, facts_of, problem_of, wait_seconds
from bot.ports import Request, Response

TOKENS_MAY_BE_USED = (
    "Tokens may have been used, although what failed at the exchange is not billed. It was not tried again."
)
"""The hint where nobody knows how far the exchange came."""

_KEY_HINT = (
    "Check the consumption key (consumption.api_key or consumption.api_key_file): "
    "it must be one of this exchange, and not a trading key."
)
_HINTS = {401: _KEY_HINT, 404: "`gridbot models` lists the instruments."}
_MODELS_HINT = "Check consumption.base_url: that of The Grid ends in /v1."
"""Of a 404 to a request that names no instrument."""


@dataclass(frozen=True, slots=True)
class Call:
    """One request for inference, without the key.

    Attributes:
        method: HTTP method.
        url: where it goes first.
        headers: as they are sent, but for the key.
        body: the exact bytes.
        instrument: the symbol of the instrument that it asks for; empty for none.
        redirected_to: the URL that it goes to instead; never shown, as it may hold a secret of the supplier's.
    """

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    instrument: str = ""
    redirected_to: str = ""

    @property
    def target(self) -> str:
        """The URL that it goes to now."""
        return self.redirected_to or self.url

    @property
    def request(self) -> Request:
        """The request as errors carry it."""
        return Request(self.method, urlsplit(self.url).path, headers=self.headers, body=self.body)

    def facts(self, response: Response | None = None) -> dict[str, Any]:
        """What every error says of the request and its answer."""
        return facts_of(self.request, response)

    def told(self, words: str) -> str:
        """Words about the request, with the host that it was redirected to, if it was."""
        return f"{urlsplit(self.redirected_to).netloc}: {words}" if self.redirected_to else words

    def unclear(self, why: str, response: Response | None = None, *, code: str = "") -> ExchangeError:
        """The error when there is no usable answer: reading again is safe, inference may have used tokens."""
        facts = self.facts(response) | {"code": code}
        if self.method == READ:
            return ExchangeUnavailable(self.told(why), **facts)
        return OutcomeUnknown(self.told(why), **facts, hint=TOKENS_MAY_BE_USED)

    def misunderstood(self, why: str, response: Response) -> BadAnswer:
        """The error when a success cannot be understood."""
        hint = "" if self.method == READ else TOKENS_MAY_BE_USED
        return BadAnswer(self.told(why), **self.facts(response), hint=hint)


def refusal(call: Call, response: Response, now: datetime) -> ExchangeError:
    """The error that an answer other than a success or a redirect is; `now` (UTC) is for rate limits."""
    status, problem = response.status, problem_of(response)
    if call.method != READ and status in (402, 503):
        return _no_stock(call, response, problem)
    if status == 408 or status >= 500:
        return call.unclear(problem.detail, response, code=problem.code)
    words, facts = call.told(problem.detail), call.facts(response) | {"code": problem.code}
    if status == 429:
        return RateLimited(words, retry_after=wait_seconds(response, now), **facts)
    hint = _MODELS_HINT if status == 404 and not call.instrument else _HINTS.get(status, "")
    return BY_STATUS.get(status, RequestRefused)(words, **facts, hint=hint)


def _no_stock(call: Call, response: Response, problem: Problem) -> NoStock:
    name = call.instrument
    if response.status == 503:
        hint = f"{name} is being replenished, or its supplier is busy: try again in a while. Nothing was billed."
    else:
        hint = f"Buy {name}, and move it to Consumption with `gridbot transfer {name} UNITS`. Nothing was billed."
    return NoStock(call.told(problem.detail), instrument=name, **call.facts(response), code=problem.code, hint=hint)
